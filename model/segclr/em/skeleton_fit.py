"""Moving the nodes of a skeleton into its own segment: elsewhere the encoder would be shown another cell, or none."""

from __future__ import annotations

from dataclasses import replace
from math import ceil

import numpy as np

from segclr.em.geometry import XYZ, Box, IntXYZ, centre_nm, voxel_of
from segclr.em.skeleton import Skeleton
from segclr.em.volume import Volume


def onto_segment(skeleton: Skeleton, segmentation: Volume, reach_nm: float = 1000.0) -> Skeleton:
    """Move the nodes that are not on their own segment to the centre of its nearest voxel at the finest mip.

    Nodes further than `reach_nm` from their segment stay where they are.
    """
    moved = skeleton.nodes_nm.copy()
    for row, (x, y, z) in enumerate(skeleton.nodes_nm.tolist()):
        if segmentation.segment_at((x, y, z)) == skeleton.segment_id:
            continue
        for reach in (reach_nm / 8, reach_nm):
            found = _nearest_voxel(segmentation, (x, y, z), skeleton.segment_id, reach)
            if found is not None:
                moved[row] = centre_nm(found, segmentation.mips[0].resolution_nm)
                break
    return replace(skeleton, nodes_nm=moved)


def _nearest_voxel(segmentation: Volume, position_nm: XYZ, segment_id: int, reach_nm: float) -> IntXYZ | None:
    resolution_nm = segmentation.mips[0].resolution_nm
    centre = voxel_of(position_nm, resolution_nm)
    half = [ceil(reach_nm / r) for r in resolution_nm]
    x0, y0, z0 = (c - h for c, h in zip(centre, half, strict=True))
    x1, y1, z1 = (c + h + 1 for c, h in zip(centre, half, strict=True))
    own = np.argwhere(segmentation.mask(Box((x0, y0, z0), (x1, y1, z1)), segment_id))[:, ::-1] + (x0, y0, z0)
    if not len(own):
        return None
    distances_nm = np.linalg.norm((own + 0.5) * resolution_nm - position_nm, axis=1)
    nearest = int(np.argmin(distances_nm))
    if distances_nm[nearest] > reach_nm:
        return None
    x, y, z = own[nearest].tolist()
    return x, y, z
