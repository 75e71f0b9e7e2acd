"""Views with a name, and selections that views and links speak of: kept, told, and brought back."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segclr.errors import SegclrError
from segclr_viewer.log.views_file import MOST_VIEWS, KeptSelection, KeptView
from segclr_viewer.session.app_state import AppState
from segclr_viewer.session.selecting import Selecting
from segclr_viewer.session.selection import packed, unpacked
from segclr_viewer.wire.answers import Status, ToPage
from segclr_viewer.wire.views import (
    BringSelectionRequest,
    DropViewRequest,
    KeepSelectionRequest,
    SaveViewRequest,
    SelectionKept,
    ViewInfo,
    ViewsKnown,
    ViewsRequest,
)


@dataclass(frozen=True, slots=True, eq=False)
class KeptRows:
    """Rows (ascending) of a kept selection, and the segments where it was made of these."""

    rows: NDArray[np.int64]
    segments: tuple[int, ...]


class SavingViews:
    """Keeps views for a page; those of all annotators are shown to everybody."""

    def __init__(self, state: AppState, selecting: Selecting) -> None:
        self._state = state
        self._selecting = selecting

    def ask(self, message: ViewsRequest) -> None:
        """Do what a page asks.

        Raises:
            SegclrError: it cannot be done; nothing has changed.
        """
        match message:
            case KeepSelectionRequest():
                self._keep(message)
            case BringSelectionRequest():
                kept = self.kept(message.selection)
                self._selecting.bring(message.request, kept.rows, kept.segments)
            case SaveViewRequest():
                self._save(message)
            case DropViewRequest():
                self._drop(message)

    def tell(self, send: Callable[[ToPage], None]) -> None:
        """Tell all kept views; a file that cannot be read is said in a sentence."""
        try:
            views = self._state.shared.views.views()
        except SegclrError as error:
            send(Status(str(error)))
            return
        send(ViewsKnown([ViewInfo(view.name, view.by, view.at, view.view) for view in views]))

    def kept(self, name: str) -> KeptRows:
        """The selection that is kept under that name.

        Raises:
            LabelStoreError: there is none.
            SegclrError: it is of another table.
        """
        table = self._state.world.table
        kept = self._state.shared.views.selection(name)
        bits = np.frombuffer(kept.bits, np.uint8)
        if kept.table != table.version or len(bits) != len(packed(np.zeros(0, np.int64), len(table))):
            raise SegclrError("that selection was made on other embeddings than these: select the points again")
        return KeptRows(unpacked(bits), kept.segments)

    def _keep(self, message: KeepSelectionRequest) -> None:
        table, step = self._state.world.table, self._selecting.step_now
        rows = step.rows
        name = None
        if step.origin != "clear":
            kept = KeptSelection(table.version, step.origin, step.bits.tobytes(), step.segments)
            name = self._state.shared.views.keep(kept)
        cells = len(np.unique(np.searchsorted(table.first_row, rows, side="right")))
        self._state.ports.page.send(SelectionKept(message.request, name, len(rows), cells))

    def _save(self, message: SaveViewRequest) -> None:
        name, me = message.name.strip(), self._state.world.annotator
        if not name:
            raise SegclrError("a view needs a name: type one")
        views = self._state.shared.views.views()
        if any(view.name == name and view.by != me for view in views):
            raise SegclrError(f"another annotator has a view with the name {name!r}: take another one")
        others = [view for view in views if view.name != name]
        if len(others) >= MOST_VIEWS:
            raise SegclrError(f"there are {MOST_VIEWS} views: delete one first")
        self._state.shared.views.write([KeptView(name, message.view, me, self._state.now()), *others])
        self._told(f"the view {name} is saved")

    def _drop(self, message: DropViewRequest) -> None:
        views = self._state.shared.views.views()
        mine = [view for view in views if view.name == message.name and view.by == self._state.world.annotator]
        if not mine:
            raise SegclrError(f"there is no view {message.name!r} of yours")
        self._state.shared.views.write([view for view in views if view not in mine])
        self._told(f"the view {message.name} is deleted")

    def _told(self, text: str) -> None:
        for member in self._state.workspace.members:
            member.tell_views()
        self._state.ports.page.send(Status(text))
