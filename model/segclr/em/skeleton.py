"""The skeleton of one segment as a value. Files of skeletons are in `skeleton_source`, making them in `skeletonize`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from segclr.em.skeleton_spacing import resample


@dataclass(frozen=True, slots=True, eq=False)
class Skeleton:
    """Nodes of one segment and the edges between them; there may be several pieces, and loops.

    Attributes:
        nodes_nm: (n, 3) float64, xyz.
        edges: (m, 2) int32, rows of `nodes_nm`.
        attributes: what else is known per node, each (n,) or (n, k) float32.
    """

    segment_id: int
    nodes_nm: NDArray[np.float64]
    edges: NDArray[np.int32]
    attributes: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        shapes = (self.nodes_nm.shape, self.edges.shape)
        if self.nodes_nm.ndim != 2 or self.edges.ndim != 2 or (shapes[0][1], shapes[1][1]) != (3, 2):
            raise ValueError(f"skeleton {self.segment_id}: nodes must be (n, 3) and edges (m, 2), not {shapes}")
        if len(self.edges) and not 0 <= self.edges.min() <= self.edges.max() < len(self.nodes_nm):
            raise ValueError(f"skeleton {self.segment_id}: an edge names a node beyond its {len(self.nodes_nm)}")

    def edge_lengths_nm(self) -> NDArray[np.float64]:
        lengths: NDArray[np.float64] = np.linalg.norm(
            self.nodes_nm[self.edges[:, 0]] - self.nodes_nm[self.edges[:, 1]], axis=1
        )
        return lengths

    def path_length_nm(self) -> float:
        return float(self.edge_lengths_nm().sum())

    def spaced(self, every_nm: float = 1500.0) -> Skeleton:
        """Return a skeleton of the same shape whose nodes lie about `every_nm` of path apart, as SegCLR's do.

        End and branch points stay, edges stay connected, attributes are those of the nearest old node.
        """
        if every_nm <= 0:
            raise ValueError(f"nodes cannot be {every_nm} nm apart; the distance must be above 0")
        nodes_nm, edges, source = resample(self.nodes_nm, self.edges, every_nm)
        attributes = {name: values[source] for name, values in self.attributes.items()}
        return Skeleton(self.segment_id, nodes_nm, edges, attributes)

    def graph(self) -> csr_array:
        """Return the undirected graph of the nodes, weighted by length in nm."""
        n = len(self.nodes_nm)
        # csgraph takes a stored zero for "no edge": nodes on the same spot stay connected by a length nobody notices.
        lengths = np.maximum(self.edge_lengths_nm(), 1e-6)
        rows, columns = self.edges[:, 0], self.edges[:, 1]
        graph = csr_array((lengths, (rows, columns)), shape=(n, n))
        return graph.maximum(graph.T).tocsr()

    def distances_from(self, node: int) -> NDArray[np.float64]:
        """Return the path length in nm from one node to every node, infinite where no path leads."""
        distances: NDArray[np.float64] = dijkstra(self.graph(), directed=False, indices=np.array([node]))[0]
        return distances
