"""The labelled places as a list: what the page asks of it and what it is told; rules as in `answers.py`.

A page holds the part of the list that it shows. It asks for more with the cursor `below`, and for what has become of
the places that it holds by the uuid of anything that was said there.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from segclr_viewer.wire.annotators import StatementKind
from segclr_viewer.wire.labelling import Target
from segclr_viewer.wire.types import XYZ, Index, RequestText, SegmentText

MOST_LISTED = 200  # places in one answer

Verdict = Literal["agree", "disagree"]
Reattached = Literal["kept", "moved", "conflict", "lost"]
State = Literal["unsure", "bad_segmentation", "commented", "disputed", "imported", "kept", "moved", "conflict", "lost"]
UuidText = Annotated[str, Meta(min_length=1, max_length=200)]


class SaidInfo(Struct, frozen=True, forbid_unknown_fields=True):
    """What one annotator holds of a place.

    The class is null for a mark, and for a class that can be given no more. `agree` and `disagree` count reviewers,
    `verdict` is the asking annotator's own review. `segmentation` is empty for the version that is open; `segment_id`
    is the segment when it was said, 0 where that is not known.
    """

    uuid: str
    annotator: str
    kind: StatementKind
    class_index: int | None = field(name="class")
    class_name: str
    provenance: str
    at: str
    agree: int
    disagree: int
    verdict: Verdict | None
    segmentation: str
    segment_id: SegmentText


class CommentInfo(Struct, frozen=True, forbid_unknown_fields=True):
    """A comment on a place."""

    uuid: str
    annotator: str
    at: str
    text: str


class ListedInfo(Struct, frozen=True, forbid_unknown_fields=True):
    """A place with all that stands about it, oldest first.

    `about` is the uuid of something said there, `row` null where no row of the table stands for it, `place` the
    remembered place there, `segment_id` 0 where the segmentation has nothing any more; `class` is that which counts.
    """

    about: str
    row: int | None
    place: int | None
    position_nm: XYZ
    segment_id: SegmentText
    class_index: int | None = field(name="class")
    statements: list[SaidInfo]
    comments: list[CommentInfo]
    reattached: Reattached | None


class ListCounts(Struct, frozen=True, forbid_unknown_fields=True):
    """How many places of the whole task one may filter for."""

    everyone: int
    mine: int
    classes: list[int]
    states: dict[State, int]


class Listed(Struct, frozen=True, forbid_unknown_fields=True, tag="listed"):
    """A part of the list, newest first. `below` asks for the next one, null at the end; `total` is of the whole list.

    `renewed` are the places asked for anew, in the order of the request; null where nothing is said any more.
    """

    request: str
    task: str
    places: list[ListedInfo]
    total: int
    below: int | None
    counts: ListCounts
    renewed: list[ListedInfo | None]


class Seen(Struct, frozen=True, forbid_unknown_fields=True, tag="seen"):
    """All that stands about one place, null where nothing is, as far as the annotator may know it."""

    request: str
    task: str
    place: ListedInfo | None


class Attached(Struct, frozen=True, forbid_unknown_fields=True, tag="attached"):
    """What became of the places labelled in another version of the segmentation, and all of it in one sentence."""

    task: str
    kept: int
    moved: int
    conflict: int
    lost: int
    text: str


class ListRequest(Struct, frozen=True, forbid_unknown_fields=True, tag="list"):
    """A part of the list of labelled places: at most `count`, older than the cursor `below` (null: the newest ones).

    Those of one of the `classes` (ids) and in one of the `states` (empty: of any), by anybody or only where the
    annotator has said something, with `text` in a comment or as the first digits of the segment's id. `renew` names
    the places that the page holds, each by the uuid of something said there.
    """

    request: RequestText
    task: str
    mine: bool
    classes: Annotated[list[str], Meta(max_length=200)]
    states: Annotated[list[State], Meta(max_length=20)]
    text: Annotated[str, Meta(max_length=200)]
    below: Index | None
    count: Annotated[int, Meta(ge=0, le=MOST_LISTED)]
    renew: Annotated[list[UuidText], Meta(max_length=MOST_LISTED)]


class LookRequest(Struct, frozen=True, forbid_unknown_fields=True, tag="look"):
    """What stands about a row or a remembered place?"""

    request: RequestText
    task: str
    target: Target


class CommentRequest(Struct, frozen=True, forbid_unknown_fields=True, tag="comment"):
    """Say something in words about a place: a row or a remembered place, or where something was said (its uuid)."""

    request: RequestText
    task: str
    text: Annotated[str, Meta(min_length=1, max_length=2000)]
    target: Target | None
    about: UuidText | None

    def __post_init__(self) -> None:
        if (self.target is None) == (self.about is None):
            raise ValueError("a comment is about either a target or a statement")


ListingRequest = ListRequest | LookRequest | CommentRequest
