"""The fold of the log: what holds now in one task, and what undo and redo would do. Pure: no storage, no clock.

Every annotator has an own history. Undo takes back the newest action of who asks for it, and what one says never
changes what another one said.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import TypeVar

from segclr_viewer.log.classes import Classes, fold_classes
from segclr_viewer.log.consensus import (
    ADJUDICATION,
    ALL,
    Choice,
    Conflict,
    Consensus,
    Outcome,
    ReviewCount,
    gather,
    weigh,
)
from segclr_viewer.log.events import CLASS_CHANGES, STATEMENTS, Anchor, LabelEvent, Unit, Verdict
from segclr_viewer.project import ClassSpec

_SEQ = attrgetter("seq")
_Key = TypeVar("_Key")
_Voice = tuple[str, bool]  # annotator, and whether as an adjudicator: judging covers nobody's own answer
_NO_EFFECT_ON_LABELS = frozenset({"comment", "import", "skip"})


class _Actions:
    """What one annotator did, in order, and what that annotator has undone."""

    def __init__(self) -> None:
        self.done: list[list[LabelEvent]] = []
        self.undone: list[list[LabelEvent]] = []

    def add(self, event: LabelEvent) -> None:
        self.undone.clear()
        if not self.done or self.done[-1][0].group != event.group:
            self.done.append([])
        self.done[-1].append(event)

    def turn(self, event: LabelEvent) -> list[LabelEvent]:
        """Undo or redo the action named; the events that this touches, none when it is not the one in turn."""
        source, target = (self.done, self.undone) if event.kind == "undo" else (self.undone, self.done)
        if not source or source[-1][0].group != event.target:
            return []
        target.append(source.pop())
        return target[-1]


class TaskHistory:
    """The events of one task, folded one by one.

    Args:
        classes: those of the project file, from which the log's changes start.
    """

    def __init__(self, task: str, unit: Unit, classes: Sequence[ClassSpec] = ()) -> None:
        self.task = task
        self.unit = unit
        self.seq = 0  # of the newest event that can matter to the labels
        self.classes: Classes = fold_classes(classes, ())
        self.events: list[LabelEvent] = []  # all that were taken in, in order; only ever appended to
        self.undone: set[tuple[str, str]] = set()  # actions that are: annotator and group
        self._base = tuple(classes)
        self._seen: set[str] = set()
        self._actions: dict[str, _Actions] = {}
        self._said: dict[Anchor, dict[_Voice, list[LabelEvent]]] = {}
        self._identity: dict[str, str] = {}  # of a label's class, by the label's uuid
        self._class_events: list[LabelEvent] = []
        self._verdicts: dict[str, dict[str, list[LabelEvent]]] = {}  # by event reviewed and reviewer
        self._comments: list[LabelEvent] = []
        self._skips: dict[str, list[LabelEvent]] = {}  # by annotator
        self._imports: list[LabelEvent] = []
        self._outcomes: dict[Anchor, Outcome] = {}  # of all annotators
        self._conflicts: dict[Anchor, Conflict] = {}  # among them
        self._changed: dict[Anchor, None] = {}  # anchors whose outcome is to be found anew, in a fixed order
        self._current: dict[Anchor, LabelEvent] = {}

    def apply(self, event: LabelEvent) -> None:
        """Take in the next event; those of other tasks, and any that was there before, are passed over."""
        if event.task != self.task or event.uuid in self._seen:
            return
        self._seen.add(event.uuid)
        self.events.append(event)
        if event.kind not in _NO_EFFECT_ON_LABELS:
            self.seq = event.seq
        actions = self._actions.setdefault(event.annotator, _Actions())
        if event.kind == "undo":
            for step in reversed(actions.turn(event)):
                self._take_back(step)
                self.undone.add((step.annotator, step.group))
        elif event.kind == "redo":
            for step in actions.turn(event):
                self._put(step)
                self.undone.discard((step.annotator, step.group))
        else:
            if event.kind == "label" and (identity := self.classes.identity.get(event.class_name or "")):
                self._identity[event.uuid] = identity
            actions.add(event)
            self._put(event)

    def current(self) -> dict[Anchor, LabelEvent]:
        """The label that all annotators together give each anchor that has one. Not to be changed."""
        self._settle()
        return self._current

    def label_of(self, anchor: Anchor, choice: Choice = ALL) -> LabelEvent | None:
        """The label that all annotators, or the chosen statements, together give an anchor."""
        if choice == ALL:
            return self.current().get(anchor)
        return self._outcome(anchor, choice).label if anchor in self._said else None

    def statements(self, annotator: str) -> dict[Anchor, LabelEvent]:
        """What an annotator holds of each anchor: a label, unsure, or bad segmentation; judgements left out."""
        return {
            anchor: stack[-1]
            for anchor, voices in self._said.items()
            if (stack := voices.get((annotator, False))) and stack[-1].kind != "unlabel"
        }

    def statements_at(self, anchor: Anchor) -> list[LabelEvent]:
        """What anybody holds of one anchor, oldest first."""
        newest = [stack[-1] for stack in self._said.get(anchor, {}).values()]
        return sorted((event for event in newest if event.kind != "unlabel"), key=_SEQ)

    def taken_back(self, event: LabelEvent) -> LabelEvent | None:
        """What an "unlabel" takes back: the answer that its annotator gave there before; None where it is undone."""
        stack = self._said.get(event.anchor(self.unit), {}).get((event.annotator, event.provenance == ADJUDICATION), [])
        return next((said for said in reversed(stack) if said.seq < event.seq and said.kind != "unlabel"), None)

    def standing(self) -> list[LabelEvent]:
        """What anybody holds of anything, judgements too; in no order."""
        newest = (stack[-1] for voices in self._said.values() for stack in voices.values())
        return [event for event in newest if event.kind != "unlabel"]

    def adjudications(self) -> list[LabelEvent]:
        """The newest decision on each anchor that has one, the last one first."""
        newest: dict[Anchor, LabelEvent] = {}
        for event in self.standing():
            anchor = event.anchor(self.unit)
            if event.provenance == ADJUDICATION and (anchor not in newest or newest[anchor].seq < event.seq):
                newest[anchor] = event
        return sorted(newest.values(), key=_SEQ, reverse=True)

    def consensus(self, choice: Choice = ALL) -> Consensus:
        """What the chosen statements together say; for what is superseded no older statement steps in."""
        if choice == ALL:
            self._settle()
            return gather(self._outcomes.items())
        return gather((anchor, self._outcome(anchor, choice)) for anchor in self._said)

    def conflicts(self) -> list[Conflict]:
        """The anchors on which the annotators disagree without a majority."""
        self._settle()
        return sorted(self._conflicts.values(), key=lambda conflict: conflict.statements[-1].seq)

    def name_now(self, label: LabelEvent) -> str:
        """What the class of a label is called now, after all renaming and merging."""
        name = label.class_name or ""
        identity = self._identity.get(label.uuid)
        found = None if identity is None else self.classes.by_identity.get(identity)
        return found or self.classes.names.get(name, name)

    def reviews(self, uuid: str) -> ReviewCount:
        """What reviewers say of the event with that uuid, the newest word of each."""
        newest = [stack[-1].verdict for stack in self._verdicts.get(uuid, {}).values()]
        return ReviewCount(newest.count("agree"), newest.count("disagree"))

    def verdict(self, uuid: str, reviewer: str) -> Verdict | None:
        """What one reviewer says of the event with that uuid."""
        said = self._verdicts.get(uuid, {}).get(reviewer)
        return said[-1].verdict if said else None

    def comments(self) -> list[LabelEvent]:
        """All comments that stand, in order."""
        return list(self._comments)

    def stands(self, comment: LabelEvent) -> bool:
        """Whether a comment stands, that is, is not undone."""
        at = bisect_left(self._comments, comment.seq, key=_SEQ)
        return at < len(self._comments) and self._comments[at] is comment

    def skips(self, annotator: str) -> list[LabelEvent]:
        """Where an annotator was asked and gave no answer, in order."""
        return list(self._skips.get(annotator, ()))

    def imports(self) -> list[LabelEvent]:
        """Where the imported labels that stand came from, in order."""
        return list(self._imports)

    def annotators(self) -> list[str]:
        """Who has done anything in the task, in the order of their first events."""
        return list(self._actions)

    def to_undo(self, annotator: str) -> list[LabelEvent]:
        """The events of the action that the annotator's undo would take back; empty when there is none."""
        actions = self._actions.get(annotator)
        return list(actions.done[-1]) if actions and actions.done else []

    def to_redo(self, annotator: str) -> list[LabelEvent]:
        """The events of the action that the annotator's redo would bring back; empty when there is none."""
        actions = self._actions.get(annotator)
        return list(actions.undone[-1]) if actions and actions.undone else []

    def _put(self, event: LabelEvent) -> None:
        if event.kind in STATEMENTS:
            anchor = event.anchor(self.unit)
            voices = self._said.setdefault(anchor, {})
            voices.setdefault((event.annotator, event.provenance == ADJUDICATION), []).append(event)
            self._changed[anchor] = None
        elif event.kind in CLASS_CHANGES:
            insort(self._class_events, event, key=_SEQ)
            self._fold_classes()
        elif event.kind == "review":
            about = event.about or ""
            self._verdicts.setdefault(about, {}).setdefault(event.annotator, []).append(event)
        elif event.kind == "comment":
            insort(self._comments, event, key=_SEQ)
        elif event.kind == "skip":
            insort(self._skips.setdefault(event.annotator, []), event, key=_SEQ)
        else:
            insort(self._imports, event, key=_SEQ)

    def _take_back(self, event: LabelEvent) -> None:
        # Only the newest action of an annotator is ever undone, so its events lie on top of that annotator's stacks.
        if event.kind in STATEMENTS:
            anchor = event.anchor(self.unit)
            voices = self._said[anchor]
            _pop(voices, (event.annotator, event.provenance == ADJUDICATION))
            if not voices:
                del self._said[anchor]
            self._changed[anchor] = None
        elif event.kind in CLASS_CHANGES:
            _remove(self._class_events, event)
            self._fold_classes()
        elif event.kind == "review":
            _pop(self._verdicts[event.about or ""], event.annotator)
        elif event.kind == "comment":
            _remove(self._comments, event)
        elif event.kind == "skip":
            _remove(self._skips[event.annotator], event)
        else:
            _remove(self._imports, event)

    def _fold_classes(self) -> None:
        self.classes = fold_classes(self._base, self._class_events)
        self._changed.update(dict.fromkeys(self._said))  # labels that differed may agree now

    def _settle(self) -> None:
        """Find the outcome of every anchor about which something was said since."""
        for anchor in self._changed:
            self._outcomes.pop(anchor, None)
            self._current.pop(anchor, None)
            self._conflicts.pop(anchor, None)
            if anchor in self._said:
                outcome = self._outcomes[anchor] = self._outcome(anchor, ALL)
                if outcome.label is not None:
                    self._current[anchor] = outcome.label
                if outcome.conflict is not None:
                    self._conflicts[anchor] = outcome.conflict
        self._changed.clear()

    def _outcome(self, anchor: Anchor, choice: Choice) -> Outcome:
        newest = [stack[-1] for stack in self._said[anchor].values()]
        if choice is not ALL:
            newest = [event for event in newest if choice.takes(event, self.reviews(event.uuid).state)]
        return weigh(anchor, newest, self.name_now)


def _pop(stacks: dict[_Key, list[LabelEvent]], key: _Key) -> None:
    stacks[key].pop()
    if not stacks[key]:
        del stacks[key]


def _remove(events: list[LabelEvent], gone: LabelEvent) -> None:
    del events[bisect_left(events, gone.seq, key=_SEQ)]


def fold(events: Iterable[LabelEvent], task: str, unit: Unit, classes: Sequence[ClassSpec] = ()) -> TaskHistory:
    """The history of a task after these events."""
    history = TaskHistory(task, unit, classes)
    for event in events:
        history.apply(event)
    return history
