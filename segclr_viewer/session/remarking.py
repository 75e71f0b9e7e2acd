"""What an annotator says of a place that is no answer: a comment, or that the queue should go on without one."""

from segclr.errors import SegclrError
from segclr_viewer.heads.task_state import TaskState
from segclr_viewer.log.events import NewEvent
from segclr_viewer.session.app_state import AppState
from segclr_viewer.session.spots import Spot, spot_of_event, spot_of_row, spot_of_target
from segclr_viewer.session.storing import Storing
from segclr_viewer.wire.labelling import SkipRequest
from segclr_viewer.wire.listing import CommentRequest


class Remarking:
    """Stores remarks."""

    def __init__(self, state: AppState, storing: Storing) -> None:
        self._state = state
        self._storing = storing

    def comment(self, message: CommentRequest) -> None:
        """Say something in words about a place; others' comments there stay."""
        task = self._state.task_named(message.task)
        if self._storing.is_done(message.request):
            return
        text = " ".join(message.text.split())
        if not text:
            raise SegclrError("the comment is empty: write something, or leave it by Esc")
        spot = self._spot(task, message)
        event = NewEvent(
            uuid=message.request,
            group=message.request,
            at=self._state.now(),
            annotator=self._storing.annotator,
            kind="comment",
            task=task.task.name,
            provenance="key",
            text=text,
            position_nm=spot.position_nm,
            segmentation=spot.segmentation or self._state.world.segmentation,
            segment_id=spot.segment_id,
        )
        self._storing.store(message.request, [event], [], "comment")

    def skip(self, message: SkipRequest) -> None:
        """Note that a row was asked and got no answer."""
        task = self._state.task_named(message.task)
        if self._storing.is_done(message.request):
            return
        spot = spot_of_row(self._state, message.row)
        event = self._storing.statement(message.request, message.request, task, "skip", spot, message.provenance)
        self._storing.store(message.request, [event], [], "skipped, to come again when nothing else is left")

    def _spot(self, task: TaskState, message: CommentRequest) -> Spot:
        if message.target is not None:
            return spot_of_target(self._state, message.target)
        about = self._state.workspace.event_of_anybody(message.about or "")
        if about is None or about.task != task.task.name or about.position_nm is None:
            raise SegclrError("what the comment is about is not in the label log: open the list of places again")
        return spot_of_event(about)
