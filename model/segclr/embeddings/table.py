"""The embedding table: one row per skeleton node, grouped by segment.

A table is never changed: other rows make another table, with another `version`. How it is checked and sorted when built
is in `columns`, its files in `column_files`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from segclr.em.geometry import XYZ
from segclr.embeddings.column_files import INDEX, map_folder, write_folder
from segclr.embeddings.columns import Columns, content_version, rows_not_finite, sorted_columns
from segclr.embeddings.provenance import Provenance, describe_maker
from segclr.errors import TableError

if TYPE_CHECKING:
    from segclr.em.cutout import CutoutSpec

_LARGEST_ID = 2**64 - 1


@dataclass(frozen=True, slots=True, eq=False)
class EmbeddingTable:
    """Rows sorted by segment and then by node. The arrays may lie on disk and are read-only.

    Attributes:
        segment_ids: (S,) uint64, ascending.
        first_row: (S + 1,) int64; the rows of segment i are `first_row[i]:first_row[i + 1]`.
        node_ids: (n,) int64, unique within a segment.
        positions_nm: (n, 3) float64, xyz.
        embeddings: (n, d) float32, finite.
        edges: (m, 2) int64 rows of this table, the lower first, ascending, none twice, both of one segment.
        version: 16 hex digits that cover all the above.
    """

    segment_ids: NDArray[np.uint64]
    first_row: NDArray[np.int64]
    node_ids: NDArray[np.int64]
    positions_nm: NDArray[np.float64]
    embeddings: NDArray[np.float32]
    edges: NDArray[np.int64]
    provenance: Provenance
    version: str

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
        if content_version(self._columns(), self.provenance) != self.version:
            raise TableError(f"the embedding table {self.version} is damaged: its content has changed; embed again")

    def save(self, folder: Path) -> None:
        """Write the table to a folder, replacing one that is there only when all is written.

        Raises:
            TableError: The folder cannot be written; a table that was there is still whole.
        """
        write_folder(folder, self._columns(), self.provenance, self.version)

    def _columns(self) -> Columns:
        return Columns(self.segment_ids, self.first_row, self.node_ids, self.positions_nm, self.embeddings, self.edges)


def open_table(folder: Path) -> EmbeddingTable:
    """Open a table, memory-mapped: no column is read.

    Raises:
        TableError: There is none, it is of another format version, or a column is missing or does not fit.
    """
    columns, provenance, version = map_folder(folder)
    return EmbeddingTable(*columns, provenance=provenance, version=version)


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
) -> EmbeddingTable:
    """Make a table of rows in any order; the result, version included, depends neither on it nor on the edges' order.

    Args:
        segment_of_row: (n,) segment ids.
        node_ids: (n,) unique within a segment.
        positions_nm: (n, 3), xyz.
        embeddings: (n, d).
        edges: (m, 2) rows of these arguments; in either direction, and more than once, they count once.

    Raises:
        TableError: The columns do not fit each other, an id comes twice or is no integer, an edge leads nowhere or into
            another segment, or an embedding or position is not finite.
    """
    columns = sorted_columns(segment_of_row, node_ids, positions_nm, embeddings, edges)
    return EmbeddingTable(*columns, provenance=provenance, version=content_version(columns, provenance))
