"""Turning a layout so that it looks like an earlier one: a map that spins at every fit is no map."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FEWEST_SHARED = 3


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """`scale * (points - centre) @ rotation + target`; the rotation, (d, d), may reflect."""

    centre: NDArray[np.float64]
    rotation: NDArray[np.float64]
    scale: float
    target: NDArray[np.float64]

    def __call__(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Move points, (n, d)."""
        moved = self.scale * (np.asarray(points, np.float64) - self.centre) @ self.rotation + self.target
        return np.asarray(moved, np.float64)


def procrustes(points: NDArray[np.floating], target: NDArray[np.floating]) -> Motion | None:
    """The similarity that brings points nearest to where they were (Schönemann 1966; Gower 1975), reflection allowed.

    Args:
        points, target: (m, d), the same rows in both; rows that are not finite in either are left out.

    Returns:
        None where fewer than three rows are shared, or where all lie in one place: they tell no direction.
    """
    finite = np.isfinite(points).all(axis=1) & np.isfinite(target).all(axis=1)
    if finite.sum() < FEWEST_SHARED:
        return None
    here, there = np.asarray(points[finite], np.float64), np.asarray(target[finite], np.float64)
    centre, goal = here.mean(axis=0), there.mean(axis=0)
    here, there = here - centre, there - goal
    spread = float(np.square(here).sum())
    left, sizes, right = np.linalg.svd(here.T @ there)
    if spread <= 0 or sizes[0] <= 1e-12 * np.sqrt(spread * np.square(there).sum()):
        return None
    return Motion(centre, left @ right, float(sizes.sum()) / spread, goal)


def shared_rows(
    segments: NDArray[np.uint64],
    nodes: NDArray[np.int64],
    other_segments: NDArray[np.uint64],
    other_nodes: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Places in two lists of (segment, node) pairs, each without repetition, that hold the same pair."""
    _, here, there = np.intersect1d(_pairs(segments, nodes), _pairs(other_segments, other_nodes), True, True)
    return here.astype(np.int64), there.astype(np.int64)


def _pairs(segments: NDArray[np.uint64], nodes: NDArray[np.int64]) -> NDArray[np.void]:
    pairs = np.empty(len(segments), [("segment", np.uint64), ("node", np.int64)])
    pairs["segment"], pairs["node"] = segments, nodes
    return pairs
