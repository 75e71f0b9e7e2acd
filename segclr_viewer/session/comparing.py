"""Comparing two selections: one that is kept with the present one, off the session's thread."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from segclr.embeddings.storage.stored_embeddings import EmbeddingRows
from segclr.errors import SegclrError
from segclr.explore.comparison import Comparison, Difference, compare
from segclr_viewer.heads.task_state import Predicted, TaskState
from segclr_viewer.points import NO_CLASS
from segclr_viewer.session.app_state import AppState
from segclr_viewer.session.known_labels import known_labels
from segclr_viewer.session.saving_views import SavingViews
from segclr_viewer.session.selecting import Selecting
from segclr_viewer.wire.comparing import CompareRequest, ComparisonReady, DifferenceInfo

EXCHANGES = 1999
SAME = "both selections are the same points: select others to compare them with"

_AXES = ("x", "y", "z")
_CONFIDENCE = "confidence"
_PREDICTED = "predicted "


class Comparing:
    """Answers the pages' question how two selections differ."""

    def __init__(self, state: AppState, views: SavingViews, selecting: Selecting) -> None:
        self._state = state
        self._views = views
        self._selecting = selecting

    def ask(self, message: CompareRequest) -> None:
        """Compare; the page is told.

        Raises:
            SegclrError: a selection is not there, or both are the same.
        """
        task = self._state.task_named(message.task)
        first, second = self._views.kept(message.first).rows, self._selecting.rows
        if not len(second):
            raise SegclrError("nothing is selected: select points to compare the first ones with")
        if np.array_equal(first, second):
            raise SegclrError(SAME)
        self._state.workspace.errands.ask(
            f"compare {self._state.world.annotator} {message.page}",
            self._job(task, first, second),
            partial(self._tell, message, task.classes.ids),
            partial(self._state.fail, message.request),
        )

    def _job(self, task: TaskState, first: NDArray[np.int64], second: NDArray[np.int64]) -> Callable[[], Comparison]:
        table = self._state.world.table
        labels = known_labels(task, table, self._state.world.annotator)
        predicted, class_count = task.predicted, len(task.classes.ids)

        def job() -> Comparison:
            rows = np.union1d(first, second)  # nothing is made of the others: a table may have many more
            columns = {axis: table.positions_nm[rows, i] / 1000 for i, axis in enumerate(_AXES)}
            columns |= {name: values[rows] for name, values in table.extra.items() if values.dtype.kind in "iuf"}
            return compare(
                np.searchsorted(rows, first),
                np.searchsorted(rows, second),
                np.searchsorted(table.first_row, rows, side="right") - 1,
                _Some(task.vectors.matrix(), rows),
                labels[rows],
                columns,
                permutations=EXCHANGES,
                described=_believed(predicted, class_count, rows),
            )

        return job

    def _tell(self, message: CompareRequest, ids: tuple[str, ...], found: Comparison) -> None:
        differences = [_described(name, means, ids) for name, means in found.described.items()]
        differences += [_tested("labelled", ids[index], each) for index, each in found.classes.items()]
        differences += [_tested("column", name, each) for name, each in found.columns.items()]
        self._state.ports.page.send(
            ComparisonReady(
                request=message.request,
                task=message.task,
                rows=found.rows,
                cells=found.cells,
                shared_rows=found.shared_rows,
                shared_cells=found.shared_cells,
                distance=_known(found.distance),
                spread=_known(found.spread),
                differences=differences,
                tests=sum(each.p is not None for each in differences),
                exchanges=EXCHANGES,
            )
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Some:
    """Some rows of a table's embeddings, read when they are asked for."""

    matrix: EmbeddingRows
    rows: NDArray[np.int64]
    ndim = 2

    @property
    def shape(self) -> tuple[int, ...]:
        return (len(self.rows), *self.matrix.shape[1:])

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, rows: slice | NDArray[np.integer], /) -> NDArray[np.float32]:
        return self.matrix[self.rows[rows]]


def _believed(
    predicted: Predicted | None, class_count: int, rows: NDArray[np.int64]
) -> dict[str, NDArray[np.floating]]:
    """(k,) whether each of some rows is predicted as a class, and with which confidence; NaN where nothing is."""
    if predicted is None or predicted.fitted.head is None:
        return {}
    points = predicted.fitted.points
    classes, confidence = points.classes[rows], points.confidence[rows]
    known = classes != NO_CLASS
    shares = {
        f"{_PREDICTED}{index}": np.where(known, classes == index, np.nan).astype(np.float32)
        for index in range(class_count)
    }
    return shares | {_CONFIDENCE: np.where(known, confidence / 255, np.nan)}


def _described(name: str, means: tuple[float, float], ids: tuple[str, ...]) -> DifferenceInfo:
    kind: Literal["predicted", "column"] = "column" if name == _CONFIDENCE else "predicted"
    shown = name if kind == "column" else ids[int(name.removeprefix(_PREDICTED))]
    return DifferenceInfo(kind, shown, "", _known(means[0]), _known(means[1]), None, None)


def _tested(kind: Literal["labelled", "column"], name: str, each: Difference) -> DifferenceInfo:
    unit = "µm" if kind == "column" and name in _AXES else ""
    return DifferenceInfo(kind, name, unit, _known(each.first), _known(each.second), each.p, each.corrected)


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None
