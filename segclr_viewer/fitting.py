"""From labels to predictions: one job, run off the session's thread, a pure function of what it is given."""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segclr.embeddings.aggregation import aggregate, aggregate_place
from segclr.embeddings.table import EmbeddingTable
from segclr.heads.evaluation import HeldOut
from segclr.heads.linear import LinearHead, fit_head
from segclr_viewer.log.events import SavedPlace
from segclr_viewer.points import NO_CLASS, Points
from segclr_viewer.project import Task

ALL_ALIKE = "all labelled places look the same to the encoder, so the predictions say nothing: is the EM constant?"

_ROWS_AT_ONCE = 1 << 18  # bounds the memory of probabilities


class RowVectors:
    """What a task's head sees of the table: its embeddings averaged within a radius; made at the first use.

    Used from the thread of the fitting jobs alone.
    """

    def __init__(self, table: EmbeddingTable, radius_um: float) -> None:
        self.table = table
        self.radius_um = radius_um
        self._matrix: NDArray[np.float32] | None = None

    def matrix(self) -> NDArray[np.float32]:
        """(n, d) float32, one row per row of the table."""
        if self._matrix is None:
            self._matrix = aggregate(self.table, self.radius_um)
        return self._matrix


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """A task's head and predictions after the label event `seq`; `head` is None when there were too few labels.

    `segment_probabilities` is (S, C) for a segment task, one row per segment of the table.
    """

    seq: int
    points: Points
    head: LinearHead | None = None
    held_out: HeldOut | None = None
    segment_probabilities: NDArray[np.float32] | None = None
    fitted_at: str = ""
    fit_ms: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class FitJob:
    """Fit a head on labelled rows and places, and predict every row.

    Attributes:
        seq: number of the last label event that the labels follow from.
        row_classes: class of each labelled row; in a segment task one row per labelled segment.
        place_classes: labelled places that no row stands for, with their classes.
        note: what to tell with the predictions.
        now: the time in words.
    """

    task: Task
    seq: int
    vectors: RowVectors
    row_classes: dict[int, int]
    place_classes: tuple[tuple[SavedPlace, int], ...]
    note: str
    now: Callable[[], str]

    def run(self) -> Fitted:
        """Fit and predict.

        Raises:
            TooFewLabels: fewer than two classes have labels.
        """
        started = time.perf_counter()
        embeddings, classes, segments = self._training_set()
        fitted = fit_head(embeddings, classes, segments, len(self.task.classes))
        fit_ms = 1e3 * (time.perf_counter() - started)
        alike = ALL_ALIKE if not np.ptp(embeddings, axis=0).any() else ""
        if self.task.unit == "segment":
            probabilities = _mean_over_segments(fitted.head, self.vectors)
            codes, confidence, predicted = _segment_codes(probabilities, self.vectors.table)
        else:
            probabilities = None
            codes, confidence = fitted.head.predict_codes(self.vectors.matrix())
            predicted = np.bincount(codes, minlength=len(self.task.classes))
        points = self._points(codes, confidence, tuple(predicted.tolist()), "; ".join(filter(None, (alike, self.note))))
        return Fitted(self.seq, points, fitted.head, fitted.held_out, probabilities, self.now(), fit_ms)

    def without_head(self, why: str) -> Fitted:
        """No predictions, and the sentence that says why."""
        rows = len(self.vectors.table)
        nothing = np.zeros(len(self.task.classes), np.int64)
        points = self._points(
            np.full(rows, NO_CLASS, np.uint8),
            np.zeros(rows, np.uint8),
            tuple(nothing.tolist()),
            "; ".join(filter(None, (why, self.note))),
        )
        return Fitted(self.seq, points)

    def has_two_classes(self) -> bool:
        """Whether a head can be fitted at all."""
        return len({*self.row_classes.values(), *(given for _, given in self.place_classes)}) >= 2

    def _training_set(self) -> tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.uint64]]:
        """Embeddings (k, d), classes (k,) and segments (k,), in an order that follows from the labels alone."""
        table, radius_um = self.vectors.table, self.vectors.radius_um
        rows = np.array(sorted(self.row_classes), np.int64)
        places = sorted(self.place_classes, key=lambda labelled: (labelled[0].segment_id, labelled[0].position_nm))
        extra = [
            aggregate_place(table, place.segment_id, place.position_nm, place.embedding, radius_um)
            for place, _ in places
        ]
        embeddings = np.concatenate([self.vectors.matrix()[rows], *(vector[None] for vector in extra)])
        classes = [self.row_classes[row] for row in rows.tolist()] + [given for _, given in places]
        segments = table.segment_of_rows(rows).tolist() + [place.segment_id for place, _ in places]
        return embeddings, np.array(classes, np.int64), np.array(segments, np.uint64)

    def _points(
        self, classes: NDArray[np.uint8], confidence: NDArray[np.uint8], predicted: tuple[int, ...], note: str
    ) -> Points:
        given = [*self.row_classes.values(), *(given for _, given in self.place_classes)]
        labelled = np.bincount(np.array(given, np.int64), minlength=len(self.task.classes))
        stamp = stamp_of(self.task, self.seq, self.vectors.table)
        return Points(stamp, self.task.name, classes, confidence, predicted, tuple(labelled.tolist()), note)


def stamp_of(task: Task, seq: int, table: EmbeddingTable) -> str:
    """16 hex digits that name predictions: equal for equal task, log position and table (which knows its encoder)."""
    return hashlib.sha256(repr((task, seq, table.version)).encode()).hexdigest()[:16]


def _mean_over_segments(head: LinearHead, vectors: RowVectors) -> NDArray[np.float32]:
    """(S, C): the mean of the probabilities over each segment's rows."""
    first_row, matrix = vectors.table.first_row, vectors.matrix()
    means = np.empty((len(first_row) - 1, head.class_count), np.float32)
    start = 0
    while start < len(means):
        stop = max(start + 1, int(np.searchsorted(first_row, first_row[start] + _ROWS_AT_ONCE, side="right")) - 1)
        rows = first_row[start : stop + 1]
        sums = np.add.reduceat(head.predict(matrix[rows[0] : rows[-1]]).astype(np.float64), rows[:-1] - rows[0], axis=0)
        means[start:stop] = sums / np.diff(rows)[:, None]
        start = stop
    return means


def _segment_codes(
    probabilities: NDArray[np.float32], table: EmbeddingTable
) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.int64]]:
    """Class and confidence of each row, those of its segment, and the number of segments of each class."""
    classes = probabilities.argmax(axis=1).astype(np.uint8)
    confidence = np.rint(probabilities.max(axis=1) * 255).astype(np.uint8)
    sizes = np.diff(table.first_row)
    counts = np.bincount(classes, minlength=probabilities.shape[1])
    return np.repeat(classes, sizes), np.repeat(confidence, sizes), counts
