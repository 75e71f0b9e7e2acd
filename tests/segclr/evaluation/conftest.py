"""Labels on cells, and what held-out heads might say of them."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from segclr.evaluation.held_out import HeldOutLabels

BIG = 2**63 + 5

Labels = tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.uint64]]


@pytest.fixture
def labels() -> Callable[..., Labels]:
    """Embeddings (k, d), classes (k,) and cells (k,): one centre per class and one offset per cell, at odd scales."""

    def make(k: int, class_count: int = 3, cells: int = 40, d: int = 8, apart: float = 2.0, seed: int = 0) -> Labels:
        rng = np.random.default_rng(seed)
        centres = apart * rng.normal(size=(class_count, d))
        offsets = 0.5 * rng.normal(size=(cells, d))
        classes, cell = rng.integers(0, class_count, k), rng.integers(0, cells, k)
        scales = np.array([1, 10, 0.1, 5])[np.arange(d) % 4]
        values = (centres[classes] + offsets[cell] + rng.normal(size=(k, d))) * scales + 20 * scales
        return values.astype(np.float32), classes, np.uint64(BIG) + np.uint64(977) * cell.astype(np.uint64)

    return make


@pytest.fixture
def said() -> Callable[..., HeldOutLabels]:
    """Held-out labels of which the given class and the predicted class, with its confidence, are written down."""

    def make(
        classes: NDArray[np.int64],
        predicted: NDArray[np.int64],
        cells: NDArray[np.integer] | None = None,
        confidence: float | NDArray[np.float64] = 0.8,
        class_count: int = 3,
        known: NDArray[np.bool_] | None = None,
    ) -> HeldOutLabels:
        k = len(classes)
        sure = np.broadcast_to(np.asarray(confidence, np.float64), (k,))
        probabilities = np.repeat((1 - sure)[:, None] / (class_count - 1), class_count, axis=1)
        probabilities[np.arange(k), predicted] = sure
        ids = np.uint64(BIG) + (np.arange(k) if cells is None else cells).astype(np.uint64)
        everything = np.ones(k, np.bool_) if known is None else known
        return HeldOutLabels(np.arange(k), classes, ids, probabilities, everything, classes)

    return make
