"""What is said about each cluster."""

from dataclasses import replace

import numpy as np
import pytest

from segclr.explore.cluster_table import Columns, cluster_table
from segclr.explore.clustering import Clustering

# a cluster of four rows round 0, one of three round (10, 0), a far one, and an unclustered row
EMBEDDINGS = np.array([[0, 0], [1, 0], [-1, 0], [3, 0], [10, 0], [11, 0], [9, 0], [0, 90], [4, 4]], np.float32)
CLUSTERS = Clustering(np.array([0, 0, 0, 0, 1, 1, 1, 2, -1], np.int32), 3, np.arange(9))
CELLS = np.array([2**63 + 1, 2**63 + 1, 2**63 + 3, 2**63 + 5, 7, 8, 9, 7, 7], np.uint64)
COLUMNS = Columns(
    EMBEDDINGS,
    CELLS,
    labels=np.array([1, 1, 0, -1, -1, -1, -1, 2, 0]),
    classes=np.array([1, 1, 1, 0, 0, 0, 0, -1, 0]),
    depth=np.array([0.0, 10, 20, np.nan, 100, 100, 100, np.nan, 1e9]),
    metric="euclidean",
)


def test_sizes_cells_and_purity_are_counted() -> None:
    first, second, third = cluster_table(CLUSTERS, COLUMNS)
    assert (first.size, first.cells, first.labelled, first.label) == (4, 3, 3, 1)
    assert first.purity == pytest.approx(2 / 3)
    assert (second.labelled, second.label, second.purity) == (0, None, None)
    assert (third.size, third.purity) == (1, 1.0)


def test_examples_are_the_nearest_to_the_mean_and_the_nearest_to_another_each_of_another_cell() -> None:
    first, second, _ = cluster_table(CLUSTERS, COLUMNS)
    # the mean is at 0.75, so row 1 is nearest; row 0 is of the same cell
    assert first.typical.tolist() == [1, 2, 3]
    assert first.marginal.tolist() == [3, 1, 2]
    assert second.marginal.tolist() == [6, 4, 5]
    assert cluster_table(CLUSTERS, COLUMNS, examples=2)[0].typical.tolist() == [1, 2]


def test_marginal_rows_are_those_least_nearer_to_their_own_mean_than_to_another() -> None:
    rng = np.random.default_rng(0)
    embeddings = rng.normal(size=(90, 3)).astype(np.float32) * [1, 4, 1] + np.repeat([[0], [4], [9]], 30, axis=0)
    clusters = Clustering(np.repeat([0, 1, 2], 30).astype(np.int32), 3, np.arange(90))
    columns = Columns(embeddings.astype(np.float32), np.arange(90), metric="euclidean")
    means = embeddings.reshape(3, 30, 3).mean(axis=1)
    away = np.linalg.norm(embeddings[:, None] - means, axis=2)
    margin = np.minimum(away[:30, 1], away[:30, 2]) - away[:30, 0]
    assert cluster_table(clusters, columns)[0].marginal.tolist() == np.argsort(margin)[:12].tolist()


def test_depth_is_told_with_the_same_edges_for_all_and_without_unknown_ones() -> None:
    first, second, third = cluster_table(CLUSTERS, COLUMNS)
    assert first.profile is not None
    assert second.profile is not None
    assert third.profile is not None
    assert first.profile.quartiles == (5, 10, 15)
    assert first.profile.counts.sum() == 3
    assert (first.profile.edges == second.profile.edges).all()
    assert (first.profile.edges[0], first.profile.edges[-1]) == (0, 100)
    assert np.isnan(third.profile.quartiles).all()


def test_the_nearest_other_cluster_is_told_with_what_differs() -> None:
    first, second, third = cluster_table(CLUSTERS, COLUMNS)
    assert first.neighbour is not None
    assert second.neighbour is not None
    assert third.neighbour is not None
    assert (first.neighbour.cluster, second.neighbour.cluster, third.neighbour.cluster) == (1, 0, 0)
    assert first.neighbour.distance == pytest.approx(9.25)
    spread = ((0.75**2 + 0.25**2 + 1.75**2 + 2.25**2) / 4 + 2 / 3) / 2
    assert first.neighbour.separation == pytest.approx(9.25 / spread**0.5)
    shares = [(one.of_class, one.here, one.there) for one in first.neighbour.classes]
    assert shares == [(0, 0.25, 1.0), (1, 0.75, 0.0)]


def test_without_columns_and_other_clusters_nothing_is_made_up() -> None:
    alone = Clustering(np.zeros(9, np.int32), 1, np.arange(9))
    (only,) = cluster_table(alone, Columns(EMBEDDINGS, CELLS))
    assert (only.neighbour, only.profile, only.purity) == (None, None, None)
    assert cluster_table(Clustering(np.full(9, -1, np.int32), 0, np.arange(9)), COLUMNS) == ()


def test_rows_that_are_not_finite_are_no_examples() -> None:
    broken = EMBEDDINGS.copy()
    broken[1] = np.nan
    first = cluster_table(CLUSTERS, replace(COLUMNS, embeddings=broken))[0]
    assert first.typical.tolist() == [0, 2, 3]
    assert 1 not in first.marginal
    assert first.size == 4


def test_equal_rows_in_two_clusters_have_no_separation() -> None:
    same = Columns(np.ones((9, 2), np.float32), CELLS)
    first = cluster_table(CLUSTERS, same)[0]
    assert first.neighbour is not None
    assert first.neighbour.distance == 0
    assert np.isnan(first.neighbour.separation)
