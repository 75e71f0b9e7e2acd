"""Which places of a task every annotator is asked about, without seeing what the others said there."""

import zlib

import numpy as np
from numpy.typing import NDArray

from segclr.embeddings.table import EmbeddingTable
from segclr.queue.double import double_order, is_double
from segclr_viewer.log.attach import Site
from segclr_viewer.project import Task


class DoublePlaces:
    """A fixed share of the rows of the table, or in a segment task of its segments.

    Args:
        share: 0 to 1; nothing is double at 0.
    """

    def __init__(self, table: EmbeddingTable, task: Task, share: float) -> None:
        self.share = share
        self._table = table
        self._is_segment = task.unit == "segment"
        self._seed = zlib.crc32(f"double {task.name}".encode())
        self._known: dict[int, bool] = {}

    def has(self, row: int) -> bool:
        """Whether the row, or its segment in a segment task, is a double place."""
        if not self.share:
            return False
        if row not in self._known:
            self._known[row] = bool(self.among(np.array([row], np.int64))[0])
        return self._known[row]

    def among(self, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which of these rows are double places, (k,)."""
        segments = self._table.segment_of_rows(rows)
        positions = None if self._is_segment else self._table.positions_nm[rows]
        return is_double(segments, positions, self.share, self._seed)

    def order(self) -> NDArray[np.int64]:
        """All of them as everybody is asked them, (m,): rows, or in a segment task the numbers of segments."""
        table = self._table
        if self._is_segment:
            return double_order(table.segment_ids, None, self.share, self._seed)
        segments = np.repeat(table.segment_ids, np.diff(table.first_row))
        return double_order(segments, table.positions_nm, self.share, self._seed)

    def site_of(self, row: int) -> Site:
        """What a statement about the row is for: the row itself, or its segment in a segment task."""
        return int(self._table.segment_of_rows(np.array([row], np.int64))[0]) if self._is_segment else row
