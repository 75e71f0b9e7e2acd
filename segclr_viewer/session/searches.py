"""The searches for what is alike: one of each task, shared by the annotators."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segclr.explore.neighbours import EXACT_ROWS, Neighbours, NeighbourSearch, Wanted, open_search
from segclr_viewer.heads.row_vectors import RowVectors
from segclr_viewer.heads.task_state import TaskState
from segclr_viewer.session.one_by_one import OneByOne


class TaskSearch:
    """The search among the rows of a table as a task's head sees them; made at the first use, off the session's thread.

    Above `EXACT_ROWS` rows that takes seconds.
    """

    def __init__(self, vectors: RowVectors) -> None:
        self._vectors = vectors
        self._search: NeighbourSearch | None = None
        self._rows = 0
        self.share = 0.0

    @property
    def takes_long(self) -> bool:
        """Whether an index has still to be built."""
        return self._search is None and len(self._vectors.table) > EXACT_ROWS

    def opened(self) -> NeighbourSearch:
        """The search; called on one thread."""
        if self._search is None or self._rows != len(self._vectors.table):
            matrix = self._vectors.matrix()
            self._rows, self._search = len(matrix), open_search(matrix, tell=self._told)
        return self._search

    def _told(self, share: float) -> None:
        self.share = share


class Searches:
    """The searches of all tasks, shared by the annotators, and the thread that they are asked on."""

    def __init__(self, errands: OneByOne, tasks: dict[str, TaskState]) -> None:
        self.errands = errands
        self.of_task = {name: TaskSearch(task.vectors) for name, task in tasks.items()}


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """What is asked, `run` off the session's thread."""

    search: TaskSearch
    rows: NDArray[np.int64]
    wanted: Wanted

    def run(self) -> Neighbours:
        """The nearest first."""
        return self.search.opened().like_rows(self.rows, self.wanted)
