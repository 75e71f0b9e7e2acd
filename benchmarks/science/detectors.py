"""The heads that are asked whether they know a place, and the scores that they answer with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

import segclr.heads
from benchmarks.science.store import source_key
from segclr.heads.laplace import fit_laplace
from segclr.heads.linear import fit_head
from segclr.heads.mahalanobis import fit_mahalanobis

CONFIDENCE, MAHALANOBIS, LAPLACE = "1 - softmax confidence", "Mahalanobis", "last-layer Laplace"

Assess = Callable[[NDArray[np.float32]], tuple[NDArray[np.int64], Mapping[str, NDArray[np.float64]]]]
"""(m, d) embeddings -> their classes (m,), and by name of score how unlike the labels they are, (m,)."""

Fit = Callable[[NDArray[np.float32], NDArray[np.int64], NDArray[np.uint64], int, int], Assess]
"""(embeddings (k, d), classes (k,), cells (k,), number of classes, seed) -> the fitted head."""


@dataclass(frozen=True, slots=True)
class Detector:
    """A head and its scores.

    Attributes:
        scores: by which it can say "unknown", higher for what is less like the labels.
        source: names the code, so that stored figures of other code are not taken for its own.
        deep: trained by gradient descent, in seconds rather than milliseconds.
    """

    name: str
    scores: tuple[str, ...]
    fit: Fit
    source: str
    deep: bool = False


def _linear(
    embeddings: NDArray[np.float32],
    classes: NDArray[np.int64],
    cells: NDArray[np.uint64],
    class_count: int,
    seed: int,
) -> Assess:
    head = fit_head(embeddings, classes, cells, class_count, seed).head
    mahalanobis, laplace = fit_mahalanobis(embeddings, classes), fit_laplace(head, embeddings)

    def assess(asked: NDArray[np.float32]) -> tuple[NDArray[np.int64], Mapping[str, NDArray[np.float64]]]:
        probabilities = head.predict(asked)
        scores = {
            CONFIDENCE: 1 - probabilities.max(axis=1).astype(np.float64),
            MAHALANOBIS: mahalanobis.score(asked).astype(np.float64),
            LAPLACE: laplace.score(asked).astype(np.float64),
        }
        return probabilities.argmax(axis=1), scores

    return assess


DETECTORS = (Detector("linear", (CONFIDENCE, MAHALANOBIS, LAPLACE), _linear, source_key(segclr.heads)),)
