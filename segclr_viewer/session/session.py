"""One annotator's running app: one method per use case, on one thread, without locks.

What all annotators share is in `workspace.py`; here are the active task, the selection, the queue, the viewer and the
pages of one of them. It knows no server, no viewer, no encoder and no database: those are ports (`ports.py`). The use
cases are in `use_cases.py`; what they share is in `app_state.py`.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from segclr.em.geometry import XYZ
from segclr.errors import SegclrError
from segclr_viewer.exchange.selection import SelectedRows
from segclr_viewer.heads.task_state import Predicted, TaskState
from segclr_viewer.points import Points
from segclr_viewer.ports import Ports
from segclr_viewer.project import Task
from segclr_viewer.session.app_state import AppState
from segclr_viewer.session.carrying_out import selected_rows
from segclr_viewer.session.coloring import colorings
from segclr_viewer.session.describing import classes_changed, hello, layout_ready
from segclr_viewer.session.numbering import NumberedPage
from segclr_viewer.session.use_cases import UseCases
from segclr_viewer.session.workspace import Workspace
from segclr_viewer.wire.answers import Device, RowsReady, Status, ToPage
from segclr_viewer.wire.labelling import (
    Mark,
    RedoRequest,
    UndoRequest,
)
from segclr_viewer.wire.messages import ToServer
from segclr_viewer.world import World

__all__ = ["Session", "World"]


class Session:
    """One annotator's running app. No method raises for a user's mistake: page and viewer are told in a sentence."""

    def __init__(self, workspace: Workspace, world: World, ports: Ports) -> None:
        """Join the workspace.

        Args:
            world: says who labels.
            ports: the annotator's own.
        """
        self._numbered = NumberedPage(ports.page, workspace.scatter, workspace.points_grown)
        self._state = AppState(workspace, world, replace(ports, page=self._numbered))
        self._does = UseCases(self._state)
        workspace.members.append(self)
        self._does.tell_keys()

    @property
    def annotator(self) -> str:
        """Whose session it is."""
        return self._state.world.annotator

    @property
    def is_open(self) -> bool:
        """Whether the annotator has a page open."""
        return self._state.is_open

    @property
    def task(self) -> Task:
        """The active task."""
        return self._state.active.task

    @property
    def active(self) -> TaskState:
        """All about the active task."""
        return self._state.active

    @property
    def points(self) -> Points | None:
        """The active task's newest predictions, None before the first."""
        predicted = self._state.active.predicted
        return None if predicted is None else predicted.fitted.points

    def paint(self, points: Points) -> None:
        """Show new predictions of the active task in the viewer."""
        self._state.ports.view.repaint(points)

    def tell_predictions(self, predicted: Predicted) -> None:
        """Announce them to the pages."""
        self._does.painting.announce(predicted)

    def tell_labels(self) -> None:
        """Tell the pages the active task's labels."""
        self._state.ports.page.send(self._does.painting.labels())

    def tell_classes(self, task: TaskState) -> None:
        """Tell pages and viewer that a task has other classes, before anything that counts in them."""
        self._state.ports.page.send(classes_changed(task, self._state.world.keys))
        if task is self.active:
            self._does.tell_keys()
            self.tell_labels()
            self._state.ports.page.send(self._does.clicking.known())
            self._does.clicking.show_newest(self._state.ports.page.send)

    def tell_status(self, text: str) -> None:
        """Tell the pages a sentence."""
        self._state.ports.page.send(Status(text))

    def tell_agreement(self, task: TaskState) -> None:
        """Tell the pages how far the annotators agree on a task, which has changed."""
        self._does.conflicts.tell_agreement("", task)

    def tell_device(self) -> None:
        """Tell the pages where the encoder runs."""
        device = self._state.workspace.device
        self._state.ports.page.send(Device(device, self._state.world.table.provenance.encoder_hash))

    def tell_rows(self) -> None:
        """Tell the pages that there are more points, and show them."""
        send, scatter = self._state.ports.page.send, self._state.workspace.scatter
        send(RowsReady(len(scatter), len(self._state.world.table.segment_ids), scatter.version))
        send(layout_ready(self._state.layout, self._state.workspace.layout_radius_um))
        if self._state.active.predicted is not None:
            send(self._state.active.predicted.message)

    def tell_release(self) -> None:
        """Tell the pages what is being fetched of a published release."""
        if self._state.workspace.fetching is not None:
            self._state.ports.page.send(self._state.workspace.fetching.state())

    def tell_layout(self) -> None:
        """Show the newest layout."""
        self._state.ports.page.send(layout_ready(self._state.layout, self._state.workspace.layout_radius_um))
        self._state.ports.page.send(self._does.clicking.known())
        self._does.selecting.show(self._state.ports.page.send)

    def tell_layouts(self) -> None:
        """Tell the pages which layouts are kept, and which one is shown."""
        self._state.ports.page.send(self._does.layouts.known())

    def tell_fitting(self) -> None:
        """Tell the pages how far the fit of a layout is."""
        self._state.ports.page.send(self._state.workspace.layouts.fitting)

    def tell_views(self) -> None:
        """Tell the pages which views are kept."""
        self._does.views.tell(self._state.ports.page.send)

    def fail(self, error: SegclrError) -> None:
        """Tell a failure that answers no request."""
        self._state.fail(None, error)

    def page_joined(self, tell: Callable[[ToPage], None]) -> None:
        """A page connected (or reloaded): tell it everything, through `tell`, which reaches it alone."""
        self._state.is_open = True

        def send(message: ToPage) -> None:
            tell(self._numbered.numbered(message))

        send(hello(self._state, self._does.clicking.known().places))
        send(colorings(self._state.world.table, self._does.clusters.run))
        send(layout_ready(self._state.layout, self._state.workspace.layout_radius_um))
        send(self._does.layouts.known())
        send(self._state.workspace.layouts.fitting)
        self._does.views.tell(send)
        predicted = self._state.active.predicted
        send(predicted.message if predicted else Status(f"predicting {self.task.name}"))
        send(self._does.painting.labels())
        send(self._does.undoing.history())
        self._does.tell_attached(send)
        if self._state.workspace.fetching is not None:
            send(self._state.workspace.fetching.state())
        self._does.selecting.show(send)
        self._does.clicking.show_newest(send)

    def pages_gone(self) -> None:
        """The annotator's last page has gone: what it was just asked may be asked of others."""
        self._state.is_open = False
        self._does.queueing.release()

    def selected_rows(self, mask: str) -> SelectedRows | None:
        """What is known of the rows of a mask that a page holds; None if it is not there any more."""
        return selected_rows(self._state, mask)

    def receive(self, message: ToServer) -> None:
        """Do what a page asks."""
        self._state.answering(message.request, lambda: self._does.do(self._numbered.asked(message)))

    def click(self, position_nm: XYZ, segment_id: int | None) -> None:
        """Embed and classify the place; `segment_id` is the one under the mouse, None if the viewer does not know."""
        where = _plain(position_nm)
        self._does.embed(self._state.viewer_request(), where, None if segment_id is None else int(segment_id))

    def label_at(self, class_id: str | None, position_nm: XYZ | None, segment_id: int | None) -> None:
        """Give a class (by its id) of the active task to what is under the mouse; None takes its label back."""
        request = self._state.viewer_request()
        where = None if position_nm is None else _plain(position_nm)
        label_at = partial(
            self._does.labelling.label_at, request, class_id, where, None if segment_id is None else int(segment_id)
        )
        self._state.answering(request, label_at)

    def mark_at(self, kind: Mark, position_nm: XYZ | None, segment_id: int | None) -> None:
        """Answer "unsure" or "bad segmentation" for what is under the mouse."""
        request = self._state.viewer_request()
        where = None if position_nm is None else _plain(position_nm)
        mark_at = partial(
            self._does.labelling.mark_at, request, kind, where, None if segment_id is None else int(segment_id)
        )
        self._state.answering(request, mark_at)

    def undo(self) -> None:
        """Undo the newest action of the active task."""
        self.receive(UndoRequest(self._state.viewer_request()))

    def redo(self) -> None:
        """Redo what was undone last in the active task."""
        self.receive(RedoRequest(self._state.viewer_request()))


def _plain(position_nm: XYZ) -> XYZ:
    """The position as Python's own floats: a viewer's are numpy's, which neither the wire nor the log takes."""
    x, y, z = position_nm
    return (float(x), float(y), float(z))
