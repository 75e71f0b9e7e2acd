"""How good a head is on segments it was not fitted on: folds by segment, scores, intervals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segclr.heads.calibration import calibration_error, fit_temperature, softmax
from segclr.splitmix import splitmix64

FOLDS = 5
FEWEST_TESTED = 10
"""Below this many tested labels no figure is given: its interval would span half of what is possible."""


Logits = Callable[[NDArray[np.float64]], NDArray[np.floating]]
"""(n, d) embeddings -> (n, C) logits before calibration, -inf for classes without labels."""
FitLogits = Callable[[NDArray[np.float64], NDArray[np.int64], NDArray[np.uint64]], Logits]
"""Embeddings (k, d), classes (k,) and groups (k,) of labels -> a head's logits."""


@dataclass(frozen=True, slots=True)
class HeldOut:
    """The head's figures on labels of segments that the fold's head had not seen.

    Attributes:
        macro_f1: mean over the tested classes.
        accuracy_low, accuracy_high: 95 % Wilson interval. Labels of one segment resemble each other, so it counts them
            as one: 300 labels on 10 segments say about as much as 10.
        count: labels tested.
        segments: segments they lie on.
        untested: labels not tested since all labels of their class fell into one fold: no head without them knows it.
        temperature: fitted on these very labels, as is `ece_after`.
        ece_before, ece_after: expected calibration error at temperature 1 and at `temperature`.
    """

    macro_f1: float
    accuracy: float
    accuracy_low: float
    accuracy_high: float
    count: int
    segments: int
    untested: int
    temperature: float
    ece_before: float
    ece_after: float


@dataclass(frozen=True, slots=True, eq=False)
class HeldOutLogits:
    """What heads say of labels on segments they have not seen.

    Attributes:
        logits: (k, C) before calibration, each row by the head without the label's fold; -inf for classes that head did
            not know, NaN where nothing could be fitted without the fold.
        known: (k,) that head knew the label's class.
        predicted: (k,) there was such a head.
    """

    logits: NDArray[np.float64]
    known: NDArray[np.bool_]
    predicted: NDArray[np.bool_]


def fold_of(groups: NDArray[np.uint64], seed: int) -> NDArray[np.int64]:
    """Return a fold (0 to FOLDS - 1) per label by a hash of its segment's id alone, so that a segment never moves."""
    return (splitmix64(groups, seed) % np.uint64(FOLDS)).astype(np.int64)


def cross_fit(
    fit: FitLogits,
    embeddings: NDArray[np.float64],
    classes: NDArray[np.int64],
    groups: NDArray[np.uint64],
    class_count: int,
    seed: int,
) -> HeldOut | None:
    """Fit once without each fold and score what it says; leave out classes that such a fit cannot know.

    Returns:
        None if there are too few labels to say anything.
    """
    held_out = held_out_logits(fit, embeddings, classes, groups, class_count, seed)
    known = held_out.known
    return score(held_out.logits[known], classes[known], groups[known], untested=int((~known).sum()))


def held_out_logits(
    fit: FitLogits,
    embeddings: NDArray[np.float64],
    classes: NDArray[np.int64],
    groups: NDArray[np.uint64],
    class_count: int,
    seed: int,
) -> HeldOutLogits:
    """Fit once without each fold, and return what each of these fits says of the labels of its fold."""
    fold = fold_of(groups, seed)
    logits = np.full((len(classes), class_count), np.nan)
    known, predicted = np.zeros(len(classes), np.bool_), np.zeros(len(classes), np.bool_)
    for test in (fold == index for index in range(FOLDS)):
        classes_left = np.unique(classes[~test])
        if test.any() and len(classes_left) >= 2:
            of_fold = fit(embeddings[~test], classes[~test], groups[~test])
            now = test & np.isin(classes, classes_left)
            for rows in (now, test & ~now):
                if rows.any():
                    logits[rows] = of_fold(embeddings[rows])
            known |= now
            predicted |= test
    return HeldOutLogits(logits, known, predicted)


def score(
    logits: NDArray[np.float64], classes: NDArray[np.int64], groups: NDArray[np.uint64], untested: int
) -> HeldOut | None:
    """Score held-out logits.

    Args:
        logits: (n, C), each row of a head fitted without the row's segment; -inf for classes that head did not know.
        classes: (n,) the labels.
        groups: (n,) their segments.
        untested: labels that could not be tested.

    Returns:
        None if there are too few labels, or only one class of them, to say anything.
    """
    if len(classes) < FEWEST_TESTED or len(np.unique(classes)) < 2:
        return None
    temperature = fit_temperature(logits, classes)
    predicted = logits.argmax(axis=1)
    accuracy = float((predicted == classes).mean())
    low, high = wilson_interval(accuracy, independent_count(groups))
    return HeldOut(
        macro_f1=macro_f1(predicted, classes),
        accuracy=accuracy,
        accuracy_low=low,
        accuracy_high=high,
        count=len(classes),
        segments=len(np.unique(groups)),
        untested=untested,
        temperature=temperature,
        ece_before=calibration_error(softmax(logits), classes),
        ece_after=calibration_error(softmax(logits, temperature), classes),
    )


def macro_f1(predicted: NDArray[np.int64], classes: NDArray[np.int64]) -> float:
    """Return the mean, over the classes that have labels, of the harmonic mean of precision and recall."""
    scores = []
    for index in np.unique(classes):
        said, is_so = predicted == index, classes == index
        scores.append(2 * float((said & is_so).sum()) / float(said.sum() + is_so.sum()))
    return float(np.mean(scores))


def independent_count(groups: NDArray[np.uint64]) -> float:
    """Return how many independent labels these are worth if those of a group say the same (Kish 1965)."""
    sizes = np.unique(groups, return_counts=True)[1].astype(np.float64)
    return float(sizes.sum() ** 2 / (sizes**2).sum())


def wilson_interval(share: float, count: float) -> tuple[float, float]:
    """Return the 95 % Wilson score interval of a share of `count` trials, which need not be whole."""
    z = 1.959963984540054
    spread = 1 + z**2 / count
    middle = (share + z**2 / (2 * count)) / spread
    half = z * np.sqrt(share * (1 - share) / count + z**2 / (4 * count**2)) / spread
    return max(0.0, float(middle - half)), min(1.0, float(middle + half))
