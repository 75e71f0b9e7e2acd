"""Points in cells of several levels, as Neuroglancer's spatial index of annotations has them.

A coarse level holds a random sample of the points, finer ones the rest: a viewer fetches as many as it can show.
Format: google/neuroglancer, src/datasource/precomputed/annotations.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

POINTS_PER_CELL = 5000
_MOST_LEVELS = 16
_ROWS_AT_ONCE = 1 << 20


@dataclass(frozen=True, slots=True, eq=False)
class Level:
    """Some of the points, by cell.

    Attributes:
        grid: cells along x, y, z.
        cell_size: of a cell along x, y, z, in the unit of the points.
        cells: (k, 3) int64, xyz: cells with points.
        codes: (k,) uint64, ascending: their compressed Morton codes.
        points: their indices, cell by cell, in random order within a cell.
        first: (k + 1,) int64; those of cell i are `points[first[i]:first[i + 1]]`.
    """

    grid: tuple[int, int, int]
    cell_size: NDArray[np.float64]
    cells: NDArray[np.int64]
    codes: NDArray[np.uint64]
    points: NDArray[np.integer]
    first: NDArray[np.int64]

    def to_json(self, key: str) -> dict[str, object]:
        """As an entry of `spatial` in the layer's `info`, without its sharding."""
        most = int(np.diff(self.first).max())
        return {"key": key, "grid_shape": list(self.grid), "chunk_size": self.cell_size.tolist(), "limit": most}


def levels_of(
    positions: NDArray[np.float32], lower: NDArray[np.float64], extent: NDArray[np.float64], limit: int
) -> Iterator[Level]:
    """Yield levels, the one with one cell first, until every point is in one; some 40 bytes of memory a point.

    Every cell of a level gives the same share of its points, at random, so that none has more than `limit`, but for the
    last level. The same for the same arguments.

    Args:
        positions: (n, 3), n > 0, within `extent` of `lower` along each axis; may be mapped.
    """
    left = np.random.default_rng(0).permutation(np.arange(len(positions), dtype=_index_type(len(positions))))
    grid = np.ones(3, np.int64)
    for level in range(_MOST_LEVELS):
        size = extent / grid
        codes = _codes(positions, left, lower, size, grid)
        order = np.argsort(codes, kind="stable")  # within a cell the order stays random
        left, codes = left[order], codes[order]
        del order
        starts = np.flatnonzero(np.concatenate([[True], codes[1:] != codes[:-1]]))
        counts = np.diff(starts, append=len(codes))
        found = codes[starts]
        del codes
        share = 1.0 if level == _MOST_LEVELS - 1 else min(1.0, limit / int(counts.max()))
        taken = np.maximum(1, (counts * share).astype(np.int64))
        chosen = _first_of_each(starts, taken, len(left))
        x, y, z = grid.tolist()
        cells = _cells(positions[left[starts]], lower, size, grid)
        yield Level((x, y, z), size, cells, found, left[chosen], np.append(0, np.cumsum(taken)))
        left = left[~chosen]
        if not len(left):
            return
        grid = np.where(size > size.max() / np.sqrt(2), 2 * grid, grid)


def _first_of_each(starts: NDArray[np.int64], taken: NDArray[np.int64], count: int) -> NDArray[np.bool_]:
    """Return (count,) whether a point is among the first `taken` of its cell, in one byte a point."""
    steps = np.zeros(count + 1, np.int8)
    steps[starts] += 1
    steps[starts + taken] -= 1  # none twice: a cell gives at least one point
    return np.cumsum(steps[:-1], dtype=np.int8).view(np.bool_)


def compressed_morton(cells: NDArray[np.integer], grid: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Return the code of each (x, y, z) cell: the bits of all axes interleaved, from the lowest, as far as they go.

    Args:
        cells: (n, 3), each from 0 to below `grid` along its axis.
    """
    codes = np.zeros(len(cells), np.uint64)
    at = 0
    for bit in range(int(grid.max()).bit_length()):
        for axis in range(3):
            if 1 << bit < int(grid[axis]):
                codes |= ((cells[:, axis].astype(np.uint64) >> np.uint64(bit)) & np.uint64(1)) << np.uint64(at)
                at += 1
    return codes


def _codes(
    positions: NDArray[np.float32],
    points: NDArray[np.integer],
    lower: NDArray[np.float64],
    size: NDArray[np.float64],
    grid: NDArray[np.int64],
) -> NDArray[np.uint64]:
    codes = np.empty(len(points), np.uint64)
    for start in range(0, len(points), _ROWS_AT_ONCE):
        some = slice(start, start + _ROWS_AT_ONCE)
        codes[some] = compressed_morton(_cells(positions[points[some]], lower, size, grid), grid)
    return codes


def _cells(
    positions: NDArray[np.float32], lower: NDArray[np.float64], size: NDArray[np.float64], grid: NDArray[np.int64]
) -> NDArray[np.int64]:
    return np.minimum((positions - lower) // size, grid - 1).astype(np.int64)


def _index_type(count: int) -> type[np.integer]:
    return np.uint32 if count < 1 << 32 else np.int64
