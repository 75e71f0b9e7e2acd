"""Clusters, and whether they are there again."""

import numpy as np
import pytest
from numpy.typing import NDArray

from segclr.errors import LayoutError
from segclr.explore.clustering import Clustering, Method, cluster
from segclr.explore.stability import adjusted_rand, found_again, stability

Points = NDArray[np.float64]
HDBSCAN, MEANS = Method("hdbscan", least_size=20), Method("k-means", clusters=3)


def three_clouds(d: int = 2, scatter: int = 0) -> tuple[Points, NDArray[np.int64]]:
    """150, 100 and 50 rows round three places, and some that belong nowhere."""
    rng = np.random.default_rng(0)
    truth = np.repeat([0, 1, 2, -1], [150, 100, 50, scatter])
    places = np.array([[0.0] * d, [9.0] * d, [-9.0] + [9.0] * (d - 1), [0.0] * d])
    points = places[truth] + rng.normal(size=(len(truth), d))
    points[truth < 0] = rng.uniform(-40, 40, (scatter, d))
    order = rng.permutation(len(truth))
    return points[order], truth[order]


@pytest.mark.parametrize("method", [HDBSCAN, MEANS])
@pytest.mark.parametrize("d", [2, 8])
def test_clouds_are_found_and_numbered_by_size(method: Method, d: int) -> None:
    points, truth = three_clouds(d)
    found = cluster(points, method)
    assert found.count == 3
    kept = found.labels >= 0
    assert kept.mean() > 0.9
    assert (found.labels[kept] == truth[kept]).all()


def test_rows_that_belong_nowhere_are_unclustered_not_given_to_the_nearest() -> None:
    points, truth = three_clouds(scatter=12)
    found = cluster(points, HDBSCAN)
    assert (found.labels[truth < 0] == -1).sum() >= 9


def test_the_leaves_are_finer() -> None:
    rng = np.random.default_rng(0)
    two_pairs = np.array([[0.0, 0], [3, 0], [100, 0], [103, 0]])
    points = np.repeat(two_pairs, 100, axis=0) + 0.7 * rng.normal(size=(400, 2))
    assert cluster(points, Method(least_size=25)).count == 2
    assert cluster(points, Method(least_size=25, fine=True)).count == 4


@pytest.mark.parametrize("method", [HDBSCAN, MEANS])
def test_rows_outside_the_sample_follow_it(method: Method) -> None:
    points, truth = three_clouds(scatter=12)
    found = cluster(points, Method(method.name, 20, clusters=3, most_rows=200))
    assert len(found.sampled) == 200
    others = np.setdiff1d(np.arange(len(points)), found.sampled)
    kept = others[(found.labels[others] >= 0) & (truth[others] >= 0)]
    assert len(kept) > 80
    assert (found.labels[kept] == truth[kept]).mean() > 0.98


@pytest.mark.parametrize("method", [HDBSCAN, MEANS])
def test_the_same_rows_give_the_same_clusters(method: Method) -> None:
    points, _ = three_clouds(scatter=30)
    assert (cluster(points, method).labels == cluster(points.copy(), method).labels).all()


@pytest.mark.parametrize("n", [0, 1, 2, 19])
def test_fewer_rows_than_a_cluster_needs_are_unclustered(n: int) -> None:
    found = cluster(np.random.default_rng(0).normal(size=(n, 2)), HDBSCAN)
    assert (found.count, found.labels.tolist()) == (0, [-1] * n)


@pytest.mark.parametrize("n", [0, 1, 2, 40])
def test_k_means_of_few_or_equal_rows_makes_no_empty_clusters(n: int) -> None:
    found = cluster(np.ones((n, 2)), MEANS)
    assert found.count == min(n, 1)
    points = np.repeat([[0.0, 0], [1, 1]], 20, axis=0)[:n]
    found = cluster(points, MEANS)
    assert found.count == len(np.unique(points, axis=0))
    assert sorted(set(found.labels.tolist())) == list(range(found.count))


def test_equal_rows_are_one_cluster_if_they_are_enough() -> None:
    assert cluster(np.ones((30, 4)), HDBSCAN).count == 1
    assert cluster(np.ones((10, 4)), HDBSCAN).count == 0


@pytest.mark.parametrize("method", [HDBSCAN, MEANS])
def test_rows_that_are_not_finite_are_unclustered(method: Method) -> None:
    points, _ = three_clouds()
    points[[3, 50]] = np.nan, np.inf
    found = cluster(points, method)
    assert found.labels[[3, 50]].tolist() == [-1, -1]
    assert found.count == 3


@pytest.mark.parametrize(
    ("method", "sentence"),
    [
        (Method("dbscan"), "choose hdbscan or k-means"),  # type: ignore[arg-type]
        (Method(least_size=1), "the least is 2"),
        (Method(clusters=0), "choose 1 to 1000"),
    ],
)
def test_what_makes_no_clusters_is_refused(method: Method, sentence: str) -> None:
    with pytest.raises(LayoutError, match=sentence):
        cluster(np.zeros((5, 2)), method)


def test_the_adjusted_rand_index_is_that_of_its_definition() -> None:
    first, second = np.array([0, 0, 0, 1, 1, 1]), np.array([5, 5, 7, 7, 7, 7])
    # 4 pairs together in both; 6 and 7 of 15 in each: (4 - 42/15) / (6.5 - 42/15)
    assert adjusted_rand(first, second) == pytest.approx(1.2 / 3.7)
    assert adjusted_rand(first, 9 - first) == 1
    assert adjusted_rand(first[:0], first[:0]) == 1
    rng = np.random.default_rng(0)
    assert adjusted_rand(rng.integers(0, 4, 5000), rng.integers(0, 3, 5000)) == pytest.approx(0, abs=0.01)


def test_a_cluster_is_found_again_in_the_one_most_like_it() -> None:
    first = np.array([0, 0, 0, 0, 1, 1, 2])
    second = np.array([8, 8, 8, 3, 3, -1, -1])
    best = found_again(first, second, 4)
    assert best[:3].tolist() == [3 / 4, 1 / 3, 0]
    assert np.isnan(best[3])


def test_clouds_are_stable_and_the_halves_of_one_are_not() -> None:
    points, _ = three_clouds()
    clear = stability(points, cluster(points, MEANS), MEANS, repeats=8)
    assert clear.adjusted_rand.min() > 0.95
    assert (clear.jaccard > 0.95).all()
    blob = np.random.default_rng(1).normal(size=(300, 8))
    eight = Method("k-means", clusters=8)
    unclear = stability(blob, cluster(blob, eight), eight, repeats=8)
    assert unclear.adjusted_rand.mean() < 0.7
    assert np.nanmean(unclear.jaccard) < 0.7


def test_a_cluster_of_one_cell_is_not_found_where_the_cell_is_not_drawn() -> None:
    points, truth = three_clouds()
    cells = np.where(truth == 2, 999, np.arange(len(truth)) % 60)
    method = Method("hdbscan", least_size=20)
    told: list[float] = []
    found = stability(points, cluster(points, method), method, cells, repeats=10, progress=told.append)
    assert told[-1] == 1
    assert found.jaccard[0] > 0.8
    assert 0 < found.jaccard[2] <= 1  # of the repeats that have it


def test_stability_of_nothing_is_defined() -> None:
    nothing = Clustering(np.empty(0, np.int32), 0, np.empty(0, np.int64))
    found = stability(np.empty((0, 2)), nothing, MEANS, repeats=2)
    assert found.adjusted_rand.tolist() == [1, 1]
    assert found.jaccard.shape == (0,)
