"""Clusters of a table's rows with what is known of each, found in one go: see `segclr.explore` for what they are."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segclr.embeddings.table import EmbeddingTable
from segclr.explore.cluster_table import ClusterRow, Columns, cluster_table
from segclr.explore.clustering import Clustering, Method, cluster
from segclr.explore.metric import comparable
from segclr.explore.stability import Stability, stability
from segclr_viewer.heads.row_vectors import RowVectors

_EXAMPLES = 8
_SHARE_FOUND = 0.3  # of the work, about


@dataclass(frozen=True, slots=True, eq=False)
class ClusterOrder:
    """Clusters that are asked for.

    Attributes:
        method: how to find them.
        radius_um: embeddings are averaged over nodes of their segment within it; 0 for the embeddings themselves.
        xy: (n, 2) of a layout, to find clusters there; None to find them in the embeddings, by their angles.
        labels: (n,) label of each row, -1 for none.
        classes: (n,) predicted class of each row, -1 for none.
        repeats: bootstrap samples that the stability is of.
        depth_axis: the coordinate that is depth: 0, 1 or 2 for x, y or z.
        among: (n,) the rows that are clustered; None for all of the table.
        table: None for the one that is on the disk.
    """

    method: Method
    radius_um: float
    xy: NDArray[np.float32] | None
    labels: NDArray[np.integer]
    classes: NDArray[np.integer]
    repeats: int = 10
    depth_axis: int = 2
    among: NDArray[np.int64] | None = None
    table: EmbeddingTable | None = None


@dataclass(frozen=True, slots=True, eq=False)
class FoundClusters:
    """What was found.

    Attributes:
        clustering: of all rows.
        table: one entry a cluster.
        stability: whether they are there again when the cells are drawn anew.
    """

    clustering: Clustering
    table: tuple[ClusterRow, ...]
    stability: Stability


@dataclass(frozen=True, slots=True)
class ClusterProgress:
    """What is being done, and the share that is done, 0 to 1."""

    doing: str
    share: float


def find_clusters(
    table: EmbeddingTable, order: ClusterOrder, tell: Callable[[ClusterProgress], None] = lambda news: None
) -> FoundClusters:
    """Find clusters, describe them, and test whether they are stable; takes seconds to a minute.

    Args:
        tell: told how far it is. What it raises ends the work.

    Raises:
        LayoutError: the method cannot be used.
    """
    tell(ClusterProgress("finding clusters", 0.0))
    vectors = RowVectors(table, order.radius_um).matrix()
    embeddings = vectors[:] if order.among is None else vectors[order.among]
    points = comparable(embeddings, "cosine") if order.xy is None else order.xy
    clustering = cluster(points, order.method)
    rows = np.arange(len(table)) if order.among is None else order.among
    cells = np.searchsorted(table.first_row, rows, side="right") - 1
    tell(ClusterProgress("describing them", _SHARE_FOUND))
    depth_um = table.positions_nm[rows, order.depth_axis] / 1000
    described = cluster_table(clustering, Columns(embeddings, cells, order.labels, order.classes, depth_um), _EXAMPLES)

    def repeated(share: float) -> None:
        tell(ClusterProgress("drawing the cells anew", _SHARE_FOUND + (1 - _SHARE_FOUND) * share))

    stable = stability(points, clustering, order.method, cells, order.repeats, repeated)
    return FoundClusters(clustering, described, stable)
