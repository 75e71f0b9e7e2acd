"""One annotator's running app: one method per use case, on one thread, without locks.

What all annotators share is in `workspace.py`; here are the active task, the selection, the queue, the viewer and the
pages of one of them. It knows no server, no viewer, no encoder and no database: those are ports (`ports.py`). The use
cases are in `clicking.py`, `labelling.py`, `undoing.py`, `reviewing.py`, `class_editing.py`, `painting.py`,
`selecting.py`, `queueing.py`, `proposals.py`, `judging.py`, `conflicts.py`, `listing.py`, `remarking.py`,
`coloring.py`, `comparing.py`, `saving_views.py` and `carrying_out.py`; what they share is in `app_state.py`.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from segclr.em.geometry import XYZ
from segclr.errors import SegclrError
from segclr_viewer.exchange.selection import SelectedRows
from segclr_viewer.heads.task_state import Predicted, TaskState
from segclr_viewer.points import Points
from segclr_viewer.ports import Ports
from segclr_viewer.project import Task
from segclr_viewer.session.app_state import AppState
from segclr_viewer.session.carrying_out import selected_rows
from segclr_viewer.session.class_editing import ClassEditing
from segclr_viewer.session.clicking import Clicking
from segclr_viewer.session.clustering import Clusters
from segclr_viewer.session.coloring import Coloring, colorings
from segclr_viewer.session.comparing import Comparing
from segclr_viewer.session.conflicts import Conflicts
from segclr_viewer.session.describing import classes_changed, hello, layout_ready
from segclr_viewer.session.judging import Judging
from segclr_viewer.session.labelling import Labelling
from segclr_viewer.session.layout_requests import LayoutRequests
from segclr_viewer.session.listing import Listing
from segclr_viewer.session.neighbourly import Neighbourly
from segclr_viewer.session.numbering import NumberedPage
from segclr_viewer.session.painting import Painting
from segclr_viewer.session.people import People
from segclr_viewer.session.proposals import Proposals
from segclr_viewer.session.queueing import Queueing
from segclr_viewer.session.remarking import Remarking
from segclr_viewer.session.reviewing import Reviewing
from segclr_viewer.session.saving_views import SavingViews
from segclr_viewer.session.selecting import Selecting
from segclr_viewer.session.storing import Storing
from segclr_viewer.session.undoing import Undoing
from segclr_viewer.session.workspace import Workspace
from segclr_viewer.wire.annotators import (
    AdjudicateRequest,
    AgreementRequest,
    ConflictsRequest,
    PeopleRequest,
    TrainOnRequest,
)
from segclr_viewer.wire.answers import Device, RowsReady, Status, ToPage
from segclr_viewer.wire.classes import ClassRequest
from segclr_viewer.wire.coloring import ColorRequest
from segclr_viewer.wire.comparing import CompareRequest
from segclr_viewer.wire.evaluation import EvaluateRequest, ReviewRequest
from segclr_viewer.wire.explore import ClusterRequest, ClusterSelectRequest, ClusterStopRequest, SimilarRequest
from segclr_viewer.wire.labelling import (
    AcceptRequest,
    LabelRequest,
    Mark,
    MarkRequest,
    ProposeRequest,
    RedoRequest,
    SkipRequest,
    UndoRequest,
)
from segclr_viewer.wire.layouts import LayoutsRequest
from segclr_viewer.wire.listing import CommentRequest, ListRequest, LookRequest
from segclr_viewer.wire.messages import AheadRequest, EmbedRequest, QueueRequest, RefetchRequest, TaskRequest, ToServer
from segclr_viewer.wire.selecting import (
    BrushRequest,
    ClearRequest,
    GrowRequest,
    LassoRequest,
    NearRequest,
    SegmentsRequest,
    StepRequest,
)
from segclr_viewer.wire.views import ViewsRequest
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
        self._clicking = Clicking(self._state)
        self._painting = Painting(self._state, self._clicking)
        self._storing = Storing(self._state)
        self._labelling = Labelling(self._state, self._storing, self._clicking)
        self._reviewing = Reviewing(self._state, self._storing)
        self._undoing = Undoing(self._state, self._storing)
        self._remarking = Remarking(self._state, self._storing)
        self._listing = Listing(self._state)
        self._selecting = Selecting(self._state)
        self._queueing = Queueing(self._state)
        self._proposals = Proposals(self._state, self._selecting)
        self._clusters = Clusters(self._state, self._selecting)
        self._neighbourly = Neighbourly(self._state, workspace.searches, self._selecting)
        self._layouts = LayoutRequests(self._state)
        self._views = SavingViews(self._state, self._selecting)
        self._judging = Judging(self._state, workspace.judgements)
        self._conflicts = Conflicts(self._state)
        self._people = People(self._state)
        self._classes = ClassEditing(self._state, self._storing)
        self._comparing = Comparing(self._state, self._views, self._selecting)
        self._coloring = Coloring(self._state, self._clusters)
        workspace.members.append(self)
        self._tell_keys()

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
        self._painting.announce(predicted)

    def tell_labels(self) -> None:
        """Tell the pages the active task's labels."""
        self._state.ports.page.send(self._painting.labels())

    def tell_classes(self, task: TaskState) -> None:
        """Tell pages and viewer that a task has other classes, before anything that counts in them."""
        self._state.ports.page.send(classes_changed(task, self._state.world.keys))
        if task is self.active:
            self._tell_keys()
            self.tell_labels()
            self._state.ports.page.send(self._clicking.known())
            self._clicking.show_newest(self._state.ports.page.send)

    def tell_status(self, text: str) -> None:
        """Tell the pages a sentence."""
        self._state.ports.page.send(Status(text))

    def tell_agreement(self, task: TaskState) -> None:
        """Tell the pages how far the annotators agree on a task, which has changed."""
        self._conflicts.tell_agreement("", task)

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
        self._state.ports.page.send(self._clicking.known())
        self._selecting.show(self._state.ports.page.send)

    def tell_layouts(self) -> None:
        """Tell the pages which layouts are kept, and which one is shown."""
        self._state.ports.page.send(self._layouts.known())

    def tell_fitting(self) -> None:
        """Tell the pages how far the fit of a layout is."""
        self._state.ports.page.send(self._state.workspace.layouts.fitting)

    def tell_views(self) -> None:
        """Tell the pages which views are kept."""
        self._views.tell(self._state.ports.page.send)

    def fail(self, error: SegclrError) -> None:
        """Tell a failure that answers no request."""
        self._state.fail(None, error)

    def page_joined(self, tell: Callable[[ToPage], None]) -> None:
        """A page connected (or reloaded): tell it everything, through `tell`, which reaches it alone."""
        self._state.is_open = True

        def send(message: ToPage) -> None:
            tell(self._numbered.numbered(message))

        send(hello(self._state, self._clicking.known().places))
        send(colorings(self._state.world.table, self._clusters.run))
        send(layout_ready(self._state.layout, self._state.workspace.layout_radius_um))
        send(self._layouts.known())
        send(self._state.workspace.layouts.fitting)
        self._views.tell(send)
        predicted = self._state.active.predicted
        send(predicted.message if predicted else Status(f"predicting {self.task.name}"))
        send(self._painting.labels())
        send(self._undoing.history())
        self._tell_attached(send)
        if self._state.workspace.fetching is not None:
            send(self._state.workspace.fetching.state())
        self._selecting.show(send)
        self._clicking.show_newest(send)

    def pages_gone(self) -> None:
        """The annotator's last page has gone: what it was just asked may be asked of others."""
        self._state.is_open = False
        self._queueing.release()

    def selected_rows(self, mask: str) -> SelectedRows | None:
        """What is known of the rows of a mask that a page holds; None if it is not there any more."""
        return selected_rows(self._state, mask)

    def receive(self, message: ToServer) -> None:
        """Do what a page asks."""
        self._state.answering(message.request, lambda: self._receive(self._numbered.asked(message)))

    def click(self, position_nm: XYZ, segment_id: int | None) -> None:
        """Embed and classify the place; `segment_id` is the one under the mouse, None if the viewer does not know."""
        self._embed(self._state.viewer_request(), _plain(position_nm), None if segment_id is None else int(segment_id))

    def label_at(self, class_id: str | None, position_nm: XYZ | None, segment_id: int | None) -> None:
        """Give a class (by its id) of the active task to what is under the mouse; None takes its label back."""
        request = self._state.viewer_request()
        where = None if position_nm is None else _plain(position_nm)
        label_at = partial(
            self._labelling.label_at, request, class_id, where, None if segment_id is None else int(segment_id)
        )
        self._state.answering(request, label_at)

    def mark_at(self, kind: Mark, position_nm: XYZ | None, segment_id: int | None) -> None:
        """Answer "unsure" or "bad segmentation" for what is under the mouse."""
        request = self._state.viewer_request()
        where = None if position_nm is None else _plain(position_nm)
        mark_at = partial(
            self._labelling.mark_at, request, kind, where, None if segment_id is None else int(segment_id)
        )
        self._state.answering(request, mark_at)

    def undo(self) -> None:
        """Undo the newest action of the active task."""
        self.receive(UndoRequest(self._state.viewer_request()))

    def redo(self) -> None:
        """Redo what was undone last in the active task."""
        self.receive(RedoRequest(self._state.viewer_request()))

    def _receive(self, message: ToServer) -> None:
        if isinstance(message, ClassRequest):
            self._classes.change(message)
            return
        if isinstance(message, LayoutsRequest):
            self._layouts.ask(message)
            return
        if isinstance(message, ViewsRequest):
            self._views.ask(message)
            return
        match message:
            case LabelRequest():
                self._labelling.label(message)
            case MarkRequest():
                self._labelling.mark(message)
            case SkipRequest():
                self._remarking.skip(message)
            case CommentRequest():
                self._remarking.comment(message)
            case ListRequest():
                self._listing.tell(message)
            case LookRequest():
                self._listing.look(message)
            case AcceptRequest():
                self._labelling.accept(message)
            case ProposeRequest():
                self._proposals.propose(message)
            case SimilarRequest():
                self._neighbourly.ask(message)
            case ClusterRequest():
                self._clusters.ask(message)
            case ClusterStopRequest():
                self._clusters.stop()
            case ClusterSelectRequest():
                self._clusters.select(message)
            case CompareRequest():
                self._comparing.ask(message)
            case QueueRequest():
                self._queueing.ask(message)
            case AheadRequest():
                self._expect(message.rows)
            case EvaluateRequest():
                self._judging.ask(message)
            case ReviewRequest():
                self._reviewing.review(message)
            case UndoRequest():
                self._undoing.undo(message.request)
            case ConflictsRequest():
                self._conflicts.tell(message)
            case AdjudicateRequest():
                self._reviewing.adjudicate(message)
            case AgreementRequest():
                self._conflicts.tell_agreement(message.request, self._state.task_named(message.task))
            case PeopleRequest():
                self._people.tell(message)
            case TrainOnRequest():
                self._people.train_on(message)
            case RedoRequest():
                self._undoing.redo(message.request)
            case TaskRequest():
                self._switch_task(message.name)
            case LassoRequest():
                self._selecting.lasso(message)
            case BrushRequest():
                self._selecting.brush(message)
            case NearRequest():
                self._selecting.near(message)
            case GrowRequest():
                self._selecting.grow(message)
            case StepRequest():
                self._selecting.step(message)
            case SegmentsRequest():
                segment_ids = [int(text) for text in message.ids]
                self._state.workspace.look_at(segment_ids)
                self._selecting.segments(message.request, segment_ids)
            case RefetchRequest():
                if self._state.workspace.fetching is not None:
                    self._state.workspace.fetching.retry()
            case ColorRequest():
                self._coloring.ask(message)
            case ClearRequest():
                self._selecting.clear(message.request)
            case EmbedRequest():
                self._embed(message.request, message.position_nm, None)

    def _embed(self, request: str, position_nm: XYZ, segment_id: int | None) -> None:
        self._state.answering(request, lambda: self._clicking.embed(request, position_nm, segment_id, lambda _: None))

    def _expect(self, rows: list[int]) -> None:
        table = self._state.world.table
        there = [row for row in rows if row < len(table)]
        segments = table.segment_of_rows(np.array(there, np.int64)).tolist()
        self._state.ports.ahead.expect(list(zip(segments, map(self._state.position_of, there), strict=True)))

    def _switch_task(self, name: str) -> None:
        self._state.active = self._state.task_named(name)
        self._tell_keys()
        send = self._state.ports.page.send
        send(self._undoing.history())
        send(self._painting.labels())
        self._tell_attached(send)
        self._painting.refresh()

    def _tell_keys(self) -> None:
        """Let the viewer's keys give the classes of the active task."""
        classes = self.active.classes
        keys = [spec.key for spec in classes.specs]
        self._state.ports.view.set_class_keys(dict(zip(keys, classes.ids, strict=True)))

    def _tell_attached(self, send: Callable[[ToPage], None]) -> None:
        """What a new version of the segmentation made of the active task's labels."""
        attached = self._listing.attached(self._state.active)
        if attached is not None:
            send(attached)


def _plain(position_nm: XYZ) -> XYZ:
    """The position as Python's own floats: a viewer's are numpy's, which neither the wire nor the log takes."""
    x, y, z = position_nm
    return (float(x), float(y), float(z))
