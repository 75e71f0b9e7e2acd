"""A table in parts of whole segments, for what walks over all of a table that does not fit in memory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segclr.embeddings.columns import Columns, sorted_columns
from segclr.embeddings.storage.shard_reading import ShardReader
from segclr.embeddings.storage.stored_table import StoredTable
from segclr.embeddings.table import EmbeddingTable


@dataclass(frozen=True, slots=True, eq=False)
class Segments:
    """The segments of a table, in all its shards, in the order that `open_table` gives its rows.

    Attributes:
        ids: (S,) uint64, ascending.
        first_row: (S + 1,) int64.
    """

    ids: NDArray[np.uint64]
    first_row: NDArray[np.int64]

    def cut(self, rows: int) -> NDArray[np.int64]:
        """Return where to cut into parts of at most so many rows, or of one segment: (B + 1,) indices of segments."""
        cuts = [0]
        while cuts[-1] < len(self.ids):
            last = np.searchsorted(self.first_row, self.first_row[cuts[-1]] + rows, side="right") - 1
            cuts.append(max(cuts[-1] + 1, int(last)))
        return np.array(cuts, np.int64)


def segments_of(stored: StoredTable) -> Segments:
    """Read the index of a table, 16 bytes a segment.

    Raises:
        TableError: No shard is whole, or a server fails.
    """
    readers = stored.readers()
    if not readers:
        return Segments(np.empty(0, np.uint64), np.zeros(1, np.int64))
    if len(readers) == 1:
        return Segments(readers[0].segment_ids, readers[0].first_row)
    every = np.concatenate([reader.segment_ids for reader in readers])
    ids, index = np.unique(every, return_inverse=True)
    sizes = np.concatenate([np.diff(reader.first_row) for reader in readers])
    rows = np.zeros(len(ids), np.int64)
    np.add.at(rows, index, sizes)
    return Segments(ids, np.append(0, np.cumsum(rows)))


def part_of(stored: StoredTable, first_id: int, last_id: int, with_edges: bool = True) -> EmbeddingTable:
    """Return the rows of the segments from one id to another, both included, as a table without a version.

    They come in the order of the whole table: mapped where one shard in float32 has all of them, else in memory.

    Args:
        with_edges: or the rows are as if they had none.

    Raises:
        TableError: A shard is damaged, or a server fails.
    """
    pieces = [_piece(reader, first_id, last_id, with_edges) for reader in stored.readers()]
    pieces = [piece for piece in pieces if len(piece.node_ids)] or pieces[:1]
    columns = pieces[0] if len(pieces) == 1 else _joined(pieces)
    segment_ids, first_row, node_ids, positions_nm, embeddings, edges = columns.arrays()
    return EmbeddingTable(
        segment_ids, first_row, node_ids, positions_nm, embeddings, edges, stored.provenance, version=""
    )


def _piece(reader: ShardReader, first_id: int, last_id: int, with_edges: bool) -> Columns:
    """Those rows that a shard has."""
    first = int(np.searchsorted(reader.segment_ids, np.uint64(first_id)))
    last = int(np.searchsorted(reader.segment_ids, np.uint64(last_id), side="right"))
    start, stop = int(reader.first_row[first]), int(reader.first_row[last])
    edges = np.empty((0, 2), np.int64)
    if with_edges and first < last:
        begin, _ = reader.edge_range(int(reader.segment_ids[first]))
        _, end = reader.edge_range(int(reader.segment_ids[last - 1]))
        edges = reader.read("edges", begin, end) - start
    return Columns(
        reader.segment_ids[first:last],
        reader.first_row[first : last + 1] - start,
        reader.read("node_ids", start, stop),
        reader.read("positions_nm", start, stop),
        reader.read("embeddings", start, stop),
        edges,
        {},
    )


def _joined(pieces: list[Columns]) -> Columns:
    starts = np.cumsum([0, *(len(piece.node_ids) for piece in pieces[:-1])])
    return sorted_columns(
        np.concatenate([piece.segment_of_row() for piece in pieces]),
        np.concatenate([piece.node_ids for piece in pieces]),
        np.concatenate([piece.positions_nm for piece in pieces]),
        np.concatenate([piece.embeddings for piece in pieces]),
        np.concatenate([piece.edges + start for piece, start in zip(pieces, starts, strict=True)]),
    )
