"""Clusters of embeddings or of a layout's points, by HDBSCAN or k-means; large tables by a sample.

Clusters are numbered by size, the largest 0; -1 is "unclustered", which no row is forced out of.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from segclr.errors import LayoutError
from segclr.explore.partition import assign, make_partition

UNCLUSTERED = -1
_FEWEST = 15  # rows of a cluster in a sample, however large the table is: less is chance
_STARTS = 4  # of k-means
_PROBES = 8  # centres looked through for the nearest row of the sample
_SAMPLE_DIMENSIONS = 3  # up to so many, HDBSCAN finds neighbours by a tree, else by comparing all pairs
_MOST_IN_LAYOUT, _MOST_IN_EMBEDDING, _MOST_FOR_MEANS = 50_000, 10_000, 100_000


@dataclass(frozen=True, slots=True)
class Method:
    """How to cluster.

    Attributes:
        name: HDBSCAN (Campello, Moulavi and Sander 2013) finds dense groups of any form and leaves rows unclustered;
            k-means (Lloyd 1982) divides all rows among a given number of round groups.
        least_size: of a cluster of HDBSCAN, in rows of the table.
        fine: whether HDBSCAN takes the leaves of its tree, many small groups, and not the few that last longest.
        clusters: of k-means.
        most_rows: clustered, the others follow their nearest; 0 for what takes seconds.
        seed: of the sample and of the starts.
    """

    name: Literal["hdbscan", "k-means"] = "hdbscan"
    least_size: int = 50
    fine: bool = False
    clusters: int = 10
    most_rows: int = 0
    seed: int = 0

    def check(self) -> None:
        """Refuse what makes no clusters.

        Raises:
            LayoutError: says what is allowed.
        """
        if self.name not in ("hdbscan", "k-means"):
            raise LayoutError(f"clusters by {self.name!r}: choose hdbscan or k-means")
        if self.least_size < 2:
            raise LayoutError(f"clusters of {self.least_size} rows: the least is 2")
        if not 1 <= self.clusters <= 1000:
            raise LayoutError(f"{self.clusters} clusters: choose 1 to 1000")


@dataclass(frozen=True, slots=True, eq=False)
class Clustering:
    """Attributes:
    labels: (n,) int32, the cluster of each row; -1 is unclustered.
    count: how many clusters there are.
    sampled: ascending rows that were clustered; the others follow the nearest of them, or the nearest centre.
    """

    labels: NDArray[np.int32]
    count: int
    sampled: NDArray[np.int64]


def cluster(points: NDArray[np.floating], method: Method) -> Clustering:
    """Cluster rows; the same rows and method give the same clusters.

    Args:
        points: (n, d) embeddings, `comparable` in the metric wanted, or (n, 2) of a layout; rows that are not finite
            are unclustered.
        method: how.

    Raises:
        LayoutError: the method cannot be used.
    """
    method.check()
    labels = np.full(len(points), UNCLUSTERED, np.int32)
    known = np.flatnonzero(np.isfinite(points).all(axis=1))
    most = method.most_rows or _default_sample(method, points.shape[1])
    rng = np.random.default_rng(method.seed)
    sampled = known if len(known) <= most else np.sort(rng.choice(known, most, replace=False))
    if not len(sampled):
        return Clustering(labels, 0, sampled)
    sample = np.asarray(points[sampled], np.float32)
    others = np.setdiff1d(known, sampled, assume_unique=True)
    if not np.ptp(sample, axis=0).any():
        found, rest = _one_place(len(known), len(sampled), len(others), method)
    elif method.name == "k-means":
        found, rest = _k_means(sample, points[others], method)
    else:
        found, rest = _hdbscan(sample, points[others], method, len(known))
    labels[sampled], labels[others] = found, rest
    return _by_size(labels, sampled)


def _default_sample(method: Method, dimensions: int) -> int:
    if method.name == "k-means":
        return _MOST_FOR_MEANS
    return _MOST_IN_LAYOUT if dimensions <= _SAMPLE_DIMENSIONS else _MOST_IN_EMBEDDING


def _one_place(
    known: int, sampled: int, others: int, method: Method
) -> tuple[NDArray[np.integer], NDArray[np.integer]]:
    """Rows that are all the same: one cluster, if they are enough for one."""
    label = 0 if method.name == "k-means" or known >= method.least_size else UNCLUSTERED
    return np.full(sampled, label), np.full(others, label)


def _hdbscan(
    sample: NDArray[np.float32], others: NDArray[np.floating], method: Method, known: int
) -> tuple[NDArray[np.integer], NDArray[np.integer]]:
    least = max(min(_FEWEST, method.least_size), round(method.least_size * len(sample) / known))
    if len(sample) <= least:
        return np.full(len(sample), UNCLUSTERED), np.full(len(others), UNCLUSTERED)
    from sklearn.cluster import HDBSCAN

    tree = "kd_tree" if sample.shape[1] <= _SAMPLE_DIMENSIONS else "brute"
    chosen = "leaf" if method.fine else "eom"
    model = HDBSCAN(min_cluster_size=least, algorithm=tree, cluster_selection_method=chosen, copy=True)
    found: NDArray[np.integer] = model.fit_predict(sample)
    nearest, _ = make_partition(sample, method.seed).nearest(np.asarray(others, np.float32), 1, _PROBES)
    return found, found[nearest[:, 0]]


def _k_means(
    sample: NDArray[np.float32], others: NDArray[np.floating], method: Method
) -> tuple[NDArray[np.integer], NDArray[np.integer]]:
    from sklearn.cluster import KMeans

    count = min(method.clusters, len(sample))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # fewer different rows than clusters: the empty ones are left out
        model = KMeans(count, n_init=_STARTS, random_state=method.seed).fit(sample)
    centres = np.asarray(model.cluster_centers_, np.float32)
    return assign(sample, centres), assign(np.asarray(others, np.float32), centres)


def _by_size(labels: NDArray[np.int32], sampled: NDArray[np.int64]) -> Clustering:
    """Number clusters by size, those of one size by their first row, and leave out empty ones."""
    values, first, sizes = np.unique(labels, return_index=True, return_counts=True)
    real = values >= 0
    order = np.lexsort((first[real], -sizes[real]))
    number = np.full(int(labels.max(initial=-1)) + 2, UNCLUSTERED, np.int32)  # the last is for the unclustered
    number[values[real][order]] = np.arange(real.sum())
    return Clustering(number[labels], int(real.sum()), sampled)
