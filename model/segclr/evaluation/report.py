"""The evaluation panel's figures: F1, precision, recall and accuracy with intervals, and the confusion matrix.

All are of labels on cells that the head has not seen. They tell how well the head does on places like the labelled
ones. A queue chooses those, so that the volume as a whole may be easier or harder: `segclr.evaluation.audit` tells.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segclr.evaluation.held_out import HeldOutLabels
from segclr.evaluation.intervals import Estimate, clustered_share, resampled_sums
from segclr.evaluation.reliability import Reliability, measure_reliability
from segclr.evaluation.scores import confusion_by_cell, f1_by_shares, f1_of, macro_estimate, of_class, wider_of
from segclr.heads.evaluation import FEWEST_TESTED, independent_count, wilson_interval


@dataclass(frozen=True, slots=True)
class ClassScore:
    """How well one class is told from the others.

    Attributes:
        code: the class.
        labels: tested labels of the class.
        cells: cells they lie on.
        untested: labels of the class that no head without their cell could know.
        predicted: tested labels that the head takes for the class.
        precision: None where `predicted` is 0.
        recall: None where `labels` is 0.
        f1: None where `labels` is 0.
    """

    code: int
    labels: int
    cells: int
    untested: int
    predicted: int
    precision: Estimate | None
    recall: Estimate | None
    f1: Estimate | None


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """Figures on held-out labels.

    Attributes:
        macro_f1: mean F1 of the classes that have tested labels.
        accuracy: with a Wilson interval that counts the labels of a cell as one, as that of a fitted head does.
        classes: one for each of the C classes.
        confusion: (C, C) int64 counts of labels, [given, predicted].
        reliability: whether confidence means what it says.
        labels: tested labels.
        cells: cells they lie on.
        untested: labels that could not be tested: no head without their cell knew their class.
        held_out: the tested labels.
    """

    macro_f1: Estimate
    accuracy: Estimate
    classes: tuple[ClassScore, ...]
    confusion: NDArray[np.int64]
    reliability: Reliability
    labels: int
    cells: int
    untested: int
    held_out: HeldOutLabels

    def labels_in(self, given: int, predicted: int) -> NDArray[np.int64]:
        """Return the labels, as indices among those asked about, in one cell of the confusion matrix.

        The one with the most confident prediction comes first: off the diagonal that is the plainest disagreement.
        """
        held_out = self.held_out
        rows = np.flatnonzero((held_out.classes == given) & (held_out.predicted == predicted))
        return held_out.label[rows[np.argsort(-held_out.confidence[rows], kind="stable")]]


def evaluate(held_out: HeldOutLabels, seed: int = 0) -> Report | None:
    """Put the figures together.

    Args:
        held_out: of `segclr.evaluation.held_out.predict_held_out`.
        seed: of the bootstrap.

    Returns:
        None if there are too few tested labels, or only one class of them, to say anything.
    """
    tested, class_count = held_out.where(held_out.known), held_out.class_count
    if len(tested.label) < FEWEST_TESTED or len(np.unique(tested.classes)) < 2:
        return None
    by_cell = confusion_by_cell(tested.classes, tested.predicted, tested.cells, class_count)
    confusion = by_cell.sum(axis=0).astype(np.int64).reshape(class_count, class_count)
    macro, per_class = _scores(by_cell, confusion, np.bincount(held_out.given, minlength=class_count), seed)
    accuracy = float(np.trace(confusion)) / len(tested.label)
    low, high = wilson_interval(accuracy, independent_count(tested.cells))
    return Report(
        macro_f1=macro,
        accuracy=Estimate(accuracy, min(low, accuracy), max(high, accuracy)),
        classes=per_class,
        confusion=confusion,
        reliability=measure_reliability(tested, seed),
        labels=len(tested.label),
        cells=len(by_cell),
        untested=held_out.asked - len(tested.label),
        held_out=tested,
    )


def _scores(
    by_cell: NDArray[np.float64], confusion: NDArray[np.int64], labels: NDArray[np.int64], seed: int
) -> tuple[Estimate, tuple[ClassScore, ...]]:
    """Return macro F1 and the scores of each class."""
    drawn = resampled_sums(by_cell, seed)
    drawn_f1, by_shares = f1_of(drawn), f1_by_shares(by_cell)
    scores = []
    for code, by_share in enumerate(by_shares):
        (given, said, right), in_draws = of_class(by_cell, code), of_class(drawn, code)
        scores.append(
            ClassScore(
                code=code,
                labels=int(given.sum()),
                cells=int((given > 0).sum()),
                untested=int(labels[code] - given.sum()),
                predicted=int(said.sum()),
                precision=wider_of(clustered_share(right, said), _ratio(in_draws[2], in_draws[1]), (said > 0).sum()),
                recall=wider_of(clustered_share(right, given), _ratio(in_draws[2], in_draws[0]), (given > 0).sum()),
                f1=wider_of(by_share, drawn_f1[:, code], (given + said > 0).sum()),
            )
        )
    return macro_estimate(by_cell, drawn), tuple(scores)


def _ratio(hits: NDArray[np.float64], trials: NDArray[np.float64]) -> NDArray[np.float64]:
    ratio: NDArray[np.float64] = np.divide(hits, trials, out=np.full(len(hits), np.nan), where=trials > 0)
    return ratio
