"""Events made durable, and only then told; the predictions follow."""

from collections.abc import Sequence
from functools import partial

from segclr_viewer.heads.task_state import TaskState
from segclr_viewer.log.events import Kind, LabelEvent, NewEvent, SavedPlace
from segclr_viewer.session.app_state import AppState
from segclr_viewer.session.spots import Spot
from segclr_viewer.wire.answers import Saved
from segclr_viewer.wording import action_text

_ROWS_TOLD = 100


class Storing:
    """Writes the label log for one annotator."""

    def __init__(self, state: AppState) -> None:
        self._state = state

    @property
    def annotator(self) -> str:
        """Who is written into the events."""
        return self._state.world.annotator

    def statement(
        self,
        uuid: str,
        group: str,
        task: TaskState,
        kind: Kind,
        spot: Spot,
        provenance: str,
        class_name: str | None = None,
    ) -> NewEvent:
        """What the annotator says of a spot, as an event that is not stored yet."""
        return NewEvent(
            uuid=uuid,
            group=group,
            at=self._state.now(),
            annotator=self.annotator,
            kind=kind,
            task=task.task.name,
            class_name=class_name,
            position_nm=spot.position_nm,
            segmentation=spot.segmentation or self._state.world.segmentation,
            segment_id=spot.segment_id,
            provenance=provenance,
        )

    def store(
        self,
        request: str,
        events: list[NewEvent],
        places: list[SavedPlace],
        text: str,
        about: Sequence[LabelEvent] = (),
    ) -> None:
        """Make events durable, then tell, then predict anew; `about` are those that an undo or redo turns."""
        for event in events:
            self._state.workspace.event(event.uuid, self.annotator)

        def done(stored: list[LabelEvent]) -> None:
            self.tell_saved(request, stored[-1], text, about or stored)
            self._state.workspace.changed(self._state.tasks[stored[-1].task])

        self._state.workspace.commits.submit(events, places, done, partial(self._state.fail, request))

    def is_done(self, request: str) -> bool:
        """Whether a request has been done already and is asked again, because the answer was lost; it is told again."""
        done = self._state.workspace.event(request, self.annotator)
        if done is not None:
            self.tell_saved(request, done, "done before")
        return done is not None

    def tell_saved(self, request: str, event: LabelEvent, text: str, about: Sequence[LabelEvent] = ()) -> None:
        """Say that a request's last event is on disk, and what undo and redo would do now."""
        task = self._state.tasks[event.task]
        undo, redo = self.turns(task)
        placed = next((one for one in about or (event,) if one.position_nm is not None), None)
        said = f"saved {event.seq}: {text}"
        self._state.say(request, said)
        self._state.ports.page.send(
            Saved(
                request=request,
                seq=event.seq,
                text=said,
                task=event.task,
                at_nm=None if placed is None else placed.position_nm,
                rows=[row for row in map(task.row_of, about[:_ROWS_TOLD]) if row is not None],
                can_undo=bool(undo),
                can_redo=bool(redo),
                undo_text=undo,
                redo_text=redo,
            )
        )

    def turns(self, task: TaskState) -> tuple[str, str]:
        """What undo and redo would do, in words."""
        annotator = self.annotator
        undo, redo = task.history.to_undo(annotator), task.history.to_redo(annotator)
        return self.action(task, undo), self.action(task, redo)

    def action(self, task: TaskState, events: list[LabelEvent]) -> str:
        """An action of the annotator in words; empty for none."""
        first = next((event for event in events if event.kind == "unlabel"), None)
        return action_text(events, task.task.unit, None if first is None else task.history.taken_back(first))
