"""How well a map keeps the neighbourhoods of what it is a map of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segclr.explore.partition import make_partition
from segclr.explore.procrustes import procrustes

_ALL = 10**6  # probes: all centres, so that neighbours are exact
_JUDGED = 1500  # rows whose trustworthiness is computed


@dataclass(frozen=True, slots=True)
class Faithfulness:
    """Of some rows of a map.

    Attributes:
        kept_15, kept_50: the share of a row's nearest 15 or 50 rows in the embedding that are so on the map.
        trustworthiness: of the 15 nearest on the map (Venna and Kaski 2001), 1 if they are so in the embedding.
    """

    kept_15: float
    kept_50: float
    trustworthiness: float


def faithfulness(embeddings: NDArray[np.float32], xy: NDArray[np.floating], rows: NDArray[np.int64]) -> Faithfulness:
    """Judge where some rows of a whole map lie.

    Args:
        embeddings: (n, d).
        xy: (n, 2), the map.
        rows: those that are judged, among all others.
    """
    there, here = _neighbours(embeddings, rows, 50), _neighbours(np.asarray(xy, np.float32), rows, 50)
    judged = np.random.default_rng(0).permutation(len(rows))[:_JUDGED]
    return Faithfulness(
        _kept(there, here, 15), _kept(there, here, 50), trustworthiness(embeddings, rows[judged], here[judged, :15])
    )


def trustworthiness(embeddings: NDArray[np.float32], rows: NDArray[np.int64], near: NDArray[np.int64]) -> float:
    """By the definition, for some rows and the (r, k) rows nearest to them on the map."""
    n, k = len(embeddings), near.shape[1]
    penalty = 0.0
    for row, neighbours in zip(rows, near, strict=True):
        squared = np.square(embeddings - embeddings[row]).sum(axis=1)
        squared[row] = -1
        rank = np.searchsorted(np.sort(squared), squared[neighbours])  # 1 for the nearest other row
        penalty += float(np.maximum(rank - k, 0).sum())
    return 1 - 2 * penalty / (len(rows) * k * (2 * n - 3 * k - 1))


def distance_to_refit(
    xy: NDArray[np.floating], refit: NDArray[np.floating], fitted: NDArray[np.int64], rows: NDArray[np.int64]
) -> tuple[float, float]:
    """Median distance of rows from where the refit has them, and that of the fitted rows, as shares of its extent.

    The map is first turned so that its fitted rows lie nearest to the refit's. Two fits of the same data differ, so the
    second figure is what the first can be at best.
    """
    motion = procrustes(xy[fitted], refit[fitted])
    assert motion is not None
    away = np.linalg.norm(motion(xy) - refit, axis=1) / float(np.ptp(refit, axis=0).max())
    return float(np.median(away[rows])), float(np.median(away[fitted]))


def _neighbours(points: NDArray[np.float32], rows: NDArray[np.int64], k: int) -> NDArray[np.int64]:
    """The nearest other rows, nearest first."""
    found, _ = make_partition(points).nearest(points[rows], k + 1, probes=_ALL)
    others = found != rows[:, None]
    others[others.all(axis=1), -1] = False  # among many equal rows it may not have found itself
    return found[others].reshape(len(rows), k)


def _kept(there: NDArray[np.int64], here: NDArray[np.int64], k: int) -> float:
    return float(np.mean([len(np.intersect1d(a, b)) / k for a, b in zip(there[:, :k], here[:, :k], strict=True)]))
