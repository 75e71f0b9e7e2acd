"""Several shards as one, sorted by segment and node; the wide columns are gathered in blocks, never all at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segclr.embeddings.columns import Columns
from segclr.embeddings.storage.manifest import EXTRA
from segclr.embeddings.storage.node_edges import NodeEdges
from segclr.embeddings.storage.precision import ROWS_AT_ONCE
from segclr.embeddings.storage.shard_reading import ShardReader
from segclr.embeddings.storage.shard_writing import Blocks, Content
from segclr.errors import TableError
from segclr.wording import counted, verb


def merged(readers: Sequence[ShardReader], edges: NodeEdges | None = None) -> Content:
    """Return the rows of shards with the same dimensions and extra columns in the order of a table.

    Takes O(n log n) and some 40 bytes of memory a row, however wide the embeddings are. The shards are read again
    whenever blocks of the result are.

    Args:
        edges: of all rows, instead of those that the shards have.

    Raises:
        TableError: Two rows are of the same node of a segment, or an edge leads to a node without a row.
    """
    segments, nodes, order = _order(readers)
    starts = np.cumsum([0, *(reader.shard.rows for reader in readers)])
    unique, first = np.unique(segments, return_index=True)
    n = len(order)
    first_row = np.append(first, n).astype(np.int64)

    def blocks(name: str) -> Blocks:
        return lambda: _gathered(readers, starts, order, name)

    return Content(
        segment_ids=unique,
        first_row=first_row,
        node_ids=nodes,
        edges=_edges(readers, starts, order) if edges is None else edges.as_rows(unique, first_row, nodes),
        dimensions=int(readers[0].shard.columns["embeddings"].shape[1]),
        positions_nm=blocks("positions_nm"),
        embeddings=blocks("embeddings"),
        extra={
            name: (
                np.result_type(*(np.dtype(reader.shard.columns[EXTRA + name].dtype) for reader in readers)),
                blocks(EXTRA + name),
            )
            for name in readers[0].extra_names()
        },
    )


def in_memory(content: Content) -> Columns:
    """Return all rows, with the wide columns as arrays of their own, read-only."""
    n = len(content.node_ids)

    def filled(blocks: Blocks, shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
        values, start = np.empty(shape, dtype), 0
        for block in blocks():
            values[start : start + len(block)] = block
            start += len(block)
        return values

    columns = Columns(
        content.segment_ids,
        content.first_row,
        content.node_ids,
        filled(content.positions_nm, (n, 3), np.dtype(np.float64)),
        filled(content.embeddings, (n, content.dimensions), np.dtype(np.float32)),
        content.edges,
        {name: filled(blocks, (n,), dtype) for name, (dtype, blocks) in content.extra.items()},
    )
    for column in (*columns.arrays(), *columns.extra.values()):
        column.flags.writeable = False
    return columns


def _order(readers: Sequence[ShardReader]) -> tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.int64]]:
    """Segment and node of each row of the result, and where it stands among the rows of all shards."""
    segments = np.concatenate([np.repeat(reader.segment_ids, np.diff(reader.first_row)) for reader in readers])
    nodes = np.concatenate([reader.read("node_ids", 0, reader.shard.rows) for reader in readers])
    order = np.lexsort((nodes, segments))
    segments, nodes = segments[order], nodes[order]
    twice = np.flatnonzero((segments[1:] == segments[:-1]) & (nodes[1:] == nodes[:-1]))
    if len(twice):
        raise TableError(
            f"{counted(len(twice), 'node')} {verb(len(twice), 'is', 'are')} there twice (the first, "
            f"node {nodes[twice[0]]} of segment {segments[twice[0]]}), "
            "but each node can have only one row"
        )
    return segments, nodes, order


def _edges(readers: Sequence[ShardReader], starts: NDArray[np.int64], order: NDArray[np.int64]) -> NDArray[np.int64]:
    """The (m, 2) edges of all shards as rows of the result, sorted."""
    new_row = np.empty(len(order), np.int64)
    new_row[order] = np.arange(len(order))
    edges = np.concatenate(
        [
            new_row[reader.read("edges", 0, reader.shard.edges) + start]
            for reader, start in zip(readers, starts[:-1], strict=True)
        ]
    )
    # a shard's rows keep their order, so the lower one stays the first
    return edges[np.lexsort((edges[:, 1], edges[:, 0]))]


def _gathered(
    readers: Sequence[ShardReader], starts: NDArray[np.int64], order: NDArray[np.int64], name: str
) -> Iterator[NDArray[Any]]:
    """Yield a column of the result in blocks."""
    for first in range(0, len(order), ROWS_AT_ONCE):
        wanted = order[first : first + ROWS_AT_ONCE]
        shards = np.searchsorted(starts, wanted, side="right") - 1
        parts = [(shards == index, index) for index in np.unique(shards).tolist()]
        # of each shard the rows are ascending, since all are sorted alike
        taken = [(mask, readers[index].take(name, wanted[mask] - starts[index])) for mask, index in parts]
        block = np.empty((len(wanted), *taken[0][1].shape[1:]), np.result_type(*(values for _, values in taken)))
        for mask, values in taken:
            block[mask] = values
        yield block
