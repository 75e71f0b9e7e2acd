"""The embedding table: one row per skeleton node, grouped by segment.

A table is never changed: other rows make another table, with another `version`. How it is checked and sorted when built
is in `columns`, its files in `storage`. `storage.stored_table` reads parts of one that does not fit in memory, or lies
behind an address.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from segclr.em.geometry import XYZ
from segclr.embeddings.boxes import check_box, inside, piece_boxes, rows_near_box
from segclr.embeddings.columns import Columns, Extra, content_version, rows_not_finite, sorted_columns
from segclr.embeddings.provenance import Provenance, describe_maker
from segclr.embeddings.sampling import Strata, stratified_rows
from segclr.embeddings.storage.manifest import INDEX
from segclr.embeddings.storage.merging import in_memory, merged
from segclr.embeddings.storage.precision import Storage, check_storage, in_blocks, rounded, scale_of
from segclr.embeddings.storage.shard_reading import ShardReader
from segclr.embeddings.storage.shard_writing import Content
from segclr.embeddings.storage.stored_table import StoredTable, open_stored
from segclr.embeddings.storage.writer import open_writer
from segclr.errors import TableError
from segclr.wording import counted

if TYPE_CHECKING:
    from segclr.em.cutout import CutoutSpec

log = logging.getLogger(__name__)

IN_MEMORY_BYTES = 1 << 32
"""Embeddings that are merged when they are opened may take so much memory, and no more."""

DECODED_BYTES = 1 << 28
"""Embeddings of one shard in fewer bits that take more are decoded row by row when they are read."""

_LARGEST_ID = 2**64 - 1


@dataclass(frozen=True, slots=True, eq=False)
class EmbeddingTable:
    """Rows sorted by segment and then by node. The arrays may lie on disk and are read-only.

    Attributes:
        segment_ids: (S,) uint64, ascending.
        first_row: (S + 1,) int64; the rows of segment i are `first_row[i]:first_row[i + 1]`.
        node_ids: (n,) int64, unique within a segment.
        positions_nm: (n, 3) float64, xyz.
        embeddings: (n, d) float32, finite; of a large table in fewer bits `StoredEmbeddings`, which decode the rows
            that are asked for.
        edges: (m, 2) int64 rows of this table, the lower first, ascending, none twice, both of one segment.
        version: 16 hex digits that cover all the above, and the extra columns.
        extra: (n,) numbers, truth values or texts of the user's, by name.
        damage: one sentence for each shard that is left out.
    """

    segment_ids: NDArray[np.uint64]
    first_row: NDArray[np.int64]
    node_ids: NDArray[np.int64]
    positions_nm: NDArray[np.float64]
    embeddings: NDArray[np.float32]
    edges: NDArray[np.int64]
    provenance: Provenance
    version: str
    extra: Extra = field(default_factory=dict)
    damage: tuple[str, ...] = ()
    _piece_boxes: NDArray[np.float64] | None = None

    def __len__(self) -> int:
        return len(self.node_ids)

    @property
    def dimensions(self) -> int:
        return int(self.embeddings.shape[1])

    def rows_of(self, segment_id: int) -> slice:
        """Return the rows of a segment, an empty slice if it has none."""
        if 0 <= segment_id <= _LARGEST_ID:
            index = int(np.searchsorted(self.segment_ids, np.uint64(segment_id)))
            if index < len(self.segment_ids) and int(self.segment_ids[index]) == segment_id:
                return slice(int(self.first_row[index]), int(self.first_row[index + 1]))
        return slice(0, 0)

    def edges_of(self, segment_id: int) -> NDArray[np.int64]:
        """Return the edges of a segment, (k, 2) rows of this table."""
        rows = self.rows_of(segment_id)
        first, last = np.searchsorted(self.edges[:, 0], [rows.start, rows.stop])
        return self.edges[first:last]

    def segment_of_rows(self, rows: NDArray[np.integer]) -> NDArray[np.uint64]:
        """Return the segment id of each row.

        Raises:
            IndexError: There is no such row; negative ones do not count from the end.
        """
        if len(rows) and not 0 <= int(rows.min()) <= int(rows.max()) < len(self):
            raise IndexError(f"rows {rows.min()} to {rows.max()} of a table of {len(self)} rows")
        return self.segment_ids[np.searchsorted(self.first_row, rows, side="right") - 1]

    def nearest_row(self, segment_id: int, position_nm: XYZ) -> tuple[int, float] | None:
        """Return the segment's row closest to a position, and how far it is in nm; None if the segment has no row."""
        rows = self.rows_of(segment_id)
        if rows.start == rows.stop:
            return None
        distances = np.linalg.norm(self.positions_nm[rows] - np.asarray(position_nm, np.float64), axis=1)
        nearest = int(distances.argmin())
        return int(rows.start) + nearest, float(distances[nearest])

    def rows_in_box(self, low_nm: XYZ, high_nm: XYZ) -> NDArray[np.int64]:
        """Return the rows with low <= position < high along every axis, ascending.

        In O(S + n / 256), and the rows of those pieces of 256 rows of a segment whose own box meets this one; in O(n)
        for a table that was not opened from a folder of the newest format, or that was merged from several shards.

        Args:
            low_nm, high_nm: corners of the box, x, y, z.

        Raises:
            TableError: The box has no inside.
        """
        check_box(low_nm, high_nm)
        boxes = self._piece_boxes
        if boxes is None:
            boxes = piece_boxes(self.first_row, in_blocks(self.positions_nm))
        near = rows_near_box(boxes, self.first_row, low_nm, high_nm)
        return near[inside(self.positions_nm[near], low_nm, high_nm)]

    def stratified_sample(self, count: int, seed: int = 0, by: Strata = "rows") -> NDArray[np.int64]:
        """Return the rows of a random sample that misses no part of the table, ascending; the same for the same seed.

        In O(count) for "rows" and O(S log S + count) for "segments"; see `stratified_rows` for both.

        Args:
            count: how many; all rows if there are no more.
            by: "rows" gives every row the same chance, "segments" all segments the same number of rows.
        """
        return stratified_rows(self.first_row, count, seed, by)

    def check_made_by(self, encoder_hash: str, cutout: CutoutSpec) -> None:
        """Refuse an encoder whose embeddings cannot be compared with these.

        Raises:
            TableError: Says what differs.
        """
        made = self.provenance
        if (made.encoder_hash, made.cutout) != (encoder_hash, cutout):
            raise TableError(
                f"the embedding table was made by {made.maker()}, but the project has "
                f"{describe_maker(encoder_hash, cutout)}: embed the volume again, or use the table's encoder"
            )

    def check_finite(self) -> None:
        """Read all embeddings and positions, which opening does not do, and refuse those that are no numbers.

        Raises:
            TableError: Says how many, and which is the first.
        """
        for name, values in (("embeddings", self.embeddings), ("positions", self.positions_nm)):
            broken = rows_not_finite(values)
            if len(broken):
                segment_id, node_id = self.segment_of_rows(broken[:1])[0], self.node_ids[broken[0]]
                raise TableError(
                    f"{len(broken)} of {len(self)} {name} in the table {self.version} are NaN or infinite, the first "
                    f"that of segment {segment_id}, node {node_id}: embed the volume again"
                )

    def verify(self) -> None:
        """Read every column and compare with the version, which opening does not do.

        Raises:
            TableError: The content has changed since the table was built.
        """
        if content_version(self.columns(), self.provenance) != self.version:
            raise TableError(f"the embedding table {self.version} is damaged: its content has changed; embed again")

    def save(self, folder: Path, storage: Storage = "float32") -> None:
        """Write the table to a folder, as one shard, replacing one that is there only when all is written.

        Args:
            storage: of the embeddings; in float16 or int8 they are rounded, and what is read again has another version.

        Raises:
            TableError: The folder cannot be written, or another program is writing to it; a table that was there is
                still whole. Or the embeddings do not fit in float16.
        """
        version = self.stored_as(storage).version
        with open_writer(folder) as writer:
            writer.replace(Content.of(self.columns()), self.provenance, storage, version)

    def stored_as(self, storage: Storage) -> EmbeddingTable:
        """Return the table as it will be read again when its embeddings are stored in fewer bits; (n, d) float32 still.

        Raises:
            TableError: There is no such storage, or a value does not fit in it.
        """
        if check_storage(storage) == "float32":
            return self
        scale = scale_of(in_blocks(self.embeddings), self.dimensions, storage)
        made = replace(self, embeddings=rounded(self.embeddings, storage, scale))
        return replace(made, version=content_version(made.columns(), made.provenance))

    def columns(self) -> Columns:
        """Return the table's columns without what the table was made of."""
        return Columns(
            self.segment_ids,
            self.first_row,
            self.node_ids,
            self.positions_nm,
            self.embeddings,
            self.edges,
            self.extra,
        )


