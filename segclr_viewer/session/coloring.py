"""Colouring the scatter by what follows from a head, or by an extra column of the table; off the session's thread."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from segclr.embeddings.table import EmbeddingTable
from segclr.errors import SegclrError
from segclr.explore.clustering import UNCLUSTERED
from segclr.heads.linear import LinearHead
from segclr.queue.strategies import ambiguity
from segclr_viewer.color_column import MOST_NAMES, NOTHING, OTHERS, ColorColumn, column_of, numbers
from segclr_viewer.heads.fitting import Fitted, predicted_where_finite
from segclr_viewer.heads.row_vectors import RowVectors
from segclr_viewer.session.app_state import AppState
from segclr_viewer.wire.coloring import Colored, ColoringInfo, Colorings, ColorRequest

NO_HEAD = "no values yet: label two classes"
EXTRA = "extra:"
CLUSTER = "cluster"

_ROWS_AT_ONCE = 1 << 18  # bounds the memory of probabilities
_OF_HEAD = {
    "ambiguity": ColoringInfo("ambiguity", "ambiguity", "predictions"),
    "novelty": ColoringInfo("novelty", "novelty", "predictions"),
}


def colorings(table: EmbeddingTable, run: str = "") -> Colorings:
    """What pages may ask for; `run` names the clusters that were found last, empty for none."""
    clusters = [ColoringInfo(CLUSTER, CLUSTER, "table", run)] if run else []
    extra = [ColoringInfo(f"{EXTRA}{name}", name, "table") for name in sorted(table.extra)]
    return Colorings([*_OF_HEAD.values(), *clusters, *extra])


@dataclass(frozen=True, slots=True)
class _Made:
    column: ColorColumn
    stamp: str
    note: str = ""


class Clustered(Protocol):
    """The clusters that were found last."""

    @property
    def run(self) -> str:
        """Names them; empty before any were found."""

    @property
    def labels(self) -> NDArray[np.int32]:
        """(n,) the cluster of each row, by size; UNCLUSTERED for none."""


class Coloring:
    """Answers the pages' wish for a column to colour by."""

    def __init__(self, state: AppState, clusters: Clustered) -> None:
        self._state = state
        self._clusters = clusters

    def ask(self, message: ColorRequest) -> None:
        """Make a column.

        Raises:
            SegclrError: there is no such task or way to colour.
        """
        self._state.workspace.errands.ask(
            f"colour {self._state.world.annotator} {message.task} {message.name}",
            self._job(message),
            partial(self._tell, message),
            partial(self._state.fail, message.request),
        )

    def _job(self, message: ColorRequest) -> Callable[[], _Made]:
        task, table = self._state.task_named(message.task), self._state.world.table
        name = message.name.removeprefix(EXTRA)
        if message.name.startswith(EXTRA) and name in table.extra:
            return lambda: _Made(column_of(table.extra[name]), table.version)
        if message.name == CLUSTER and self._clusters.run:
            labels, run = self._clusters.labels, self._clusters.run
            return lambda: _Made(_by_cluster(labels), run)
        if message.name not in _OF_HEAD:
            raise SegclrError(f"the points cannot be coloured by {name!r}: reload the page")
        fitted = None if task.predicted is None else task.predicted.fitted
        if fitted is None or fitted.head is None:
            nothing = ColorColumn(np.full(len(table), NOTHING, np.uint8), None, None, False, False, (), len(table))
            stamp = "" if fitted is None else fitted.points.stamp
            return lambda: _Made(nothing, stamp, note=NO_HEAD)
        return partial(_novelty if message.name == "novelty" else _ambiguity, fitted, fitted.head, task.vectors)

    def _tell(self, message: ColorRequest, made: _Made) -> None:
        column, scatter = made.column, self._state.workspace.scatter
        codes = column.codes
        if not scatter.is_whole and len(codes) == len(self._state.world.table):
            codes = codes[scatter.rows]
        name = self._state.workspace.color_columns.put(codes)
        self._state.ports.page.send(
            Colored(
                request=message.request,
                task=message.task,
                name=message.name,
                stamp=made.stamp,
                url=f"/columns/color/{name}.bin",
                rows=len(codes),
                low=column.low,
                high=column.high,
                below=column.below,
                above=column.above,
                names=list(column.names),
                missing=int(np.count_nonzero(codes == NOTHING)),
                note=made.note,
            )
        )


def _by_cluster(labels: NDArray[np.int32]) -> ColorColumn:
    """The largest clusters have a colour each, named as the table of clusters counts them."""
    count = min(MOST_NAMES, int(labels.max(initial=UNCLUSTERED)) + 1)
    codes = np.where(labels < MOST_NAMES, labels, OTHERS).astype(np.uint8)
    codes[labels == UNCLUSTERED] = NOTHING
    names = tuple(f"cluster {number + 1}" for number in range(count))
    return ColorColumn(codes, None, None, False, False, names, int(np.count_nonzero(labels == UNCLUSTERED)))


def _ambiguity(fitted: Fitted, head: LinearHead, vectors: RowVectors) -> _Made:
    """One minus the lead of the likeliest class, of each row; of whole cells where the task is about those."""
    if fitted.segment_probabilities is not None:
        values = np.repeat(ambiguity(fitted.segment_probabilities), np.diff(vectors.table.first_row))
    else:
        matrix = vectors.matrix()
        starts = range(0, len(matrix), _ROWS_AT_ONCE)
        parts = [ambiguity(predicted_where_finite(head, matrix[start : start + _ROWS_AT_ONCE])) for start in starts]
        values = np.concatenate(parts) if parts else np.empty(0, np.float32)
    return _Made(numbers(values, (0.0, 1.0)), fitted.points.stamp)


def _novelty(fitted: Fitted, head: LinearHead, vectors: RowVectors) -> _Made:
    """How far each row is from all labels (Mahalanobis), in multiples of what is usual among them."""
    matrix = vectors.matrix()
    starts = range(0, len(matrix), _ROWS_AT_ONCE)
    parts = [_novelty_of(head, matrix[start : start + _ROWS_AT_ONCE]) for start in starts]
    return _Made(numbers(np.concatenate([np.empty(0, np.float32), *parts])), fitted.points.stamp)


def _novelty_of(head: LinearHead, embeddings: NDArray[np.float32]) -> NDArray[np.float32]:
    """(k,), NaN where an embedding (k, d) is NaN or infinite."""
    finite = np.isfinite(embeddings).all(axis=1)
    distances = np.full(len(embeddings), np.nan, np.float32)
    distances[finite] = head.novelty.score(embeddings[finite])
    return distances
