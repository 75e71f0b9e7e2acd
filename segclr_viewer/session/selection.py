"""Selections of table rows: which rows a lasso encloses, and the capped summary that the viewer can show."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from segclr.em.geometry import XYZ
from segclr.embeddings.table import EmbeddingTable

MAX_SEGMENTS = 200
MAX_MARKS = 1000


@dataclass(frozen=True, slots=True)
class Picked:
    """Selected rows and what of them is shown.

    Attributes:
        rows: (k,) int64, ascending.
        segments: ids of the segments with most selected rows, most first, at most MAX_SEGMENTS.
        segment_total: how many segments have selected rows.
        mark_rows: at most MAX_MARKS of the rows, spread evenly over all of them.
        marks_nm: their positions.
        note: what is left out, empty when nothing is.
    """

    rows: NDArray[np.int64]
    segments: tuple[int, ...]
    segment_total: int
    mark_rows: tuple[int, ...]
    marks_nm: tuple[XYZ, ...]
    note: str


NOTHING = Picked(np.zeros(0, np.int64), (), 0, (), (), "")


def rows_inside(xy: NDArray[np.float32], polygon: Sequence[tuple[float, float]]) -> NDArray[np.int64]:
    """The points inside a polygon by the even-odd rule, ascending.

    The page finds them too, by the same expression in the same order in float64, so both select the same points bit for
    bit. Points outside the bounding box, and NaN, are never inside.

    Args:
        xy: (n, 2), the layout.
        polygon: its corners in layout coordinates; it is closed by itself and may cross itself.
    """
    corner_x, corner_y = np.array(polygon, np.float64).T
    x, y = xy[:, 0], xy[:, 1]
    near = np.flatnonzero((x >= corner_x.min()) & (x <= corner_x.max()) & (y >= corner_y.min()) & (y <= corner_y.max()))
    # An edge is crossed only by points between its ends in y: of points sorted by y that is one slice.
    near = near[np.argsort(y[near], kind="stable")]
    x, y = x[near].astype(np.float64), y[near].astype(np.float64)
    odd = np.zeros(len(near), bool)
    for i in range(len(corner_x)):
        j = i - 1
        low, high = sorted((corner_y[i], corner_y[j]))
        between = slice(*np.searchsorted(y, (low, high)))
        run, rise = corner_x[j] - corner_x[i], corner_y[j] - corner_y[i]
        if low < high:
            odd[between] ^= x[between] < corner_x[i] + (run * (y[between] - corner_y[i])) / rise
    return np.sort(near[odd])


def pick(table: EmbeddingTable, rows: NDArray[np.int64]) -> Picked:
    """Summarise the selection of these rows (ascending) of the table."""
    index, counts = np.unique(np.searchsorted(table.first_row, rows, side="right") - 1, return_counts=True)
    shown = index[np.argsort(-counts, kind="stable")][:MAX_SEGMENTS]
    every = np.unique(np.linspace(0, len(rows) - 1, min(len(rows), MAX_MARKS)).round().astype(np.int64))
    marks = rows[every]
    left_out = []
    if len(index) > len(shown):
        left_out.append(f"{len(shown)} of {len(index)} segments")
    if len(rows) > len(marks):
        left_out.append(f"{len(marks)} of {len(rows)} points")
    return Picked(
        rows=rows,
        segments=tuple(table.segment_ids[shown].tolist()),
        segment_total=len(index),
        mark_rows=tuple(marks.tolist()),
        marks_nm=tuple((x, y, z) for x, y, z in table.positions_nm[marks].tolist()),
        note=f"showing {' and '.join(left_out)}" if left_out else "",
    )


def rows_of_segments(table: EmbeddingTable, segment_ids: Sequence[int]) -> NDArray[np.int64]:
    """The rows of these segments, ascending; segments that the table does not have give none."""
    slices = [table.rows_of(segment_id) for segment_id in sorted(set(segment_ids))]
    return np.concatenate([np.zeros(0, np.int64), *(np.arange(s.start, s.stop, dtype=np.int64) for s in slices)])


def combine(
    former: NDArray[np.int64], found: NDArray[np.int64], mode: Literal["replace", "add", "subtract"]
) -> NDArray[np.int64]:
    """The rows (ascending) that are selected when `found` meets the former selection."""
    if mode == "add":
        return np.union1d(former, found)
    if mode == "subtract":
        return np.setdiff1d(former, found)
    return found
