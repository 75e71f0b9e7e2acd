"""From labels to predictions: one job, run off the session's thread, a pure function of what it is given."""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from segclr.embeddings.table import EmbeddingTable
from segclr.heads.evaluation import HeldOut
from segclr.heads.head import FittedHead
from segclr.heads.linear import LinearHead, fit_head
from segclr.heads.over_segments import codes_of_segments, mean_over_segments
from segclr.wording import counted, verb
from segclr_viewer.heads.row_vectors import RowVectors
from segclr_viewer.heads.unfinished import Unfinished
from segclr_viewer.log.consensus import ALL, Choice
from segclr_viewer.log.events import SavedPlace
from segclr_viewer.points import NO_CLASS, Points
from segclr_viewer.project import Task

ALL_ALIKE = "all labelled places look the same to the encoder, so the predictions say nothing: is the EM constant?"


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

    def grown(self, table: EmbeddingTable) -> "Fitted":
        """The same for a table that may have more rows and segments now, of which nothing is predicted."""
        if len(self.points.classes) == len(table):
            return self
        known = self.segment_probabilities
        if known is not None:
            more = np.full((len(table.segment_ids) - len(known), known.shape[1]), np.nan, np.float32)
            known = np.concatenate([known, more])
        return replace(self, points=self.points.grown(len(table)), segment_probabilities=known)

    def probabilities_of_segments(self, segments: NDArray[np.integer]) -> NDArray[np.float32]:
        """(k, C) of a segment task, of segments by their places in the table; predicted first where they are not yet.

        Raises:
            ValueError: it is no segment task.
        """
        if self.segment_probabilities is None:
            raise ValueError("only the heads of segment tasks have probabilities of segments")
        if self.points.rest is not None:
            self.points.rest.predict_segments(np.unique(segments))
        found: NDArray[np.float32] = self.segment_probabilities[segments]
        return found

    @property
    def moment(self) -> tuple[int, int]:
        """Of two results of one task the one with the larger moment is the newer."""
        return (self.seq, self.revision)


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """Rows that somebody sees: points of the scatter, None for all, and all rows of the segments in the viewer."""

    points: NDArray[np.int64] | None
    visible: NDArray[np.int64]


NOTHING_SEEN = Seen(np.empty(0, np.int64), np.empty(0, np.int64))


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
        seen: what is predicted first where the table is large.
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
    seen: Seen = NOTHING_SEEN

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
        if self.vectors.is_large:
            untrained = len(self.row_classes) + len(self.place_classes) - len(classes)
            return self._begun(fitted, fit_ms, "; ".join(filter(None, (alike, _left_out(untrained)))))
        if self.task.unit == "segment":
            first_row = self.vectors.table.first_row
            probabilities = mean_over_segments(fitted.head, np.asarray(self.vectors.matrix()), first_row)
            codes, confidence = codes_of_segments(probabilities, first_row)
            predicted = np.bincount(probabilities.argmax(axis=1), minlength=len(self.task.classes))
        else:
            probabilities = None
            codes, confidence = fitted.head.predict_codes(np.asarray(self.vectors.matrix()))
            predicted = np.bincount(codes, minlength=len(self.task.classes))
        points = self._points(codes, confidence, tuple(predicted.tolist()), "; ".join(filter(None, (alike, self.note))))
        return Fitted(self.seq, points, fitted.head, fitted.held_out, probabilities, self.now(), fit_ms, self.revision)

    def _begun(self, fitted: FittedHead[LinearHead], fit_ms: float, warning: str) -> Fitted:
        """Predict the rows that are seen; others when they come in sight, or by and by (`Unfinished.go_on`)."""
        rest = Unfinished(fitted.head, self.vectors, self.task.unit == "segment")
        rest.predict_first(self.seen.points, self.seen.visible)
        note = "; ".join(filter(None, (warning, self.note, rest.note() if rest.is_over else "")))
        points = self._points(rest.classes, rest.confidence, rest.counts(), note)
        points = replace(points, rest=None if rest.is_over else rest)
        return Fitted(
            self.seq, points, fitted.head, fitted.held_out, rest.probabilities, self.now(), fit_ms, self.revision
        )

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
        """What a head is fitted on: rows, then places without a row, in an order that follows from the labels alone.

        Labels of rows that are NaN or infinite, which only a large table opens with, are left out.
        """
        return self._sited()[0]

    def training_set(self) -> tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.uint64]]:
        """Embeddings (k, d), classes (k,) and segments (k,) of the `sites`."""
        of_place = {place.position_nm: given for place, given in self.place_classes}
        sites, embeddings, segments = self._sited()
        classes = [self.row_classes[at] if isinstance(at, int) else of_place[at.position_nm] for at in sites]
        return embeddings, np.array(classes, np.int64), segments

    def _sited(self) -> tuple[list[int | SavedPlace], NDArray[np.float32], NDArray[np.uint64]]:
        places = sorted((place for place, _ in self.place_classes), key=lambda at: (at.segment_id, at.position_nm))
        sites: list[int | SavedPlace] = [*sorted(self.row_classes), *places]
        embeddings, segments = self.vectors.of(sites)
        finite = np.isfinite(embeddings).all(axis=1)
        if self.vectors.is_large and not finite.all():
            sites = [sites[at] for at in np.flatnonzero(finite).tolist()]
            embeddings, segments = embeddings[finite], segments[finite]
        return sites, embeddings, segments

    def _points(
        self, classes: NDArray[np.uint8], confidence: NDArray[np.uint8], predicted: tuple[int, ...], note: str
    ) -> Points:
        given = [*self.row_classes.values(), *(given for _, given in self.place_classes)]
        labelled = np.bincount(np.array(given, np.int64), minlength=len(self.task.classes))
        return Points(self.stamp, self.task.name, classes, confidence, predicted, tuple(labelled.tolist()), note)


def predicted_where_finite(head: LinearHead, embeddings: NDArray[np.float32]) -> NDArray[np.float32]:
    """(k, C) probabilities, NaN where an embedding (k, d) is NaN or infinite."""
    finite = np.isfinite(embeddings).all(axis=1)
    probabilities = np.full((len(embeddings), head.class_count), np.nan, np.float32)
    probabilities[finite] = head.predict(embeddings[finite])
    return probabilities


def _left_out(labels: int) -> str:
    if not labels:
        return ""
    return (
        f"{counted(labels, 'label')} of embeddings that are NaN or infinite {verb(labels, 'is', 'are')} not trained on"
    )


def stamp_of(task: Task, seq: int, table: EmbeddingTable, choice: Choice = ALL) -> str:
    """16 hex digits that name predictions.

    Equal for equal task, log position, table (which knows its encoder) and choice of what trains.
    """
    chosen = [
        None if some is None else sorted(some) for some in (choice.annotators, choice.provenances, choice.reviews)
    ]
    return hashlib.sha256(repr((task, seq, table.version, chosen)).encode()).hexdigest()[:16]
