"""What the queues of all annotators remember while the app runs."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from segclr.queue.audit import audit_order, upcoming_audits
from segclr.queue.pool import draw_pool, typical_rows
from segclr_viewer.heads.row_vectors import RowVectors
from segclr_viewer.heads.task_state import TaskState
from segclr_viewer.labels.double_places import DoublePlaces
from segclr_viewer.project import Task
from segclr_viewer.wire.queue_answers import QueueItem

DOUBLE = "double"


class Places:
    """What a task can ask about: every row, or the typical row of each segment; and what is asked blind, in what order.

    Made at the first use, on the thread of the queue's jobs.
    """

    def __init__(self, task: Task, vectors: RowVectors, doubles: DoublePlaces) -> None:
        self.task = task
        self.vectors = vectors
        self.double_share = doubles.share
        self._double_places = doubles
        self._doubles: NDArray[np.int64] | None = None
        self._typical: NDArray[np.int64] | None = None
        self._audits: NDArray[np.int64] | None = None

    def rows(self, predicted: NDArray[np.uint8] | None, seed: int) -> NDArray[np.int64]:
        """Some thousands of rows to choose among, of all predicted classes; ascending."""
        if self.task.unit == "node":
            return draw_pool(len(self.vectors.table), predicted, seed=seed)
        typical = self._typical_rows()
        return typical[draw_pool(len(typical), None if predicted is None else predicted[typical], seed=seed)]

    def next_audits(self, answered: NDArray[np.int64], count: int) -> NDArray[np.int64]:
        """The rows whose turn it is to be audited."""
        if self._audits is None:
            table = self.vectors.table
            if self.task.unit == "node":
                segments = np.repeat(table.segment_ids, np.diff(table.first_row))
                self._audits = audit_order(segments, table.positions_nm, _seed(self.task))
            else:
                self._audits = self._typical_rows()[audit_order(table.segment_ids, None, _seed(self.task))]
        return upcoming_audits(self._audits, self.closed(answered), count)

    def next_doubles(self, answered: NDArray[np.int64], count: int) -> NDArray[np.int64]:
        """The next rows that an annotator is asked because every annotator is; `answered` are that annotator's."""
        return upcoming_audits(self._double_rows(), self.closed(answered), count)

    def is_double(self) -> NDArray[np.bool_]:
        """(n,) which rows of the table are asked of everybody: in a segment task all rows of such a segment."""
        return self.closed(self._double_rows())

    def closed(self, answered: NDArray[np.int64]) -> NDArray[np.bool_]:
        """(n,) which rows of the table have an answer: in a segment task all rows of a segment that has."""
        table = self.vectors.table
        closed = np.zeros(len(table), np.bool_)
        closed[answered] = True
        if self.task.unit == "segment":
            segments = np.searchsorted(table.first_row, answered, side="right") - 1
            some = np.zeros(len(table.segment_ids), np.bool_)
            some[segments] = True
            closed = np.repeat(some, np.diff(table.first_row))
        return closed

    def _double_rows(self) -> NDArray[np.int64]:
        if self._doubles is None:
            order = self._double_places.order() if self.double_share else np.zeros(0, np.int64)
            self._doubles = order if self.task.unit == "node" else self._typical_rows()[order]
        return self._doubles

    def _typical_rows(self) -> NDArray[np.int64]:
        if self._typical is None:
            self._typical = typical_rows(self.vectors.matrix(), self.vectors.table.first_row)
        return self._typical


@dataclass(slots=True, eq=False)
class Course:
    """One annotator's queue of one task.

    Attributes:
        out: rows that the annotator's page is just asking.
    """

    out: set[int] = field(default_factory=set)

    def take(self, items: Sequence[QueueItem]) -> None:
        """These are asked now."""
        self.out.update(item.row for item in items if item.strategy != DOUBLE)


class QueueMemory:
    """The courses of all annotators, and what they share."""

    def __init__(self) -> None:
        self._courses: dict[tuple[str, str], Course] = {}
        self._places: dict[str, Places] = {}

    def course(self, task: TaskState, annotator: str) -> Course:
        """The annotator's queue of the task."""
        return self._courses.setdefault((task.task.name, annotator), Course())

    def places(self, task: TaskState) -> Places:
        """What the task can ask about."""
        known = self._places.get(task.task.name)
        if known is None or known.task != task.task:  # the log may have changed its classes
            known = self._places[task.task.name] = Places(task.task, task.vectors, task.doubles)
        return known

    def table_grown(self) -> None:
        """There is more to ask about."""
        self._places.clear()

    def release(self, annotator: str) -> None:
        """The annotator is not asked anything any more."""
        for (_, name), course in self._courses.items():
            if name == annotator:
                course.out.clear()

    def out_with_others(self, task: TaskState, annotator: str) -> set[int]:
        """Rows that other annotators are just asked."""
        courses = [self._courses[key] for key in self._courses if key[0] == task.task.name and key[1] != annotator]
        return set().union(*(course.out for course in courses))


def _seed(task: Task) -> int:
    """The task's own, the same in every run."""
    return zlib.crc32(task.name.encode())
