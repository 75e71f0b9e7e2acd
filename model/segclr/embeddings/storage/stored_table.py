"""A table that stays where it is, on a disk or behind an address: only the rows that are asked for are read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segclr.em.geometry import XYZ
from segclr.embeddings.boxes import check_box
from segclr.embeddings.provenance import Provenance
from segclr.embeddings.sampling import Strata, stratified_rows
from segclr.embeddings.storage.addresses import open_source
from segclr.embeddings.storage.manifest import EXTRA, Manifest, Shard
from segclr.embeddings.storage.precision import ROWS_AT_ONCE
from segclr.embeddings.storage.shard_reading import ShardReader
from segclr.embeddings.storage.source import Source, State, read_state
from segclr.errors import TableError


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Some rows of a table.

    Attributes:
        segment_ids: (k,) uint64.
        node_ids: (k,) int64.
        positions_nm: (k, 3) float64, xyz.
        embeddings: (k, d) float32.
        extra: by name, (k,).
        edges: (m, 2) int64, indices of these rows; none unless whole segments were asked for.
    """

    segment_ids: NDArray[np.uint64]
    node_ids: NDArray[np.int64]
    positions_nm: NDArray[np.float64]
    embeddings: NDArray[np.float32]
    extra: Mapping[str, NDArray[Any]]
    edges: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.node_ids)


class StoredTable:
    """Shards that are opened when they are first needed. What is damaged is left out, and `damage` tells it.

    Reading a part costs as much as the part: an append or a compaction by another program changes nothing here, for
    this is the table as it was when it was opened.
    """

    def __init__(self, source: Source) -> None:
        """Read the table's index.

        Raises:
            TableError: There is no table, or its index is damaged.
        """
        self.source = source
        self._readers: dict[str, ShardReader] = {}
        self.manifest: Manifest
        self._shards: list[Shard]
        self._damage: list[str]
        self._take(read_state(source))

    def __len__(self) -> int:
        return sum(shard.rows for shard in self._shards)

    @property
    def dimensions(self) -> int:
        return self.manifest.dimensions

    @property
    def provenance(self) -> Provenance:
        return self.manifest.provenance

    @property
    def damage(self) -> tuple[str, ...]:
        """One sentence for each shard that was found damaged so far."""
        return tuple(self._damage)

    def readers(self, shards: Sequence[Shard] | None = None) -> list[ShardReader]:
        """Return some shards, or all, with their indexes of segments read, 24 bytes per segment.

        A shard whose files are gone, for another program has compacted the table since it was opened, is looked for
        once more in the table as it is now, as long as nothing has been read of it as it was.

        Raises:
            TableError: No shard is whole, the table was replaced while it was read, or a server fails.
        """
        wanted = self._shards if shards is None else shards
        missing = [shard for shard in wanted if shard.name not in self._readers]
        if missing:
            opened, damage = ShardReader.open_all(self.source, missing)
            if damage and (state := read_state(self.source)).manifest != self.manifest:
                if self._readers or shards is not None:
                    raise TableError(f"the table {self.source.name} was replaced while it was read: open it again")
                self._take(state)
                return self.readers()
            self._readers.update((reader.shard.name, reader) for reader in opened)
            self._damage += damage
            self._shards = [s for s in self._shards if s not in missing or s.name in self._readers]
        if self._damage and not self._shards:
            raise TableError(self._damage[0])
        return [self._readers[shard.name] for shard in wanted if shard.name in self._readers]

    def rows_of_segment(self, segment_id: int) -> Rows:
        """Return the rows of a segment by node, with its edges; none if the table does not have it.

        In O(log S) for each shard whose ids span it, and the rows; behind an address a few requests at the same time.
        """
        spanning = [s for s in self._shards if s.rows and s.first_segment <= segment_id <= s.last_segment]
        parts = [(reader, reader.rows_of(segment_id)) for reader in self.readers(spanning)]
        parts = [(reader, rows) for reader, rows in parts if rows.start < rows.stop]
        names = self._names()
        found = self.source.together(
            [
                *(partial(reader.read, name, rows.start, rows.stop) for reader, rows in parts for name in names),
                *(partial(reader.read, "edges", *reader.edge_range(segment_id)) for reader, _ in parts),
            ]
        )
        width, edges = len(names), found[len(names) * len(parts) :]
        pieces = []
        for index, (_, rows) in enumerate(parts):
            count = rows.stop - rows.start
            columns = dict(zip(names, found[width * index : width * (index + 1)], strict=True))
            pieces.append(_rows(np.full(count, segment_id, np.uint64), columns, edges[index] - rows.start))
        return _by_node(self._joined(pieces))

    def chunks(self, rows_at_once: int = ROWS_AT_ONCE) -> Iterator[Rows]:
        """Yield all rows in order of the shards, in each by segment and node, so many at a time or fewer."""
        for reader in self.readers():
            for start in range(0, reader.shard.rows, rows_at_once):
                stop = min(reader.shard.rows, start + rows_at_once)
                columns = {name: reader.read(name, start, stop) for name in self._names()}
                yield _rows(reader.segment_of(np.arange(start, stop)), columns)

    def sample(self, count: int, seed: int = 0, by: Strata = "rows") -> Rows:
        """Return a random stratified sample, see `stratified_rows`; a segment in several shards counts in each.

        In O(count) for "rows"; behind an address nearly all of a table is read for a sample that is not small.
        """
        readers = self.readers()
        starts = np.cumsum([0, *(reader.shard.rows for reader in readers)])
        firsts = [reader.first_row[:-1] + start for reader, start in zip(readers, starts[:-1], strict=True)]
        drawn = stratified_rows(np.concatenate([*firsts, starts[-1:]]), count, seed, by)
        borders = np.searchsorted(drawn, starts)
        return self._taken(
            [
                (reader, drawn[first:last] - start)
                for reader, start, first, last in zip(readers, starts[:-1], borders[:-1], borders[1:], strict=True)
            ]
        )

    def box(self, low_nm: XYZ, high_nm: XYZ) -> Rows:
        """Return the rows with low <= position < high, in nm, x, y, z.

        In O(S + n / 256), and the rows of those pieces of 256 rows of a segment whose own box meets this one.

        Raises:
            TableError: The box has no inside.
        """
        check_box(low_nm, high_nm)
        return self._taken([(reader, reader.rows_in_box(low_nm, high_nm)) for reader in self.readers()])

    def _take(self, state: State) -> None:
        """Be the table of a state."""
        self.manifest = state.manifest
        self._shards = list(state.shards)
        self._damage = list(state.damage)

    def _taken(self, parts: Sequence[tuple[ShardReader, NDArray[np.int64]]]) -> Rows:
        return self._joined(
            [
                _rows(reader.segment_of(rows), {name: reader.take(name, rows) for name in self._names()})
                for reader, rows in parts
                if len(rows)
            ]
        )

    def _names(self) -> list[str]:
        return ["node_ids", "positions_nm", "embeddings", *(EXTRA + name for name in self.manifest.extra)]

    def _joined(self, pieces: Sequence[Rows]) -> Rows:
        if len(pieces) == 1:
            return pieces[0]
        nothing = _rows(
            np.empty(0, np.uint64),
            {
                "node_ids": np.empty(0, np.int64),
                "positions_nm": np.empty((0, 3)),
                "embeddings": np.empty((0, self.dimensions), np.float32),
                **{EXTRA + name: np.empty(0, _empty_type(kind)) for name, kind in self.manifest.extra.items()},
            },
        )
        every = [nothing, *pieces]
        starts = np.cumsum([0, *(len(piece) for piece in every[:-1])])
        return Rows(
            np.concatenate([piece.segment_ids for piece in every]),
            np.concatenate([piece.node_ids for piece in every]),
            np.concatenate([piece.positions_nm for piece in every]),
            np.concatenate([piece.embeddings for piece in every]),
            {name: np.concatenate([piece.extra[name] for piece in every]) for name in self.manifest.extra},
            np.concatenate([piece.edges + start for piece, start in zip(every, starts, strict=True)]),
        )


