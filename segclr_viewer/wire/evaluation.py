"""How good the head is: what the page asks of it and what it is told; rules as in `answers.py`.

Labels that places, suspects and evidence are about stand once, in `labels`, and are named by their index there.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct, field, structs

from segclr_viewer.wire.types import XYZ, RequestText, SegmentText


class EstimateInfo(Struct, frozen=True, forbid_unknown_fields=True):
    """A figure and its 95 % interval."""

    value: float
    low: float
    high: float


class LabelInfo(Struct, frozen=True, forbid_unknown_fields=True):
    """A label: where it is, what it says, and who gave it how. `row` is null for a place that no row stands for, and
    `place` where no remembered place is there."""

    uuid: str
    row: int | None
    place: int | None
    position_nm: XYZ
    segment_id: SegmentText
    class_index: int = field(name="class")
    annotator: str
    provenance: str


class ClassFigures(Struct, frozen=True, forbid_unknown_fields=True):
    """How well one class is told: tested labels and their cells, those no head could be asked about, and how many
    tested labels the head takes for the class."""

    labels: int
    cells: int
    untested: int
    predicted: int
    precision: EstimateInfo | None
    recall: EstimateInfo | None
    f1: EstimateInfo | None


class JudgedLabel(Struct, frozen=True, forbid_unknown_fields=True):
    """A label in a cell of the confusion matrix, and the probability of the class that the head prefers."""

    label: int
    confidence: float


class ConfusionCell(Struct, frozen=True, forbid_unknown_fields=True):
    """A cell that has labels: how many, and the first of them, the most confident prediction first."""

    given: int
    predicted: int
    count: int
    places: list[JudgedLabel]


class ConfidenceBin(Struct, frozen=True, forbid_unknown_fields=True):
    """Labels whose prediction has a confidence from `low` to `high`; nulls where there are none."""

    low: float
    high: float
    count: int
    confidence: float | None
    accuracy: EstimateInfo | None


class Figures(Struct, frozen=True, forbid_unknown_fields=True):
    """All that held-out labels tell; `classes` are those of the task, `confusion` lists the cells that have labels."""

    macro_f1: EstimateInfo
    accuracy: EstimateInfo
    tested: int
    cells: int
    untested: int
    classes: list[ClassFigures]
    confusion: list[ConfusionCell]
    bins: list[ConfidenceBin]
    ece: float
    ece_by_chance: float


class CurvePoint(Struct, frozen=True, forbid_unknown_fields=True):
    """Macro F1 of the head after some of the history: `labels` held then, `events` had been given."""

    events: int
    labels: int
    macro_f1: EstimateInfo


class AuditFigures(Struct, frozen=True, forbid_unknown_fields=True):
    """Accuracy in the volume by the audit's labels; null where they are too few."""

    accuracy: EstimateInfo | None
    labels: int
    sentence: str


class Stopping(Struct, frozen=True, forbid_unknown_fields=True):
    """How many predictions each of the last batches of `apart` labels changed, as shares, the newest last."""

    sentence: str
    apart: int
    shares: list[float]
    settled: bool


class Example(Struct, frozen=True, forbid_unknown_fields=True):
    """A label that lies near, on another cell; the distance is in standard deviations."""

    label: int
    distance: float


class SuspectInfo(Struct, frozen=True, forbid_unknown_fields=True):
    """A label to look at again, what the head would say instead, why, and the nearest labels of other cells."""

    label: int
    suggested: int | None
    doubt: float
    reason: str
    evidence: list[Example]


class EvaluationReady(Struct, frozen=True, forbid_unknown_fields=True, tag="evaluation"):
    """How good the head of a task is after the label event `seq`; `stamp` is that of the predictions that follow from
    the same labels. `note` says why there are no figures, empty where there are; `meaning` what they mean."""

    request: str
    task: str
    seq: int
    stamp: str
    note: str
    meaning: str = ""
    given: int = 0
    given_cells: int = 0
    labels: list[LabelInfo] = []
    figures: Figures | None = None
    curve: list[CurvePoint] = []
    audit: AuditFigures | None = None
    stopping: Stopping | None = None
    suspects: list[SuspectInfo] = []
    suspects_total: int = 0
    ms: float = 0.0

    def answering(self, request: str) -> "EvaluationReady":
        """The same, as the answer to another request."""
        return structs.replace(self, request=request)


class EvaluateRequest(Struct, frozen=True, forbid_unknown_fields=True, tag="evaluate"):
    """How good is the head of a task? Of the questions of one page (`page` names it) the newest is answered."""

    request: RequestText
    page: RequestText
    task: str


class ReviewRequest(Struct, frozen=True, forbid_unknown_fields=True, tag="review"):
    """Agree or disagree with a label, named by the uuid of its event; the label itself stays as it is."""

    request: RequestText
    task: str
    about: Annotated[str, Meta(min_length=1, max_length=200)]
    verdict: Literal["agree", "disagree"]
