"""Whether clusters are there again when the cells are drawn anew."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from segclr.explore.clustering import UNCLUSTERED, Clustering, Method, cluster

_MOST_ROWS = 10_000  # of a repeat


@dataclass(frozen=True, slots=True, eq=False)
class Stability:
    """Attributes:
    adjusted_rand: (repeats,) agreement with the clusters in question, 1 for the same, 0 for chance; the unclustered
        count as a group.
    jaccard: (clusters,) how much of each is found again, on the average of the repeats that have rows of it, NaN if
        none has. By Hennig's rule of thumb, below 0.6 a cluster is not to be trusted, above 0.85 it is very stable.
    """

    adjusted_rand: NDArray[np.float64]
    jaccard: NDArray[np.float64]


def stability(
    points: NDArray[np.floating],
    clustering: Clustering,
    method: Method,
    cells: NDArray[np.integer] | None = None,
    repeats: int = 20,
    progress: Callable[[float], None] = lambda share: None,
) -> Stability:
    """Cluster bootstrap samples and compare (Hennig 2007).

    Args:
        points: (n, d), as they were clustered.
        clustering: the clusters in question.
        method: by which they were found.
        cells: (n,) the cell of each row. Cells are drawn with all their rows, since nodes of one cell are no
            independent witnesses; None to draw rows.
        repeats: how many samples.
        progress: told the share that is done. What it raises ends the work.
    """
    rng = np.random.default_rng(method.seed)
    groups = np.arange(len(points)) if cells is None else np.unique(cells, return_inverse=True)[1]
    rand, jaccard = np.ones(repeats), np.full((repeats, clustering.count), np.nan)
    for repeat in range(repeats):
        rows = _drawn(groups, rng)
        if len(rows) > _MOST_ROWS:
            rows = np.sort(rng.choice(rows, _MOST_ROWS, replace=False))
        share = len(rows) / max(1, len(points))
        smaller = replace(method, least_size=max(2, round(method.least_size * share)), seed=method.seed + repeat + 1)
        again = cluster(points[rows], smaller).labels
        rand[repeat] = adjusted_rand(clustering.labels[rows], again)
        jaccard[repeat] = found_again(clustering.labels[rows], again, clustering.count)
        progress((repeat + 1) / repeats)
    seen = np.isfinite(jaccard)
    total = np.where(seen, jaccard, 0).sum(axis=0)
    return Stability(rand, np.where(seen.any(axis=0), total / np.maximum(seen.sum(axis=0), 1), np.nan))


def _drawn(groups: NDArray[np.integer], rng: np.random.Generator) -> NDArray[np.int64]:
    """The rows of groups drawn with replacement, each once."""
    count = int(groups.max(initial=-1)) + 1
    chosen = np.zeros(count, bool)
    chosen[rng.integers(0, max(count, 1), count)] = True
    return np.flatnonzero(chosen[groups])


def adjusted_rand(first: NDArray[np.integer], second: NDArray[np.integer]) -> float:
    """Agreement of two groupings of the same rows beyond chance (Hubert and Arabie 1985); 1 for the same groups."""
    table = _contingency(first, second)
    pairs = _pairs(table).sum()
    rows, columns = _pairs(table.sum(axis=1)).sum(), _pairs(table.sum(axis=0)).sum()
    chance = rows * columns / max(_pairs(np.array(float(len(first)))), 1)
    most = (rows + columns) / 2
    return 1.0 if most == chance else float((pairs - chance) / (most - chance))


def found_again(first: NDArray[np.integer], second: NDArray[np.integer], count: int) -> NDArray[np.float64]:
    """(count,) for each cluster of the first, its Jaccard index with the cluster of the second that is most like it.

    NaN for clusters without rows; being unclustered is like no cluster.
    """
    best = np.full(count, np.nan)
    kept = second != UNCLUSTERED
    for label in range(count):
        own = first == label
        if own.any():
            others, shared = np.unique(second[own & kept], return_counts=True)
            sizes = np.array([np.count_nonzero(second == other) for other in others])
            best[label] = np.max(shared / (own.sum() + sizes - shared), initial=0.0)
    return best


def _contingency(first: NDArray[np.integer], second: NDArray[np.integer]) -> NDArray[np.float64]:
    _, a = np.unique(first, return_inverse=True)
    _, b = np.unique(second, return_inverse=True)
    table = np.zeros((int(a.max(initial=0)) + 1, int(b.max(initial=0)) + 1))
    np.add.at(table, (a, b), 1)
    return table


def _pairs(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(counts * (counts - 1) / 2)
