"""What the page asks of the server, and the coding of both directions: one JSON object per WebSocket frame.

The answers are in `answers.py`, with the rules on ids, units and rows that hold here too.
"""

from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from segclr.errors import SegclrError
from segclr_viewer.wire.annotators import AnnotatorsRequest
from segclr_viewer.wire.answers import ToPage
from segclr_viewer.wire.classes import ClassRequest
from segclr_viewer.wire.coloring import ColorRequest
from segclr_viewer.wire.comparing import CompareRequest
from segclr_viewer.wire.evaluation import EvaluateRequest, ReviewRequest
from segclr_viewer.wire.explore import ClusterRequest, ClusterSelectRequest, ClusterStopRequest, SimilarRequest
from segclr_viewer.wire.labelling import LabellingRequest
from segclr_viewer.wire.layouts import LayoutsRequest
from segclr_viewer.wire.listing import ListingRequest
from segclr_viewer.wire.selecting import SelectingRequest
from segclr_viewer.wire.types import XYZ, Index, RequestText
from segclr_viewer.wire.views import ViewsRequest

MOST_PASSED = 20_000  # rows that a page may hold back from the queue


class BadMessage(SegclrError, ValueError):  # noqa: N818 (names of states, not of errors)
    """A frame from the page that is no message of ours."""


class TaskRequest(Struct, frozen=True, forbid_unknown_fields=True, tag="task"):
    """Switch to another task."""

    request: RequestText
    name: str


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


ToServer = (
    LabellingRequest
    | ListingRequest
    | AnnotatorsRequest
    | EvaluateRequest
    | ReviewRequest
    | TaskRequest
    | ClassRequest
    | QueueRequest
    | AheadRequest
    | SelectingRequest
    | ColorRequest
    | ViewsRequest
    | LayoutsRequest
    | SimilarRequest
    | ClusterRequest
    | ClusterStopRequest
    | ClusterSelectRequest
    | CompareRequest
    | EmbedRequest
    | RefetchRequest
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
