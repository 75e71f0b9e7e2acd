"""The columns of the embedding table that the page draws, as raw little-endian bodies without a header."""

from collections.abc import Callable

import numpy as np

from segclr.embeddings.table import EmbeddingTable
from segclr.explore.layout import Layout
from segclr_viewer.points import Points


class Columns:
    """Answers by name and version; None for what there is not, or not any more."""

    def __init__(
        self,
        table: EmbeddingTable,
        layout_named: Callable[[str], Layout | None],
        points_stamped: Callable[[str], Points | None],
        mask_named: Callable[[str], bytes | None],
        color_named: Callable[[str], bytes | None],
    ) -> None:
        """Take the table, and where layouts, predictions, masks and colours are found while the app runs."""
        self._table = table
        self._layout_named = layout_named
        self._points_stamped = points_stamped
        self._mask_named = mask_named
        self._color_named = color_named

    def positions(self, version: str) -> bytes | None:
        """Positions of all rows: float32 (n, 3), nm, xyz."""
        if version != self._table.version:
            return None
        return self._table.positions_nm.astype("<f4").tobytes()

    def segments(self, version: str) -> bytes | None:
        """Segment ids of all rows: uint64 (n,)."""
        if version != self._table.version:
            return None
        return np.repeat(self._table.segment_ids, np.diff(self._table.first_row)).astype("<u8").tobytes()

    def layout(self, layout_id: str) -> bytes | None:
        """Scatter coordinates of all rows: float32 x (n,), then float32 y (n,)."""
        layout = self._layout_named(layout_id)
        return None if layout is None else np.ascontiguousarray(layout.xy.T, "<f4").tobytes()

    def prediction(self, stamp: str) -> bytes | None:
        """Predictions of all rows: uint8 class (n,), then uint8 confidence (n,)."""
        points = self._points_stamped(stamp)
        return None if points is None else points.column()

    def mask(self, name: str) -> bytes | None:
        """A mask: one bit for each row, in words of 32 bits, the first row in the lowest bit of the first."""
        return self._mask_named(name)

    def color(self, name: str) -> bytes | None:
        """What the rows may be coloured by: uint8 (n,)."""
        return self._color_named(name)
