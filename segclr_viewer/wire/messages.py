"""What the page asks of the server, and the coding of both directions: one JSON object per WebSocket frame.

The answers are in `answers.py`, with the rules on ids, units and rows that hold here too.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct, field

from segclr.errors import SegclrError
from segclr_viewer.wire.answers import ToPage
from segclr_viewer.wire.classes import ClassRequest
from segclr_viewer.wire.coloring import ColorRequest
from segclr_viewer.wire.comparing import CompareRequest
from segclr_viewer.wire.explore import ClusterRequest, ClusterSelectRequest, ClusterStopRequest, SimilarRequest
from segclr_viewer.wire.layouts import LayoutsRequest
from segclr_viewer.wire.listing import MOST_LISTED, State, UuidText
from segclr_viewer.wire.types import XY, XYZ, Ball, RequestText, SegmentText
from segclr_viewer.wire.views import ViewsRequest

Index = Annotated[int, Meta(ge=0, lt=2**53)]

MOST_AT_ONCE = 2000  # rows that one action may label
MOST_PASSED = 20_000

Mark = Literal["unsure", "bad_segmentation"]

_LARGEST_SEGMENT_ID = 2**64 - 1


class BadMessage(SegclrError, ValueError):  # noqa: N818 (names of states, not of errors)
    """A frame from the page that is no message of ours."""


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
        if self.segment_id is not None and int(self.segment_id) > _LARGEST_SEGMENT_ID:
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


class TaskRequest(Struct, frozen=True, forbid_unknown_fields=True, tag="task"):
    """Switch to another task."""

    request: RequestText
    name: str


SelectMode = Literal["replace", "add", "subtract", "intersect"]


class LassoRequest(Struct, frozen=True, forbid_unknown_fields=True, tag="lasso"):
    """Select the rows inside a polygon in the coordinates of a layout, or change the selection by them.

    Rows predicted as one of the `hidden` classes (ids) are left out.
    """

    request: RequestText
    layout: str
    polygon: Annotated[list[XY], Meta(min_length=3, max_length=20_000)]
    mode: SelectMode
    hidden: list[str] = []


class BrushRequest(Struct, frozen=True, forbid_unknown_fields=True, tag="brush"):
    """Select the rows within `radius` of a line, both in the coordinates of a layout, as a lasso does."""

    request: RequestText
    layout: str
    path: Annotated[list[XY], Meta(min_length=1, max_length=20_000)]
    radius: Annotated[float, Meta(gt=0)]
    mode: SelectMode
    hidden: list[str] = []


class NearRequest(Struct, frozen=True, forbid_unknown_fields=True, tag="near"):
    """Select the rows within a ball of the volume, or change the selection by them, as a lasso does."""

    request: RequestText
    ball: Ball
    mode: SelectMode
    hidden: list[str] = []


class GrowRequest(Struct, frozen=True, forbid_unknown_fields=True, tag="grow"):
    """Select what is not selected; or also what edges join to it, the rest of its cells, or what is most like it."""

    request: RequestText
    how: Literal["invert", "skeleton", "cells", "neighbours"]
    hidden: list[str] = []


class StepRequest(Struct, frozen=True, forbid_unknown_fields=True, tag="step"):
    """Go back to the selection before, or forward again."""

    request: RequestText
    back: bool


class ClearRequest(Struct, frozen=True, forbid_unknown_fields=True, tag="clear"):
    """Select nothing."""

    request: RequestText


class SegmentsRequest(Struct, frozen=True, forbid_unknown_fields=True, tag="segments"):
    """The viewer's selected segments changed."""

    request: RequestText
    ids: Annotated[list[SegmentText], Meta(max_length=20_000)]

    def __post_init__(self) -> None:
        for text in self.ids:
            if int(text) > _LARGEST_SEGMENT_ID:
                raise ValueError(f"{text} is larger than a 64-bit segment id")


class EmbedRequest(Struct, frozen=True, forbid_unknown_fields=True, tag="embed"):
    """Embed the place at a position, as a click in the viewer does."""

    request: RequestText
    position_nm: XYZ


class QueueRequest(Struct, frozen=True, forbid_unknown_fields=True, tag="queue"):
    """What to ask next.

    `page` is the name that the page gave itself: of one page only the newest request is answered. `held` are not asked
    in this answer; of those in `renew` the page wants to know again what the model believes. `near_nm` is where the
    page is.
    """

    request: RequestText
    page: RequestText
    task: str
    count: Annotated[int, Meta(ge=1, le=100)]
    held: Annotated[list[Index], Meta(max_length=MOST_PASSED)]
    renew: Annotated[list[Index], Meta(max_length=8)]
    near_nm: XYZ | None


class AheadRequest(Struct, frozen=True, forbid_unknown_fields=True, tag="ahead"):
    """These rows will be looked at next, in this order: have their surroundings ready."""

    request: RequestText
    rows: Annotated[list[Index], Meta(max_length=8)]


class RefetchRequest(Struct, frozen=True, forbid_unknown_fields=True, tag="refetch"):
    """Try again to fetch what could not be fetched of a published release."""

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


ToServer = (
    LabelRequest
    | MarkRequest
    | SkipRequest
    | AcceptRequest
    | ProposeRequest
    | SimilarRequest
    | ClusterRequest
    | ClusterStopRequest
    | ClusterSelectRequest
    | CompareRequest
    | LayoutsRequest
    | ViewsRequest
    | QueueRequest
    | AheadRequest
    | ConflictsRequest
    | AdjudicateRequest
    | AgreementRequest
    | PeopleRequest
    | TrainOnRequest
    | ListRequest
    | LookRequest
    | CommentRequest
    | EvaluateRequest
    | ReviewRequest
    | UndoRequest
    | RedoRequest
    | TaskRequest
    | ClassRequest
    | LassoRequest
    | BrushRequest
    | NearRequest
    | GrowRequest
    | RefetchRequest
    | StepRequest
    | ClearRequest
    | ColorRequest
    | SegmentsRequest
    | EmbedRequest
)


class _Named(Struct, frozen=True):
    """What names a request, whatever else is wrong with it."""

    request: str


_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[ToServer] = msgspec.json.Decoder(ToServer)
_named: msgspec.json.Decoder[_Named] = msgspec.json.Decoder(_Named)


def encode(message: ToPage) -> str:
    """The text of one WebSocket frame to the page."""
    return _encoder.encode(message).decode()


def decode(frame: str | bytes) -> ToServer:
    """The message in one WebSocket frame from the page.

    Raises:
        BadMessage: the frame is not JSON, has an unknown type or field, or a value of the wrong kind.
    """
    try:
        return _decoder.decode(frame)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        reason = str(error).replace("`", "'")
        raise BadMessage(f"the server did not understand the page ({reason}): reload the page") from None


def request_of(frame: str | bytes) -> str | None:
    """The name of the request in a frame that may be no message of ours; None where it cannot be read."""
    try:
        return _named.decode(frame).request
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
