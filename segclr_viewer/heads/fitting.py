"""From labels to predictions: one job, run off the session's thread, a pure function of what it is given."""

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segclr.embeddings.aggregation import aggregate, aggregate_place
from segclr.embeddings.table import EmbeddingTable
from segclr.heads.evaluation import HeldOut
from segclr.heads.linear import LinearHead, fit_head
from segclr.heads.over_segments import codes_of_segments, mean_over_segments
from segclr_viewer.log.consensus import ALL, Choice
from segclr_viewer.log.events import SavedPlace
from segclr_viewer.points import NO_CLASS, Points
from segclr_viewer.project import Task

ALL_ALIKE = "all labelled places look the same to the encoder, so the predictions say nothing: is the EM constant?"


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

    def of(self, sites: Sequence[int | SavedPlace]) -> tuple[NDArray[np.float32], NDArray[np.uint64]]:
        """Embeddings (k, d) and segments (k,) of rows, and of places that no row stands for."""
        rows = np.array([site for site in sites if isinstance(site, int)], np.int64)
        places = [(at, site) for at, site in enumerate(sites) if not isinstance(site, int)]
        is_row = np.ones(len(sites), np.bool_)
        is_row[[at for at, _ in places]] = False
        embeddings = np.empty((len(sites), self.table.dimensions), np.float32)
        segments = np.empty(len(sites), np.uint64)
        embeddings[is_row], segments[is_row] = self.matrix()[rows], self.table.segment_of_rows(rows)
        for at, place in places:
            embeddings[at], segments[at] = self._of_place(place), place.segment_id
        return embeddings, segments

    def _of_place(self, place: SavedPlace) -> NDArray[np.float32]:
        return aggregate_place(self.table, place.segment_id, place.position_nm, place.embedding, self.radius_um)


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """A task's head and predictions after the label event `seq`; `head` is None when there were too few labels.

    `segment_probabilities` is (S, C) for a segment task, one row per segment of the table. `revision` counts the
    changes of what trains.
    """

    seq: int
    points: Points
    head: LinearHead | None = None
    held_out: HeldOut | None = None
    segment_probabilities: NDArray[np.float32] | None = None
    fitted_at: str = ""
    fit_ms: float = 0.0
    revision: int = 0

    @property
    def moment(self) -> tuple[int, int]:
        """Of two results of one task the one with the larger moment is the newer."""
        return (self.seq, self.revision)


@dataclass(frozen=True, slots=True, eq=False)
class FitJob:
    """Fit a head on labelled rows and places, and predict every row.

    Attributes:
        seq: number of the last label event that the labels follow from.
        row_classes: class of each labelled row; in a segment task one row per labelled segment.
        place_classes: labelled places that no row stands for, with their classes.
        note: what to tell with the predictions.
        now: the time in words.
        choice: which statements the labels follow from.
        revision: how often that was chosen anew in this run; no part of the stamp.
    """

    task: Task
    seq: int
    vectors: RowVectors
    row_classes: dict[int, int]
    place_classes: tuple[tuple[SavedPlace, int], ...]
    note: str
    now: Callable[[], str]
    choice: Choice = ALL
    revision: int = 0

    def run(self) -> Fitted:
        """Fit and predict.

        Raises:
            TooFewLabels: fewer than two classes have labels.
        """
        started = time.perf_counter()
        embeddings, classes, segments = self.training_set()
        fitted = fit_head(embeddings, classes, segments, len(self.task.classes))
        fit_ms = 1e3 * (time.perf_counter() - started)
        alike = ALL_ALIKE if not np.ptp(embeddings, axis=0).any() else ""
        if self.task.unit == "segment":
            first_row = self.vectors.table.first_row
            probabilities = mean_over_segments(fitted.head, self.vectors.matrix(), first_row)
            codes, confidence = codes_of_segments(probabilities, first_row)
            predicted = np.bincount(probabilities.argmax(axis=1), minlength=len(self.task.classes))
        else:
            probabilities = None
            codes, confidence = fitted.head.predict_codes(self.vectors.matrix())
            predicted = np.bincount(codes, minlength=len(self.task.classes))
        points = self._points(codes, confidence, tuple(predicted.tolist()), "; ".join(filter(None, (alike, self.note))))
        return Fitted(self.seq, points, fitted.head, fitted.held_out, probabilities, self.now(), fit_ms, self.revision)

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
        return Fitted(self.seq, points, revision=self.revision)

    @property
    def stamp(self) -> str:
        """Names the predictions that come of it."""
        return stamp_of(self.task, self.seq, self.vectors.table, self.choice)

    def has_two_classes(self) -> bool:
        """Whether a head can be fitted at all."""
        return len({*self.row_classes.values(), *(given for _, given in self.place_classes)}) >= 2

    def sites(self) -> list[int | SavedPlace]:
        """What is labelled: rows, then places without a row, in an order that follows from the labels alone."""
        places = sorted((place for place, _ in self.place_classes), key=lambda at: (at.segment_id, at.position_nm))
        return [*sorted(self.row_classes), *places]

    def training_set(self) -> tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.uint64]]:
        """Embeddings (k, d), classes (k,) and segments (k,) of the `sites`."""
        of_place = {place.position_nm: given for place, given in self.place_classes}
        sites = self.sites()
        classes = [self.row_classes[at] if isinstance(at, int) else of_place[at.position_nm] for at in sites]
        embeddings, segments = self.vectors.of(sites)
        return embeddings, np.array(classes, np.int64), segments

    def _points(
        self, classes: NDArray[np.uint8], confidence: NDArray[np.uint8], predicted: tuple[int, ...], note: str
    ) -> Points:
        given = [*self.row_classes.values(), *(given for _, given in self.place_classes)]
        labelled = np.bincount(np.array(given, np.int64), minlength=len(self.task.classes))
        return Points(self.stamp, self.task.name, classes, confidence, predicted, tuple(labelled.tolist()), note)


def stamp_of(task: Task, seq: int, table: EmbeddingTable, choice: Choice = ALL) -> str:
    """16 hex digits that name predictions.

    Equal for equal task, log position, table (which knows its encoder) and choice of what trains.
    """
    chosen = [
        None if some is None else sorted(some) for some in (choice.annotators, choice.provenances, choice.reviews)
    ]
    return hashlib.sha256(repr((task, seq, table.version, chosen)).encode()).hexdigest()[:16]
