"""Pictures of rows of the table: three sections through the place, side by side in one PNG.

They show as much as the encoder sees, but at the finest mip that is worth its pixels: at the encoder's voxels thin
processes have gaps. The row's own segment is bright; what the encoder does not get to see is faint, so that an
annotator can tell where the segment lies.
"""

import numpy as np
from numpy.typing import NDArray

from segclr.em.cutout import CutoutSpec, segment_mask
from segclr.em.geometry import XYZ, Box, voxel_of
from segclr.em.volume import Volume
from segclr.embeddings.table import EmbeddingTable
from segclr_viewer.overlay.byte_cache import ByteCache
from segclr_viewer.pictures import fitted, png
from segclr_viewer.scatter import Scatter

PLANE = 192  # pixels: edge of one section in the picture
GAP = 4

_VIEW_NM = 4000.0  # edge of what is shown where no encoder says how much it sees
_MOST_VOXELS = 260
_FAINT = 0.3


class CutoutPictures:
    """Makes and keeps the pictures. Any number of threads may ask."""

    def __init__(
        self,
        em: Volume | None,
        segmentation: Volume,
        table: EmbeddingTable,
        scatter: Scatter,
        spec: CutoutSpec | None,
        limit_bytes: int = 64 << 20,
    ) -> None:
        """Make none yet.

        Args:
            em: None shows the segment's shape alone.
            spec: what the encoder sees; None shows 4 um.
        """
        self._em = em
        self._segmentation = segmentation
        self._table = table
        self._scatter = scatter
        self._extent_nm = _VIEW_NM if spec is None else spec.size * max(spec.resolution_nm)
        self._made: ByteCache[int, bytes] = ByteCache(limit_bytes, len)

    def png(self, version: str, point: int) -> bytes | None:
        """The picture of a point: sections (y, x), (z, x), (z, y); None for another version or no point of the table.

        Raises:
            VolumeUnavailable: a volume cannot be read.
        """
        row = self._scatter.row(point)
        if version.partition("~")[0] != self._table.version or row is None:
            return None
        return self._made.get(row, lambda: self._make(row))

    def _make(self, row: int) -> bytes:
        x, y, z = (float(value) for value in self._table.positions_nm[row])
        segment = int(self._table.segment_of_rows(np.array([row]))[0])
        number, resolution_nm = self._mip()
        planes = [
            self._section(box, number, resolution_nm, segment).squeeze(axis)
            for axis, box in enumerate(self._boxes((x, y, z), resolution_nm))
        ]
        return png(side_by_side(planes, resolution_nm))

    def _mip(self) -> tuple[int, XYZ]:
        """Number and voxel of the finest mip that shows the extent in few enough voxels, else of the coarsest."""
        mips = (self._em or self._segmentation).mips
        fitting = [n for n, mip in enumerate(mips) if self._extent_nm / min(mip.resolution_nm) <= _MOST_VOXELS]
        number = fitting[0] if fitting else len(mips) - 1
        return number, mips[number].resolution_nm

    def _boxes(self, position_nm: XYZ, resolution_nm: XYZ) -> list[Box]:
        """The three sections through a position, one voxel thick in z, in y and in x."""
        centre = np.array(voxel_of(position_nm, resolution_nm))
        reach = np.minimum(self._extent_nm / 2 / np.array(resolution_nm), _MOST_VOXELS // 2).astype(int)
        boxes = []
        for normal in (2, 1, 0):
            half = np.where(np.arange(3) == normal, 0, reach)
            (x0, y0, z0), (x1, y1, z1) = (centre - half).tolist(), (centre + half + 1).tolist()
            boxes.append(Box((x0, y0, z0), (x1, y1, z1)))
        return boxes

    def _section(self, box: Box, mip: int, resolution_nm: XYZ, segment: int) -> NDArray[np.uint8]:
        mask = segment_mask(self._segmentation, box, resolution_nm, segment)
        grey = np.full(mask.shape, 255, np.uint8) if self._em is None else self._em.read(box, mip).view(np.uint8)
        faint = np.zeros(1) if self._em is None else grey * _FAINT
        return np.where(mask, grey, faint).astype(np.uint8)


def side_by_side(planes: list[NDArray[np.uint8]], resolution_nm: XYZ) -> NDArray[np.uint8]:
    """The planes (y, x), (z, x) and (z, y) in one grey picture, each PLANE pixels high, in true proportions."""
    x, y, z = resolution_nm
    voxels = ((y, x), (z, x), (z, y))
    scaled = [fitted(plane, *voxel, PLANE) for plane, voxel in zip(planes, voxels, strict=True)]
    picture = np.zeros((PLANE, len(scaled) * (PLANE + GAP) - GAP), np.uint8)
    for number, plane in enumerate(scaled):
        top, left = (PLANE - plane.shape[0]) // 2, (PLANE - plane.shape[1]) // 2 + number * (PLANE + GAP)
        picture[top : top + plane.shape[0], left : left + plane.shape[1]] = plane
    return picture
