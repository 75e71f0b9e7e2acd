"""Kinds of values that many messages hold."""

from typing import Annotated

from msgspec import Meta

XYZ = tuple[float, float, float]
XY = tuple[float, float]
RequestText = Annotated[str, Meta(min_length=1, max_length=64)]
SegmentText = Annotated[str, Meta(pattern="^[0-9]{1,20}$")]
