"""Leaving nodes out of a skeleton without tearing it apart."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components


def bridged(edges: NDArray[np.int64], kept: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return edges between kept nodes alone, (k, 2), that connect all that the given ones, (m, 2), connect.

    Round each hole, the kept nodes are joined to the first of them: a tree stays a tree. Distances along the skeleton
    become shorter by no more than the corner that is cut.
    """
    kept_ends = kept[edges].sum(axis=1)
    inside = edges[kept_ends == 0]
    hole_graph = csr_array((np.ones(len(inside)), (inside[:, 0], inside[:, 1])), shape=(len(kept), len(kept)))
    hole_of = connected_components(hole_graph, directed=False)[1]
    rim = edges[kept_ends == 1]
    rim = np.where(kept[rim[:, :1]], rim, rim[:, ::-1])  # the kept node first
    by_hole = np.unique(np.column_stack([hole_of[rim[:, 1]], rim[:, 0]]), axis=0).astype(np.int64)
    _, first, hole = np.unique(by_hole[:, 0], return_index=True, return_inverse=True)
    bridges = np.column_stack([by_hole[first[hole], 1], by_hole[:, 1]])
    return np.vstack([edges[kept_ends == 2], bridges[bridges[:, 0] != bridges[:, 1]]])
