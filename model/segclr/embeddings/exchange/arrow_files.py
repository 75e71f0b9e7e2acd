"""Parquet and Arrow files, for which pyarrow must be installed; ids are uint64 there, never floats."""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segclr.embeddings.exchange.sheets import PROVENANCE_KEY, Block, Sheet
from segclr.embeddings.provenance import Provenance
from segclr.errors import TableError
from segclr.replacing import replacing_path
from segclr.wording import counted, verb

ARROW_ENDINGS = (".arrow", ".feather", ".parquet")
POSITION = ("x_nm", "y_nm", "z_nm")
_OWN = ("segment_id", "node_id", *POSITION, "edges_to", "embedding")
_NUMBERED = re.compile(r"e([0-9]+)")


def write_arrow(path: Path, blocks: Iterable[Block], dimensions: int, provenance: Provenance) -> int:
    """Write rows as a Parquet file or, by the ending, an uncompressed Arrow file; returns how many.

    One row group or record batch for each block. The embedding is a fixed-size list of float32; the provenance is JSON
    under `segclr.provenance` in the file's metadata.

    Raises:
        TableError: pyarrow is missing, or the file cannot be written; what was there is still whole.
    """
    arrow = _arrow()
    metadata = {PROVENANCE_KEY: json.dumps(provenance.to_json()).encode()}
    count = 0
    with replacing_path(path, TableError) as part:
        writer = None
        for block in blocks:
            batch = _batch(arrow, block, dimensions).replace_schema_metadata(metadata)
            writer = writer or _writer(arrow, path.suffix, part, batch.schema)
            writer.write_batch(batch)
            count += len(block.rows)
        if writer is None:
            raise TableError(f"the table has no rows: there is nothing to write to {path}")
        writer.close()
    return count


def read_arrow(path: Path) -> Sheet:
    """Read a Parquet or Arrow file into memory.

    The columns are found by name: `segment_id`, `x_nm`, `y_nm`, `z_nm`, and `embedding` (lists of equal length) or
    `e0`, `e1` and so on; `node_id` and `edges_to` where they are there. All others with numbers, truth values or texts
    become extra columns.

    Raises:
        TableError: pyarrow is missing, the file cannot be read, or a column is missing, has gaps or another type.
    """
    arrow = _arrow()
    table = _read(arrow, path)
    columns = {name: table.column(name) for name in table.column_names}
    missing = [name for name in ("segment_id", *POSITION) if name not in columns]
    if missing:
        raise TableError(f"{path.name} has no column {missing[0]} (found: {', '.join(columns)}): name one so")
    for name, column in columns.items():
        if column.null_count and (name in _OWN or _NUMBERED.fullmatch(name)):
            raise TableError(f"{path.name}: {_rows_have(column)} no {name}; take them out")
    if not arrow.types.is_integer(columns["segment_id"].type):
        kind = columns["segment_id"].type
        raise TableError(f"{path.name}: segment_id is {kind}, but must be an integer: floats would change large ids")
    numbered = sorted((name for name in columns if _NUMBERED.fullmatch(name)), key=lambda name: int(name[1:]))
    embeddings = _embeddings(arrow, path, columns, numbered)
    first_edge, edges_to = _edges_to(columns, len(table))
    extra = {
        name: _extra(arrow, path, name, column)
        for name, column in columns.items()
        if name not in _OWN and name not in numbered
    }
    return Sheet(
        _numbers(columns["segment_id"]),
        _numbers(columns["node_id"]) if "node_id" in columns else None,
        np.stack([_numbers(columns[name]).astype(np.float64) for name in POSITION], axis=1),
        embeddings,
        extra,
        first_edge,
        edges_to,
        _provenance(path, table.schema.metadata or {}),
    )


def _batch(arrow: Any, block: Block, dimensions: int) -> Any:
    rows = block.rows
    flat = arrow.array(np.ascontiguousarray(rows.embeddings, np.float32).reshape(-1))
    columns = {
        "segment_id": arrow.array(rows.segment_ids, arrow.uint64()),
        "node_id": arrow.array(rows.node_ids, arrow.int64()),
        **{name: arrow.array(np.ascontiguousarray(rows.positions_nm[:, at])) for at, name in enumerate(POSITION)},
        **{name: arrow.array(np.ascontiguousarray(values)) for name, values in rows.extra.items()},
        "edges_to": arrow.ListArray.from_arrays(
            arrow.array(block.first_edge, arrow.int32()), arrow.array(block.edges_to, arrow.int64())
        ),
        "embedding": arrow.FixedSizeListArray.from_arrays(flat, dimensions),
    }
    return arrow.RecordBatch.from_arrays(list(columns.values()), names=list(columns))


