"""Which row of a segment lies nearest to a position, found without measuring the way to each of its rows.

A search tree per segment in use (Bentley 1975, "Multidimensional binary search trees used for associative searching"):
with many labels on one large cell, measuring all ways would cost rows times labels.
"""

from collections import OrderedDict

import numpy as np
from scipy.spatial import cKDTree

from segclr.em.geometry import XYZ
from segclr.embeddings.table import EmbeddingTable

_FEW_ROWS = 64  # measured at once faster than a tree is made
_KEPT_ROWS = 2_000_000  # in all trees together: some 100 MB


class NearestRow:
    """Answers as `EmbeddingTable.nearest_row` does; trees of the segments asked last are kept."""

    def __init__(self, table: EmbeddingTable) -> None:
        self._table = table
        self._trees: OrderedDict[int, cKDTree] = OrderedDict()
        self._rows_kept = 0

    def find(self, segment_id: int, position_nm: XYZ) -> tuple[int, float] | None:
        """The segment's row nearest to a position, and how far it is in nm; of rows equally near the first.

        None if the segment has no row.
        """
        rows = self._table.rows_of(segment_id)
        if rows.stop - rows.start <= _FEW_ROWS:
            return self._table.nearest_row(segment_id, position_nm)
        found = self._tree(segment_id, rows).query(position_nm, k=2)
        distances, nearest = np.atleast_1d(found[0]), np.atleast_1d(found[1])
        if distances[0] == distances[1]:  # a tree does not tell which of them comes first
            return self._table.nearest_row(segment_id, position_nm)
        return int(rows.start) + int(nearest[0]), float(distances[0])

    def _tree(self, segment_id: int, rows: slice) -> cKDTree:
        tree = self._trees.get(segment_id)
        if tree is None:
            tree = self._trees[segment_id] = cKDTree(self._table.positions_nm[rows])
            self._rows_kept += tree.n
            while self._rows_kept > _KEPT_ROWS and len(self._trees) > 1:
                self._rows_kept -= self._trees.popitem(last=False)[1].n
        self._trees.move_to_end(segment_id)
        return tree
