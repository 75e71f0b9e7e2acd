"""What several annotators together say of a place: their newest statements, weighed, none of them overwritten."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from operator import attrgetter
from typing import Literal

from segclr_viewer.log.events import Anchor, LabelEvent

ReviewState = Literal["unreviewed", "agreed", "disputed"]
# Nobody looked at the place for these: whoever does has the say.
_UNSEEN = frozenset({"import", "demo"})
ADJUDICATION = "adjudication"
_SEQ = attrgetter("seq")


@dataclass(frozen=True, slots=True)
class Choice:
    """Which statements count; None is all of them.

    Attributes:
        annotators: by whom.
        provenances: how they came about.
        reviews: what reviewers say of them.
    """

    annotators: frozenset[str] | None = None
    provenances: frozenset[str] | None = None
    reviews: frozenset[ReviewState] | None = None

    def takes(self, statement: LabelEvent, review: ReviewState) -> bool:
        """Whether the statement counts."""
        return (
            (self.annotators is None or statement.annotator in self.annotators)
            and (self.provenances is None or statement.provenance in self.provenances)
            and (self.reviews is None or review in self.reviews)
        )


ALL = Choice()


@dataclass(frozen=True, slots=True)
class ReviewCount:
    """How many reviewers agree with a label, and how many do not."""

    agree: int = 0
    disagree: int = 0

    @property
    def state(self) -> ReviewState:
        """Agreed when more agree than not."""
        if self.agree > self.disagree:
            return "agreed"
        return "disputed" if self.disagree else "unreviewed"


@dataclass(frozen=True, slots=True)
class Conflict:
    """Labels of one place of which none has the majority, oldest first."""

    anchor: Anchor
    statements: tuple[LabelEvent, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is held of one place: a label, a conflict, or neither."""

    label: LabelEvent | None = None
    conflict: Conflict | None = None
    unsure: tuple[LabelEvent, ...] = ()
    bad_segmentation: tuple[LabelEvent, ...] = ()


@dataclass(frozen=True, slots=True)
class Consensus:
    """What is held of all places; lists in the order of the log."""

    labels: dict[Anchor, LabelEvent]
    conflicts: list[Conflict]
    unsure: list[LabelEvent]
    bad_segmentation: list[LabelEvent]


def weigh(anchor: Anchor, statements: Iterable[LabelEvent], name_of: Callable[[LabelEvent], str]) -> Outcome:
    """Weigh the newest statements, one per annotator and one per adjudicator, about one place.

    The newest adjudication decides. Else the class that more than half of the labels give; the newest of them stands
    for them. What was imported counts only where nobody has said anything, or taken it back, with own eyes.

    Args:
        name_of: what the class of a label is called now.
    """
    said = sorted(statements, key=_SEQ)
    verdicts = [statement for statement in said if statement.provenance == ADJUDICATION and statement.kind != "unlabel"]
    said = verdicts[-1:] or [statement for statement in said if statement.provenance != ADJUDICATION]
    seen = [statement for statement in said if statement.provenance not in _UNSEEN]
    said = seen or said
    labels = [statement for statement in said if statement.kind == "label"]
    if len(labels) == len(said) == 1:
        return Outcome(labels[0])
    unsure = tuple(statement for statement in said if statement.kind == "unsure")
    bad = tuple(statement for statement in said if statement.kind == "bad_segmentation")
    names = [name_of(label) for label in labels]
    for label, name in zip(reversed(labels), reversed(names), strict=True):
        if 2 * names.count(name) > len(names):
            return Outcome(label, None, unsure, bad)
    return Outcome(None, Conflict(anchor, tuple(labels)) if labels else None, unsure, bad)


def gather(outcomes: Iterable[tuple[Anchor, Outcome]]) -> Consensus:
    """All outcomes, by what they are."""
    labels: dict[Anchor, LabelEvent] = {}
    conflicts: list[Conflict] = []
    unsure: list[LabelEvent] = []
    bad: list[LabelEvent] = []
    for anchor, outcome in outcomes:
        if outcome.label is not None:
            labels[anchor] = outcome.label
        if outcome.conflict is not None:
            conflicts.append(outcome.conflict)
        unsure += outcome.unsure
        bad += outcome.bad_segmentation
    conflicts.sort(key=lambda conflict: conflict.statements[-1].seq)
    unsure.sort(key=lambda statement: statement.seq)
    bad.sort(key=lambda statement: statement.seq)
    return Consensus(labels, conflicts, unsure, bad)
