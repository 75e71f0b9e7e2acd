"""All use cases of a session, and which of them each request of a page is for.

They are in `clicking.py`, `labelling.py`, `undoing.py`, `reviewing.py`, `class_editing.py`, `painting.py`,
`selecting.py`, `queueing.py`, `proposals.py`, `judging.py`, `conflicts.py`, `listing.py`, `remarking.py`,
`coloring.py`, `comparing.py`, `saving_views.py` and others; what they share is in `app_state.py`.
"""

from collections.abc import Callable

import numpy as np

from segclr.em.geometry import XYZ
from segclr_viewer.session.app_state import AppState
from segclr_viewer.session.class_editing import ClassEditing
from segclr_viewer.session.clicking import Clicking
from segclr_viewer.session.clustering import Clusters
from segclr_viewer.session.coloring import Coloring
from segclr_viewer.session.comparing import Comparing
from segclr_viewer.session.conflicts import Conflicts
from segclr_viewer.session.judging import Judging
from segclr_viewer.session.labelling import Labelling
from segclr_viewer.session.layout_requests import LayoutRequests
from segclr_viewer.session.listing import Listing
from segclr_viewer.session.neighbourly import Neighbourly
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
from segclr_viewer.wire.annotators import (
    AdjudicateRequest,
    AgreementRequest,
    ConflictsRequest,
    PeopleRequest,
    TrainOnRequest,
)
from segclr_viewer.wire.answers import ToPage
from segclr_viewer.wire.classes import ClassRequest
from segclr_viewer.wire.coloring import ColorRequest
from segclr_viewer.wire.comparing import CompareRequest
from segclr_viewer.wire.evaluation import EvaluateRequest, ReviewRequest
from segclr_viewer.wire.explore import ClusterRequest, ClusterSelectRequest, ClusterStopRequest, SimilarRequest
from segclr_viewer.wire.labelling import (
    AcceptRequest,
    LabelRequest,
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


class UseCases:
    """Does what the pages of one session ask."""

    def __init__(self, state: AppState) -> None:
        self._state = state
        self.clicking = Clicking(state)
        self.painting = Painting(state, self.clicking)
        self.storing = Storing(state)
        self.labelling = Labelling(state, self.storing, self.clicking)
        self.reviewing = Reviewing(state, self.storing)
        self.undoing = Undoing(state, self.storing)
        self.remarking = Remarking(state, self.storing)
        self.listing = Listing(state)
        self.selecting = Selecting(state)
        self.queueing = Queueing(state)
        self.proposals = Proposals(state, self.selecting)
        self.clusters = Clusters(state, self.selecting)
        self.neighbourly = Neighbourly(state, state.workspace.searches, self.selecting)
        self.layouts = LayoutRequests(state)
        self.views = SavingViews(state, self.selecting)
        self.judging = Judging(state, state.workspace.judgements)
        self.conflicts = Conflicts(state)
        self.people = People(state)
        self.classes = ClassEditing(state, self.storing)
        self.comparing = Comparing(state, self.views, self.selecting)
        self.coloring = Coloring(state, self.clusters)

    def do(self, message: ToServer) -> None:
        """Do what a page asks.

        Raises:
            SegclrError: it cannot be done; nothing has changed.
        """
        if isinstance(message, ClassRequest):
            self.classes.change(message)
            return
        if isinstance(message, LayoutsRequest):
            self.layouts.ask(message)
            return
        if isinstance(message, ViewsRequest):
            self.views.ask(message)
            return
        match message:
            case LabelRequest():
                self.labelling.label(message)
            case MarkRequest():
                self.labelling.mark(message)
            case SkipRequest():
                self.remarking.skip(message)
            case CommentRequest():
                self.remarking.comment(message)
            case ListRequest():
                self.listing.tell(message)
            case LookRequest():
                self.listing.look(message)
            case AcceptRequest():
                self.labelling.accept(message)
            case ProposeRequest():
                self.proposals.propose(message)
            case SimilarRequest():
                self.neighbourly.ask(message)
            case ClusterRequest():
                self.clusters.ask(message)
            case ClusterStopRequest():
                self.clusters.stop()
            case ClusterSelectRequest():
                self.clusters.select(message)
            case CompareRequest():
                self.comparing.ask(message)
            case QueueRequest():
                self.queueing.ask(message)
            case AheadRequest():
                self._expect(message.rows)
            case EvaluateRequest():
                self.judging.ask(message)
            case ReviewRequest():
                self.reviewing.review(message)
            case UndoRequest():
                self.undoing.undo(message.request)
            case ConflictsRequest():
                self.conflicts.tell(message)
            case AdjudicateRequest():
                self.reviewing.adjudicate(message)
            case AgreementRequest():
                self.conflicts.tell_agreement(message.request, self._state.task_named(message.task))
            case PeopleRequest():
                self.people.tell(message)
            case TrainOnRequest():
                self.people.train_on(message)
            case RedoRequest():
                self.undoing.redo(message.request)
            case TaskRequest():
                self._switch_task(message.name)
            case LassoRequest():
                self.selecting.lasso(message)
            case BrushRequest():
                self.selecting.brush(message)
            case NearRequest():
                self.selecting.near(message)
            case GrowRequest():
                self.selecting.grow(message)
            case StepRequest():
                self.selecting.step(message)
            case SegmentsRequest():
                segment_ids = [int(text) for text in message.ids]
                self._state.workspace.look_at(segment_ids)
                self.selecting.segments(message.request, segment_ids)
            case RefetchRequest():
                if self._state.workspace.fetching is not None:
                    self._state.workspace.fetching.retry()
            case ColorRequest():
                self.coloring.ask(message)
            case ClearRequest():
                self.selecting.clear(message.request)
            case EmbedRequest():
                self.embed(message.request, message.position_nm, None)

    def embed(self, request: str, position_nm: XYZ, segment_id: int | None) -> None:
        """Embed and classify a place; a failure is told."""
        self._state.answering(request, lambda: self.clicking.embed(request, position_nm, segment_id, lambda _: None))

    def _expect(self, rows: list[int]) -> None:
        table = self._state.world.table
        there = [row for row in rows if row < len(table)]
        segments = table.segment_of_rows(np.array(there, np.int64)).tolist()
        self._state.ports.ahead.expect(list(zip(segments, map(self._state.position_of, there), strict=True)))

    def _switch_task(self, name: str) -> None:
        self._state.active = self._state.task_named(name)
        self.tell_keys()
        send = self._state.ports.page.send
        send(self.undoing.history())
        send(self.painting.labels())
        self.tell_attached(send)
        self.painting.refresh()

    def tell_keys(self) -> None:
        """Let the viewer's keys give the classes of the active task."""
        classes = self._state.active.classes
        keys = [spec.key for spec in classes.specs]
        self._state.ports.view.set_class_keys(dict(zip(keys, classes.ids, strict=True)))

    def tell_attached(self, send: Callable[[ToPage], None]) -> None:
        """What a new version of the segmentation made of the active task's labels."""
        attached = self.listing.attached(self._state.active)
        if attached is not None:
            send(attached)
