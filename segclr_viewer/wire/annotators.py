"""Several annotators: what the page asks of them and what it is told; rules as in `answers.py`."""

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from segclr_viewer.wire.types import XYZ, RequestText, SegmentText

StatementKind = Literal["label", "unsure", "bad_segmentation"]


class StatementInfo(Struct, frozen=True, forbid_unknown_fields=True):
    """What one annotator holds of a place; the class is null for a mark, and for a class that can be given no more."""

    uuid: str
    annotator: str
    kind: StatementKind
    class_index: int | None = field(name="class")
    class_name: str
    provenance: str
    at: str


class ConflictInfo(Struct, frozen=True, forbid_unknown_fields=True):
    """A place on which the annotators disagree, with all that was said there, oldest first.

    `row` is null where no row of the table stands for it.
    """

    row: int | None
    position_nm: XYZ
    segment_id: SegmentText
    statements: list[StatementInfo]


class ConflictsReady(Struct, frozen=True, forbid_unknown_fields=True, tag="conflicts"):
    """The conflicts of a task, at most 200 of `total`; on `hidden` ones the annotator has to answer first.

    `settled` are those that somebody has decided, the last decision first, at most 200 of `settled_total`.
    """

    request: str
    task: str
    conflicts: list[ConflictInfo]
    total: int
    hidden: int
    settled: list[ConflictInfo]
    settled_total: int


class PairInfo(Struct, frozen=True, forbid_unknown_fields=True):
    """Cohen's kappa of two annotators, with its 95 % interval; null where it is undefined."""

    one: str
    other: str
    places: int
    kappa: float | None
    low: float | None
    high: float | None


class AgreementReady(Struct, frozen=True, forbid_unknown_fields=True, tag="agreement"):
    """Cohen's or Fleiss' kappa of the places that every annotator is asked, with its 95 % interval.

    The figures are null where there are none; `text` says why, or all of it in words, and `meaning` what to think of
    it. `pairs` are told where there are more than two annotators, those with the most places in common. Sent on
    request, and to all whom it concerns (`request` empty) when it has changed.
    """

    request: str
    task: str
    method: str
    places: int
    annotators: int
    kappa: float | None
    low: float | None
    high: float | None
    text: str
    meaning: str
    pairs: list[PairInfo]


class PersonInfo(Struct, frozen=True, forbid_unknown_fields=True):
    """One annotator of the project or of its log.

    Counted are labels that hold, how many of them are of today, marks ("unsure", "bad segmentation"), and decisions
    that stand on what annotators disagree about. `is_here` if a page of that annotator is open.
    """

    name: str
    labels: int
    today: int
    marks: int
    decisions: int
    is_here: bool


class TrainOption(Struct, frozen=True, forbid_unknown_fields=True):
    """Who, how or what reviewers say: how many labels it has, and whether they train."""

    name: str
    labels: int
    trains: bool


class TrainingInfo(Struct, frozen=True, forbid_unknown_fields=True):
    """What the head of a task trains on: `trained` of `labelled` places.

    `is_usual` if that is what the project file says; else `chosen_by` and `chosen_at` (ISO 8601) say whose word it was.
    """

    annotators: list[TrainOption]
    provenances: list[TrainOption]
    reviews: list[TrainOption]
    trained: int
    labelled: int
    is_usual: bool
    chosen_by: str
    chosen_at: str


class PeopleReady(Struct, frozen=True, forbid_unknown_fields=True, tag="people"):
    """Who labels a task, and which of the labels its head trains on."""

    request: str
    task: str
    people: list[PersonInfo]
    training: TrainingInfo


class ConflictsRequest(Struct, frozen=True, forbid_unknown_fields=True, tag="conflicts"):
    """On which places of a task do the annotators disagree?"""

    request: RequestText
    task: str


class AdjudicateRequest(Struct, frozen=True, forbid_unknown_fields=True, tag="adjudicate"):
    """Decide on a place on which the annotators disagree.

    `about` is the uuid of one of their statements there. With kind "label" a class is given, with others none.
    """

    request: RequestText
    task: str
    about: Annotated[str, Meta(min_length=1, max_length=200)]
    kind: Literal["label", "unsure", "bad_segmentation"]
    class_id: str | None = field(name="class")

    def __post_init__(self) -> None:
        if (self.kind == "label") == (self.class_id is None):
            raise ValueError("a label needs a class, and nothing else has one")


class AgreementRequest(Struct, frozen=True, forbid_unknown_fields=True, tag="agreement"):
    """How far do the annotators agree on the places of a task that all of them are asked?"""

    request: RequestText
    task: str


class PeopleRequest(Struct, frozen=True, forbid_unknown_fields=True, tag="people"):
    """Who labels a task, and what does its head train on?"""

    request: RequestText
    task: str


Names = Annotated[list[str], Meta(max_length=1000)]


class TrainChoice(Struct, frozen=True, forbid_unknown_fields=True):
    """Whose labels train, given how, and with which word of reviewers; null for all."""

    annotators: Names | None
    provenances: Names | None
    reviews: Annotated[list[Literal["unreviewed", "agreed", "disputed"]], Meta(max_length=3)] | None


class TrainOnRequest(Struct, frozen=True, forbid_unknown_fields=True, tag="train_on"):
    """Fit the task's head on these labels from now on, for all annotators; null for what the project file says."""

    request: RequestText
    task: str
    choice: TrainChoice | None


AnnotatorsRequest = ConflictsRequest | AdjudicateRequest | AgreementRequest | PeopleRequest | TrainOnRequest
