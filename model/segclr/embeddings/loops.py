"""Where a graph has loops."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order, connected_components

_SEED = 20111  # any: the answer does not depend on it


def on_loops(graph: csr_array) -> NDArray[np.bool_]:
    """Return (n,): whether each node lies on a loop.

    Every edge beside a spanning tree closes a loop with the tree path between its ends. It gets a random number, XORed
    into both ends; an edge of the tree is on no loop if the XOR over all below it is 0 (Pritchard and Thurimella 2011,
    "Fast computation of small cuts via cycle space sampling", algorithm 1). An edge on a loop is missed with a
    probability of 2^-63.

    Args:
        graph: (n, n), symmetric, without edges from a node to itself.
    """
    found = np.zeros(graph.shape[0], np.bool_)
    pieces, piece_of = connected_components(graph, directed=False)
    edges_twice = np.bincount(piece_of, weights=np.diff(graph.indptr), minlength=pieces)
    has_loop = edges_twice >= 2 * np.bincount(piece_of, minlength=pieces)
    nodes = np.flatnonzero(has_loop[piece_of])
    if len(nodes):
        found[nodes] = _on_loops(graph[nodes][:, nodes])
    return found


def _on_loops(graph: csr_array) -> NDArray[np.bool_]:
    n = graph.shape[0]
    above = graph.tocoo()
    a, b = (ends[above.row < above.col].astype(np.int64) for ends in (above.row, above.col))
    order, parent = _spanning_tree(n, a, b)
    beside = (parent[a] != b) & (parent[b] != a)
    numbers = np.random.default_rng(_SEED).integers(1, 1 << 63, int(beside.sum()))
    marks = np.zeros(n + 1, np.int64)
    np.bitwise_xor.at(marks, a[beside], numbers)
    np.bitwise_xor.at(marks, b[beside], numbers)
    below, parents = marks.tolist(), parent.tolist()
    for node in order[:0:-1].tolist():
        below[parents[node]] ^= below[node]
    looped: NDArray[np.bool_] = np.array(below) != 0
    looped[parent[np.flatnonzero(looped)]] = True
    return looped[:n]


def _spanning_tree(
    n: int, a: NDArray[np.int64], b: NDArray[np.int64]
) -> tuple[NDArray[np.integer], NDArray[np.integer]]:
    """Return the nodes, parents first, and the parent of each; an extra node n is joined to each piece."""
    graph = csr_array((np.ones(len(a)), (a, b)), shape=(n, n))
    firsts = np.unique(connected_components(graph, directed=False)[1], return_index=True)[1]
    ends = (np.append(a, firsts), np.append(b, np.full(len(firsts), n)))
    rooted = csr_array((np.ones(len(ends[0])), ends), shape=(n + 1, n + 1))
    order, parent = breadth_first_order(rooted, n, directed=False)
    return order, parent