def open_stored(place: str | Path) -> StoredTable:
    """Open a table in a folder or behind an http(s), gs, s3 or any other address that fsspec knows; reads its index.

    Raises:
        TableError: There is none, it is damaged, or there is no way to read such an address.
    """
    return StoredTable(open_source(place))


def _rows(
    segment_ids: NDArray[np.uint64], columns: Mapping[str, NDArray[Any]], edges: NDArray[np.int64] | None = None
) -> Rows:
    return Rows(
        segment_ids,
        columns["node_ids"],
        columns["positions_nm"],
        columns["embeddings"],
        {name.removeprefix(EXTRA): values for name, values in columns.items() if name.startswith(EXTRA)},
        np.empty((0, 2), np.int64) if edges is None else edges,
    )


def _by_node(rows: Rows) -> Rows:
    """Sort the rows of one segment, which came from several shards perhaps."""
    order = np.argsort(rows.node_ids, kind="stable")
    if (order[1:] > order[:-1]).all():
        return rows
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    return Rows(
        rows.segment_ids,
        rows.node_ids[order],
        rows.positions_nm[order],
        rows.embeddings[order],
        {name: values[order] for name, values in rows.extra.items()},
        np.sort(place[rows.edges], axis=1),
    )


def _empty_type(kind: str) -> np.dtype[Any]:
    return np.dtype("U1") if kind == "U" else np.dtype(kind)
