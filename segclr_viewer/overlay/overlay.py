"""What the segmentation is painted with: every voxel as a code of predicted class and confidence.

A voxel takes the prediction of the nearest node of its own segment; segments without nodes and background stay
unpainted. Which node that is never changes and is kept per chunk; a repaint only swaps the table from row to code.
"""

from collections.abc import Callable

import fastremap
import numpy as np
from numpy.typing import NDArray

from segclr.em.geometry import Box
from segclr.em.volume import Volume
from segclr_viewer.overlay.byte_cache import ByteCache
from segclr_viewer.overlay.nearest import NearestNodes
from segclr_viewer.points import NO_CLASS, Points, Rest

NO_CODE = 0
CONFIDENCE_BINS = 8

_TOLD_OF = 4  # segments without rows, of each chunk


_NOT_YET = 255  # beyond all codes: of a row that may be predicted when it is painted


class Paint:
    """The colours of one moment, by 1 + row; 0 is what has no row. Any number of threads may ask.

    Attributes:
        codes: (n + 1,) uint8, see `code`; `_NOT_YET` for rows of a large table that nobody has looked at.
    """

    def __init__(self, points: Points | None = None) -> None:
        """Paint by these predictions, or nothing at all."""
        self._points = points
        self.codes = np.zeros(1, np.uint8)
        if points is not None:
            self.codes = np.zeros(len(points.classes) + 1, np.uint8)
            if points.rest is None:
                self.codes[1:] = _codes_of(points.classes, points.confidence)
            else:
                self.codes[1:] = _NOT_YET

    def codes_of(self, rows: NDArray[np.integer]) -> NDArray[np.uint8]:
        """Return the codes of 1 + rows, of any shape; rows that came after this moment have none."""
        known = rows if rows.max(initial=0) < len(self.codes) else np.where(rows < len(self.codes), rows, 0)
        codes = np.take(self.codes, known)
        if self._points is not None and self._points.rest is not None:
            late = codes == _NOT_YET
            if late.any():
                self._look_at(np.unique(known[late]) - 1, self._points, self._points.rest)
                codes = np.take(self.codes, known)
        return codes

    def parts_of(self, rows: NDArray[np.integer]) -> NDArray[np.uint8]:
        """Return 1 + the class of 1 + rows; 0 where nothing is predicted."""
        return _PART_OF_CODE[self.codes_of(rows)]

    def _look_at(self, rows: NDArray[np.integer], points: Points, rest: Rest) -> None:
        rest.predict_rows(rows)
        self.codes[1 + rows] = _codes_of(points.classes[rows], points.confidence[rows])


def code(class_index: int, confidence_bin: int) -> int:
    """The voxel value of a class and a confidence bin (0 to 7); NO_CODE is for voxels without prediction."""
    return 1 + class_index * CONFIDENCE_BINS + confidence_bin


_PART_OF_CODE = np.array([0, *(1 + each // CONFIDENCE_BINS for each in range(255))], np.uint8)


def _codes_of(classes: NDArray[np.uint8], confidence: NDArray[np.uint8]) -> NDArray[np.uint8]:
    known = classes != NO_CLASS
    given = np.where(known, classes, 0)
    codes: NDArray[np.uint8] = np.where(
        known, 1 + given * CONFIDENCE_BINS + confidence // (256 // CONFIDENCE_BINS), NO_CODE
    )
    return codes


class RowMaps:
    """1 + the row of the table that each voxel is nearest to, 0 for none; kept, and the same for every annotator."""

    def __init__(
        self,
        segmentation: Volume,
        nearest: NearestNodes,
        limit_bytes: int = 256 << 20,
        unknown: Callable[[list[int]], None] | None = None,
    ) -> None:
        """Keep nothing yet.

        Args:
            unknown: told of the largest segments of each new chunk that have no rows, from any thread.
        """
        self._unknown = unknown
        self.segmentation = segmentation
        self._nearest = nearest
        self._kept: ByteCache[tuple[int, int, Box], NDArray[np.int32]] = ByteCache(
            limit_bytes, lambda rows: rows.nbytes
        )
        self._paints: dict[str, tuple[Points, Paint]] = {}

    @property
    def bytes_held(self) -> int:
        """Size of what is kept."""
        return self._kept.bytes_held

    def of(self, box: Box, mip: int) -> NDArray[np.int32]:
        """Return the rows of a box, (z, y, x)."""
        segments = len(self._nearest.nodes.segment_ids)  # of a table that grows there are more later
        return self._kept.get((segments, mip, box), lambda: self._rows(box, mip))

    def paint(self, points: Points) -> Paint:
        """Return the tables that paint by these predictions; all overlays of a task share the newest."""
        newest = self._paints.get(points.task)
        if newest is None or newest[0] is not points:
            newest = self._paints[points.task] = (points, Paint(points))
        return newest[1]

    def _rows(self, box: Box, mip: int) -> NDArray[np.int32]:
        segments = self.segmentation.read(box, mip).astype(np.uint64, copy=False)
        if self._unknown is not None:
            self._tell_unknown(segments, self._unknown)
        return self._nearest.rows_of_voxels(segments, box, self.segmentation.mips[mip].resolution_nm)

    def _tell_unknown(self, segments: NDArray[np.uint64], tell: Callable[[list[int]], None]) -> None:
        ids, counts = fastremap.unique(segments, return_counts=True)
        largest = ids[np.argsort(-counts.astype(np.int64), kind="stable")].tolist()
        strangers = [each for each in largest if each and self._nearest.place_of(each) is None]
        if strangers:
            tell(strangers[:_TOLD_OF])


class Overlay:
    """One annotator's code volume at every mip; any thread may ask for chunks, also during a repaint."""

    def __init__(self, row_maps: RowMaps) -> None:
        self._row_maps = row_maps
        self.segmentation = row_maps.segmentation
        self.paint = Paint()

    def repaint(self, points: Points) -> None:
        """Paint by these predictions from the next chunk on."""
        self.paint = self._row_maps.paint(points)

    def chunk(self, box: Box, mip: int) -> NDArray[np.uint8]:
        """Return the codes of a box, (z, y, x)."""
        return self.paint.codes_of(self._row_maps.of(box, mip))
