"""Labels judged by annotators: agreed with or not, and decided where annotators disagree."""

from segclr.errors import SegclrError
from segclr_viewer.log.consensus import ADJUDICATION
from segclr_viewer.log.events import Kind, NewEvent
from segclr_viewer.session.app_state import AppState
from segclr_viewer.session.spots import spot_of_event
from segclr_viewer.session.storing import Storing
from segclr_viewer.wire.annotators import AdjudicateRequest
from segclr_viewer.wire.evaluation import ReviewRequest


class Reviewing:
    """Stores what an annotator says of labels."""

    def __init__(self, state: AppState, storing: Storing) -> None:
        self._state = state
        self._storing = storing

    def adjudicate(self, message: AdjudicateRequest) -> None:
        """Decide on a place on which the annotators disagree, named by one of the statements; all of them stay."""
        task = self._state.task_named(message.task)
        if self._storing.is_done(message.request):
            return
        about = self._state.workspace.event_of_anybody(message.about)
        if about is None or about.task != task.task.name or about.position_nm is None:
            raise SegclrError("that statement is not in the label log: ask for the conflicts again")
        row = task.row_of(about)
        if row is not None and task.hides(self._storing.annotator, row):
            raise SegclrError("you have not said yourself what is there: label the place before you judge the others")
        kind: Kind = message.kind
        name = None if message.class_id is None else task.class_meant(message.class_id)
        event = self._storing.statement(
            message.request, message.request, task, kind, spot_of_event(about), ADJUDICATION, name
        )
        self._storing.store(message.request, [event], [], f"decided {name or kind.replace('_', ' ')}")

    def review(self, message: ReviewRequest) -> None:
        """Agree or disagree with a label; the label stays as it is."""
        task = self._state.task_named(message.task)
        if self._storing.is_done(message.request):
            return
        label = self._state.workspace.event_of_anybody(message.about)
        if label is None or (label.kind, label.task) != ("label", task.task.name):
            raise SegclrError("that label is not in the label log: recompute the evaluation")
        event = NewEvent(
            uuid=message.request,
            group=message.request,
            at=self._state.now(),
            annotator=self._storing.annotator,
            kind="review",
            task=task.task.name,
            provenance="key",
            verdict=message.verdict,
            about=label.uuid,
        )
        did = "confirmed" if message.verdict == "agree" else "disagreed with"
        self._storing.store(
            message.request, [event], [], f"{did} the label {task.history.name_now(label)}", about=[label]
        )
