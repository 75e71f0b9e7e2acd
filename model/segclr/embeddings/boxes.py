"""Which rows lie in a box, found by the boxes of blocks of rows.

Rows are sorted by segment and node, so that a block of some consecutive rows is a stretch of one cell or a few, and
small. A search looks at every block's box and then only at the rows of blocks that meet the box asked for.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from segclr.em.geometry import XYZ
from segclr.errors import TableError

BLOCK_ROWS = 1024

_BLOCKS_AT_ONCE = 64


def block_boxes(positions_nm: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the (k, 2, 3) least and greatest x, y, z in nm of each block of `BLOCK_ROWS` rows.

    Args:
        positions_nm: (n, 3); read once, some blocks at a time.
    """
    n = len(positions_nm)
    boxes = np.empty((-(-n // BLOCK_ROWS), 2, 3))
    step = BLOCK_ROWS * _BLOCKS_AT_ONCE
    for start in range(0, n, step):
        some = np.asarray(positions_nm[start : start + step])
        first = np.arange(0, len(some), BLOCK_ROWS)
        at = start // BLOCK_ROWS
        boxes[at : at + len(first), 0] = np.minimum.reduceat(some, first, axis=0)
        boxes[at : at + len(first), 1] = np.maximum.reduceat(some, first, axis=0)
    return boxes


def blocks_meeting(boxes: NDArray[np.float64], low_nm: XYZ, high_nm: XYZ) -> Iterator[tuple[int, int]]:
    """Yield the runs of blocks, first and one after the last, in which rows of the box may lie; in O(blocks)."""
    meets = ((boxes[:, 0] < np.asarray(high_nm)) & (boxes[:, 1] >= np.asarray(low_nm))).all(axis=1)
    ends = np.flatnonzero(np.diff(np.concatenate(([0], meets.astype(np.int8), [0]))))
    yield from ((int(first), int(last)) for first, last in ends.reshape(-1, 2))


def inside(positions_nm: NDArray[np.float64], low_nm: XYZ, high_nm: XYZ) -> NDArray[np.int64]:
    """Return the indices of the (n, 3) positions with low <= position < high along every axis, ascending."""
    found: NDArray[np.bool_] = np.ones(len(positions_nm), np.bool_)
    for axis in range(3):
        found &= (positions_nm[:, axis] >= low_nm[axis]) & (positions_nm[:, axis] < high_nm[axis])
    return np.flatnonzero(found)


def check_box(low_nm: XYZ, high_nm: XYZ) -> None:
    """Refuse a box without an inside.

    Raises:
        TableError: A corner is NaN, or the low one is not below the high one along every axis.
    """
    if not all(low < high for low, high in zip(low_nm, high_nm, strict=True)):
        raise TableError(f"the box from {low_nm} to {high_nm} nm has no inside: give x, y, z of its low corner first")
