"""Answers that the page gives to places and rows, and takes back; rules as in `answers.py`."""

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from segclr_viewer.wire.types import LARGEST_SEGMENT_ID, XYZ, Index, RequestText, SegmentText

MOST_AT_ONCE = 2000  # rows that one action may label

Mark = Literal["unsure", "bad_segmentation"]


class Target(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a label is for: exactly one of a table row, a remembered place, and a position in a segment.

    Rows are those of one table and places those of one run; an answer that was kept longer names where it was given.
    """

    row: Index | None = None
    place: Index | None = None
    position_nm: XYZ | None = None
    segment_id: SegmentText | None = None

    def __post_init__(self) -> None:
        if (self.position_nm is None) != (self.segment_id is None):
            raise ValueError("a position needs its segment, and a segment its position")
        if sum(named is not None for named in (self.row, self.place, self.position_nm)) != 1:
            raise ValueError("a target is either a row, a place or a position")
        if self.segment_id is not None and int(self.segment_id) > LARGEST_SEGMENT_ID:
            raise ValueError(f"{self.segment_id} is larger than a 64-bit segment id")


class LabelRequest(Struct, frozen=True, forbid_unknown_fields=True, tag="label"):
    """Give the target a class, or take its label back (class null)."""

    request: RequestText
    task: str
    class_id: str | None = field(name="class")
    target: Target
    provenance: Literal["key", "queue", "audit"]


class MarkRequest(Struct, frozen=True, forbid_unknown_fields=True, tag="mark"):
    """Answer that one cannot tell, or that the segmentation is wrong there: stored like a label, but no class."""

    request: RequestText
    task: str
    kind: Mark
    target: Target
    provenance: Literal["key", "queue", "audit"]


class SkipRequest(Struct, frozen=True, forbid_unknown_fields=True, tag="skip"):
    """Give no answer for a row that the queue asks: it is asked again when nothing else is left."""

    request: RequestText
    task: str
    row: Index
    provenance: Literal["queue", "audit"]


class UndoRequest(Struct, frozen=True, forbid_unknown_fields=True, tag="undo"):
    """Undo the newest action of the active task."""

    request: RequestText


class RedoRequest(Struct, frozen=True, forbid_unknown_fields=True, tag="redo"):
    """Redo what was undone last in the active task."""

    request: RequestText


class ProposeRequest(Struct, frozen=True, forbid_unknown_fields=True, tag="propose"):
    """Find rows to label at once: the nearest of a row in the embedding space, or `rows`, or those of the selection."""

    request: RequestText
    task: str
    row: Index | None
    rows: Annotated[list[Index], Meta(max_length=MOST_AT_ONCE)] = []


class AcceptRequest(Struct, frozen=True, forbid_unknown_fields=True, tag="accept"):
    """Give one class to many rows, in one action."""

    request: RequestText
    task: str
    class_id: str = field(name="class")
    rows: Annotated[list[Index], Meta(min_length=1, max_length=MOST_AT_ONCE)]
    provenance: Literal["lasso", "neighbour"]


LabellingRequest = LabelRequest | MarkRequest | SkipRequest | UndoRequest | RedoRequest | ProposeRequest | AcceptRequest
