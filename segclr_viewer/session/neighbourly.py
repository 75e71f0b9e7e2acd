"""More like this: the rows of the table that are most like a point, its cell or the selection."""

from functools import partial

import numpy as np
from numpy.typing import NDArray

from segclr.embeddings.table import EmbeddingTable
from segclr.errors import SegclrError
from segclr.explore.neighbours import Neighbours, Wanted
from segclr_viewer.heads.task_state import TaskState
from segclr_viewer.session.app_state import AppState
from segclr_viewer.session.searches import Question, Searches, TaskSearch
from segclr_viewer.session.selecting import Selecting
from segclr_viewer.session.selection import rows_near
from segclr_viewer.wire.explore import Exploring, SimilarReady, SimilarRequest

_LARGEST_SEGMENT_ID = 2**64 - 1


class Neighbourly:
    """Answers the pages' question what is alike."""

    def __init__(self, state: AppState, searches: Searches, selecting: Selecting) -> None:
        self._state = state
        self._searches = searches
        self._selecting = selecting

    def ask(self, message: SimilarRequest) -> None:
        """Look for rows like a point, its cell or the selection; the page is told.

        Raises:
            SegclrError: there is nothing to look for, or nothing that could answer.
        """
        task = self._state.task_named(message.task)
        table = self._state.world.table
        rows = self._rows(message, table)
        allowed = self._allowed(message, task, table)
        among = len(table) if allowed is None else int(np.count_nonzero(allowed))
        if not among:
            raise SegclrError("no point passes these filters (class, segment, region): choose others")
        once = message.once and message.segment is None  # else one row alone could answer
        wanted = Wanted(message.count, allowed, _cells(table) if once else None)
        question = Question(self._searches.of_task[message.task], rows, wanted)
        if question.search.takes_long:
            self._state.ports.page.send(Exploring(message.request, _patience(question.search, len(table)), None))
        self._searches.errands.ask(
            f"similar {self._state.world.annotator} {message.page}",
            question.run,
            partial(self._tell, message, len(rows), among),
            partial(self._state.fail, message.request),
        )

    def _tell(self, message: SimilarRequest, rows_asked: int, among: int, found: Neighbours) -> None:
        fewer = len(found) < message.count
        self._state.ports.page.send(
            SimilarReady(
                request=message.request,
                task=message.task,
                scope=message.scope,
                row=message.row,
                rows=found.rows.tolist(),
                distances=[round(distance, 6) for distance in found.distances.tolist()],
                rows_asked=rows_asked,
                among=among,
                note="these are all that there are" if fewer else "",
            )
        )

    def _rows(self, message: SimilarRequest, table: EmbeddingTable) -> NDArray[np.int64]:
        """The rows whose mean is asked about."""
        if message.row is None:
            if not len(self._selecting.rows):
                raise SegclrError("nothing is selected: draw a lasso round points, then ask what is like them")
            return self._selecting.rows
        if message.row >= len(table):
            raise SegclrError(f"the table has no row {message.row}: reload the page")
        if message.scope == "point":
            return np.array([message.row], np.int64)
        index = int(np.searchsorted(table.first_row, message.row, side="right")) - 1
        return np.arange(table.first_row[index], table.first_row[index + 1], dtype=np.int64)

    def _allowed(self, message: SimilarRequest, task: TaskState, table: EmbeddingTable) -> NDArray[np.bool_] | None:
        """(n,) the rows that may answer, None for all."""
        if not message.classes and message.segment is None and message.within is None:
            return None
        allowed = np.ones(len(table), np.bool_)
        if message.classes:
            names = [task.class_meant(class_id) for class_id in message.classes]
            wanted = [index for name in names if (index := task.task.class_index(name)) is not None]
            allowed &= task.predicted is not None and np.isin(task.predicted.fitted.points.classes, wanted)
        if message.segment is not None:
            if int(message.segment) > _LARGEST_SEGMENT_ID:
                raise SegclrError(f"{message.segment} is larger than a 64-bit segment id")
            here = table.rows_of(int(message.segment))
            within = np.zeros(len(table), np.bool_)
            within[here] = True
            allowed &= within
        if message.within is not None:
            near = np.zeros(len(table), np.bool_)
            near[rows_near(table.positions_nm, message.within.centre_nm, message.within.radius_nm)] = True
            allowed &= near
        return allowed


def _patience(search: TaskSearch, rows: int) -> str:
    """Why an answer takes seconds."""
    text = f"comparing all {rows:,} points, one by one"
    return f"{text}: the index that makes this fast is {search.share:.0%} built" if search.share else text


def _cells(table: EmbeddingTable) -> NDArray[np.int64]:
    """(n,) the number of each row's segment."""
    return np.repeat(np.arange(len(table.segment_ids)), np.diff(table.first_row))
