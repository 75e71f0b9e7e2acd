"""The searches for what is alike: one of each task, shared by the annotators."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segclr.explore.faiss_index import Index, faiss_installed
from segclr.explore.neighbours import EXACT_ROWS, Neighbours, NeighbourSearch, Wanted
from segclr_viewer.heads.row_vectors import RowVectors
from segclr_viewer.heads.task_state import TaskState
from segclr_viewer.ports import Indexer
from segclr_viewer.session.one_by_one import OneByOne


class TaskSearch:
    """The search among the rows of a table as a task's head sees them.

    Above `EXACT_ROWS` rows by an index, if there is one, which `Indexing` has built when the app is at rest; as long as
    there is none, all rows are compared.
    """

    def __init__(self, vectors: RowVectors, indexer: Indexer) -> None:
        self._vectors = vectors
        self._indexer = indexer
        self._index: Index | None = None
        self._indexed_rows = 0
        self.share = 0.0  # of the index that is being built

    @property
    def radius_um(self) -> float:
        """Embeddings are averaged within it."""
        return self._vectors.radius_um

    @property
    def takes_long(self) -> bool:
        """Whether every row of a large table has to be compared."""
        rows = len(self._vectors.table)
        return rows > EXACT_ROWS and (self._index is None or self._indexed_rows != rows)

    def find_index(self) -> None:
        """Take the index that is kept on the disk, if there is one."""
        rows = len(self._vectors.table)
        if rows > EXACT_ROWS and faiss_installed():
            self._index, self._indexed_rows = self._indexer.kept(self.radius_um), rows

    def opened(self) -> NeighbourSearch:
        """The search; called on one thread, off the session's."""
        index = None if self.takes_long else self._index
        return NeighbourSearch(self._vectors.matrix(), index=index)


class Searches:
    """The searches of all tasks, shared by the annotators, and the thread that they are asked on."""

    def __init__(self, errands: OneByOne, tasks: dict[str, TaskState], indexer: Indexer) -> None:
        self.errands = errands
        self.of_task = {name: TaskSearch(task.vectors, indexer) for name, task in tasks.items()}


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """What is asked, `run` off the session's thread."""

    search: TaskSearch
    rows: NDArray[np.int64]
    wanted: Wanted

    def run(self) -> Neighbours:
        """The nearest first."""
        return self.search.opened().like_rows(self.rows, self.wanted)
