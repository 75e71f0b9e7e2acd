"""The surface of one segment inside a box."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor

import numpy as np
import zmesh
from numpy.typing import NDArray

from segclr.em.geometry import XYZ, Box
from segclr.em.volume import Volume


@dataclass(frozen=True, slots=True, eq=False)
class Mesh:
    """A closed triangle mesh.

    Attributes:
        vertices_nm: (n, 3) float32, xyz.
        faces: (m, 3) uint32, rows of `vertices_nm`, counter-clockwise seen from outside.
    """

    vertices_nm: NDArray[np.float32]
    faces: NDArray[np.uint32]


def mesh_segment(
    segmentation: Volume,
    segment_id: int,
    low_nm: XYZ,
    high_nm: XYZ,
    max_voxels: int = 40_000_000,
    reduction_factor: int = 0,
) -> Mesh:
    """Mesh what of a segment lies between two corners, cut surfaces closed.

    The finest mip is taken at which the box has at most `max_voxels`; where even the coarsest has more, every n-th
    voxel of that. Empty where the segment is not.

    Args:
        reduction_factor: how many times fewer triangles to aim at, moving the surface by a voxel at most; 0 for all.
    """
    mip, box, step = _grid(segmentation, low_nm, high_nm, max_voxels)
    if not box.voxels:
        return _nothing()
    mask = _sampled_mask(segmentation, segment_id, mip, box, step)
    occupied = [np.flatnonzero(mask.any(axis=axes)) for axes in ((1, 2), (0, 2), (0, 1))]
    if not occupied[0].size:
        return _nothing()
    first = [int(rows[0]) for rows in occupied]
    tight = mask[tuple(slice(int(rows[0]), int(rows[-1]) + 1) for rows in occupied)]
    voxel_nm = np.multiply(segmentation.mips[mip].resolution_nm, step)
    # one voxel of background all around closes the surface where the box cuts the segment
    mesher = zmesh.Mesher(tuple(voxel_nm))
    mesher.mesh(np.pad(tight, 1).T)
    surface = mesher.get(1, reduction_factor=reduction_factor, voxel_centered=True)
    corner_nm = np.multiply(box.start, segmentation.mips[mip].resolution_nm) + (np.array(first[::-1]) - 1) * voxel_nm
    return Mesh((surface.vertices + corner_nm).astype(np.float32), surface.faces.astype(np.uint32))


def _nothing() -> Mesh:
    return Mesh(np.zeros((0, 3), np.float32), np.zeros((0, 3), np.uint32))


def _grid(segmentation: Volume, low_nm: XYZ, high_nm: XYZ, max_voxels: int) -> tuple[int, Box, int]:
    """Return the mip, the box in its voxels clipped to the volume, and the distance between the voxels to take."""
    for mip, level in enumerate(segmentation.mips):
        x0, y0, z0 = (floor(a / r) for a, r in zip(low_nm, level.resolution_nm, strict=True))
        x1, y1, z1 = (ceil(b / r) for b, r in zip(high_nm, level.resolution_nm, strict=True))
        asked = Box((x0, y0, z0), (max(x0, x1), max(y0, y1), max(z0, z1)))
        box = asked.intersect(level.box) or Box(level.box.start, level.box.start)
        if box.voxels <= max_voxels:
            return mip, box, 1
    return mip, box, ceil((box.voxels / max_voxels) ** (1 / 3))


def _sampled_mask(segmentation: Volume, segment_id: int, mip: int, box: Box, step: int) -> NDArray[np.bool_]:
    """Return the segment's mask at every `step`-th voxel, (z, y, x), without holding all the others at once."""
    if step == 1:
        return segmentation.mask(box, segment_id, mip)
    (x0, y0, z0), (x1, y1, z1) = box.start, box.stop
    sections = [
        segmentation.mask(Box((x0, y0, z), (x1, y1, z + 1)), segment_id, mip)[:, ::step, ::step]
        for z in range(z0, z1, step)
    ]
    return np.concatenate(sections)
