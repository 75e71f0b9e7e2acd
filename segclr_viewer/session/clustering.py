"""Clusters: found when a page asks, told as a table, and selected one by one."""

import math
from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from segclr.errors import SegclrError
from segclr.explore.cluster_table import ClusterRow
from segclr.explore.clustering import UNCLUSTERED, Method
from segclr_viewer.clusters import ClusterOrder, ClusterProgress, FoundClusters
from segclr_viewer.growing_table import plain_copy
from segclr_viewer.heads.task_state import TaskState
from segclr_viewer.points import NO_CLASS
from segclr_viewer.session.app_state import AppState
from segclr_viewer.session.coloring import colorings
from segclr_viewer.session.known_labels import known_labels
from segclr_viewer.session.selecting import Selecting
from segclr_viewer.wire.explore import (
    ClusterInfo,
    ClusterRequest,
    ClusterSelectRequest,
    ClustersReady,
    Exploring,
    ShareInfo,
)

MOST_TOLD = 200
_DIFFERENCES = 3
_REPEATS = {"k-means": 10, "hdbscan": 5}  # the latter takes seconds each
OUTDATED = "those clusters are not there any more: find them again"


class Clusters:
    """Has clusters found off the session's thread, the newest request of the annotator's, and keeps them."""

    def __init__(self, state: AppState, selecting: Selecting) -> None:
        self._state = state
        self._selecting = selecting
        self._asked = ""
        self._run = ""
        self._labels: NDArray[np.int32] = np.empty(0, np.int32)
        self._asked_among: NDArray[np.int64] | None = None
        self._among: NDArray[np.int64] | None = None  # the rows that the labels are of; None for all

    def ask(self, message: ClusterRequest) -> None:
        """Find clusters; the page is told how far that is, and then what was found.

        Raises:
            SegclrError: the method cannot be used, or there is nothing to cluster.
        """
        task, table = self._state.task_named(message.task), self._state.world.table
        if len(table) < 2:
            raise SegclrError("there are too few points to find clusters among")
        method = Method(message.method, message.least_size, message.fine, message.clusters)
        method.check()
        scatter = self._state.workspace.scatter
        among = None if scatter.is_whole else scatter.rows
        labels, classes = known_labels(task, table, self._state.world.annotator), self._classes(task)
        order = ClusterOrder(
            method=method,
            radius_um=task.task.aggregation_radius_um,
            xy=self._state.layout.xy if message.on == "layout" else None,
            labels=labels if among is None else labels[among],
            classes=classes if among is None else classes[among],
            repeats=_REPEATS[message.method],
            depth_axis="xyz".index(self._state.world.depth_axis),
            among=among,
            table=plain_copy(table),
        )
        self._asked_among = among
        self._asked = message.request
        self._state.ports.page.send(Exploring(message.request, "starting to look for clusters", 0.0))
        self._state.ports.clusterer.start(
            order,
            partial(self._found, message, task.classes.ids),
            partial(self._state.fail, message.request),
            partial(self._tell, message.request),
        )

    @property
    def run(self) -> str:
        """The request that has found the present clusters, empty for none."""
        return self._run

    @property
    def labels(self) -> NDArray[np.int32]:
        """(n,) the cluster of each row, or of each point of a large table; empty before any were found."""
        return self._labels

    def stop(self) -> None:
        """Give up what is being found."""
        self._state.ports.clusterer.stop()

    def select(self, message: ClusterSelectRequest) -> None:
        """Select the rows of a cluster, or change the selection by them.

        Raises:
            SegclrError: the clusters are others now.
        """
        if message.run != self._run or not len(self._labels):
            raise SegclrError(OUTDATED)
        rows = np.flatnonzero(self._labels == message.cluster)
        if not len(rows):
            raise SegclrError(OUTDATED)
        if self._among is not None:
            rows = np.sort(self._among[rows])
        self._selecting.choose(message.request, rows, message.mode)

    def _tell(self, request: str, news: ClusterProgress) -> None:
        self._state.ports.page.send(Exploring(request, news.doing, round(news.share, 3)))

    def _found(self, message: ClusterRequest, class_ids: tuple[str, ...], found: FoundClusters) -> None:
        if message.request != self._asked:
            return  # something else was asked meanwhile
        self._run, self._labels, self._among = message.request, found.clustering.labels, self._asked_among
        self._state.ports.page.send(colorings(self._state.world.table, self._run))
        jaccard = found.stability.jaccard.tolist()
        told = found.table[:MOST_TOLD]
        rand = found.stability.adjusted_rand
        sampled, total = len(found.clustering.sampled), len(self._labels)
        self._state.ports.page.send(
            ClustersReady(
                request=message.request,
                task=message.task,
                run=self._run,
                clusters=[_info(row, jaccard[row.cluster], class_ids, self._among) for row in told],
                total=found.clustering.count,
                unclustered=int(np.count_nonzero(self._labels == UNCLUSTERED)),
                rows=total,
                agreement=_known(float(rand.mean())) if len(rand) else None,
                depth_um=_ends(told),
                note=f"found among {sampled:,} of the points; the others follow the nearest" if sampled < total else "",
            )
        )

    def _classes(self, task: TaskState) -> NDArray[np.int16]:
        """(n,) the predicted class of each row, -1 for none."""
        if task.predicted is None:
            return np.full(len(self._state.world.table), -1, np.int16)
        classes = task.predicted.fitted.points.classes.astype(np.int16)
        classes[classes == NO_CLASS] = -1
        return classes


def _info(
    row: ClusterRow, stability: float, class_ids: tuple[str, ...], among: NDArray[np.int64] | None
) -> ClusterInfo:
    neighbour = row.neighbour
    differences = [] if neighbour is None else neighbour.classes[:_DIFFERENCES]
    return ClusterInfo(
        cluster=row.cluster,
        size=row.size,
        cells=row.cells,
        labelled=row.labelled,
        label=None if row.label is None else class_ids[row.label],
        purity=row.purity,
        stability=_known(stability),
        typical=(row.typical if among is None else among[row.typical]).tolist(),
        marginal=(row.marginal if among is None else among[row.marginal]).tolist(),
        neighbour=None if neighbour is None else neighbour.cluster,
        separation=None if neighbour is None else _known(neighbour.separation),
        differences=[ShareInfo(class_ids[one.of_class], one.here, one.there) for one in differences],
        depths=[] if row.profile is None else row.profile.counts.tolist(),
        depth_um=(0.0, 0.0, 0.0) if row.profile is None else row.profile.quartiles,
    )


def _ends(rows: Sequence[ClusterRow]) -> tuple[float, float]:
    """Of the steps that all clusters are counted in by depth."""
    profile = rows[0].profile if rows else None
    return (0.0, 0.0) if profile is None else (float(profile.edges[0]), float(profile.edges[-1]))


def _known(value: float) -> float | None:
    return round(value, 4) if math.isfinite(value) else None