def open_table(folder: Path) -> EmbeddingTable:
    """Open a table. One shard in float32, as `save` and `growing.compact_table` leave it, is mapped, and no row read.

    Embeddings of one shard in float16 and int8 are decoded into memory, or above `DECODED_BYTES` when rows are asked
    for; several shards are merged in memory. A shard that is damaged is left out; `damage` names it, and a warning is
    logged.

    Raises:
        TableError: There is none, it is of another format version, all of it is damaged, or it has too many shards to
            be merged in memory.
    """
    stored = open_stored(folder)
    readers = stored.readers()
    for sentence in stored.damage:
        log.warning("%s", sentence)
    size, storage = len(stored) * 4 * stored.dimensions, stored.manifest.storage
    if size > IN_MEMORY_BYTES and len(readers) > 1:
        raise TableError(
            f"the embedding table {folder} has {size / 2**30:.1f} GiB of embeddings in "
            f"{counted(len(readers), 'shard')} of {storage}, too many to be put together in memory: run "
            f"`segclr-table compact {folder}` once"
        )
    if len(readers) == 1:
        return _of_one_shard(stored, readers[0])
    columns = in_memory(merged(readers))
    version = content_version(columns, stored.provenance)
    return _table(columns, stored.provenance, version, stored.damage)


def table_exists(folder: Path) -> bool:
    """Return whether a folder holds a table, of whatever version; a save that was cut short has left none."""
    return (folder / INDEX).exists()


