"""One shard's files, written from rows that are sorted already."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segclr.embeddings.boxes import piece_boxes
from segclr.embeddings.columns import Columns
from segclr.embeddings.storage.column_file import write_column
from segclr.embeddings.storage.manifest import EXTRA, Shard, StoredColumn
from segclr.embeddings.storage.precision import DTYPES, Storage, encode, in_blocks, scale_of

Blocks = Callable[[], Iterator[NDArray[Any]]]
"""The rows of a column, `ROWS_AT_ONCE` at a time, as often as it is called."""


@dataclass(frozen=True, slots=True, eq=False)
class Content:
    """The rows of a shard, sorted by segment and node; the wide columns come in blocks, for they may not fit in memory.

    Attributes:
        segment_ids, first_row, node_ids, edges: as in `Columns`.
        dimensions: d.
        positions_nm, embeddings: blocks of (k, 3) float64 and (k, d) float32.
        extra: dtype and blocks of each.
    """

    segment_ids: NDArray[np.uint64]
    first_row: NDArray[np.int64]
    node_ids: NDArray[np.int64]
    edges: NDArray[np.int64]
    dimensions: int
    positions_nm: Blocks
    embeddings: Blocks
    extra: Mapping[str, tuple[np.dtype[Any], Blocks]]

    @classmethod
    def of(cls, columns: Columns) -> Content:
        """What is in memory or mapped."""
        return cls(
            columns.segment_ids,
            columns.first_row,
            columns.node_ids,
            columns.edges,
            columns.embeddings.shape[1],
            lambda: in_blocks(columns.positions_nm),
            lambda: in_blocks(columns.embeddings),
            {name: (values.dtype, _blocks_of(values)) for name, values in columns.extra.items()},
        )


def write_shard(folder: Path, content: Content, storage: Storage, name: str) -> Shard:
    """Write a shard's files, under names that no other shard has; they count once the table's index names them.

    Raises:
        OSError: The disk is full, for instance; the files written so far are gone again.
        TableError: The embeddings cannot be stored so.
    """
    tag = secrets.token_hex(8)
    written: dict[str, StoredColumn] = {}
    try:
        for column, dtype, shape, blocks in _files(content, storage):
            path = folder / f"{column}-{tag}.npy"
            written[column] = write_column(path, dtype.newbyteorder("<"), shape, blocks)
    except BaseException:
        for made in written.values():
            (folder / made.file).unlink(missing_ok=True)
        raise
    ids = content.segment_ids
    return Shard(
        name=name,
        rows=len(content.node_ids),
        segments=len(ids),
        edges=len(content.edges),
        first_segment=int(ids[0]) if len(ids) else 0,
        last_segment=int(ids[-1]) if len(ids) else 0,
        columns=written,
    )


def _files(
    content: Content, storage: Storage
) -> Iterator[tuple[str, np.dtype[Any], tuple[int, ...], Iterable[NDArray[Any]]]]:
    """Name, dtype, shape and rows of each file, those that searches need included."""
    n, d = len(content.node_ids), content.dimensions
    scale = scale_of(content.embeddings() if storage != "float32" else (), d, storage)
    first_edge = np.searchsorted(content.edges[:, 0], content.first_row).astype(np.int64)
    for name, array in (
        ("segment_ids", content.segment_ids),
        ("first_row", content.first_row),
        ("first_edge", first_edge),
        ("node_ids", content.node_ids),
    ):
        yield name, array.dtype, array.shape, (array,)
    yield "positions_nm", np.dtype(np.float64), (n, 3), content.positions_nm()
    boxes = piece_boxes(content.first_row, content.positions_nm())
    yield "piece_boxes", boxes.dtype, boxes.shape, (boxes,)
    stored = (encode(block, storage, scale) for block in content.embeddings())
    yield "embeddings", DTYPES[storage], (n, d), stored
    if scale is not None:
        yield "embedding_scale", scale.dtype, scale.shape, (scale,)
    yield "edges", content.edges.dtype, content.edges.shape, (content.edges,)
    for name, (dtype, blocks) in content.extra.items():
        yield EXTRA + name, dtype, (n,), blocks()


def _blocks_of(values: NDArray[Any]) -> Blocks:
    return lambda: in_blocks(values)
