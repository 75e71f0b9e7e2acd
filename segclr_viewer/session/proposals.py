"""Proposals: many rows that one class might be given to at once. Nothing is stored before a page accepts."""

import zlib
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from segclr.embeddings.table import EmbeddingTable
from segclr.errors import SegclrError
from segclr_viewer.heads.row_vectors import RowVectors
from segclr_viewer.points import NO_CLASS
from segclr_viewer.project import Unit
from segclr_viewer.session.app_state import AppState
from segclr_viewer.session.selecting import Selecting
from segclr_viewer.wire.answers import ProposalMade
from segclr_viewer.wire.labelling import MOST_AT_ONCE, ProposeRequest

HANDFUL = 8
NEIGHBOURS = 48
PER_CELL = 3  # of one cell many neighbours are the same piece of it: they would say one thing many times
_LOOKED_AT = 64 * NEIGHBOURS
_ROWS_AT_ONCE = 1 << 17


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """Rows of a proposal, ascending, and what was left out."""

    rows: NDArray[np.int64]
    note: str


@dataclass(frozen=True, slots=True, eq=False)
class Neighbours:
    """The search for the rows nearest to one in the embedding space, `run` off the session's thread.

    Attributes:
        closed: (n,) bool, rows that have an answer already.
        per_cell: most rows of one segment.
    """

    vectors: RowVectors
    row: int
    closed: NDArray[np.bool_]
    per_cell: int

    def run(self) -> Found:
        """The nearest first NEIGHBOURS, by Euclidean distance, at most `per_cell` of a segment."""
        matrix, table = self.vectors.matrix(), self.vectors.table
        apart, asked = np.empty(len(matrix), np.float32), matrix[np.array([self.row])]
        for start in range(0, len(matrix), _ROWS_AT_ONCE):
            difference = matrix[start : start + _ROWS_AT_ONCE] - asked
            apart[start : start + len(difference)] = np.einsum("ij,ij->i", difference, difference)
        apart[self.closed] = np.inf
        apart[self.row] = np.inf
        near = np.argsort(apart, kind="stable")[:_LOOKED_AT]
        near = near[np.isfinite(apart[near])]
        kept = near[_place_within_group(table.segment_of_rows(near)) < self.per_cell][:NEIGHBOURS]
        return Found(np.sort(kept).astype(np.int64), f"the {len(kept)} most alike, at most {self.per_cell} of a cell")


class Proposals:
    """Finds rows to label at once."""

    def __init__(self, state: AppState, selecting: Selecting) -> None:
        self._state = state
        self._selecting = selecting

    def propose(self, message: ProposeRequest) -> None:
        """Propose the rows that are named, those nearest to a row, or the selection's; the page is told.

        Raises:
            SegclrError: nothing is selected, or there is no such row.
        """
        task = self._state.task_named(message.task)
        table = self._state.world.table
        job = task.job(self._state.now)
        marked = task.marked(self._state.world.annotator)
        closed = _closed(table, task.task.unit, [*task.labelled().rows, *marked.unsure, *marked.bad_segmentation])
        if message.rows:
            rows = np.unique(np.array(message.rows, np.int64))
            if rows[-1] >= len(table):
                raise SegclrError(f"the table has no row {rows[-1]}: reload the page")
            self._tell(message, "neighbour", _of_selection(rows, closed, table, task.task.unit, message.request))
            return
        if message.row is None:
            selected = self._selecting.rows
            if not len(selected):
                raise SegclrError("nothing is selected: draw a lasso round points, then label them")
            self._tell(message, "lasso", _of_selection(selected, closed, table, task.task.unit, message.request))
            return
        if message.row >= len(table):
            raise SegclrError(f"the table has no row {message.row}: reload the page")
        closed[_closed_with(table, task.task.unit, message.row)] = True
        search = Neighbours(job.vectors, message.row, closed, 1 if task.task.unit == "segment" else PER_CELL)
        self._state.workspace.errands.ask(
            f"propose {self._state.world.annotator} {message.request}",
            search.run,
            partial(self._tell, message, "neighbour"),
            partial(self._state.fail, message.request),
        )

    def _tell(self, message: ProposeRequest, origin: Literal["lasso", "neighbour"], found: Found) -> None:
        if not len(found.rows):
            self._state.fail(message.request, SegclrError("all of these places have an answer already"))
            return
        handful = _rng(message.request).permutation(found.rows)[:HANDFUL]
        self._state.ports.page.send(
            ProposalMade(
                request=message.request,
                task=message.task,
                origin=origin,
                rows=found.rows.tolist(),
                handful=handful.tolist(),
                suggested=self._suggested(message.task, found.rows),
                note=found.note,
            )
        )

    def _suggested(self, name: str, rows: NDArray[np.int64]) -> int | None:
        predicted = self._state.task_named(name).predicted
        if predicted is None:
            return None
        classes = predicted.fitted.points.classes[rows]
        known = classes[classes != NO_CLASS]
        return int(np.bincount(known).argmax()) if len(known) else None


def _of_selection(
    selected: NDArray[np.int64], closed: NDArray[np.bool_], table: EmbeddingTable, unit: Unit, request: str
) -> Found:
    """What of the selection can be labelled, a random share of it where that is too much."""
    rows = selected[~closed[selected]]
    notes = []
    if len(rows) < len(selected):
        notes.append(f"{len(selected) - len(rows):,} of {len(selected):,} have an answer already")
    if unit == "segment":
        rows = rows[_place_within_group(table.segment_of_rows(rows)) == 0]
    if len(rows) > MOST_AT_ONCE:
        notes.append(f"{MOST_AT_ONCE:,} of {len(rows):,}, drawn at random: more are not labelled at once")
        rows = np.sort(_rng(request).permutation(rows)[:MOST_AT_ONCE])
    return Found(rows, "; ".join(notes))


def _closed(table: EmbeddingTable, unit: Unit, answered: list[int]) -> NDArray[np.bool_]:
    """(n,) which rows have an answer: of a segment task all rows of a segment that has."""
    closed = np.zeros(len(table), bool)
    for row in answered:
        closed[_closed_with(table, unit, row)] = True
    return closed


def _closed_with(table: EmbeddingTable, unit: Unit, row: int) -> slice:
    if unit == "node":
        return slice(row, row + 1)
    index = int(np.searchsorted(table.first_row, row, side="right")) - 1
    return slice(int(table.first_row[index]), int(table.first_row[index + 1]))


def _place_within_group(groups: NDArray[np.uint64]) -> NDArray[np.int64]:
    """How many earlier entries have the same value, for each entry."""
    order = np.argsort(groups, kind="stable")
    ordered = groups[order]
    first = np.searchsorted(ordered, ordered, side="left")
    place = np.empty(len(groups), np.int64)
    place[order] = np.arange(len(groups)) - first
    return place


def _rng(request: str) -> np.random.Generator:
    return np.random.default_rng(zlib.crc32(request.encode()))