def build_table(
    segment_of_row: NDArray[np.integer],
    node_ids: NDArray[np.integer],
    positions_nm: NDArray[np.floating],
    embeddings: NDArray[np.floating],
    edges: NDArray[np.integer],
    provenance: Provenance,
    extra: Extra | None = None,
) -> EmbeddingTable:
    """Make a table of rows in any order; the result, version included, depends neither on it nor on the edges' order.

    Args:
        segment_of_row: (n,) segment ids.
        node_ids: (n,) unique within a segment.
        positions_nm: (n, 3), xyz.
        embeddings: (n, d).
        edges: (m, 2) rows of these arguments; in either direction, and more than once, they count once.
        extra: (n,) numbers, truth values or texts, by name.

    Raises:
        TableError: The columns do not fit each other, an id comes twice or is no integer, an edge leads nowhere or into
            another segment, or an embedding or position is not finite.
    """
    columns = sorted_columns(segment_of_row, node_ids, positions_nm, embeddings, edges, extra)
    return _table(columns, provenance, content_version(columns, provenance))


def _of_one_shard(stored: StoredTable, reader: ShardReader) -> EmbeddingTable:
    columns = reader.columns(most_decoded=DECODED_BYTES)
    boxes = reader.boxes() if "piece_boxes" in reader.stored else None
    return replace(_table(columns, stored.provenance, reader.shard.name, stored.damage), _piece_boxes=boxes)


def _table(columns: Columns, provenance: Provenance, version: str, damage: tuple[str, ...] = ()) -> EmbeddingTable:
    segment_ids, first_row, node_ids, positions_nm, embeddings, edges = columns.arrays()
    return EmbeddingTable(
        segment_ids,
        first_row,
        node_ids,
        positions_nm,
        embeddings,
        edges,
        provenance,
        version,
        columns.extra,
        damage,
    )
