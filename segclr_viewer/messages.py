"""What the page asks of the server, and the coding of both directions: one JSON object per WebSocket frame.

The answers are in `answers.py`, with the rules on ids, units and rows that hold here too.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct, field

from segclr.errors import SegclrError
from segclr_viewer.answers import XY, XYZ, SegmentText, ToPage

RequestText = Annotated[str, Meta(min_length=1, max_length=64)]
Index = Annotated[int, Meta(ge=0, lt=2**53)]

_LARGEST_SEGMENT_ID = 2**64 - 1


class BadMessage(SegclrError, ValueError):  # noqa: N818 (names of states, not of errors)
    """A frame from the page that is no message of ours."""


class Target(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a label is for: exactly one of a table row and a remembered place."""

    row: Index | None = None
    place: Index | None = None

    def __post_init__(self) -> None:
        if (self.row is None) == (self.place is None):
            raise ValueError("a target is either a row or a place")


class LabelRequest(Struct, frozen=True, forbid_unknown_fields=True, tag="label"):
    """Give the target a class, or take its label back (class null)."""

    request: RequestText
    task: str
    class_index: Index | None = field(name="class")
    target: Target
    provenance: Literal["key", "lasso", "neighbour", "queue"]


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


class LassoRequest(Struct, frozen=True, forbid_unknown_fields=True, tag="lasso"):
    """Select the rows inside a polygon in the coordinates of a layout, or add them to the selection, or take them off.

    Rows predicted as one of the `hidden` classes are left out.
    """

    request: RequestText
    layout: str
    polygon: Annotated[list[XY], Meta(min_length=3, max_length=20_000)]
    mode: Literal["replace", "add", "subtract"]
    hidden: list[Index] = []


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


ToServer = (
    LabelRequest
    | UndoRequest
    | RedoRequest
    | TaskRequest
    | LassoRequest
    | ClearRequest
    | SegmentsRequest
    | EmbedRequest
)

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[ToServer] = msgspec.json.Decoder(ToServer)


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
