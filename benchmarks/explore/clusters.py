"""Clusters, their stability and table, and the comparison of two selections."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from benchmarks.explore.data import Sample, scaled
from benchmarks.explore.timing import timed
from benchmarks.report import Row
from segclr.explore.cluster_table import Columns, cluster_table
from segclr.explore.clustering import Clustering, Method, cluster
from segclr.explore.comparison import compare
from segclr.explore.metric import comparable
from segclr.explore.stability import stability

METHODS = (Method("hdbscan", least_size=500), Method("k-means", clusters=12))
REPEATS = 10


def measure(rows: Sample, sizes: tuple[int, ...], quick: bool) -> list[Row]:
    """Cluster tables of some sizes on the embedding and on two principal directions, which stand for a layout."""
    found = []
    for size in sizes:
        table = scaled(rows, size, seed=5)
        embeddings = comparable(table.embeddings, "cosine")
        plane = (embeddings - embeddings.mean(axis=0)) @ np.linalg.svd(embeddings[:5000], full_matrices=False)[2][:2].T
        for method in METHODS:
            for name, points in (("embedding", embeddings), ("plane", plane)):
                clustering, took = timed(partial(cluster, points, method))
                note = f"{took.cpu:.1f} s of CPU; {clustering.count} clusters, {len(clustering.sampled):,} rows sampled"
                found.append(Row(f"{size:,} rows: {method.name} of the {name}", took.wall, "s", "", note))
        found += _of_clusters(table, embeddings, clustering=cluster(embeddings, METHODS[1]), quick=quick)
    return found


def _of_clusters(table: Sample, embeddings: NDArray[np.float32], clustering: Clustering, quick: bool) -> list[Row]:
    size = len(table)
    repeats = 2 if quick else REPEATS
    stable, took = timed(lambda: stability(embeddings, clustering, METHODS[1], table.cells, repeats))
    note = f"{repeats} repeats, k-means; adjusted Rand {stable.adjusted_rand.mean():.2f}"
    found = [Row(f"{size:,} rows: stability by bootstrap of cells", took.wall, "s", "", note)]
    columns = Columns(table.embeddings, table.cells, table.classes, table.classes, table.depth)
    _, took = timed(lambda: cluster_table(clustering, columns))
    found.append(
        Row(f"{size:,} rows: table of {clustering.count} clusters", took.wall, "s", "", f"{took.cpu:.1f} s of CPU")
    )
    first, second = (np.flatnonzero(clustering.labels == label) for label in (0, 1))
    result, took = timed(
        lambda: compare(first, second, table.cells, table.embeddings, table.classes, {"depth": table.depth})
    )
    note = f"{result.rows[0]:,} and {result.rows[1]:,} rows of {result.cells[0]:,} and {result.cells[1]:,} cells"
    found.append(Row(f"{size:,} rows: two clusters compared", took.wall, "s", "", note))
    return found
