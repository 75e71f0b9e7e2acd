"""What the page asks to be selected, in the scatter, the volume or the viewer; rules as in `answers.py`."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from segclr_viewer.wire.types import LARGEST_SEGMENT_ID, XY, Ball, RequestText, SegmentText

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
            if int(text) > LARGEST_SEGMENT_ID:
                raise ValueError(f"{text} is larger than a 64-bit segment id")


SelectingRequest = (
    LassoRequest | BrushRequest | NearRequest | GrowRequest | StepRequest | ClearRequest | SegmentsRequest
)
