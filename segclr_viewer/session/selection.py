"""Selections of table rows: which rows a lasso encloses, and the capped summary that the viewer can show."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segclr.em.geometry import XYZ
from segclr.embeddings.table import EmbeddingTable
from segclr_viewer.wire.selecting import SelectMode

MAX_SEGMENTS = 200
MAX_MARKS = 1000

_BLOCK = 1 << 20  # rows looked at together


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


def rows_brushed(xy: NDArray[np.float32], path: Sequence[tuple[float, float]], radius: float) -> NDArray[np.int64]:
    """The points within `radius` of a line of one corner or more, its ends round, ascending.

    As with `rows_inside` the page evaluates the same expression in the same order.
    """
    found = np.zeros(len(xy), bool)
    x, y = xy[:, 0], xy[:, 1]
    for (ax, ay), (bx, by) in zip([path[0], *path[:-1]], path, strict=True):
        low_x, high_x, low_y, high_y = (
            min(ax, bx) - radius,
            max(ax, bx) + radius,
            min(ay, by) - radius,
            max(ay, by) + radius,
        )
        near = np.flatnonzero((x >= low_x) & (x <= high_x) & (y >= low_y) & (y <= high_y))
        near = near[~found[near]]
        px, py = x[near].astype(np.float64) - ax, y[near].astype(np.float64) - ay
        dx, dy = bx - ax, by - ay
        length2 = dx * dx + dy * dy
        along = np.clip((px * dx + py * dy) / length2, 0.0, 1.0) if length2 > 0 else np.zeros(len(near))
        ex, ey = px - along * dx, py - along * dy
        found[near[ex * ex + ey * ey <= radius * radius]] = True
    return np.flatnonzero(found)


def rows_near(positions_nm: NDArray[np.floating], centre_nm: XYZ, radius_nm: float) -> NDArray[np.int64]:
    """The rows within a radius of a place, ascending; the page evaluates the same expression in the same order."""
    found = [np.empty(0, np.int64)]
    for start in range(0, len(positions_nm), _BLOCK):
        block = positions_nm[start : start + _BLOCK]
        dx, dy, dz = (block[:, axis].astype(np.float64) - centre_nm[axis] for axis in range(3))
        found.append(start + np.flatnonzero(dx * dx + dy * dy + dz * dz <= radius_nm * radius_nm))
    return np.concatenate(found)


def along_skeleton(table: EmbeddingTable, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """The rows (ascending) and those that an edge joins to one of them."""
    chosen = np.zeros(len(table), bool)
    chosen[rows] = True
    one, other = table.edges[:, 0], table.edges[:, 1]
    grown = chosen.copy()
    grown[other[chosen[one]]] = True
    grown[one[chosen[other]]] = True
    return np.flatnonzero(grown)


def whole_cells(table: EmbeddingTable, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """All rows, ascending, of the segments that have one of these."""
    index = np.searchsorted(table.first_row, rows, side="right") - 1
    has = np.zeros(len(table.segment_ids), bool)
    has[index] = True
    return np.flatnonzero(np.repeat(has, np.diff(table.first_row)))


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


def combine(former: NDArray[np.int64], found: NDArray[np.int64], mode: SelectMode) -> NDArray[np.int64]:
    """The rows (ascending) that are selected when `found` meets the former selection."""
    match mode:
        case "add":
            return np.union1d(former, found)
        case "subtract":
            return np.setdiff1d(former, found, assume_unique=True)
        case "intersect":
            return np.intersect1d(former, found, assume_unique=True)
        case "replace":
            return found


def packed(rows: NDArray[np.int64], total: int) -> NDArray[np.uint8]:
    """A bit for each of `total` rows, the first in the lowest bit of the first byte, in whole words of 32 bits."""
    chosen = np.zeros(-(-total // 32) * 32, bool)
    chosen[rows] = True
    return np.packbits(chosen, bitorder="little")


def unpacked(bits: NDArray[np.uint8]) -> NDArray[np.int64]:
    """The rows whose bit is set, ascending."""
    return np.flatnonzero(np.unpackbits(bits, bitorder="little"))
