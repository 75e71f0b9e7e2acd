"""Which rows lie in a box, found by the boxes of pieces of cells.

Rows are sorted by segment and node, so that some consecutive rows of one segment are a piece of a cell, and small; rows
of two segments may be far apart, whatever their ids. A search looks at every piece's box, and then only at the rows of
pieces whose box meets the one asked for.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from segclr.em.geometry import XYZ
from segclr.errors import TableError

PIECE_ROWS = 256


def first_rows_of_pieces(first_row: NDArray[np.int64]) -> NDArray[np.int64]:
    """Cut each segment into pieces of `PIECE_ROWS` rows, the last one shorter; return (k + 1,) first rows, n last.

    Args:
        first_row: (S + 1,) int64; the rows of segment i are `first_row[i]:first_row[i + 1]`.
    """
    counts = -(-np.diff(first_row) // PIECE_ROWS)
    piece = np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.append(np.repeat(first_row[:-1], counts) + piece * PIECE_ROWS, first_row[-1])


def piece_boxes(first_row: NDArray[np.int64], blocks: Iterable[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return the (k, 2, 3) least and greatest x, y, z in nm of each piece.

    Args:
        blocks: all positions, (n, 3) nm in blocks of any length.
    """
    firsts = first_rows_of_pieces(first_row)[:-1]
    boxes = np.empty((len(firsts), 2, 3))
    boxes[:, 0], boxes[:, 1] = np.inf, -np.inf
    start = 0
    for block in blocks:
        if len(block):
            begun = int(np.searchsorted(firsts, start, side="right")) - 1  # perhaps in the block before
            end = int(np.searchsorted(firsts, start + len(block)))
            at = np.maximum(firsts[begun:end] - start, 0)
            boxes[begun:end, 0] = np.minimum(boxes[begun:end, 0], np.minimum.reduceat(block, at, axis=0))
            boxes[begun:end, 1] = np.maximum(boxes[begun:end, 1], np.maximum.reduceat(block, at, axis=0))
            start += len(block)
    return boxes


def rows_near_box(
    boxes: NDArray[np.float64], first_row: NDArray[np.int64], low_nm: XYZ, high_nm: XYZ
) -> NDArray[np.int64]:
    """Return the rows of all pieces whose box meets the one asked for, ascending; in O(S + n / 256 + rows)."""
    meets: NDArray[np.bool_] = np.ones(len(boxes), np.bool_)
    for axis in range(3):
        meets &= (boxes[:, 0, axis] < high_nm[axis]) & (boxes[:, 1, axis] >= low_nm[axis])
    found = np.flatnonzero(meets)
    firsts = first_rows_of_pieces(first_row)
    counts = firsts[found + 1] - firsts[found]
    return np.repeat(firsts[found] - (np.cumsum(counts) - counts), counts) + np.arange(int(counts.sum()))


def inside(positions_nm: NDArray[np.float64], low_nm: XYZ, high_nm: XYZ) -> NDArray[np.bool_]:
    """Return (n,): whether low <= position < high along every axis, of (n, 3) positions."""
    found: NDArray[np.bool_] = np.ones(len(positions_nm), np.bool_)
    for axis in range(3):
        found &= (positions_nm[:, axis] >= low_nm[axis]) & (positions_nm[:, axis] < high_nm[axis])
    return found


def check_box(low_nm: XYZ, high_nm: XYZ) -> None:
    """Refuse a box without an inside.

    Raises:
        TableError: A corner is NaN, or the low one is not below the high one along every axis.
    """
    if not all(low < high for low, high in zip(low_nm, high_nm, strict=True)):
        raise TableError(f"the box from {low_nm} to {high_nm} nm has no inside: give x, y, z of its low corner first")
