"""Edges told by segment and node ids, for nodes whose rows were written at different times."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segclr.errors import TableError
from segclr.wording import counted, verb


@dataclass(frozen=True, slots=True, eq=False)
class NodeEdges:
    """m edges, each of two nodes of one segment.

    Attributes:
        segment_ids: (m,) uint64.
        nodes: (m, 2) int64 node ids of the segment.
    """

    segment_ids: NDArray[np.uint64]
    nodes: NDArray[np.int64]

    def as_rows(
        self, segment_ids: NDArray[np.uint64], first_row: NDArray[np.int64], node_ids: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """Return the edges as rows of sorted columns, (k, 2), the lower first, ascending, none twice.

        In O(m log n): each node is searched for among the sorted nodes of its segment, all of them together.

        Raises:
            TableError: A node has no row, or an edge joins a node with itself.
        """
        if len(self.segment_ids) == 0:
            return np.empty((0, 2), np.int64)
        index = np.minimum(np.searchsorted(segment_ids, self.segment_ids), max(0, len(segment_ids) - 1))
        known = np.zeros(len(index), np.bool_) if len(segment_ids) == 0 else segment_ids[index] == self.segment_ids
        self._refuse(~known, 0)
        rows = np.stack([self._rows(index, first_row, node_ids, end) for end in (0, 1)], axis=1)
        rows.sort(axis=1)
        if (rows[:, 0] == rows[:, 1]).any():
            at = int((rows[:, 0] == rows[:, 1]).argmax())
            raise TableError(f"an edge joins node {self.nodes[at, 0]} of segment {self.segment_ids[at]} with itself")
        rows = rows[np.lexsort((rows[:, 1], rows[:, 0]))]
        again = (rows[1:] == rows[:-1]).all(axis=1)
        once: NDArray[np.int64] = rows[np.append(True, ~again)]
        return once

    def _rows(
        self, index: NDArray[np.int64], first_row: NDArray[np.int64], node_ids: NDArray[np.int64], end: int
    ) -> NDArray[np.int64]:
        """(m,) row of one end of each edge, by bisection within the rows of its segment."""
        low, high = first_row[index], first_row[index + 1]
        last, wanted = high - 1, self.nodes[:, end]
        while (low < high).any():
            middle = (low + high) // 2
            below = node_ids[np.minimum(middle, last)] < wanted
            open_ = low < high
            low = np.where(open_ & below, middle + 1, low)
            high = np.where(open_ & ~below, middle, high)
        found = np.minimum(low, last)
        self._refuse(node_ids[found] != wanted, end)
        return found

    def _refuse(self, missing: NDArray[np.bool_], end: int) -> None:
        if missing.any():
            at, count = int(missing.argmax()), int(missing.sum())
            raise TableError(
                f"{counted(count, 'edge')} {verb(count, 'leads', 'lead')} to nodes that have no row, the first to node "
                f"{self.nodes[at, end]} of segment {self.segment_ids[at]}"
            )
