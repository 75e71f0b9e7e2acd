"""Labelling, undo and redo: events made, stored, and only then told; the predictions follow."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from segclr.em.geometry import XYZ
from segclr.errors import SegclrError
from segclr_viewer.heads.task_state import TaskState
from segclr_viewer.labels.places import KnownPlace
from segclr_viewer.log.consensus import ADJUDICATION
from segclr_viewer.log.events import Kind, LabelEvent, NewEvent, SavedPlace
from segclr_viewer.session.app_state import AppState
from segclr_viewer.session.clicking import Clicking
from segclr_viewer.wire.answers import History, Saved
from segclr_viewer.wire.messages import (
    AcceptRequest,
    AdjudicateRequest,
    LabelRequest,
    Mark,
    MarkRequest,
    ReviewRequest,
    Target,
)
from segclr_viewer.wording import action_text, statement_text

_ROWS_TOLD = 100


@dataclass(frozen=True, slots=True)
class Spot:
    """What a label is given to.

    Attributes:
        segmentation: the version that it belongs to, empty for the one that is open.
        saved: goes into the log with the label where no row of the table stands for it.
    """

    segment_id: int
    position_nm: XYZ
    segmentation: str = ""
    saved: SavedPlace | None = None


class Labelling:
    """Writes the label log."""

    def __init__(self, state: AppState, clicking: Clicking) -> None:
        self._state = state
        self._clicking = clicking

    @property
    def _annotator(self) -> str:
        return self._state.world.annotator

    def label(self, message: LabelRequest) -> None:
        """Give a row or a remembered place a class, or take its label back."""
        task = self._state.task_named(message.task)
        spot = self._spot_of_target(message.target)
        self._give(message.request, task, message.class_index, spot, message.provenance)

    def mark(self, message: MarkRequest) -> None:
        """Answer for a row or a remembered place that one cannot tell, or that the segmentation is wrong there."""
        task = self._state.task_named(message.task)
        self._mark(message.request, task, message.kind, self._spot_of_target(message.target), message.provenance)

    def mark_at(self, request: str, kind: Mark, position_nm: XYZ | None, segment_id: int | None) -> None:
        """Answer so for what is under the mouse, in the active task."""
        if position_nm is None or not segment_id:
            raise SegclrError("there is no cell under the mouse: point at one, then press the key")
        row = self._state.sites.row(segment_id, position_nm)
        spot = Spot(segment_id, position_nm) if row is None else self._spot_of_row(row)
        self._mark(request, self._state.active, kind, spot, "key")

    def accept(self, message: AcceptRequest) -> None:
        """Give many rows one class, as one action."""
        task = self._state.task_named(message.task)
        if self._is_done(message.request):
            return
        name = _class_name(task, message.class_index)
        rows = list(dict.fromkeys(message.rows))
        events = [
            self._event(
                f"{message.request}/{at}" if at else message.request,
                message.request,
                task,
                "label",
                self._spot_of_row(row),
                message.provenance,
                class_name=name,
            )
            for at, row in enumerate(rows)
        ]
        self._store(message.request, events, [], f"label {len(rows):,} places {name}")

    def adjudicate(self, message: AdjudicateRequest) -> None:
        """Decide on a place on which the annotators disagree, named by one of the statements; all of them stay."""
        task = self._state.task_named(message.task)
        if self._is_done(message.request):
            return
        about = self._state.workspace.event_of_anybody(message.about)
        if about is None or about.task != task.task.name or about.position_nm is None:
            raise SegclrError("that statement is not in the label log: ask for the conflicts again")
        row = task.row_of(about)
        if row is not None and task.hides(self._annotator, row):
            raise SegclrError("you have not said yourself what is there: label the place before you judge the others")
        kind: Kind = message.kind
        name = None if message.class_index is None else _class_name(task, message.class_index)
        event = self._event(message.request, message.request, task, kind, _spot_of(about), ADJUDICATION, name)
        self._store(message.request, [event], [], f"decided {name or kind.replace('_', ' ')}")

    def review(self, message: ReviewRequest) -> None:
        """Agree or disagree with a label; the label stays as it is."""
        task = self._state.task_named(message.task)
        if self._is_done(message.request):
            return
        label = self._state.workspace.event_of_anybody(message.about)
        if label is None or (label.kind, label.task) != ("label", task.task.name):
            raise SegclrError("that label is not in the label log: recompute the evaluation")
        event = NewEvent(
            uuid=message.request,
            group=message.request,
            at=self._state.now(),
            annotator=self._annotator,
            kind="review",
            task=task.task.name,
            provenance="key",
            verdict=message.verdict,
            about=label.uuid,
        )
        did = "confirmed" if message.verdict == "agree" else "disagreed with"
        self._store(message.request, [event], [], f"{did} the label {task.history.name_now(label)}", about=[label])

    def label_at(self, request: str, class_index: int | None, position_nm: XYZ | None, segment_id: int | None) -> None:
        """Give a class of the active task to the node under the mouse, else to the place, which is embedded first.

        With None for class, take the label there back.
        """
        task = self._state.active
        if position_nm is None:
            raise SegclrError("there is nothing under the mouse: point at a cell, then press the key")
        row = self._state.sites.row(segment_id, position_nm) if segment_id else None
        if row is not None:
            self._give(request, task, class_index, self._spot_of_row(row), "key")
            return

        def then(place: KnownPlace) -> None:
            self._give(request, task, class_index, self._spot_of_place(place), "key")

        self._clicking.embed(request, position_nm, segment_id, then)

    def undo(self, request: str) -> None:
        """Take back the annotator's newest action in the active task."""
        task = self._state.active
        self._turn(request, task, "undo", task.history.to_undo(self._annotator), "undid")

    def redo(self, request: str) -> None:
        """Bring back what the annotator undid last in the active task."""
        task = self._state.active
        self._turn(request, task, "redo", task.history.to_redo(self._annotator), "redid")

    def history(self) -> History:
        """What undo and redo would do in the active task."""
        task = self._state.active
        undo, redo = self._turns(task)
        return History(task.task.name, bool(undo), bool(redo), undo, redo)

    def _turns(self, task: TaskState) -> tuple[str, str]:
        """What undo and redo would do, in words."""
        annotator = self._annotator
        undo, redo = task.history.to_undo(annotator), task.history.to_redo(annotator)
        return action_text(undo, task.task.unit), action_text(redo, task.task.unit)

    def _turn(self, request: str, task: TaskState, kind: Kind, action: list[LabelEvent], did: str) -> None:
        if self._is_done(request):
            return
        if not action:
            raise SegclrError(f"there is nothing to {kind} in {task.task.name}")
        event = NewEvent(
            uuid=request,
            group=request,
            at=self._state.now(),
            annotator=self._annotator,
            kind=kind,
            task=task.task.name,
            provenance="key",
            target=action[0].group,
        )
        self._store(request, [event], [], f"{did} {action_text(action, task.task.unit)}", about=action)

    def _give(self, request: str, task: TaskState, class_index: int | None, spot: Spot, provenance: str) -> None:
        if self._is_done(request):
            return
        if class_index is None:
            self._take_back(request, task, spot, provenance)
            return
        name = _class_name(task, class_index)
        before = task.answers_of(self._annotator, spot.segment_id, spot.position_nm)[-1:]
        for last in before:  # a key that was held, or pressed twice
            given = (task.history.name_now(last), last.annotator, last.provenance, last.segmentation)
            if last.kind == "label" and given == (
                name,
                self._annotator,
                provenance,
                self._state.world.segmentation,
            ):
                self._tell_saved(request, last, f"already labelled {name}")
                return
        event = self._event(request, request, task, "label", spot, provenance, class_name=name)
        self._store(request, [event], [] if spot.saved is None else [spot.saved], f"label {name}")

    def _mark(self, request: str, task: TaskState, kind: Mark, spot: Spot, provenance: str) -> None:
        if self._is_done(request):
            return
        annotator = self._annotator
        for last in task.answers_of(annotator, spot.segment_id, spot.position_nm)[-1:]:
            if (last.kind, last.annotator) == (kind, annotator):
                self._tell_saved(request, last, f"already marked {statement_text(last)}")
                return
        event = self._event(request, request, task, kind, spot, provenance)
        self._store(request, [event], [], f"mark {kind.replace('_', ' ')}")

    def _take_back(self, request: str, task: TaskState, spot: Spot, provenance: str) -> None:
        annotator = self._annotator
        answers = task.answers_of(annotator, spot.segment_id, spot.position_nm)
        if not answers:
            others = task.answers_of_others(annotator, spot.segment_id, spot.position_nm)
            row = self._state.sites.row(spot.segment_id, spot.position_nm)
            if others and not (row is not None and task.hides(annotator, row)):
                raise SegclrError(
                    f"the label here is by {others[-1].annotator}, who alone can take it back: give your own"
                )
            raise SegclrError("there is no label here to take back")
        uuids = [request, *(f"{request}/{at}" for at in range(1, len(answers)))]
        events = [
            self._event(uuid, request, task, "unlabel", _spot_of(answer), _taking_back(answer, provenance))
            for uuid, answer in zip(uuids, answers, strict=True)
        ]
        last = answers[-1]
        said = f"the label {task.history.name_now(last)}" if last.kind == "label" else statement_text(last)
        self._store(request, events, [], f"took back {said}")

    def _event(
        self,
        uuid: str,
        group: str,
        task: TaskState,
        kind: Kind,
        spot: Spot,
        provenance: str,
        class_name: str | None = None,
    ) -> NewEvent:
        return NewEvent(
            uuid=uuid,
            group=group,
            at=self._state.now(),
            annotator=self._annotator,
            kind=kind,
            task=task.task.name,
            class_name=class_name,
            position_nm=spot.position_nm,
            segmentation=spot.segmentation or self._state.world.segmentation,
            segment_id=spot.segment_id,
            provenance=provenance,
        )

    def _store(
        self,
        request: str,
        events: list[NewEvent],
        places: list[SavedPlace],
        text: str,
        about: Sequence[LabelEvent] = (),
    ) -> None:
        """Make events durable, then tell, then predict anew; `about` are those that an undo or redo turns."""
        for event in events:
            self._state.workspace.event(event.uuid, self._annotator)

        def done(stored: list[LabelEvent]) -> None:
            self._tell_saved(request, stored[-1], text, about or stored)
            self._state.workspace.changed(self._state.tasks[stored[-1].task])

        self._state.workspace.commits.submit(events, places, done, partial(self._state.fail, request))

    def _is_done(self, request: str) -> bool:
        """Whether a request has been done already and is asked again, because the answer was lost; it is told again."""
        done = self._state.workspace.event(request, self._annotator)
        if done is not None:
            self._tell_saved(request, done, "done before")
        return done is not None

    def _tell_saved(self, request: str, event: LabelEvent, text: str, about: Sequence[LabelEvent] = ()) -> None:
        task = self._state.tasks[event.task]
        undo, redo = self._turns(task)
        said = f"saved {event.seq}: {text}"
        self._state.ports.view.say(said)
        self._state.ports.page.send(
            Saved(
                request=request,
                seq=event.seq,
                text=said,
                task=event.task,
                rows=[row for row in map(task.row_of, about[:_ROWS_TOLD]) if row is not None],
                can_undo=bool(undo),
                can_redo=bool(redo),
                undo_text=undo,
                redo_text=redo,
            )
        )

    def _spot_of_target(self, target: Target) -> Spot:
        if target.row is not None:
            return self._spot_of_row(target.row)
        place = self._state.places.get(target.place or 0)
        if place is None:
            raise SegclrError("that place is no longer remembered: click it again, then label it")
        return self._spot_of_place(place)

    def _spot_of_row(self, row: int) -> Spot:
        table = self._state.world.table
        if row >= len(table):
            raise SegclrError(f"the table has no row {row}: reload the page")
        return Spot(int(table.segment_of_rows(np.array([row]))[0]), self._state.position_of(row))

    def _spot_of_place(self, place: KnownPlace) -> Spot:
        row = self._state.sites.row(place.segment_id, place.position_nm)
        if row is not None:
            return self._spot_of_row(row)
        world = self._state.world
        encoder_hash = world.table.provenance.encoder_hash
        saved = SavedPlace(place.position_nm, world.segmentation, place.segment_id, encoder_hash, place.embedding)
        return Spot(place.segment_id, place.position_nm, saved=saved)


def _class_name(task: TaskState, class_index: int) -> str:
    if class_index >= len(task.task.classes):
        raise SegclrError(f"{task.task.name} has no class number {class_index + 1}: reload the page")
    return task.task.classes[class_index].name


def _taking_back(answer: LabelEvent, provenance: str) -> str:
    """How an answer is taken back: a judgement as a judge, for it is apart from what its giver says of the place."""
    return ADJUDICATION if answer.provenance == ADJUDICATION else provenance


def _spot_of(event: LabelEvent) -> Spot:
    """Where an event was said, in the version of the segmentation in which it was."""
    return Spot(event.segment_id, event.place_nm, event.segmentation)
