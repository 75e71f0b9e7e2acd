"""Leaving nodes out of a skeleton keeps together what is left."""

import numpy as np
import pytest
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from segclr.embeddings.bridging import bridged


def test_a_missing_node_joins_its_neighbours() -> None:
    chain = np.array([[0, 1], [2, 1], [2, 3]])
    kept = np.array([True, False, True, True])
    assert sorted(map(sorted, bridged(chain, kept).tolist())) == [[0, 2], [2, 3]]


def test_a_missing_end_leaves_nothing_behind() -> None:
    chain = np.array([[0, 1], [1, 2], [2, 3]])
    assert bridged(chain, np.array([False, False, True, True])).tolist() == [[2, 3]]


@pytest.mark.parametrize("seed", range(8))
def test_a_tree_stays_a_tree_and_pieces_stay_pieces(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = 80
    edges = np.array([[node, rng.integers(max(0, node - 6), node)] for node in range(1, n) if rng.random() < 0.95])
    kept = rng.random(n) < (0.3, 0.6, 0.9)[seed % 3]
    result = bridged(edges, kept)
    assert kept[result].all()
    before = connected_components(csr_array((np.ones(len(edges)), edges.T), shape=(n, n)), directed=False)[1][kept]
    count, after = connected_components(csr_array((np.ones(len(result)), result.T), shape=(n, n)), directed=False)
    after = after[kept]
    np.testing.assert_array_equal(before[:, None] == before, after[:, None] == after)
    pieces = count - (~kept).sum()
    assert len(result) == kept.sum() - pieces


def test_without_edges_or_with_all_nodes_nothing_changes() -> None:
    none = np.empty((0, 2), np.int64)
    assert bridged(none, np.array([True, False])).shape == (0, 2)
    edges = np.array([[0, 2], [1, 2]])
    np.testing.assert_array_equal(bridged(edges, np.ones(3, np.bool_)), edges)
    assert bridged(edges, np.zeros(3, np.bool_)).shape == (0, 2)
