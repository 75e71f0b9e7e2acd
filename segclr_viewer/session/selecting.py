"""Selecting: in the scatter, in the viewer, by growing what is selected; the one selection lives here."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from segclr.errors import SegclrError
from segclr.explore.growing import nearest_outside
from segclr.wording import counted, verb
from segclr_viewer.session.app_state import AppState
from segclr_viewer.session.entering import stem_of
from segclr_viewer.session.selection import (
    NOTHING,
    Picked,
    along_skeleton,
    combine,
    packed,
    pick,
    rows_brushed,
    rows_inside,
    rows_near,
    rows_of_segments,
    whole_cells,
)
from segclr_viewer.session.selection_history import Origin, SelectionHistory, Step
from segclr_viewer.wire.answers import SelectionMade, ToPage
from segclr_viewer.wire.selecting import BrushRequest, GrowRequest, LassoRequest, NearRequest, SelectMode, StepRequest

NO_EDGES = "this table has no skeleton edges to grow the selection along: grow it to whole cells instead"

NEIGHBOURS = 5  # of each selected row

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """A selection with what is shown of it."""

    picked: Picked
    step: Step


class Selecting:
    """Finds what is selected, off the session's thread, and tells all pages."""

    def __init__(self, state: AppState) -> None:
        self._state = state
        self._request = ""
        self._picked = NOTHING
        self._history = SelectionHistory(len(state.world.table))
        self._origin: Origin = "clear"
        self._mask: str | None = None
        self._asked = 0

    @property
    def rows(self) -> Rows:
        """The selected rows, ascending."""
        return self._picked.rows

    @property
    def step_now(self) -> Step:
        """The selection as it is kept."""
        return self._history.now

    def lasso(self, message: LassoRequest) -> None:
        """Select what lies inside a polygon of the scatter."""
        xy, former, shown = self._coordinates(message.layout), self.rows, self._shown(message.hidden)
        self._find(
            message.request,
            lambda: combine(former, shown(self._rows_of(rows_inside(xy, message.polygon))), message.mode),
            self._state.layout.id,
        )

    def brush(self, message: BrushRequest) -> None:
        """Select what lies near a line of the scatter."""
        xy, former, shown = self._coordinates(message.layout), self.rows, self._shown(message.hidden)
        self._find(
            message.request,
            lambda: combine(former, shown(self._rows_of(rows_brushed(xy, message.path, message.radius))), message.mode),
            self._state.layout.id,
        )

    def near(self, message: NearRequest) -> None:
        """Select what lies near a place of the volume."""
        table, former, shown = self._state.world.table, self.rows, self._shown(message.hidden)
        ball = message.ball
        self._find(
            message.request,
            lambda: combine(former, shown(rows_near(table.positions_nm, ball.centre_nm, ball.radius_nm)), message.mode),
            None,
        )

    def grow(self, message: GrowRequest) -> None:
        """Select what follows from what is selected."""
        table, former, shown = self._state.world.table, self.rows, self._shown(message.hidden)
        if message.how == "skeleton" and not len(table.edges):
            raise SegclrError(NO_EDGES)

        embeddings = self._state.active.vectors.matrix

        def grown() -> Rows:
            if message.how == "neighbours":
                return combine(former, shown(nearest_outside(embeddings(), former, NEIGHBOURS)), "add")
            if message.how == "invert":
                others = np.ones(len(table), np.bool_)
                others[former] = False
                return shown(np.flatnonzero(others))
            found = along_skeleton(table, former) if message.how == "skeleton" else whole_cells(table, former)
            return combine(former, shown(found), "add")

        self._find(message.request, grown, None)

    def step(self, message: StepRequest) -> None:
        """Go back to the selection before, or forward again."""
        step = self._history.back() if message.back else self._history.forward()
        if step is None:
            raise SegclrError(f"there is no {'earlier' if message.back else 'later'} selection")
        self._asked += 1
        rows = step.rows
        picked = self._of_segments(step.segments) if step.segments else pick(self._state.world.table, rows)
        self._show(message.request, Made(picked, step))

    def bring(self, request: str, rows: Rows, segments: tuple[int, ...]) -> None:
        """Select what was selected once: these rows, ascending, or these segments where there are any."""
        if segments:
            picked = self._of_segments(segments)
            self._select(request, Made(picked, self._step("segments", picked.rows, segments)))
        else:
            self._select(request, Made(pick(self._state.world.table, rows), self._step("lasso", rows)))

    def choose(self, request: str, rows: Rows, mode: SelectMode) -> None:
        """Select these rows, ascending, or change the selection by them."""
        former = self.rows
        self._find(request, lambda: combine(former, rows, mode), None)

    def segments(self, request: str, segment_ids: list[int]) -> None:
        """Select all rows of the segments that the viewer has selected."""
        picked = self._of_segments(tuple(dict.fromkeys(segment_ids)))
        self._select(request, Made(picked, self._step("segments", picked.rows, picked.segments)))

    def clear(self, request: str) -> None:
        """Select nothing."""
        self._select(request, Made(NOTHING, self._step("clear", NOTHING.rows)))

    def show(self, send: Callable[[ToPage], None]) -> None:
        """Send the selection to a page that cannot know it; nothing if nothing is selected."""
        if self._picked is not NOTHING:
            send(self._message())

    def _coordinates(self, layout_id: str) -> NDArray[np.float32]:
        layout = self._state.layout
        if stem_of(layout_id) != stem_of(layout.id):
            raise _outdated()
        return layout.xy

    def _rows_of(self, points: Rows) -> Rows:
        """The rows, ascending, of some points of the scatter."""
        scatter = self._state.workspace.scatter
        return points if scatter.is_whole else np.sort(scatter.rows[points])

    def _shown(self, class_ids: list[str]) -> Callable[[Rows], Rows]:
        """Leaves out the rows that are predicted as these hidden classes."""
        ids = self._state.active.classes.ids
        hidden = [ids.index(class_id) for class_id in class_ids if class_id in ids]
        predicted = self._state.active.predicted
        classes = predicted.fitted.points.classes if predicted is not None and hidden else None
        return lambda rows: rows if classes is None else rows[~np.isin(classes[rows], hidden)]

    def _find(self, request: str, rows: Callable[[], Rows], layout_id: str | None) -> None:
        """Select what `rows` finds; of several the newest counts. `layout_id`: in which layout it was drawn."""
        self._asked += 1
        asked, table = self._asked, self._state.world.table

        def search() -> Made:
            found = rows()
            return Made(pick(table, found), self._step("lasso", found))

        def select(made: Made) -> None:
            if asked != self._asked:
                return  # something else was selected meanwhile
            if layout_id is not None and stem_of(layout_id) != stem_of(self._state.layout.id):
                raise _outdated()
            self._select(request, made)

        def done(made: Made) -> None:
            self._state.answering(request, partial(select, made))

        self._state.ports.finder.submit(search, done, partial(self._state.fail, request))

    def _of_segments(self, wanted: tuple[int, ...]) -> Picked:
        table = self._state.world.table
        rows = rows_of_segments(table, wanted)
        unknown = len(wanted) - len(np.unique(table.segment_of_rows(rows)))
        return replace(
            NOTHING,
            rows=rows,
            segments=wanted,
            segment_total=len(wanted),
            note=f"{unknown:,} of {counted(len(wanted), 'segment')} {verb(unknown, 'has', 'have')} no embeddings"
            if unknown
            else "",
        )

    def _step(self, origin: Origin, rows: Rows, segments: tuple[int, ...] = ()) -> Step:
        return Step(origin, packed(rows, len(self._state.world.table)), segments)

    def _select(self, request: str, made: Made) -> None:
        self._asked += 1
        self._history.record(made.step)
        self._show(request, made)

    def _show(self, request: str, made: Made) -> None:
        self._request, self._picked, self._origin = request, made.picked, made.step.origin
        self._mask = self._state.workspace.masks.put(made.step.bits) if len(made.picked.rows) else None
        self._state.ports.page.send(self._message())

    def _message(self) -> SelectionMade:
        picked = self._picked
        return SelectionMade(
            request=self._request,
            origin=self._origin,
            mask=None if self._mask is None else f"/columns/mask/{self._mask}.bin",
            row_total=len(picked.rows),
            segments=[str(segment_id) for segment_id in picked.segments],
            segment_total=picked.segment_total,
            marks=list(picked.marks_nm),
            mark_rows=list(picked.mark_rows),
            note=picked.note,
            can_back=self._history.can_back,
            can_forward=self._history.can_forward,
        )


def _outdated() -> SegclrError:
    return SegclrError("the layout has changed since the lasso was drawn: draw it again")
