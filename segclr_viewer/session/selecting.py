"""Selecting: by a lasso in the scatter, by segments in the viewer; the one selection lives here."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from segclr.errors import SegclrError
from segclr_viewer.session.app_state import AppState
from segclr_viewer.session.selection import NOTHING, Picked, combine, pick, rows_inside, rows_of_segments
from segclr_viewer.wire.answers import XY, SelectionMade, ToPage
from segclr_viewer.wire.messages import LassoRequest

Origin = Literal["lasso", "segments", "clear"]


class Selecting:
    """Finds what is selected and tells all pages."""

    def __init__(self, state: AppState) -> None:
        self._state = state
        self._request = ""
        self._origin: Origin = "clear"
        self._picked = NOTHING
        self._asked = 0

    @property
    def rows(self) -> NDArray[np.int64]:
        """The selected rows, ascending."""
        return self._picked.rows

    def lasso(self, message: LassoRequest) -> None:
        """Select the rows inside a polygon; the search runs off the session's thread."""
        layout, table, former = self._state.layout, self._state.world.table, self._picked.rows
        if message.layout != layout.id:
            raise _outdated()
        predicted = self._state.active.predicted
        classes = predicted.fitted.points.classes if predicted is not None and message.hidden else None
        self._asked += 1
        asked = self._asked

        def search() -> Picked:
            found = rows_inside(layout.xy, message.polygon)
            if classes is not None:
                found = found[~np.isin(classes[found], message.hidden)]
            return pick(table, combine(former, found, message.mode))

        def select(picked: Picked) -> None:
            if asked != self._asked:
                return  # something else was selected meanwhile
            if layout is not self._state.layout:
                raise _outdated()
            plain = message.mode == "replace" and classes is None
            self._select(message.request, "lasso", picked, message.polygon if plain else None)

        def done(picked: Picked) -> None:
            self._state.answering(message.request, partial(select, picked))

        self._state.ports.finder.submit(search, done, partial(self._state.fail, message.request))

    def segments(self, request: str, segment_ids: list[int]) -> None:
        """Select all rows of the segments that the viewer has selected."""
        table = self._state.world.table
        wanted = list(dict.fromkeys(segment_ids))
        rows = rows_of_segments(table, wanted)
        unknown = len(wanted) - len(np.unique(table.segment_of_rows(rows)))
        picked = replace(
            NOTHING,
            rows=rows,
            segments=tuple(wanted),
            segment_total=len(wanted),
            note=f"{unknown} of {len(wanted)} segments have no embeddings" if unknown else "",
        )
        self._select(request, "segments", picked)

    def clear(self, request: str) -> None:
        """Select nothing."""
        self._select(request, "clear", NOTHING)

    def show(self, send: Callable[[ToPage], None]) -> None:
        """Send the selection, with its rows, to a page that cannot know it; nothing if nothing is selected."""
        if self._picked is not NOTHING:
            send(self._message(None))

    def _select(self, request: str, origin: Origin, picked: Picked, polygon: list[XY] | None = None) -> None:
        self._asked += 1
        self._request, self._origin, self._picked = request, origin, picked
        self._state.ports.page.send(self._message(polygon))

    def _message(self, polygon: list[XY] | None) -> SelectionMade:
        picked = self._picked
        return SelectionMade(
            request=self._request,
            origin=self._origin,
            layout=self._state.layout.id,
            polygon=polygon,
            rows=picked.rows.tolist() if polygon is None else None,
            row_total=len(picked.rows),
            segments=[str(segment_id) for segment_id in picked.segments],
            segment_total=picked.segment_total,
            marks=list(picked.marks_nm),
            mark_rows=list(picked.mark_rows),
            note=picked.note,
        )


def _outdated() -> SegclrError:
    return SegclrError("the layout has changed since the lasso was drawn: draw it again")
