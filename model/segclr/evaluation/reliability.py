"""Whether confidence means what it says: the reliability diagram (Guo et al. 2017, "On Calibration")."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segclr.evaluation.held_out import HeldOutLabels
from segclr.evaluation.intervals import Estimate, clustered_share, sums_by_cell
from segclr.heads.calibration import calibration_error

BINS = 10
_DRAWS = 200


@dataclass(frozen=True, slots=True)
class ConfidenceBin:
    """The labels whose prediction has a confidence from `low` up to `high`, the last bin with 1.

    Attributes:
        confidence: their mean confidence; None where there are none.
        accuracy: share of them that are right, with a Wilson interval; None where there are none.
    """

    low: float
    high: float
    count: int
    confidence: float | None
    accuracy: Estimate | None


@dataclass(frozen=True, slots=True)
class Reliability:
    """The diagram and its one figure.

    Attributes:
        bins: `BINS` of them, equally wide.
        ece: expected calibration error: mean over labels of |confidence - accuracy| of their bin.
        ece_by_chance: what a head whose confidence is exactly right would show on as many labels, in the mean (Bröcker
            & Smith 2007): an `ece` near it says nothing against the head.
    """

    bins: tuple[ConfidenceBin, ...]
    ece: float
    ece_by_chance: float


def measure_reliability(held_out: HeldOutLabels, seed: int = 0) -> Reliability:
    """Return the diagram of at least one held-out label.

    Args:
        held_out: the labels; their probabilities must come from heads, and temperatures, that have not seen them.
        seed: of what chance alone would show.
    """
    confidence = held_out.confidence
    right = held_out.predicted == held_out.classes
    of_label = np.minimum((confidence * BINS).astype(np.int64), BINS - 1)
    bins = tuple(_bin(index, of_label == index, confidence, right, held_out.cells) for index in range(BINS))
    by_chance = _error_by_chance(confidence, of_label, np.random.default_rng(seed))
    return Reliability(bins, calibration_error(held_out.probabilities, held_out.classes), by_chance)


def _bin(
    index: int,
    inside: NDArray[np.bool_],
    confidence: NDArray[np.float64],
    right: NDArray[np.bool_],
    cells: NDArray[np.uint64],
) -> ConfidenceBin:
    low, high, count = index / BINS, (index + 1) / BINS, int(inside.sum())
    if not count:
        return ConfidenceBin(low, high, 0, None, None)
    by_cell = sums_by_cell(np.stack([right[inside], np.ones(count)], axis=1), cells[inside])
    accuracy = clustered_share(by_cell[:, 0], by_cell[:, 1])
    return ConfidenceBin(low, high, count, float(confidence[inside].mean()), accuracy)


def _error_by_chance(confidence: NDArray[np.float64], of_label: NDArray[np.int64], rng: np.random.Generator) -> float:
    errors = []
    for _ in range(_DRAWS):
        right = rng.random(len(confidence)) < confidence
        gap = np.bincount(of_label, weights=confidence - right, minlength=BINS)
        errors.append(np.abs(gap).sum() / len(confidence))
    return float(np.mean(errors))
