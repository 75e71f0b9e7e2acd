"""CSV files: a column for each dimension, `e0`, `e1` and so on; the provenance lies beside it, as JSON."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segclr.embeddings.exchange.arrow_files import POSITION
from segclr.embeddings.exchange.sheets import Block, Sheet
from segclr.embeddings.provenance import Provenance
from segclr.errors import TableError
from segclr.replacing import replacing_path

_WHOLE = re.compile(r"[0-9]{1,20}")
_ROWS_AT_ONCE = 8192


def provenance_file(path: Path) -> Path:
    """Return where the provenance of a CSV file is kept."""
    return path.with_name(path.name + ".provenance.json")


def write_csv(path: Path, blocks: Iterable[Block], dimensions: int, provenance: Provenance) -> int:
    """Write rows, and their provenance beside them; returns how many.

    Embeddings are written with the fewest digits that give the same float32 again.

    Raises:
        TableError: The file cannot be written; what was there is still whole.
    """
    count = 0
    with replacing_path(path, TableError) as part, part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        for block in blocks:
            rows = block.rows
            if count == 0:
                numbered = [f"e{index}" for index in range(dimensions)]
                writer.writerow(["segment_id", "node_id", *POSITION, *rows.extra, "edges_to", *numbered])
            edges = np.split(block.edges_to, block.first_edge[1:-1])
            extra = [values.tolist() for values in rows.extra.values()]
            for index in range(len(rows)):
                writer.writerow(
                    [
                        int(rows.segment_ids[index]),
                        int(rows.node_ids[index]),
                        *rows.positions_nm[index].tolist(),
                        *(values[index] for values in extra),
                        " ".join(map(str, edges[index].tolist())),
                        *map(str, rows.embeddings[index]),
                    ]
                )
            count += len(rows)
    with replacing_path(provenance_file(path), TableError) as part:
        part.write_text(json.dumps(provenance.to_json(), indent=1))
    return count


def read_csv(path: Path) -> Sheet:
    """Read a CSV file with a header of names, see `read_arrow`; other columns are extra ones, numbers where all are.

    Raises:
        TableError: The file cannot be read, a column is missing, or a cell is not what its column must hold.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = csv.reader(file)
            names = next(lines, [])
            columns = _columns(path, names, lines)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise TableError(f"{path} cannot be read ({error}): is it a CSV file in UTF-8?") from None
    numbered = [name for name in names if re.fullmatch(r"e[0-9]+", name)]
    segment_ids, positions = columns.pop("segment_id"), [columns.pop(name) for name in POSITION]
    embeddings = np.stack([columns.pop(name) for name in numbered], axis=1).astype(np.float32)
    nodes, edges = columns.pop("node_id", None), columns.pop("edges_to", None)
    first_edge, edges_to = _edges(path, len(segment_ids), edges)
    return Sheet(
        segment_ids,
        nodes,
        np.stack(positions, axis=1),
        embeddings,
        {name: _extra(values) for name, values in columns.items()},
        first_edge,
        edges_to,
        _provenance(provenance_file(path)),
    )


def _columns(path: Path, names: Sequence[str], lines: Iterator[list[str]]) -> dict[str, NDArray[Any]]:
    wanted = ["segment_id", *POSITION, "e0"]
    missing = [name for name in wanted if name not in names]
    if missing or len(set(names)) < len(names):
        what = f"has no column {missing[0]}" if missing else "has a column twice"
        raise TableError(f"{path.name} {what} (found: {', '.join(names[:12]) or 'nothing'}): name columns in line 1")
    numbered = [name for name in names if re.fullmatch(r"e[0-9]+", name)]
    if numbered != [f"e{index}" for index in range(len(numbered))]:
        raise TableError(
            f"{path.name}: the columns e0 to e{len(numbered) - 1} of the embedding have gaps or another order"
        )
    pieces: list[list[NDArray[Any]]] = []
    line = 2
    while some := list(islice(lines, _ROWS_AT_ONCE)):
        some = [row for row in some if row]  # a last line without anything
        short = next((index for index, row in enumerate(some) if len(row) != len(names)), None)
        if short is not None:
            raise TableError(f"{path.name} line {line + short}: {len(some[short])} cells, not {len(names)}")
        cells = zip(*some, strict=True) if some else [()] * len(names)
        pieces.append([_parsed(path, name, column, line) for name, column in zip(names, cells, strict=True)])
        line += len(some)
    if not pieces:
        pieces.append([_parsed(path, name, (), line) for name in names])
    return {name: np.concatenate([piece[at] for piece in pieces]) for at, name in enumerate(names)}


def _parsed(path: Path, name: str, cells: Sequence[str], line: int) -> NDArray[Any]:
    """Cells of one column as numbers, or as they are for the columns whose kind is not known yet."""
    if name in ("segment_id", "node_id"):
        wrong = next((index for index, cell in enumerate(cells) if not _WHOLE.fullmatch(cell)), None)
        numbers = [] if wrong is not None else [int(cell) for cell in cells]
        largest = 2**64 if name == "segment_id" else 2**63
        if wrong is None and numbers and max(numbers) >= largest:
            wrong = int(np.argmax(np.array([number >= largest for number in numbers])))
        if wrong is not None:
            raise TableError(
                f"{path.name} line {line + wrong}: {name} is {cells[wrong]!r}, but must be whole and below {largest}"
            )
        return np.array(numbers, np.uint64 if name == "segment_id" else np.int64)
    if name in POSITION or re.fullmatch(r"e[0-9]+", name):
        try:
            return np.array(cells, np.str_).astype(np.float64) if cells else np.empty(0)
        except ValueError:
            wrong = next(index for index, cell in enumerate(cells) if not _is_number(cell))
            raise TableError(
                f"{path.name} line {line + wrong}: {name} is {cells[wrong]!r}, which is no number"
            ) from None
    return np.array(cells, np.str_)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _extra(cells: NDArray[Any]) -> NDArray[Any]:
    """Numbers where all cells are, an empty one being NaN, else truth values or texts."""
    if len(cells) and np.isin(cells, ("True", "False")).all():
        truth: NDArray[np.bool_] = cells == "True"
        return truth
    try:
        return np.where(cells == "", "nan", cells).astype(np.float64)
    except ValueError:
        return cells


def _edges(path: Path, rows: int, cells: NDArray[Any] | None) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    if cells is None:
        return np.zeros(rows + 1, np.int64), np.empty(0, np.int64)
    lists = [str(cell).split() for cell in cells]
    wrong = next((index for index, some in enumerate(lists) if not all(map(_WHOLE.fullmatch, some))), None)
    if wrong is not None:
        raise TableError(f"{path.name}: edges_to is {str(cells[wrong])!r}, but must be nodes with blanks between them")
    counts = np.array([0, *map(len, lists)], np.int64)
    return np.cumsum(counts), np.array([int(node) for some in lists for node in some], np.int64)


def _provenance(path: Path) -> Provenance | None:
    try:
        return Provenance.from_json(json.loads(path.read_bytes()))
    except FileNotFoundError:
        return None
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise TableError(f"{path} does not say what the embeddings were made of: it lacks or garbles {error}") from None
