"""Which segments touch, and how far apart they are: neighbours in space share staining, focus and section."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist


def touching(labels: NDArray[np.int64], count: int) -> NDArray[np.bool_]:
    """(count, count): which items share a face of a voxel.

    Args:
        labels: (z, y, x), item of each voxel, -1 for none.
        count: of items.
    """
    found = np.zeros((count, count), np.bool_)
    for axis in range(3):
        ahead = labels.take(np.arange(1, labels.shape[axis]), axis)
        behind = labels.take(np.arange(labels.shape[axis] - 1), axis)
        meet = (ahead != behind) & (ahead >= 0) & (behind >= 0)
        found[ahead[meet], behind[meet]] = True
    return found | found.T


def gaps_nm(positions_nm: NDArray[np.float64], item: NDArray[np.int64], count: int) -> NDArray[np.float64]:
    """(count, count): the shortest way between two items' places.

    Args:
        positions_nm: (p, 3) places.
        item: (p,) item of each place; each of ``count`` has one.
        count: of items.
    """
    places = [positions_nm[item == index] for index in range(count)]
    gaps = np.zeros((count, count))
    for one, other in combinations(range(count), 2):
        gaps[one, other] = gaps[other, one] = cdist(places[one], places[other]).min()
    return gaps
