"""Kinds of values that many messages hold."""

from typing import Annotated

from msgspec import Meta, Struct

LARGEST_SEGMENT_ID = 2**64 - 1

XYZ = tuple[float, float, float]
XY = tuple[float, float]
Index = Annotated[int, Meta(ge=0, lt=2**53)]
RequestText = Annotated[str, Meta(min_length=1, max_length=64)]
SegmentText = Annotated[str, Meta(pattern="^[0-9]{1,20}$")]


class Ball(Struct, frozen=True, forbid_unknown_fields=True):
    """What lies within a radius of a place of the volume."""

    centre_nm: XYZ
    radius_nm: Annotated[float, Meta(gt=0)]
