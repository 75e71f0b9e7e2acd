"""Positions, voxels and boxes: all in (x, y, z) order.

A position is in nm from the origin of the data set, which its volumes share whatever their mips and offsets; a voxel is
an index into one mip, with that mip's offset already included.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import floor, prod

XYZ = tuple[float, float, float]
IntXYZ = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Box:
    """Voxels of one mip, (x, y, z), half open: `start` is inside, `stop` is not."""

    start: IntXYZ
    stop: IntXYZ

    def __post_init__(self) -> None:
        if any(stop < start for start, stop in zip(self.start, self.stop, strict=True)):
            raise ValueError(f"box {self.start}..{self.stop} (xyz, voxels) ends before it starts")

    @classmethod
    def around(cls, centre: IntXYZ, size: int) -> Box:
        """Return the cube of odd edge `size` with `centre` in its middle."""
        if size < 1 or size % 2 == 0:
            raise ValueError(f"a cube of {size} voxels has no voxel in its middle; its size must be odd")
        x, y, z = centre
        half = size // 2
        return cls((x - half, y - half, z - half), (x + half + 1, y + half + 1, z + half + 1))

    @property
    def size(self) -> IntXYZ:
        x, y, z = (stop - start for start, stop in zip(self.start, self.stop, strict=True))
        return x, y, z

    @property
    def voxels(self) -> int:
        return prod(self.size)

    def intersect(self, other: Box) -> Box | None:
        """Return what both boxes hold, or None where that is not one voxel."""
        (ax, ay, az), (bx, by, bz) = self.start, other.start  # written out: it is asked for every chunk of a cutout
        x0, y0, z0 = max(ax, bx), max(ay, by), max(az, bz)
        (ax, ay, az), (bx, by, bz) = self.stop, other.stop
        x1, y1, z1 = min(ax, bx), min(ay, by), min(az, bz)
        if x1 <= x0 or y1 <= y0 or z1 <= z0:
            return None
        return Box((x0, y0, z0), (x1, y1, z1))

    def contains(self, voxel: IntXYZ) -> bool:
        return all(a <= v < b for a, v, b in zip(self.start, voxel, self.stop, strict=True))

    def slices_in(self, outer: Box) -> tuple[slice, slice, slice]:
        """Return the (z, y, x) slices that this box takes in an array that holds `outer`."""
        x, y, z = (
            slice(a - origin, b - origin) for a, b, origin in zip(self.start, self.stop, outer.start, strict=True)
        )
        return z, y, x


@dataclass(frozen=True, slots=True)
class Mip:
    """One resolution level of a volume; `box` is its extent in its own voxels, offset included."""

    resolution_nm: XYZ
    box: Box


def same_resolution(one_nm: XYZ, other_nm: XYZ) -> bool:
    """Whether two resolutions are the same to 1 %."""
    return all(abs(a - b) <= 0.01 * abs(b) for a, b in zip(one_nm, other_nm, strict=True))


def voxel_of(position_nm: XYZ, resolution_nm: XYZ) -> IntXYZ:
    """Return the voxel that holds the position: truncated, as the published cutouts are, never rounded.

    Below zero, where no published data are and truncation would count voxel 0 twice, the same rule is `floor`.
    """
    x, y, z = (floor(p / r) for p, r in zip(position_nm, resolution_nm, strict=True))
    return x, y, z


def centre_nm(voxel: IntXYZ, resolution_nm: XYZ) -> XYZ:
    """Return the position of the middle of a voxel."""
    x, y, z = ((v + 0.5) * r for v, r in zip(voxel, resolution_nm, strict=True))
    return x, y, z
