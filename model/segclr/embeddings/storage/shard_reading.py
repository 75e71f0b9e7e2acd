"""One shard, of which parts are read."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from segclr.em.geometry import XYZ
from segclr.embeddings.boxes import inside, piece_boxes, rows_near_box
from segclr.embeddings.columns import Columns, Described, version_of
from segclr.embeddings.provenance import Provenance
from segclr.embeddings.storage.manifest import EXTRA, INDEX, Shard
from segclr.embeddings.storage.precision import ROWS_AT_ONCE, decode
from segclr.embeddings.storage.source import Column, Source
from segclr.embeddings.storage.stored_embeddings import StoredEmbeddings
from segclr.errors import TableError

_LARGEST_ID = 2**64 - 1
_INDEX = ("segment_ids", "first_row", "first_edge", "embedding_scale")  # what is read when a shard is opened


@dataclass(frozen=True, slots=True, eq=False)
class ShardReader:
    """A shard whose index of segments is at hand.

    Attributes:
        segment_ids: (S,) uint64, ascending.
        first_row: (S + 1,) int64.
        first_edge: (S + 1,) int64; the edges of segment i are `first_edge[i]:first_edge[i + 1]`. None where the format
            does not have it.
        scale: (2, d) float32 for embeddings in int8, else None.
    """

    shard: Shard
    stored: Mapping[str, Column]
    segment_ids: NDArray[np.uint64]
    first_row: NDArray[np.int64]
    first_edge: NDArray[np.int64] | None
    scale: NDArray[np.float32] | None

    @classmethod
    def open(cls, source: Source, shard: Shard) -> ShardReader:
        """Read a shard's index of segments; 24 bytes per segment.

        Raises:
            TableError: A file is missing or damaged.
        """
        stored = _stored(source, shard)
        index = {name: stored[name].read(0, stored[name].shape[0]) for name in _INDEX if name in stored}
        return cls._of(source, shard, stored, index)

    @classmethod
    def open_all(cls, source: Source, shards: Sequence[Shard]) -> tuple[list[ShardReader], list[str]]:
        """Open some shards together; those that are damaged are left out, with a sentence for each."""
        readers, damage = [], []
        columns = []
        for shard in shards:
            try:
                columns.append((shard, _stored(source, shard)))
            except TableError as error:
                damage.append(f"{error} (shard {shard.name}, {shard.rows} rows)")
        wanted = [stored[name] for _, stored in columns for name in _INDEX if name in stored]
        found = iter(source.together([partial(column.read, 0, column.shape[0]) for column in wanted]))
        for shard, stored in columns:
            try:
                readers.append(cls._of(source, shard, stored, {name: next(found) for name in _INDEX if name in stored}))
            except TableError as error:
                damage.append(f"{error} (shard {shard.name}, {shard.rows} rows)")
        return readers, damage

    @classmethod
    def _of(
        cls, source: Source, shard: Shard, stored: Mapping[str, Column], index: Mapping[str, NDArray[Any]]
    ) -> ShardReader:
        first_row = index["first_row"]
        if len(first_row) != shard.segments + 1 or (int(first_row[0]), int(first_row[-1])) != (0, shard.rows):
            raise TableError(
                f"the embedding table {source.name} is damaged: the segments of the shard {shard.name} do not cover "
                f"its {shard.rows} rows, as {INDEX} promises"
            )
        return cls(
            shard, stored, index["segment_ids"], first_row, index.get("first_edge"), index.get("embedding_scale")
        )

    def rows_of(self, segment_id: int) -> slice:
        """Return the rows of a segment, an empty slice if it has none."""
        if 0 <= segment_id <= _LARGEST_ID:
            index = int(np.searchsorted(self.segment_ids, np.uint64(segment_id)))
            if index < len(self.segment_ids) and int(self.segment_ids[index]) == segment_id:
                return slice(int(self.first_row[index]), int(self.first_row[index + 1]))
        return slice(0, 0)

    def edge_range(self, segment_id: int) -> tuple[int, int]:
        """Return the first of a segment's edges, and one after the last; equal if it has none."""
        rows = self.rows_of(segment_id)
        if self.first_edge is None:
            first, last = np.searchsorted(self.read("edges", 0, self.shard.edges)[:, 0], [rows.start, rows.stop])
            return int(first), int(last)
        if rows.start == rows.stop:
            return 0, 0
        index = int(np.searchsorted(self.first_row, rows.start))
        return int(self.first_edge[index]), int(self.first_edge[index + 1])

    def segment_of(self, rows: NDArray[np.int64]) -> NDArray[np.uint64]:
        """Return the segment id of each row."""
        return self.segment_ids[np.searchsorted(self.first_row, rows, side="right") - 1]

    def read(self, name: str, start: int, stop: int) -> NDArray[Any]:
        """Return some rows of a column; embeddings as float32."""
        found = self.stored[name].read(start, stop)
        return decode(found, self.scale) if name == "embeddings" else found

    def take(self, name: str, rows: NDArray[np.int64]) -> NDArray[Any]:
        """Return rows of a column, given in ascending order; embeddings as float32."""
        found = self.stored[name].take(rows)
        return decode(found, self.scale) if name == "embeddings" else found

    def rows_in_box(self, low_nm: XYZ, high_nm: XYZ) -> NDArray[np.int64]:
        """Return the rows with low <= position < high, ascending."""
        near = rows_near_box(self.boxes(), self.first_row, low_nm, high_nm)
        return near[inside(self.take("positions_nm", near), low_nm, high_nm)]

    def extra_names(self) -> list[str]:
        return [name.removeprefix(EXTRA) for name in self.stored if name.startswith(EXTRA)]

    def version(self, provenance: Provenance) -> str:
        """Read all of the shard, some rows at a time, and return its `content_version`."""
        n, d = self.shard.rows, self.shard.columns["embeddings"].shape[1]

        def whole(column: NDArray[Any]) -> Described:
            return "", column.dtype, column.shape, (column,)

        def blocks(name: str) -> Iterator[NDArray[Any]]:
            return (self.read(name, start, start + ROWS_AT_ONCE) for start in range(0, n, ROWS_AT_ONCE))

        own = (
            whole(self.segment_ids),
            whole(self.first_row),
            whole(self.read("node_ids", 0, n)),
            ("", np.dtype(np.float64), (n, 3), blocks("positions_nm")),
            ("", np.dtype(np.float32), (n, d), blocks("embeddings")),
            whole(self.read("edges", 0, self.shard.edges)),
        )
        kinds = {name: np.dtype(self.shard.columns[EXTRA + name].dtype) for name in sorted(self.extra_names())}
        extra = ((name, kind, (n,), blocks(EXTRA + name)) for name, kind in kinds.items())
        return version_of([*own, *extra], provenance)

    def columns(self, most_decoded: int | None = None) -> Columns:
        """Return the whole shard; embeddings that are not float32 are decoded, all others as they are stored.

        Args:
            most_decoded: embeddings that take more bytes are left as they are stored, see `StoredEmbeddings`.
        """
        n, described = self.shard.rows, self.shard.columns["embeddings"]
        if described.dtype == "<f4":
            embeddings = self.read("embeddings", 0, n)
        elif most_decoded is not None and 4 * math.prod(described.shape) > most_decoded:
            raw = self.stored["embeddings"].read(0, n)
            embeddings = cast("NDArray[np.float32]", StoredEmbeddings(raw, self.scale))
        else:
            embeddings = np.empty(self.shard.columns["embeddings"].shape, np.float32)
            for start in range(0, n, ROWS_AT_ONCE):
                embeddings[start : start + ROWS_AT_ONCE] = self.read("embeddings", start, start + ROWS_AT_ONCE)
            embeddings.flags.writeable = False
        return Columns(
            self.segment_ids,
            self.first_row,
            self.read("node_ids", 0, n),
            self.read("positions_nm", 0, n),
            embeddings,
            self.read("edges", 0, self.shard.edges),
            {name: self.read(EXTRA + name, 0, n) for name in self.extra_names()},
        )

    def boxes(self) -> NDArray[np.float64]:
        """Return the (k, 2, 3) boxes in nm of the pieces of cells, see `piece_boxes`."""
        if "piece_boxes" in self.stored:
            column = self.stored["piece_boxes"]
            return column.read(0, column.shape[0])
        return piece_boxes(self.first_row, [self.read("positions_nm", 0, self.shard.rows)])


def _stored(source: Source, shard: Shard) -> dict[str, Column]:
    """Open the columns of a shard.

    Raises:
        TableError: A file is missing or damaged.
    """
    try:
        return {name: source.column(column) for name, column in shard.columns.items()}
    except FileNotFoundError as error:
        missing = str(error.filename or error).rpartition("/")[2]
        raise TableError(f"the embedding table {source.name} is incomplete: {missing} is missing") from None
