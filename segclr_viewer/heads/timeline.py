"""How the labels of a task came to be: its log replayed, and what each event changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segclr.evaluation.learning_curve import TAKEN_BACK, History
from segclr_viewer.heads.row_vectors import RowVectors
from segclr_viewer.log.attach import Site
from segclr_viewer.log.consensus import ALL, Choice
from segclr_viewer.log.events import CLASS_CHANGES, STATEMENTS, Anchor, LabelEvent, SavedPlace
from segclr_viewer.log.fold import TaskHistory
from segclr_viewer.project import Task

Stand = int | SavedPlace  # a row of the table, or a place that no row stands for


def key_of(stand: Stand) -> Site:
    """The row, or the position of the place."""
    return stand if isinstance(stand, int) else stand.position_nm


@dataclass(frozen=True, slots=True)
class Sited:
    """An event of the log.

    Attributes:
        site: what a statement is for now: the segment in a segment task, else a row or a position; None for other
            events, and where nothing can be used.
        stand: whose embedding the head sees.
    """

    event: LabelEvent
    site: Site | None
    stand: Stand | None


@dataclass(frozen=True, slots=True)
class Step:
    """A site has another label now, or none any more."""

    site: Site
    label: LabelEvent | None


@dataclass(frozen=True, slots=True, eq=False)
class Timeline:
    """The replayed log; `stands` by uuid of the statement."""

    history: TaskHistory
    steps: tuple[Step, ...]
    stands: dict[str, Stand]

    def classes_now(self, task: Task) -> dict[str, int]:
        """The class of each label that ever held, by uuid; those whose class the task no longer has are left out."""
        index = {spec.name: at for at, spec in enumerate(task.classes)}
        labels = [step.label for step in self.steps if step.label is not None]
        return {label.uuid: index[name] for label in labels if (name := self.history.name_now(label)) in index}


def replay(task: Task, sited: Sequence[Sited], choice: Choice = ALL) -> Timeline:
    """Fold the events one by one, and note what each of them changes.

    What was undone, and not redone, was never given here: a thousand labels that a slip of the finger gave, and undo
    took back, tell nothing of how labelling goes.

    Args:
        task: as the project file has it, without what the log made of its classes.
        sited: all events of the task, in order.
        choice: which statements count.
    """
    whole = TaskHistory(task.name, task.unit, task.classes)
    for at in sited:
        whole.apply(at.event)
    history = TaskHistory(task.name, task.unit, task.classes)
    anchors: dict[str, Anchor] = {}
    site_of: dict[Anchor, Site] = {}
    there: dict[Site, dict[Anchor, LabelEvent]] = {}
    held: dict[Site, LabelEvent | None] = {}
    steps: list[Step] = []
    for at in _lasting(sited, whole):
        event = at.event
        history.apply(event)
        if event.kind in STATEMENTS:
            anchor = event.anchor(task.unit)
            anchors[event.uuid] = anchor
            if at.site is not None:
                site_of[anchor] = at.site
            touched = [anchor]
        elif event.kind == "review":
            touched = [anchors[event.about]] if event.about in anchors else []
        elif event.kind in CLASS_CHANGES or event.kind in ("undo", "redo"):
            touched = list(site_of)  # annotators that differed may say the same of merged classes
        else:
            touched = []
        for anchor in touched:
            if (site := site_of.get(anchor)) is None:
                continue
            label = history.label_of(anchor, choice)
            labels = there.setdefault(site, {})
            labels.pop(anchor, None)
            if label is not None:
                labels[anchor] = label
            now = max(labels.values(), key=lambda each: each.seq, default=None)
            if now is not held.get(site):
                held[site] = now
                steps.append(Step(site, now))
    stands = {at.event.uuid: at.stand for at in sited if at.stand is not None}
    return Timeline(whole, tuple(steps), stands)


def _lasting(sited: Sequence[Sited], whole: TaskHistory) -> list[Sited]:
    """The events without what is undone at the end, and without its undoing and redoing.

    Changes of classes stay with theirs: later labels name the classes that they made.
    """
    change = {(at.event.annotator, at.event.group) for at in sited if at.event.kind in CLASS_CHANGES}
    lasting = []
    for at in sited:
        event = at.event
        action = (event.annotator, event.target or event.group)
        turns = event.kind in ("undo", "redo")
        if action in change or not (turns or action in whole.undone):
            lasting.append(at)
    return lasting


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """The labels in the order in which they were given, and what the head sees of the sites: (n, d) float32."""

    embeddings: NDArray[np.float32]
    history: History

    def after(self, events: int) -> tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.uint64]]:
        """Embeddings (k, d), classes (k,) and cells (k,) of the labels that held after so many events."""
        rows, classes = self.history.after(events)
        return self.embeddings[rows], classes, self.history.cells[rows]


def course_of(timeline: Timeline, task: Task, vectors: RowVectors, used: dict[Site, int]) -> Course:
    """Follow the labels of the task.

    A site whose label at the end is not among the `used` ones is left out, its past as well: where the segmentation has
    changed, the session may use another label than the log alone would give, or none.

    Args:
        task: with the classes that the log has made.
        used: what the session fits a head on: the class of each row and place.
    """
    classes = timeline.classes_now(task)
    stands: dict[Site, Stand] = {}
    at_end: dict[Site, LabelEvent | None] = {}
    for step in timeline.steps:
        at_end[step.site] = step.label
        if step.label is not None and step.label.uuid in timeline.stands:
            stands[step.site] = timeline.stands[step.label.uuid]
    sites: dict[Site, int] = {}
    for site, stand in stands.items():
        label = at_end[site]
        last = None if label is None else classes.get(label.uuid)
        if last is None or used.get(key_of(stand)) == last:
            sites[site] = len(sites)
    embeddings, cells = vectors.of([stands[site] for site in sites])
    steps = [step for step in timeline.steps if step.site in sites]
    given = [TAKEN_BACK if step.label is None else classes.get(step.label.uuid, TAKEN_BACK) for step in steps]
    rows = np.array([sites[step.site] for step in steps], np.int64)
    return Course(embeddings, History(rows, np.array(given, np.int64), cells))
