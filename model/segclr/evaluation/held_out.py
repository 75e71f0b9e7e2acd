"""What heads that have not seen a label's cell say of the label: the ground that every figure here stands on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segclr.heads.calibration import fit_temperature, softmax
from segclr.heads.evaluation import FOLDS, FitLogits, Logits, fold_of, held_out_logits
from segclr.heads.head import check_labels
from segclr.heads.linear import fit_head
from segclr.heads.one_thread import one_blas_thread


@dataclass(frozen=True, slots=True, eq=False)
class HeldOutLabels:
    """Held-out predictions of the labels that have one.

    Attributes:
        label: (m,) index of the label among the k that were asked about, rising.
        classes: (m,) its class.
        cells: (m,) its cell.
        probabilities: (m, C) float64 by a head fitted without the label's cell; rows sum to 1.
        known: (m,) that head knew the label's class. If not, all labels of the class lie in one fold, and the head
            could not be right.
        given: (k,) classes of all labels that were asked about; what has no prediction lies in a fold without which
            fewer than two classes are left.
    """

    label: NDArray[np.int64]
    classes: NDArray[np.int64]
    cells: NDArray[np.uint64]
    probabilities: NDArray[np.float64]
    known: NDArray[np.bool_]
    given: NDArray[np.int64]

    @property
    def asked(self) -> int:
        """k."""
        return len(self.given)

    @property
    def class_count(self) -> int:
        return len(self.probabilities.T)

    @property
    def predicted(self) -> NDArray[np.int64]:
        """(m,) the likeliest class; of equals the first."""
        predicted: NDArray[np.int64] = self.probabilities.argmax(axis=1)
        return predicted

    @property
    def confidence(self) -> NDArray[np.float64]:
        """(m,) the probability of the likeliest class."""
        confidence: NDArray[np.float64] = self.probabilities.max(axis=1)
        return confidence

    def where(self, rows: NDArray[np.bool_]) -> HeldOutLabels:
        """Return the labels where (m,) `rows` is true."""
        return HeldOutLabels(
            self.label[rows],
            self.classes[rows],
            self.cells[rows],
            self.probabilities[rows],
            self.known[rows],
            self.given,
        )


def linear_fit(class_count: int) -> FitLogits:
    """Return how the linear head is fitted where only its logits are wanted."""

    def fit(embeddings: NDArray[np.float64], classes: NDArray[np.int64], groups: NDArray[np.uint64]) -> Logits:
        # As labels of one segment they make one fold: nothing is fitted but the head itself.
        one_segment = np.zeros(len(groups), np.uint64)
        return fit_head(embeddings.astype(np.float32), classes, one_segment, class_count).head.logits

    return fit


def predict_held_out(
    embeddings: NDArray[np.floating],
    classes: NDArray[np.integer],
    cells: NDArray[np.uint64],
    class_count: int,
    seed: int = 0,
    fit: FitLogits | None = None,
) -> HeldOutLabels:
    """Return calibrated probabilities of each label by a head that has not seen its cell.

    The folds are those of `segclr.heads.linear.fit_head` with the same seed, so that figures agree. The temperature of
    a fold is fitted on the held-out logits of the other folds, not on the labels that it is measured on.

    Args:
        embeddings: (k, d) finite.
        classes: (k,) 0 to C - 1.
        cells: (k,) segment ids.
        class_count: C.
        seed: deals the cells out to folds.
        fit: how a head is fitted; the linear head if None.

    Raises:
        TooFewLabels: Fewer than two classes occur.
        TableError: An embedding is NaN or infinite.
        ValueError: The arrays do not fit each other.
    """
    x, y = check_labels(embeddings, classes, cells, class_count)
    with one_blas_thread():
        found = held_out_logits(fit or linear_fit(class_count), x, y, cells, class_count, seed)
    fold = fold_of(cells, seed)
    label = np.flatnonzero(found.predicted)
    probabilities = np.empty((len(y), class_count))
    for test in (fold == index for index in range(FOLDS)):
        others, now = found.known & ~test, found.predicted & test
        if now.any():
            temperature = fit_temperature(found.logits[others], y[others]) if others.any() else 1.0
            probabilities[now] = softmax(found.logits[now], temperature)
    return HeldOutLabels(label, y[label], cells[label], probabilities[label], found.known[label], y)
