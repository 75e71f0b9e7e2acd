"""The columns of the embedding table that the page draws, as raw little-endian bodies without a header."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from segclr.embeddings.table import EmbeddingTable
from segclr.explore.layout import Layout
from segclr_viewer.points import Points
from segclr_viewer.scatter import Scatter


class Columns:
    """Answers by name and version; None for what there is not, or not any more."""

    def __init__(
        self,
        table: EmbeddingTable,
        scatter: Scatter,
        layout_named: Callable[[str], Layout | None],
        points_stamped: Callable[[str], Points | None],
        mask_named: Callable[[str], bytes | None],
        color_named: Callable[[str], bytes | None],
    ) -> None:
        """Take the table, and where layouts, predictions, masks and colours are found while the app runs."""
        self._table = table
        self._scatter = scatter
        self._layout_named = layout_named
        self._points_stamped = points_stamped
        self._mask_named = mask_named
        self._color_named = color_named

    @property
    def are_lasting(self) -> bool:
        """Whether a name means the same bytes in every run: points that enter have another order in each."""
        return not self._scatter.may_grow

    def positions(self, version: str) -> bytes | None:
        """Positions of all points: float32 (m, 3), nm, xyz."""
        rows = self._rows(version)
        return None if rows is None else self._table.positions_nm[rows].astype("<f4").tobytes()

    def segments(self, version: str) -> bytes | None:
        """Segment ids of all points: uint64 (m,)."""
        rows = self._rows(version)
        return None if rows is None else self._table.segment_ids[self._places(rows)].astype("<u8").tobytes()

    def cells(self, version: str) -> bytes | None:
        """For all points the place of their segments in the table's list: uint32 (m,)."""
        rows = self._rows(version)
        return None if rows is None else self._places(rows).astype("<u4").tobytes()

    def layout(self, layout_id: str) -> bytes | None:
        """Scatter coordinates of all points: float32 x (m,), then float32 y (m,)."""
        layout = self._layout_named(layout_id)
        return None if layout is None else np.ascontiguousarray(layout.xy.T, "<f4").tobytes()

    def prediction(self, stamp: str) -> bytes | None:
        """Predictions of the points: uint8 class (m,), then uint8 confidence (m,)."""
        stamp, _, part = stamp.partition("~")  # of a large table: how many points, and which of them are predicted
        points = self._points_stamped(stamp)
        if points is None or self._scatter.is_whole:
            return None if points is None else points.column()
        rows = self._scatter.rows[: int(part.partition("-")[0])]
        return points.classes[rows].tobytes() + points.confidence[rows].tobytes()

    def mask(self, name: str) -> bytes | None:
        """A mask: one bit for each point, in words of 32 bits, the first point in the lowest bit of the first."""
        bits = self._mask_named(name)
        if bits is None:
            return None
        if self._scatter.is_whole:  # which may have grown since
            return bits.ljust(-(-len(self._scatter) // 32) * 4, b"\0")
        rows = self._scatter.rows
        chosen = np.zeros(-(-len(rows) // 32) * 32, np.uint8)
        chosen[: len(rows)] = (np.frombuffer(bits, np.uint8)[rows >> 3] >> (rows & 7).astype(np.uint8)) & 1
        return np.packbits(chosen, bitorder="little").tobytes()

    def color(self, name: str) -> bytes | None:
        """What the points may be coloured by: uint8 (m,)."""
        return self._color_named(name)

    def _places(self, rows: NDArray[np.int64]) -> NDArray[np.intp]:
        return np.searchsorted(self._table.first_row, rows, side="right") - 1

    def _rows(self, version: str) -> NDArray[np.int64] | None:
        """The rows of the points of that version, which may have got more since."""
        version, _, count = version.partition("~")
        rows = self._scatter.rows
        return None if version != self._table.version else rows[: int(count)] if count.isdigit() else rows
