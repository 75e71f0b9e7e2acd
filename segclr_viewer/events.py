"""Label events and what follows from them: a pure fold, no storage.

The log only grows. One action of the user is a group of events; undo and redo are events too, each naming the group it
takes back or brings back, so that the log alone tells what holds now and how far one can still undo. Each task has its
own history.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from segclr.em.geometry import XYZ

Kind = Literal["label", "unlabel", "undo", "redo"]
Unit = Literal["node", "segment"]
# What a label is for: a position (node task) or a segment (segment task) of one version of the segmentation.
Anchor = tuple[str, XYZ] | tuple[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """An event that the log has not numbered yet.

    Attributes:
        uuid: made by whoever asked; appending it twice stores it once.
        group: the user's action; undone and redone as a whole.
        at: time, ISO 8601, UTC.
        class_name: None for all kinds but `label`.
        position_nm: where the label was given; with `segmentation` it is the anchor that outlives segment ids.
        provenance: how it came about: key, lasso, import, ...
        target: the group that an undo or redo is about, else None.
    """

    uuid: str
    group: str
    at: str
    annotator: str
    kind: Kind
    task: str
    class_name: str | None
    position_nm: XYZ
    segmentation: str
    segment_id: int
    provenance: str
    target: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelEvent(NewEvent):
    """An event in the log; `seq` counts from 1."""

    seq: int

    def anchor(self, unit: Unit) -> Anchor:
        """What the label is for in a task of that unit."""
        if unit == "segment":
            return (self.segmentation, self.segment_id)
        return (self.segmentation, self.position_nm)


@dataclass(frozen=True, slots=True)
class SavedPlace:
    """The embedding of a labelled place that no table row stands for, kept so that it can be trained on again."""

    position_nm: XYZ
    segmentation: str
    segment_id: int
    encoder_hash: str
    embedding: NDArray[np.float32]


class TaskHistory:
    """The events of one task, folded one by one: what is labelled now, and what undo and redo would do."""

    def __init__(self, task: str, unit: Unit) -> None:
        self.task = task
        self.unit = unit
        self.seq = 0
        self._done: list[list[LabelEvent]] = []
        self._undone: list[list[LabelEvent]] = []
        self._by_anchor: dict[Anchor, list[LabelEvent]] = {}

    def apply(self, event: LabelEvent) -> None:
        """Take in the next event; those of other tasks are passed over."""
        if event.task != self.task:
            return
        self.seq = event.seq
        if event.kind == "undo":
            if self._done and self._done[-1][0].group == event.target:
                self._undone.append(self._done.pop())
                self._take_back(self._undone[-1])
        elif event.kind == "redo":
            if self._undone and self._undone[-1][0].group == event.target:
                self._done.append(self._undone.pop())
                self._put(self._done[-1])
        else:
            self._undone.clear()
            if not self._done or self._done[-1][0].group != event.group:
                self._done.append([])
            self._done[-1].append(event)
            self._put([event])

    def current(self) -> dict[Anchor, LabelEvent]:
        """The label that holds for each anchor that has one."""
        return {anchor: stack[-1] for anchor, stack in self._by_anchor.items() if stack[-1].kind == "label"}

    def label_of(self, anchor: Anchor) -> LabelEvent | None:
        """The label that holds for an anchor."""
        stack = self._by_anchor.get(anchor)
        return stack[-1] if stack and stack[-1].kind == "label" else None

    def to_undo(self) -> list[LabelEvent]:
        """The events of the action that undo would take back; empty when there is none."""
        return list(self._done[-1]) if self._done else []

    def to_redo(self) -> list[LabelEvent]:
        """The events of the action that redo would bring back; empty when there is none."""
        return list(self._undone[-1]) if self._undone else []

    def _put(self, events: list[LabelEvent]) -> None:
        for event in events:
            self._by_anchor.setdefault(event.anchor(self.unit), []).append(event)

    def _take_back(self, events: list[LabelEvent]) -> None:
        for event in reversed(events):
            stack = self._by_anchor[event.anchor(self.unit)]
            stack.pop()  # only the newest action is ever undone, so its events lie on top
            if not stack:
                del self._by_anchor[event.anchor(self.unit)]


def fold(events: Iterable[LabelEvent], task: str, unit: Unit) -> TaskHistory:
    """The history of a task after these events."""
    history = TaskHistory(task, unit)
    for event in events:
        history.apply(event)
    return history
