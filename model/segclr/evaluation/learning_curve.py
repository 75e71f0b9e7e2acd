"""Is more labelling worth it? Macro F1 against the number of labels, over the order in which they were given.

Every point is tested on the same labels: those that hold at the end. For each fold of cells a head is fitted to the
labels given so far on the other cells, and asked about all of the fold's labels, also those given later. So points
compare with each other, no head is tested on a cell that it has seen, and the last point is the panel's macro F1.

What the curve is not: the labels were chosen, by a queue or by hand, so that it speaks of places like the labelled
ones, not of the volume. A queue that asks for what the head of the moment did not know makes early points look worse
than they would on random places. And a fold's head has seen about four fifths of the labels of its point: the curve
lies a little to the right of the truth. What a class brings that is labelled late shows as a rise: until then the
places of that class count as mistakes. Intervals are for the labels given: they say how the figure would
differ on other cells to test on, not had other places been labelled.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segclr.evaluation.held_out import linear_fit
from segclr.evaluation.intervals import Estimate, resampled_sums
from segclr.evaluation.scores import confusion_by_cell, macro_estimate
from segclr.heads.evaluation import FEWEST_TESTED, FOLDS, FitLogits, fold_of
from segclr.heads.one_thread import one_blas_thread

POINTS = 12
TAKEN_BACK = -1
"""Given as the class of a label, it takes back what the row had."""

_FIRST_COUNT = 10


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """The head after some of the history.

    Attributes:
        events: labels given, corrected or taken back so far.
        labels: labels that held then.
        macro_f1: on the labels that hold at the end.
    """

    events: int
    labels: int
    macro_f1: Estimate


@dataclass(frozen=True, slots=True)
class LearningCurve:
    """Points by rising number of events; all are tested on the same `tested` labels of `cells` cells."""

    points: tuple[CurvePoint, ...]
    tested: int
    cells: int


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """Labels in the order in which they were given; of several for one row the last so far holds.

    Attributes:
        rows: (e,) row of the embeddings that each is about.
        classes: (e,) 0 to C - 1, or `TAKEN_BACK`.
        cells: (n,) segment id of each row of the embeddings.
    """

    rows: NDArray[np.int64]
    classes: NDArray[np.int64]
    cells: NDArray[np.uint64]

    def after(self, events: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the rows that have a label after so many events, rising, and their classes."""
        rows, newest = np.unique(self.rows[:events][::-1], return_index=True)
        classes = self.classes[:events][::-1][newest]
        holds = classes != TAKEN_BACK
        return rows[holds], classes[holds]


def learning_curve(
    embeddings: NDArray[np.floating],
    history: History,
    class_count: int,
    seed: int = 0,
    most_points: int = POINTS,
    fit: FitLogits | None = None,
) -> LearningCurve | None:
    """Fit again at log-spaced counts of events, once without each fold: some five times the work of one retraining.

    Args:
        embeddings: (n, d), finite where there are labels.
        history: its rows are rows of `embeddings`.
        class_count: C.
        seed: deals the cells out to folds, as in `segclr.heads.linear.fit_head`, and draws the bootstrap.
        fit: how a head is fitted; the linear head if None.

    Returns:
        None if there are too few labels that can be tested. Counts at which some fold is left with fewer than two
        classes have no point.

    Raises:
        TableError: A labelled embedding is NaN or infinite.
        ValueError: A row or a class is out of range.
    """
    _check(embeddings, history, class_count)
    tested = _testable(history, class_count, seed)
    rows, classes = tested
    if len(rows) < FEWEST_TESTED or len(np.unique(classes)) < 2:
        return None
    events, labels, confusions = [], [], []
    with one_blas_thread():
        for count in _counts(len(history.rows), most_points):
            predicted = _predict(embeddings, history, count, rows, seed, fit or linear_fit(class_count))
            if predicted is not None:
                events.append(count)
                labels.append(len(history.after(count)[0]))
                confusions.append(confusion_by_cell(classes, predicted, history.cells[rows], class_count))
    cells = len(np.unique(history.cells[rows]))
    # one seed: all points stand on the same draws of cells
    figures = [macro_estimate(by_cell, resampled_sums(by_cell, seed)) for by_cell in confusions]
    points = tuple(CurvePoint(*point) for point in zip(events, labels, figures, strict=True))
    return LearningCurve(points, len(rows), cells) if points else None


def _check(embeddings: NDArray[np.floating], history: History, class_count: int) -> None:
    rows, classes = history.rows, history.classes
    if rows.shape != classes.shape or history.cells.shape != (len(embeddings),):
        raise ValueError(
            f"the history does not fit: {rows.shape} rows, {classes.shape} classes, "
            f"{history.cells.shape} cells of {len(embeddings)} embeddings"
        )
    if len(rows) and not 0 <= int(rows.min()) <= int(rows.max()) < len(embeddings):
        raise ValueError(f"rows of the history must be 0 to {len(embeddings) - 1}")
    if len(classes) and not TAKEN_BACK <= int(classes.min()) <= int(classes.max()) < class_count:
        raise ValueError(f"classes of the history must be 0 to {class_count - 1}, or {TAKEN_BACK} to take one back")


def _counts(events: int, most: int) -> list[int]:
    """Return rising, log-spaced counts of events, the last of them all."""
    return sorted(set(np.geomspace(min(_FIRST_COUNT, events), events, most).round().astype(int).tolist()))


def _testable(history: History, class_count: int, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return rows and classes of the labels at the end whose class also has labels in other folds."""
    rows, classes = history.after(len(history.rows))
    in_folds = np.zeros((class_count, FOLDS), np.bool_)
    in_folds[classes, fold_of(history.cells[rows], seed)] = True
    known = in_folds.sum(axis=1)[classes] >= 2
    return rows[known], classes[known]


def _predict(
    embeddings: NDArray[np.floating],
    history: History,
    count: int,
    tested: NDArray[np.int64],
    seed: int,
    fit: FitLogits,
) -> NDArray[np.int64] | None:
    """Return (m,) classes of the tested rows by heads fitted after `count` events; None where one cannot be fitted."""
    rows, classes = history.after(count)
    fold, fold_tested = fold_of(history.cells[rows], seed), fold_of(history.cells[tested], seed)
    predicted = np.empty(len(tested), np.int64)
    for index in np.unique(fold_tested):
        left, asked = fold != index, fold_tested == index
        if len(np.unique(classes[left])) < 2:
            return None
        x = embeddings[rows[left]].astype(np.float64)
        logits = fit(x, classes[left], history.cells[rows[left]])
        predicted[asked] = logits(embeddings[tested[asked]].astype(np.float64)).argmax(axis=1)
    return predicted
