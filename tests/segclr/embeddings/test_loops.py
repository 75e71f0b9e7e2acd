"""Loops, against edges taken out one by one."""

import numpy as np
import pytest
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from segclr.embeddings.loops import on_loops


def graph_of(n: int, edges: list[tuple[int, int]]) -> csr_array:
    a, b = (np.array(ends, np.int64) for ends in zip(*edges, strict=True))
    return csr_array((np.ones(2 * len(a)), (np.append(a, b), np.append(b, a))), shape=(n, n))


def slow_loops(n: int, edges: list[tuple[int, int]]) -> list[bool]:
    """An edge is on a loop if its ends stay connected without it."""
    found = [False] * n
    for at, (a, b) in enumerate(edges):
        rest = edges[:at] + edges[at + 1 :]
        piece_of = connected_components(graph_of(n, rest or [(0, 0)]), directed=False)[1]
        if piece_of[a] == piece_of[b]:
            found[a] = found[b] = True
    return found


@pytest.mark.parametrize("seed", range(12))
def test_nodes_on_loops_are_those_whose_edges_can_be_spared(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = 40
    edges = {(int(rng.integers(max(0, node - 3), node)), node) for node in range(1, n) if rng.random() < 0.9}
    for _ in range(seed % 5):
        a, b = sorted(rng.choice(n, 2, replace=False).tolist())
        edges.add((a, b))
    listed = sorted(edges)
    assert on_loops(graph_of(n, listed)).tolist() == slow_loops(n, listed)


def test_the_path_between_two_loops_is_on_none() -> None:
    edges = [(0, 1), (1, 2), (0, 2), (2, 3), (3, 4), (4, 5), (5, 6), (4, 6), (6, 7), (8, 9)]
    assert np.flatnonzero(on_loops(graph_of(11, edges))).tolist() == [0, 1, 2, 4, 5, 6]
