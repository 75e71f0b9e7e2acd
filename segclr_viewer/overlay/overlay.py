"""What the segmentation is painted with: every voxel as a code of predicted class and confidence.

A voxel takes the prediction of the nearest node of its own segment; segments without nodes and background stay
unpainted. Which node that is never changes and is kept per chunk; a repaint only swaps the table from row to code.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segclr.em.geometry import Box
from segclr.em.volume import Volume
from segclr_viewer.overlay.byte_cache import ByteCache
from segclr_viewer.overlay.nearest import NearestNodes
from segclr_viewer.points import NO_CLASS, Points

NO_CODE = 0
CONFIDENCE_BINS = 8


@dataclass(frozen=True, slots=True)
class Paint:
    """The colours of one moment, as tables over 1 + row; entry 0 is for what has no row.

    Attributes:
        codes: uint8, see `code`.
        parts: uint8, 1 + class, 0 where nothing is predicted.
    """

    codes: NDArray[np.uint8]
    parts: NDArray[np.uint8]


def code(class_index: int, confidence_bin: int) -> int:
    """The voxel value of a class and a confidence bin (0 to 7); NO_CODE is for voxels without prediction."""
    return 1 + class_index * CONFIDENCE_BINS + confidence_bin


def paint_of(points: Points) -> Paint:
    """The tables that paint by these predictions."""
    known = points.classes != NO_CLASS
    classes = np.where(known, points.classes, 0)
    codes = np.zeros(len(classes) + 1, np.uint8)
    codes[1:] = np.where(known, 1 + classes * CONFIDENCE_BINS + points.confidence // (256 // CONFIDENCE_BINS), NO_CODE)
    parts = np.zeros(len(classes) + 1, np.uint8)
    parts[1:] = np.where(known, 1 + classes, 0)
    return Paint(codes, parts)


class RowMaps:
    """1 + the row of the table that each voxel is nearest to, 0 for none; kept, and the same for every annotator."""

    def __init__(self, segmentation: Volume, nearest: NearestNodes, limit_bytes: int = 256 << 20) -> None:
        self.segmentation = segmentation
        self.row_count = len(nearest.nodes.positions_nm)
        self._nearest = nearest
        self._kept: ByteCache[tuple[int, Box], NDArray[np.int32]] = ByteCache(limit_bytes, lambda rows: rows.nbytes)
        self._paints: dict[str, tuple[Points, Paint]] = {}

    @property
    def bytes_held(self) -> int:
        """Size of what is kept."""
        return self._kept.bytes_held

    def of(self, box: Box, mip: int) -> NDArray[np.int32]:
        """Return the rows of a box, (z, y, x)."""
        return self._kept.get((mip, box), lambda: self._rows(box, mip))

    def paint(self, points: Points) -> Paint:
        """Return the tables that paint by these predictions; all overlays of a task share the newest."""
        newest = self._paints.get(points.task)
        if newest is None or newest[0] is not points:
            newest = self._paints[points.task] = (points, paint_of(points))
        return newest[1]

    def _rows(self, box: Box, mip: int) -> NDArray[np.int32]:
        segments = self.segmentation.read(box, mip).astype(np.uint64, copy=False)
        return self._nearest.rows_of_voxels(segments, box, self.segmentation.mips[mip].resolution_nm)


class Overlay:
    """One annotator's code volume at every mip; any thread may ask for chunks, also during a repaint."""

    def __init__(self, row_maps: RowMaps) -> None:
        self._row_maps = row_maps
        self.segmentation = row_maps.segmentation
        nothing = np.zeros(row_maps.row_count + 1, np.uint8)
        self.paint = Paint(nothing, nothing)

    def repaint(self, points: Points) -> None:
        """Paint by these predictions from the next chunk on."""
        self.paint = self._row_maps.paint(points)

    def chunk(self, box: Box, mip: int) -> NDArray[np.uint8]:
        """Return the codes of a box, (z, y, x)."""
        return np.take(self.paint.codes, self._row_maps.of(box, mip))
