"""The heads that are asked whether they know a place, and the scores that they answer with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.science.scores import Labelled
from segclr.heads.laplace import fit_laplace
from segclr.heads.linear import fit_head
from segclr.heads.mahalanobis import fit_mahalanobis
from segclr.heads.resnet import fit_resnet
from segclr.heads.sngp import fit_sngp

CONFIDENCE, MAHALANOBIS, LAPLACE = "1 - softmax confidence", "Mahalanobis", "last-layer Laplace"
VARIANCE, DEMPSTER_SHAFER = "variance", "Dempster-Shafer"

Assess = Callable[[NDArray[np.float32]], tuple[NDArray[np.int64], Mapping[str, NDArray[np.float64]]]]
"""(m, d) embeddings -> their classes (m,), and by name of score how unlike the labels they are, (m,)."""

Fit = Callable[[Labelled, int], Assess]
"""What is learnt from, and a seed -> the fitted head."""


@dataclass(frozen=True, slots=True)
class Detector:
    """A head and its scores.

    Attributes:
        scores: by which it can say "unknown", higher for what is less like the labels.
        folds: for the held-out scores that the threshold is chosen on.
        deep: trained by gradient descent, in seconds rather than milliseconds, and so fitted on fewer splits.
    """

    name: str
    scores: tuple[str, ...]
    fit: Fit
    folds: int = 5
    deep: bool = False


def _linear(known: Labelled, seed: int) -> Assess:
    head = fit_head(known.features, known.classes, known.cells, known.class_count, seed).head
    mahalanobis, laplace = fit_mahalanobis(known.features, known.classes), fit_laplace(head, known.features)

    def assess(asked: NDArray[np.float32]) -> tuple[NDArray[np.int64], Mapping[str, NDArray[np.float64]]]:
        probabilities = head.predict(asked)
        scores = {
            CONFIDENCE: 1 - probabilities.max(axis=1).astype(np.float64),
            MAHALANOBIS: mahalanobis.score(asked).astype(np.float64),
            LAPLACE: laplace.score(asked).astype(np.float64),
        }
        return probabilities.argmax(axis=1), scores

    return assess


def _resnet(known: Labelled, seed: int) -> Assess:
    head = fit_resnet(known.features, known.classes, known.cells, known.class_count, seed).head

    def assess(asked: NDArray[np.float32]) -> tuple[NDArray[np.int64], Mapping[str, NDArray[np.float64]]]:
        probabilities = head.predict(asked)
        return probabilities.argmax(axis=1), {CONFIDENCE: 1 - probabilities.max(axis=1).astype(np.float64)}

    return assess


def _sngp(known: Labelled, seed: int) -> Assess:
    head = fit_sngp(known.features, known.classes, known.cells, known.class_count, seed).head

    def assess(asked: NDArray[np.float32]) -> tuple[NDArray[np.int64], Mapping[str, NDArray[np.float64]]]:
        probabilities = head.predict(asked)
        scores = {
            CONFIDENCE: 1 - probabilities.max(axis=1).astype(np.float64),
            VARIANCE: head.variance(asked).astype(np.float64),
            DEMPSTER_SHAFER: head.dempster_shafer(asked).astype(np.float64),
        }
        return probabilities.argmax(axis=1), scores

    return assess


DETECTORS = (
    Detector("linear", (CONFIDENCE, MAHALANOBIS, LAPLACE), _linear),
    Detector("ResNet-2", (CONFIDENCE,), _resnet, folds=2, deep=True),
    Detector("SNGP", (CONFIDENCE, VARIANCE, DEMPSTER_SHAFER), _sngp, folds=2, deep=True),
)
