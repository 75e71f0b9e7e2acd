"""What the encoder sees of a place: a cube of EM round it, with everything but its own segment set to zero.

As published (SegCLR, Dorkenwald et al. 2023): the centre is the position divided by the voxel size and truncated, the
cube is half open around it, out of bounds is zero, intensities are divided by 255 and not normalised otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from segclr.em.geometry import XYZ, Box, same_resolution, voxel_of
from segclr.errors import NoSegment

if TYPE_CHECKING:  # a spec is read without the libraries that read volumes
    from segclr.em.volume import Volume

Content = Literal["masked_em", "em", "mask"]


@dataclass(frozen=True, slots=True)
class CutoutSpec:
    """Which cubes an encoder was trained on.

    Attributes:
        size: edge in voxels, odd: an even cube has no voxel in its middle.
        content: EM of the segment alone, EM of everything, or the segment's shape (255) alone.
    """

    size: int
    resolution_nm: XYZ
    content: Content = "masked_em"

    def __post_init__(self) -> None:
        if self.size < 1 or self.size % 2 == 0:
            raise ValueError(f"a cutout of {self.size} voxels has no voxel in its middle; its size must be odd")


@dataclass(frozen=True, slots=True, eq=False)
class Cutout:
    """`image` is (z, y, x) uint8, zero outside the segment and outside the volume."""

    image: NDArray[np.uint8]
    segment_id: int
    position_nm: XYZ

    @property
    def is_empty(self) -> bool:
        """Whether nothing can be seen: the EM is black, as where it is missing, or the segment has no voxel here."""
        return not self.image.any()


def read_cutout(
    em: Volume | None, segmentation: Volume, position_nm: XYZ, spec: CutoutSpec, segment_id: int | None = None
) -> Cutout:
    """Cut out a position.

    Args:
        em: may be None for the content "mask".
        segment_id: the segment to keep; None for the one under the position at the segmentation's finest mip.

    Raises:
        NoSegment: the position is on background or outside the segmentation.
        VolumeUnavailable: a volume cannot be read, or the EM has no mip of the spec's resolution.
    """
    found = segmentation.segment_at(position_nm) if segment_id is None else segment_id
    if found == 0:
        x, y, z = position_nm
        raise NoSegment(
            f"there is no segment at ({x:.0f}, {y:.0f}, {z:.0f}) nm: background, or outside the segmentation"
        )
    box = Box.around(voxel_of(position_nm, spec.resolution_nm), spec.size)
    if spec.content == "mask":
        mask = segment_mask(segmentation, box, spec.resolution_nm, found)
        return Cutout(mask.view(np.uint8) * np.uint8(255), found, position_nm)
    if em is None:
        raise ValueError(f"a cutout with content {spec.content!r} needs an EM volume")
    image = em.read(box, em.mip_for(spec.resolution_nm)).view(np.uint8)
    if spec.content == "masked_em":
        image *= segment_mask(segmentation, box, spec.resolution_nm, found).view(np.uint8)
    return Cutout(image, found, position_nm)


def segment_mask(segmentation: Volume, box: Box, resolution_nm: XYZ, segment_id: int) -> NDArray[np.bool_]:
    """Return where a segment is on a grid that the segmentation need not have.

    Args:
        box: voxels of `resolution_nm`, counted from the origin of the data set.

    Returns:
        (z, y, x): per voxel of the box whether the voxel of the segmentation under its centre is the segment's. It is
        looked up in the mip of that resolution, else in the coarsest that is no coarser, else in the finest.
    """
    mip = _mip_to_sample(segmentation, resolution_nm)
    own_nm = segmentation.mips[mip].resolution_nm
    if same_resolution(own_nm, resolution_nm):
        return segmentation.mask(box, segment_id, mip)
    x, y, z = (
        np.floor((np.arange(a, b) + 0.5) * (grid / own)).astype(np.int64)
        for a, b, grid, own in zip(box.start, box.stop, resolution_nm, own_nm, strict=True)
    )
    start = (int(x[0]), int(y[0]), int(z[0]))
    fine = segmentation.mask(Box(start, (int(x[-1]) + 1, int(y[-1]) + 1, int(z[-1]) + 1)), segment_id, mip)
    sampled: NDArray[np.bool_] = fine[np.ix_(z - start[2], y - start[1], x - start[0])]
    return sampled


def cutout_as_float(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return intensities as the encoder takes them, 0 to 1."""
    return image.astype(np.float32) / np.float32(255)


def _mip_to_sample(segmentation: Volume, resolution_nm: XYZ) -> int:
    fitting = [
        index
        for index, mip in enumerate(segmentation.mips)
        if all(own <= grid * 1.01 for own, grid in zip(mip.resolution_nm, resolution_nm, strict=True))
    ]
    return max(fitting, key=lambda index: np.prod(segmentation.mips[index].resolution_nm), default=0)
