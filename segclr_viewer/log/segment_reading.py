"""The segments under many positions, read from the segmentation volume in few pieces."""

import numpy as np
from numpy.typing import NDArray

from segclr.em.geometry import Box
from segclr.em.volume import Volume

_BLOCK_VOXELS = 64  # positions in one such cube are read together: a chunk or a few


def segments_at(volume: Volume, positions_nm: NDArray[np.float64]) -> NDArray[np.uint64]:
    """The segment under each position at the finest mip; 0 for background and outside the volume.

    Args:
        positions_nm: (n, 3), x y z.

    Returns:
        (n,) segment ids.

    Raises:
        VolumeUnavailable: a chunk cannot be read.
    """
    voxels = np.floor(positions_nm / np.array(volume.mips[0].resolution_nm)).astype(np.int64)
    _, block_of = np.unique(voxels // _BLOCK_VOXELS, axis=0, return_inverse=True)
    order = np.argsort(block_of.ravel(), kind="stable")
    found = np.zeros(len(voxels), np.uint64)
    for members in np.split(order, np.flatnonzero(np.diff(block_of.ravel()[order])) + 1):
        if len(members):
            (x0, y0, z0), (x1, y1, z1) = voxels[members].min(0).tolist(), (voxels[members].max(0) + 1).tolist()
            ids = volume.read(Box((x0, y0, z0), (x1, y1, z1)))
            x, y, z = (voxels[members] - [x0, y0, z0]).T
            found[members] = ids[z, y, x].astype(np.uint64)
    return found
