"""The index by faiss, where it is installed."""

import numpy as np
import pytest

from segclr.explore.faiss_index import built_index, faiss_installed
from segclr.explore.metric import Metric
from segclr.explore.neighbours import NeighbourSearch, Wanted

if not faiss_installed():
    pytest.skip("faiss is not installed", allow_module_level=True)


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_an_index_finds_almost_all_true_neighbours(metric: Metric) -> None:
    rng = np.random.default_rng(0)
    rows = (rng.normal(size=(40, 16))[rng.integers(0, 40, 6000)] * 2 + rng.normal(size=(6000, 16))).astype(np.float32)
    exact, indexed = NeighbourSearch(rows, metric), NeighbourSearch(rows, metric, built_index(rows, metric))
    shared = 0
    for row in range(0, 6000, 60):
        truth, found = exact.like_row(row, Wanted(10)), indexed.like_row(row, Wanted(10))
        shared += len(np.intersect1d(truth.rows, found.rows))
        assert row not in found.rows
        same = np.isin(found.rows, truth.rows)
        np.testing.assert_allclose(  # the index's own rounding must not reach the answer
            found.distances[same], truth.distances[np.isin(truth.rows, found.rows)], rtol=1e-5
        )
    assert shared >= 0.95 * 1000


def test_rows_that_are_not_finite_are_left_out_of_the_index() -> None:
    rows = np.random.default_rng(0).normal(size=(500, 8)).astype(np.float32)
    rows[::50] = np.nan
    found = built_index(rows, "euclidean").candidates(rows[1], 500)
    assert len(found)
    assert (found % 50 != 0).all()


def test_an_index_of_equal_rows_answers() -> None:
    index = built_index(np.ones((200, 8), np.float32), "cosine")
    assert len(index.candidates(np.ones(8, np.float32), 5)) == 5
