"""What pages ask of the layouts, in one annotator's words."""

from dataclasses import asdict
from functools import partial

import numpy as np
from numpy.typing import NDArray

from segclr.explore.settings import LayoutSettings
from segclr_viewer.heads.task_state import TaskState
from segclr_viewer.ports import LayoutWish
from segclr_viewer.session.app_state import AppState
from segclr_viewer.wire.layouts import (
    DropLayoutRequest,
    FitRequest,
    KeptLayoutInfo,
    LayoutParameters,
    LayoutsKnown,
    LayoutsRequest,
    StopFitRequest,
)


class LayoutRequests:
    """Fits, stops, chooses and deletes layouts for a page."""

    def __init__(self, state: AppState) -> None:
        self._state = state

    def ask(self, message: LayoutsRequest) -> None:
        """Do what a page asks.

        Raises:
            SegclrError: it cannot be done.
        """
        layouts, failed = self._state.workspace.layouts, partial(self._state.fail, message.request)
        if isinstance(message, FitRequest):
            layouts.fit(self._wish(message), self._state.world.annotator, failed)
        elif isinstance(message, StopFitRequest):
            layouts.stop()
        elif isinstance(message, DropLayoutRequest):
            layouts.drop(message.stamp)
        else:
            layouts.show(message.stamp, failed)

    def known(self) -> LayoutsKnown:
        """All kept layouts, and which one is shown."""
        layouts = self._state.workspace.layouts
        kept = [
            KeptLayoutInfo(
                stamp=each.stamp,
                parameters=_parameters(each.settings),
                radius_um=each.source.radius_um,
                labels_of=each.source.labels_of,
                fitted_at=each.fitted_at,
            )
            for each in layouts.kept
        ]
        return LayoutsKnown(shown=layouts.shown, kept=kept, usual=_parameters(LayoutSettings()))

    def _wish(self, message: FitRequest) -> LayoutWish:
        averaging = None if message.means_of is None else self._state.task_named(message.means_of)
        task, asked = self._state.task_named(message.task), message.parameters
        settings = LayoutSettings(
            neighbours=asked.neighbours,
            min_distance=asked.min_distance,
            metric=asked.metric,
            sample_rows=asked.sample_rows,
            supervised=asked.supervised,
            seed=asked.seed,
        )
        return LayoutWish(
            settings=settings,
            radius_um=0.0 if averaging is None else averaging.vectors.radius_um,
            classes=None if task.predicted is None else self._of_points(task.predicted.fitted.points.classes),
            labels=self._of_points(self._labels(task)) if asked.supervised else None,
            labels_of=task.task.name if asked.supervised else "",
        )

    def _of_points(self, values: NDArray[np.integer]) -> NDArray[np.integer]:
        sampled = self._state.workspace.scatter.sampled
        return values if sampled is None else values[sampled]

    def _labels(self, task: TaskState) -> NDArray[np.int64]:
        """(n,) the label of each row, -1 for none; a labelled segment labels all its rows."""
        table, labelled = self._state.world.table, task.labelled()
        labels = np.full(len(table), -1, np.int64)
        for segment_id, given in labelled.segments.items():
            rows = table.rows_of(segment_id)
            labels[rows] = given
        for row, given in labelled.rows.items():
            labels[row] = given
        return labels


def _parameters(settings: LayoutSettings) -> LayoutParameters:
    return LayoutParameters(**asdict(settings))
