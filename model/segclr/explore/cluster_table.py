"""What each cluster is: how large, of which labels, its typical and marginal rows, where it lies, and what is next."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segclr.explore.clustering import Clustering
from segclr.explore.metric import Metric, comparable, from_squared

_BINS = 20
_BLOCK = 65_536


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """What is known of each row.

    Attributes:
        embeddings: (n, d) float32.
        cells: (n,) the cell of each row.
        labels: (n,) its label, -1 for none; None if nothing is labelled.
        classes: (n,) its predicted class, -1 for none; None if there is no head.
        depth: (n,) any number, NaN where unknown; None if there is no such column.
        metric: of distances.
    """

    embeddings: NDArray[np.float32]
    cells: NDArray[np.integer]
    labels: NDArray[np.integer] | None = None
    classes: NDArray[np.integer] | None = None
    depth: NDArray[np.floating] | None = None
    metric: Metric = "cosine"


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """Rows by depth: `counts[i]` lie between `edges[i]` and `edges[i + 1]`, the same edges for all clusters.

    `quartiles` are the 25th, 50th and 75th percentile; NaN where no row has a depth.
    """

    edges: NDArray[np.float64]
    counts: NDArray[np.int64]
    quartiles: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class ShareDifference:
    """A class that makes up `here` of a cluster's rows and `there` of the neighbour's, 0 to 1."""

    of_class: int
    here: float
    there: float


@dataclass(frozen=True, slots=True)
class Neighbour:
    """The nearest other cluster.

    Attributes:
        cluster: its number.
        distance: between the two means, in the metric.
        separation: the distance of the means in units of the rows' root mean square distance from their own mean,
            pooled: below 1 they overlap widely. NaN if all rows lie on their means.
        classes: whose shares differ, the largest difference first.
    """

    cluster: int
    distance: float
    separation: float
    classes: tuple[ShareDifference, ...]


@dataclass(frozen=True, slots=True, eq=False)
class ClusterRow:
    """One cluster.

    Attributes:
        cluster: its number.
        size, cells: rows and different cells.
        labelled: rows with a label.
        label, purity: the most frequent label, and the share of the labelled rows that have it; None if none has one.
        typical: rows nearest to the mean, each of another cell.
        marginal: rows that are nearly as near to another cluster's mean, or nearer, the most so first, each of another
            cell; where there is one cluster, those farthest from the mean.
        profile: by depth; None if there is no such column.
        neighbour: the nearest other cluster; None if there is none.
    """

    cluster: int
    size: int
    cells: int
    labelled: int
    label: int | None
    purity: float | None
    typical: NDArray[np.int64]
    marginal: NDArray[np.int64]
    profile: Profile | None
    neighbour: Neighbour | None


def cluster_table(clustering: Clustering, columns: Columns, examples: int = 12) -> tuple[ClusterRow, ...]:
    """Describe all clusters, by number. Rows whose embeddings are not finite are no examples and count in no mean."""
    groups = [np.flatnonzero(clustering.labels == label) for label in range(clustering.count)]
    means = np.stack([_mean(columns, rows) for rows in groups]) if groups else np.zeros((0, 0))
    spreads = np.array([_spread(columns, rows, mean) for rows, mean in zip(groups, means, strict=True)])
    edges = _edges(columns.depth, clustering)
    table = []
    for label, rows in enumerate(groups):
        typical, marginal = _examples(columns, rows, label, means, examples)
        given, best, purity = _purity(columns.labels, rows)
        table.append(
            ClusterRow(
                cluster=label,
                size=len(rows),
                cells=len(np.unique(columns.cells[rows])),
                labelled=given,
                label=best,
                purity=purity,
                typical=typical,
                marginal=marginal,
                profile=None if columns.depth is None else _profile(columns.depth[rows], edges),
                neighbour=_neighbour(columns, groups, label, means, spreads),
            )
        )
    return tuple(table)


def _mean(columns: Columns, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    total, count = np.zeros(columns.embeddings.shape[1]), 0
    for start in range(0, len(rows), _BLOCK):
        block = comparable(columns.embeddings[rows[start : start + _BLOCK]], columns.metric)
        block = block[np.isfinite(block).all(axis=1)]
        total, count = total + block.sum(axis=0, dtype=float), count + len(block)
    return np.asarray(total / max(count, 1))


def _squared(columns: Columns, rows: NDArray[np.int64], means: NDArray[np.float64]) -> NDArray[np.float64]:
    """(k, m) squared distances of rows from some means; NaN for rows that are not finite."""
    squared = np.empty((len(rows), len(means)))
    for start in range(0, len(rows), _BLOCK):
        block = comparable(columns.embeddings[rows[start : start + _BLOCK]], columns.metric).astype(np.float64)
        for index, mean in enumerate(means):
            away = block - mean
            squared[start : start + len(block), index] = np.einsum("nd,nd->n", away, away)
    squared[~np.isfinite(squared)] = np.nan
    return squared


def _spread(columns: Columns, rows: NDArray[np.int64], mean: NDArray[np.float64]) -> float:
    """Mean squared distance from the mean."""
    squared = _squared(columns, rows, mean[None])
    known = squared[np.isfinite(squared)]
    return float(known.mean()) if len(known) else 0.0


def _examples(
    columns: Columns, rows: NDArray[np.int64], label: int, means: NDArray[np.float64], count: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    near = np.argsort(np.square(means - means[label]).sum(axis=1), kind="stable")[:6]  # farther ones are no rivals
    squared = _squared(columns, rows, means[np.append(label, near[near != label])])
    known = np.isfinite(squared[:, 0])
    rows, distances = rows[known], np.sqrt(squared[known])
    typical = np.argsort(distances[:, 0], kind="stable")
    margin = distances[:, 1:].min(axis=1) - distances[:, 0] if distances.shape[1] > 1 else -distances[:, 0]
    marginal = np.argsort(margin, kind="stable")
    return _of_different_cells(columns, rows[typical], count), _of_different_cells(columns, rows[marginal], count)


def _of_different_cells(columns: Columns, rows: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """The first rows, each of another cell."""
    _, first = np.unique(columns.cells[rows], return_index=True)
    return np.asarray(rows[np.sort(first)[:count]], np.int64)


def _purity(labels: NDArray[np.integer] | None, rows: NDArray[np.int64]) -> tuple[int, int | None, float | None]:
    given = np.empty(0, np.int64) if labels is None else labels[rows]
    values, counts = np.unique(given[given >= 0], return_counts=True)
    if not len(values):
        return 0, None, None
    best = int(counts.argmax())
    return int(counts.sum()), int(values[best]), float(counts[best] / counts.sum())


def _edges(depth: NDArray[np.floating] | None, clustering: Clustering) -> NDArray[np.float64]:
    """Edges of the profiles' bins, over all rows that are in a cluster."""
    if depth is None:
        return np.zeros(0)
    known = depth[np.isfinite(depth) & (clustering.labels >= 0)]
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    return np.linspace(low, high if high > low else low + 1, _BINS + 1)