def _writer(arrow: Any, ending: str, part: Path, schema: Any) -> Any:
    if ending == ".parquet":
        return importlib.import_module("pyarrow.parquet").ParquetWriter(str(part), schema)
    return arrow.ipc.new_file(str(part), schema)


def _read(arrow: Any, path: Path) -> Any:
    try:
        if path.suffix == ".parquet":
            return importlib.import_module("pyarrow.parquet").read_table(path)
        with arrow.memory_map(str(path)) as mapped:
            return arrow.ipc.open_file(mapped).read_all()
    except (OSError, arrow.ArrowException) as error:
        raise TableError(f"{path} cannot be read ({str(error).splitlines()[0]}): is it a {path.suffix} file?") from None


def _embeddings(arrow: Any, path: Path, columns: Mapping[str, Any], numbered: list[str]) -> NDArray[np.floating]:
    if "embedding" not in columns:
        if not numbered or numbered != [f"e{index}" for index in range(len(numbered))]:
            raise TableError(f"{path.name} has no column embedding, nor e0, e1 and so on without a gap")
        return np.stack([_numbers(columns[name]).astype(np.float32) for name in numbered], axis=1)
    lists = columns["embedding"].combine_chunks()
    flat = _flattened(lists)
    if arrow.types.is_fixed_size_list(lists.type):
        return flat.reshape(len(lists), lists.type.list_size)
    lengths = np.diff(lists.offsets.to_numpy())
    if len(np.unique(lengths)) > 1:
        raise TableError(
            f"{path.name}: embeddings have {lengths.min()} to {lengths.max()} dimensions (row "
            f"{int((lengths != lengths[0]).argmax())} is the first that differs), but a table's have all the same"
        )
    return flat.reshape(len(lists), lengths[0] if len(lengths) else 0)


def _flattened(lists: Any) -> NDArray[Any]:
    values: NDArray[Any] = lists.flatten().to_numpy(zero_copy_only=False)
    return values


def _edges_to(columns: Mapping[str, Any], rows: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    if "edges_to" not in columns:
        return np.zeros(rows + 1, np.int64), np.empty(0, np.int64)
    counts, nodes = [np.zeros(1, np.int64)], [np.empty(0, np.int64)]
    for chunk in columns["edges_to"].chunks:
        counts.append(np.diff(chunk.offsets.to_numpy()).astype(np.int64))
        nodes.append(_flattened(chunk).astype(np.int64))
    return np.cumsum(np.concatenate(counts)), np.concatenate(nodes)


def _extra(arrow: Any, path: Path, name: str, column: Any) -> NDArray[Any]:
    if arrow.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if arrow.types.is_string(column.type) or arrow.types.is_large_string(column.type):
        return np.array(["" if text is None else text for text in column.to_pylist()], np.str_)
    if not (arrow.types.is_integer(column.type) or arrow.types.is_floating(column.type)):
        if not arrow.types.is_boolean(column.type):
            raise TableError(f"{path.name}: the column {name} is {column.type}, which a table cannot keep; take it out")
        if column.null_count:
            raise TableError(f"{path.name}: {_rows_have(column)} no {name}; fill them, or take the column out")
    return _numbers(column)


def _rows_have(column: Any) -> str:
    return f"{counted(column.null_count, 'row')} {verb(column.null_count, 'has', 'have')}"


def _numbers(column: Any) -> NDArray[Any]:
    values: NDArray[Any] = column.to_numpy()
    return values


def _provenance(path: Path, metadata: Mapping[bytes, bytes]) -> Provenance | None:
    if PROVENANCE_KEY not in metadata:
        return None
    try:
        return Provenance.from_json(json.loads(metadata[PROVENANCE_KEY]))
    except (KeyError, TypeError, ValueError) as error:
        raise TableError(f"{path.name}: its metadata segclr.provenance lacks or garbles {error}") from None


def _arrow() -> Any:
    """pyarrow, which has no types."""
    try:
        importlib.import_module("pyarrow.ipc")
        return importlib.import_module("pyarrow")
    except ImportError:
        raise TableError(
            "Parquet and Arrow files need pyarrow: install it with `pip install segclr-viewer[parquet]`, or take .csv"
        ) from None
