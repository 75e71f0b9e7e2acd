"""A segmentation read at every n-th voxel, for what needs the shapes of whole cells and not each voxel."""

from __future__ import annotations

from itertools import pairwise, product
from math import ceil, prod

import numpy as np
from numpy.typing import NDArray

from segclr.em.geometry import XYZ, Box, IntXYZ
from segclr.em.volume import Volume

_EDGES_NM = (16.0, 24.0, 32.0, 48.0, 64.0)
_TILE = 64  # edge, in voxels of the grid, of what is read at once: bounds the memory that the voxels between take


class SampledGrid:
    """Of every group of `step` voxels of a mip the middle one. Its own voxels are counted from 0.

    Attributes:
        step: (x, y, z) voxels of the mip per voxel of the grid.
        bounds: of the grid.
    """

    def __init__(self, segmentation: Volume, mip: int, easy_voxels: int) -> None:
        """Choose the step: the first of 16, 24, ... 64 nm that makes at most `easy_voxels`, else 64 nm."""
        self._segmentation = segmentation
        self._mip = mip
        level = segmentation.mips[mip]
        self._resolution_nm = level.resolution_nm
        for edge_nm in _EDGES_NM:
            self.step = _step(level.resolution_nm, level.box.size, edge_nm)
            x, y, z = (ceil((n - s // 2) / s) for n, s in zip(level.box.size, self.step, strict=True))
            self.bounds = Box((0, 0, 0), (x, y, z))
            if self.bounds.voxels <= easy_voxels:
                break
        x, y, z = (start + s // 2 for start, s in zip(level.box.start, self.step, strict=True))
        self._first: IntXYZ = (x, y, z)

    @property
    def voxel_nm(self) -> XYZ:
        x, y, z = (r * s for r, s in zip(self._resolution_nm, self.step, strict=True))
        return x, y, z

    @property
    def mip_voxels(self) -> int:
        """How many voxels of the mip one of the grid stands for."""
        return prod(self.step)

    def blocks(self, edge: int) -> list[Box]:
        """Cut the grid into boxes of nearly equal size, none longer than `edge`."""
        borders = [np.linspace(0, n, ceil(n / edge) + 1).astype(int).tolist() for n in self.bounds.size]
        return [
            Box((x0, y0, z0), (x1, y1, z1)) for (x0, x1), (y0, y1), (z0, z1) in product(*(pairwise(b) for b in borders))
        ]

    def read(self, block: Box) -> NDArray[np.uint64]:
        """Return the ids of a box of the grid, (z, y, x)."""
        out = np.empty(block.size[::-1], np.uint64)
        sx, sy, sz = self.step
        tiles = [range(a, b, _TILE) for a, b in zip(block.start, block.stop, strict=True)]
        for x0, y0, z0 in product(*tiles):
            x1, y1, z1 = (min(c + _TILE, b) for c, b in zip((x0, y0, z0), block.stop, strict=True))
            tile = Box((x0, y0, z0), (x1, y1, z1))
            x, y, z = (f + c * s for f, c, s in zip(self._first, tile.start, self.step, strict=True))
            nx, ny, nz = ((n - 1) * s + 1 for n, s in zip(tile.size, self.step, strict=True))
            full = self._segmentation.read(Box((x, y, z), (x + nx, y + ny, z + nz)), self._mip)
            out[tile.slices_in(block)] = full[::sz, ::sy, ::sx]
        return out

    def centres_nm(self, voxels: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the centres of the voxels of the mip that were taken for these (n, 3) xyz voxels of the grid."""
        taken = voxels * np.array(self.step) + np.array(self._first)
        return np.asarray((taken + 0.5) * np.array(self._resolution_nm), np.float64)


def _step(resolution_nm: XYZ, size: IntXYZ, edge_nm: float) -> IntXYZ:
    x, y, z = (min(max(1, int(edge_nm // r)), n) for r, n in zip(resolution_nm, size, strict=True))
    return x, y, z
