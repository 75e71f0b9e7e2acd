"""From which score on a place is called unlike anything labelled: chosen on known classes a head has not seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segclr.heads.evaluation import FOLDS, fold_of

COVERAGE = 0.95

Score = Callable[[NDArray[np.float32]], NDArray[np.floating]]
"""(n, d) embeddings -> (n,) scores, higher for what is less like the labels."""
FitScore = Callable[[NDArray[np.float32], NDArray[np.int64], NDArray[np.uint64]], Score]
"""Embeddings (k, d), classes (k,) and groups (k,) of labels -> how to score others."""


@dataclass(frozen=True, slots=True)
class NoveltyThreshold:
    """A score above `value` says: unlike anything labelled.

    Attributes:
        coverage: share of places of the known classes, on segments never labelled, that should stay below.
        measured_coverage: share that does: for each fold the threshold of the other folds is tried.
        count: held-out labels it was chosen on.
    """

    coverage: float
    value: float
    measured_coverage: float
    count: int


def held_out_scores(
    fit: FitScore,
    embeddings: NDArray[np.float32],
    classes: NDArray[np.int64],
    groups: NDArray[np.uint64],
    seed: int = 0,
) -> NDArray[np.float64]:
    """Return (k,) scores of labels, each by a fit without its segment; NaN where that fit did not know its class."""
    fold = fold_of(groups, seed)
    scores = np.full(len(classes), np.nan)
    for test in (fold == index for index in range(FOLDS)):
        now = test & np.isin(classes, classes[~test])
        if now.any():
            scores[now] = fit(embeddings[~test], classes[~test], groups[~test])(embeddings[now])
    return scores


def choose_threshold(
    scores: NDArray[np.floating], groups: NDArray[np.uint64], coverage: float = COVERAGE, seed: int = 0
) -> NoveltyThreshold | None:
    """Choose the threshold that covers a share of held-out labels of known classes, by split conformal prediction.

    The quantile is that of Angelopoulos & Bates (2021, "A Gentle Introduction to Conformal Prediction", section 1): it
    covers at least the share asked for in the mean, if places were exchangeable. Those of one segment are not, so the
    coverage is also measured.

    Args:
        scores: (k,) as `held_out_scores` returns them; NaN are left out.
        groups: (k,) segment ids.

    Returns:
        None if there are too few labels for a quantile of this coverage, or all in one fold.

    Raises:
        ValueError: The coverage is not between 0 and 1.
    """
    if not 0 < coverage < 1:
        raise ValueError(f"a coverage lies between 0 and 1, which {coverage} does not")
    known = np.isfinite(scores)
    usable, fold = scores[known].astype(np.float64), fold_of(groups[known], seed)
    if not _enough(len(usable), coverage):
        return None
    covered, tried = 0, 0
    for test in (fold == index for index in range(FOLDS)):
        if test.any() and _enough(int((~test).sum()), coverage):
            covered += int((usable[test] <= _quantile(usable[~test], coverage)).sum())
            tried += int(test.sum())
    if not tried:
        return None
    return NoveltyThreshold(coverage, _quantile(usable, coverage), covered / tried, len(usable))


def _enough(count: int, coverage: float) -> bool:
    return bool(np.ceil((count + 1) * coverage) <= count)


def _quantile(scores: NDArray[np.float64], coverage: float) -> float:
    rank = int(np.ceil((len(scores) + 1) * coverage))
    return float(np.partition(scores, rank - 1)[rank - 1])
