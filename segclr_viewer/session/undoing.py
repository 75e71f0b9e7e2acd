"""Undo and redo: each an event that names the action which it takes back or brings back."""

from segclr.errors import SegclrError
from segclr_viewer.heads.task_state import TaskState
from segclr_viewer.log.events import Kind, LabelEvent, NewEvent
from segclr_viewer.session.app_state import AppState
from segclr_viewer.session.storing import Storing
from segclr_viewer.wire.answers import History


class Undoing:
    """Takes back the annotator's own actions."""

    def __init__(self, state: AppState, storing: Storing) -> None:
        self._state = state
        self._storing = storing

    def undo(self, request: str) -> None:
        """Take back the annotator's newest action in the active task."""
        task = self._state.active
        self._turn(request, task, "undo", task.history.to_undo(self._storing.annotator), "undone")

    def redo(self, request: str) -> None:
        """Bring back what the annotator undid last in the active task."""
        task = self._state.active
        self._turn(request, task, "redo", task.history.to_redo(self._storing.annotator), "redone")

    def history(self) -> History:
        """What undo and redo would do in the active task."""
        task = self._state.active
        undo, redo = self._storing.turns(task)
        return History(task.task.name, bool(undo), bool(redo), undo, redo)

    def _turn(self, request: str, task: TaskState, kind: Kind, action: list[LabelEvent], did: str) -> None:
        if self._storing.is_done(request):
            return
        if not action:
            raise SegclrError(f"there is nothing to {kind} in {task.task.name}")
        event = NewEvent(
            uuid=request,
            group=request,
            at=self._state.now(),
            annotator=self._storing.annotator,
            kind=kind,
            task=task.task.name,
            provenance="key",
            target=action[0].group,
        )
        self._storing.store(
            request, [event], [], f"{did}: {self._storing.action(task, action)}", about=self._about(action)
        )

    def _about(self, action: list[LabelEvent]) -> list[LabelEvent]:
        """What an action was about: of a review the label reviewed."""
        find = self._state.workspace.event_of_anybody
        return [(event.kind == "review" and find(event.about or "")) or event for event in action]
