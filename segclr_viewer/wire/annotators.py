"""What the server says to the page of several annotators; rules as in `answers.py`."""

from typing import Literal

from msgspec import Struct, field

from segclr_viewer.wire.types import XYZ, SegmentText

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
    """The conflicts of a task, at most 200 of `total`; on `hidden` ones the annotator has to answer first."""

    request: str
    task: str
    conflicts: list[ConflictInfo]
    total: int
    hidden: int


class AgreementReady(Struct, frozen=True, forbid_unknown_fields=True, tag="agreement"):
    """Cohen's or Fleiss' kappa of the places that every annotator is asked, with its 95 % interval.

    The figures are null where there are none; `text` says why, or all of it in words.
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
