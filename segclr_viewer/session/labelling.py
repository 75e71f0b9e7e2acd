"""Labelling: answers to what is at a place become events."""

from functools import partial

from segclr.em.geometry import XYZ
from segclr.errors import SegclrError
from segclr.wording import counted
from segclr_viewer.heads.task_state import TaskState
from segclr_viewer.labels.places import KnownPlace
from segclr_viewer.log.consensus import ADJUDICATION
from segclr_viewer.log.events import LabelEvent
from segclr_viewer.session.app_state import AppState
from segclr_viewer.session.clicking import Clicking
from segclr_viewer.session.spots import Spot, spot_of_event, spot_of_place, spot_of_row, spot_of_target
from segclr_viewer.session.storing import Storing
from segclr_viewer.wire.labelling import AcceptRequest, LabelRequest, Mark, MarkRequest
from segclr_viewer.wording import statement_text


class Labelling:
    """Gives places classes and marks."""

    def __init__(self, state: AppState, storing: Storing, clicking: Clicking) -> None:
        self._state = state
        self._storing = storing
        self._clicking = clicking

    def label(self, message: LabelRequest) -> None:
        """Give a row, a remembered place or a position a class, or take its label back."""
        task = self._state.task_named(message.task)
        if self._storing.is_done(message.request):
            return
        spot, target = spot_of_target(self._state, message.target), message.target
        give = partial(self._give, message.request, task, message.class_id, provenance=message.provenance)
        known = target.position_nm is None or self._state.sites.row(spot.segment_id, spot.position_nm) is not None
        if known or message.class_id is None:
            give(spot)
            return

        def then(place: KnownPlace) -> None:
            give(spot_of_place(self._state, place))

        self._clicking.embed(message.request, spot.position_nm, spot.segment_id, then)

    def mark(self, message: MarkRequest) -> None:
        """Answer for a row or a remembered place that one cannot tell, or that the segmentation is wrong there."""
        task = self._state.task_named(message.task)
        self._mark(message.request, task, message.kind, spot_of_target(self._state, message.target), message.provenance)

    def mark_at(self, request: str, kind: Mark, position_nm: XYZ | None, segment_id: int | None) -> None:
        """Answer so for what is under the mouse, in the active task."""
        if position_nm is None or not segment_id:
            raise SegclrError("there is no cell under the mouse: point at one, then press the key")
        row = self._state.sites.row(segment_id, position_nm)
        spot = Spot(segment_id, position_nm) if row is None else spot_of_row(self._state, row)
        self._mark(request, self._state.active, kind, spot, "key")

    def accept(self, message: AcceptRequest) -> None:
        """Give many rows one class, as one action."""
        task = self._state.task_named(message.task)
        if self._storing.is_done(message.request):
            return
        name = task.class_meant(message.class_id)
        rows = list(dict.fromkeys(message.rows))
        events = [
            self._storing.statement(
                f"{message.request}/{at}" if at else message.request,
                message.request,
                task,
                "label",
                spot_of_row(self._state, row),
                message.provenance,
                class_name=name,
            )
            for at, row in enumerate(rows)
        ]
        self._storing.store(message.request, events, [], f"label {counted(len(rows), 'place')} {name}")

    def label_at(self, request: str, class_id: str | None, position_nm: XYZ | None, segment_id: int | None) -> None:
        """Give a class of the active task to the node under the mouse, else to the place, which is embedded first.

        With None for class, take the label there back.
        """
        task = self._state.active
        if position_nm is None:
            raise SegclrError("there is nothing under the mouse: point at a cell, then press the key")
        row = self._state.sites.row(segment_id, position_nm) if segment_id else None
        if row is not None:
            self._give(request, task, class_id, spot_of_row(self._state, row), "key")
            return

        def then(place: KnownPlace) -> None:
            self._give(request, task, class_id, spot_of_place(self._state, place), "key")

        self._clicking.embed(request, position_nm, segment_id, then)

    def _give(self, request: str, task: TaskState, class_id: str | None, spot: Spot, provenance: str) -> None:
        if self._storing.is_done(request):
            return
        if class_id is None:
            self._take_back(request, task, spot, provenance)
            return
        name = task.class_meant(class_id)
        before = task.answers_of(self._storing.annotator, spot.segment_id, spot.position_nm)[-1:]
        for last in before:  # a key that was held, or pressed twice
            given = (task.history.name_now(last), last.annotator, last.provenance, last.segmentation)
            if last.kind == "label" and given == (
                name,
                self._storing.annotator,
                provenance,
                self._state.world.segmentation,
            ):
                self._storing.tell_saved(request, last, f"already labelled {name}")
                return
        event = self._storing.statement(request, request, task, "label", spot, provenance, class_name=name)
        said = f"label {name}{self._contradicted(task, spot, name)}"
        self._storing.store(request, [event], [] if spot.saved is None else [spot.saved], said)

    def _contradicted(self, task: TaskState, spot: Spot, name: str) -> str:
        """Who says something else there, in words, if the annotator may know it before the answer."""
        row = self._state.sites.row(spot.segment_id, spot.position_nm)
        if row is not None and task.hides(self._storing.annotator, row):
            return ""
        others = task.answers_of_others(self._storing.annotator, spot.segment_id, spot.position_nm)
        for other in reversed(others):
            if other.kind == "label" and task.history.name_now(other) != name:
                return f", where {other.annotator} says {task.history.name_now(other)}"
        return ""

    def _mark(self, request: str, task: TaskState, kind: Mark, spot: Spot, provenance: str) -> None:
        if self._storing.is_done(request):
            return
        annotator = self._storing.annotator
        for last in task.answers_of(annotator, spot.segment_id, spot.position_nm)[-1:]:
            if (last.kind, last.annotator) == (kind, annotator):
                self._storing.tell_saved(request, last, f"already marked {statement_text(last)}")
                return
        event = self._storing.statement(request, request, task, kind, spot, provenance)
        self._storing.store(request, [event], [], f"mark {kind.replace('_', ' ')}")

    def _take_back(self, request: str, task: TaskState, spot: Spot, provenance: str) -> None:
        annotator = self._storing.annotator
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
            self._storing.statement(
                uuid, request, task, "unlabel", spot_of_event(answer), _taking_back(answer, provenance)
            )
            for uuid, answer in zip(uuids, answers, strict=True)
        ]
        last = answers[-1]
        said = f"the label {task.history.name_now(last)}" if last.kind == "label" else statement_text(last)
        self._storing.store(request, events, [], f"took back {said}")


def _taking_back(answer: LabelEvent, provenance: str) -> str:
    """How an answer is taken back: a judgement as a judge, for it is apart from what its giver says of the place."""
    return ADJUDICATION if answer.provenance == ADJUDICATION else provenance