def _profile(depth: NDArray[np.floating], edges: NDArray[np.float64]) -> Profile:
    known = depth[np.isfinite(depth)].astype(np.float64)
    counts, _ = np.histogram(known, edges)
    low, middle, high = np.percentile(known, [25, 50, 75]).tolist() if len(known) else [np.nan] * 3
    return Profile(edges, counts.astype(np.int64), (low, middle, high))


def _neighbour(
    columns: Columns,
    groups: list[NDArray[np.int64]],
    label: int,
    means: NDArray[np.float64],
    spreads: NDArray[np.float64],
) -> Neighbour | None:
    if len(groups) < 2:
        return None
    squared = np.square(means - means[label]).sum(axis=1)
    squared[label] = np.inf
    other = int(squared.argmin())
    pooled = (spreads[label] + spreads[other]) / 2
    return Neighbour(
        cluster=other,
        distance=float(from_squared(squared[other : other + 1], columns.metric)[0]),
        separation=float(np.sqrt(squared[other] / pooled)) if pooled > 0 else float("nan"),
        classes=_class_differences(columns.classes, groups[label], groups[other]),
    )


def _class_differences(
    classes: NDArray[np.integer] | None, here: NDArray[np.int64], there: NDArray[np.int64]
) -> tuple[ShareDifference, ...]:
    if classes is None:
        return ()
    ours, theirs = classes[here], classes[there]
    differences = [
        ShareDifference(int(value), float((ours == value).mean()), float((theirs == value).mean()))
        for value in np.unique(np.concatenate([ours, theirs]))
        if value >= 0
    ]
    return tuple(sorted(differences, key=lambda one: (-abs(one.here - one.there), one.of_class)))
