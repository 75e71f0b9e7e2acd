"""What a task's head sees of a table."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from segclr.embeddings.aggregation import aggregate, aggregate_place
from segclr.embeddings.averaged import AveragedRows
from segclr.embeddings.storage.stored_embeddings import EmbeddingRows
from segclr.embeddings.table import EmbeddingTable
from segclr_viewer.log.events import SavedPlace

LARGE_ROWS = 1 << 19
"""Above, nothing is made of all rows before somebody sees something: they are averaged and predicted by and by."""


class RowVectors:
    """The table's embeddings averaged within a radius; made at the first use.

    Used from the threads of jobs alone.

    Args:
        scratch: folder for the means of a large table, if one can write there.
    """

    def __init__(self, table: EmbeddingTable, radius_um: float, scratch: Path | None = None) -> None:
        self.table = table
        self.radius_um = radius_um
        self._scratch = scratch
        self._matrix: EmbeddingRows | None = None

    @property
    def is_large(self) -> bool:
        """Whether the table has more than `LARGE_ROWS`, so that all of it takes seconds."""
        return len(self.table) > LARGE_ROWS

    @property
    def are_at_hand(self) -> bool:
        """Whether no row has to be averaged before it can be read."""
        return self.radius_um == 0 or (isinstance(self._matrix, AveragedRows) and self._matrix.share == 1)

    def matrix(self) -> EmbeddingRows:
        """(n, d) float32, one row per row of the table; of a large one read slices."""
        if self._matrix is None or len(self._matrix) != len(self.table):
            if self.is_large and self.radius_um > 0:
                self._matrix = AveragedRows(self.table, self.radius_um, self._scratch)
            else:
                self._matrix = aggregate(self.table, self.radius_um)
        return self._matrix

    def of(self, sites: Sequence[int | SavedPlace]) -> tuple[NDArray[np.float32], NDArray[np.uint64]]:
        """Embeddings (k, d) and segments (k,) of rows, and of places that no row stands for."""
        rows = np.array([site for site in sites if isinstance(site, int)], np.int64)
        places = [(at, site) for at, site in enumerate(sites) if not isinstance(site, int)]
        is_row = np.ones(len(sites), np.bool_)
        is_row[[at for at, _ in places]] = False
        embeddings = np.empty((len(sites), self.table.dimensions), np.float32)
        segments = np.empty(len(sites), np.uint64)
        embeddings[is_row], segments[is_row] = self.matrix()[rows], self.table.segment_of_rows(rows)
        for at, place in places:
            embeddings[at], segments[at] = self._of_place(place), place.segment_id
        return embeddings, segments

    def _of_place(self, place: SavedPlace) -> NDArray[np.float32]:
        return aggregate_place(self.table, place.segment_id, place.position_nm, place.embedding, self.radius_um)
