"""A short way through a handful of places."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def short_path(positions_nm: NDArray[np.float64], start_nm: NDArray[np.float64] | None) -> NDArray[np.int64]:
    """Return an order of the places that is short to fly: nearest neighbour first, then improved by 2-opt (Croes 1958).

    Args:
        positions_nm: (n, 3), xyz; a queue's handful, the work of a round grows with n^2.
        start_nm: (3,) where the annotator is; without it the way starts at the first place.

    Returns:
        (n,) int64 indices of `positions_nm`; the end of the way is free.
    """
    if not len(positions_nm):
        return np.empty(0, np.int64)
    start = positions_nm[0] if start_nm is None else start_nm
    places = np.concatenate([start[None], positions_nm])
    apart = np.linalg.norm(places[:, None] - places[None], axis=2)
    return _improved(_nearest_first(apart), apart)[1:] - 1


def path_length_nm(positions_nm: NDArray[np.float64]) -> float:
    """Return the length of the way through (n, 3) places in their order."""
    return float(np.linalg.norm(np.diff(positions_nm, axis=0), axis=1).sum())


def _nearest_first(apart: NDArray[np.float64]) -> NDArray[np.int64]:
    """From place 0 always to the nearest that is left; of equals the first."""
    left = np.ones(len(apart), np.bool_)
    way = [0]
    left[0] = False
    while left.any():
        way.append(int(np.where(left, apart[way[-1]], np.inf).argmin()))
        left[way[-1]] = False
    return np.array(way, np.int64)


def _improved(way: NDArray[np.int64], apart: NDArray[np.float64]) -> NDArray[np.int64]:
    """Turn stretches round as long as that makes the way shorter; place 0 stays first."""
    better = True
    while better:
        better = False
        for first in range(1, len(way) - 1):
            before, last = way[first - 1], way[first + 1 :]
            saved = apart[before, way[first]] - apart[before, last]
            saved[:-1] += apart[last[:-1], last[1:]] - apart[way[first], last[1:]]
            best = int(saved.argmax())
            if saved[best] > 1e-6:  # nm; what is less is rounding, which could go round for ever
                way[first : first + best + 2] = way[first : first + best + 2][::-1].copy()
                better = True
    return way
