"""Reading a whole table to see whether it is what was written, and what its rows are worth."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from segclr.embeddings.columns import rows_not_finite
from segclr.embeddings.storage.shard_reading import ShardReader
from segclr.embeddings.storage.stored_table import StoredTable
from segclr.errors import TableError
from segclr.wording import counted, verb


def damaged_files(stored: StoredTable) -> Iterator[str]:
    """Yield one sentence for each file of the table that is missing or has another checksum than when it was written.

    Reads every byte. A table of format version 1 has no checksums; of its files only the size can be wrong.
    """
    for shard in stored.manifest.shards:
        for name, column in shard.columns.items():
            where = f"shard {shard.name}, column {name}, file {column.file}"
            try:
                if column.crc32 is not None and stored.source.checksum(column) != column.crc32:
                    yield f"{where}: its content has changed"
            except FileNotFoundError:
                yield f"{where}: it is missing"
            except (OSError, TableError) as error:
                yield f"{where}: it cannot be read ({error})"


def broken_rows(stored: StoredTable) -> Iterator[str]:
    """Yield sentences on rows that no table should have; reads ids, positions, embeddings and edges.

    Those are: embeddings or positions that are NaN or infinite, segments or nodes that are not sorted, edges that leave
    their segment. Rows of one segment at the same position are told, too, though a table may have them.
    """
    for reader in stored.readers():
        broken = [*_not_finite(reader), *_not_sorted(reader), *_edges_astray(reader)]
        yield from (f"shard {reader.shard.name}: {sentence}" for sentence in broken)


def rows_at_one_place(stored: StoredTable) -> tuple[int, int]:
    """Return how many rows lie where an earlier row of their segment in the same shard lies, and one such segment."""
    count, example = 0, 0
    for reader in stored.readers():
        n = reader.shard.rows
        segment_of = np.repeat(np.arange(len(reader.segment_ids)), np.diff(reader.first_row))
        positions = reader.read("positions_nm", 0, n)
        order = np.lexsort((positions[:, 2], positions[:, 1], positions[:, 0], segment_of))
        same = (positions[order[1:]] == positions[order[:-1]]).all(axis=1)
        same &= segment_of[order[1:]] == segment_of[order[:-1]]
        if same.any():
            count += int(same.sum())
            example = int(reader.segment_ids[segment_of[order[int(same.argmax())]]])
    return count, example


def _not_finite(reader: ShardReader) -> Iterator[str]:
    for name in ("embeddings", "positions_nm"):
        count, first = 0, -1
        for start in range(0, reader.shard.rows, 1 << 16):
            broken = rows_not_finite(reader.read(name, start, start + (1 << 16)))
            first = start + int(broken[0]) if len(broken) and first < 0 else first
            count += len(broken)
        if count:
            segment_id = reader.segment_of(np.array([first]))[0]
            yield f"{count} of {reader.shard.rows} {name} are NaN or infinite, the first in segment {segment_id}"


def _not_sorted(reader: ShardReader) -> Iterator[str]:
    if not (reader.segment_ids[1:] > reader.segment_ids[:-1]).all():
        yield "the segments are not in ascending order, so that some are not found"
    if not (np.diff(reader.first_row) > 0).all():
        yield "a segment has no rows"
        return
    nodes = reader.read("node_ids", 0, reader.shard.rows)
    ascending = nodes[1:] > nodes[:-1]
    ascending[reader.first_row[1:-1] - 1] = True
    if not ascending.all():
        segment_id = reader.segment_of(np.flatnonzero(~ascending)[:1])[0]
        yield f"the nodes of segment {segment_id} are not in ascending order"


def _edges_astray(reader: ShardReader) -> Iterator[str]:
    edges = reader.read("edges", 0, reader.shard.edges)
    if not len(edges):
        return
    if not 0 <= int(edges.min()) <= int(edges.max()) < reader.shard.rows:
        yield f"edges join rows {edges.min()} to {edges.max()} of {reader.shard.rows}"
        return
    index = np.searchsorted(reader.first_row, edges, side="right")
    astray = np.flatnonzero((index[:, 0] != index[:, 1]) | (edges[:, 0] >= edges[:, 1]))
    if len(astray):
        yield f"{counted(len(astray), 'edge')} {verb(len(astray), 'joins', 'join')} two segments, or a node with itself"
