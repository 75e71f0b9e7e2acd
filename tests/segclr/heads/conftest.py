"""Labels to fit heads to."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

BIG = 2**63 + 5

Labels = tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.uint64]]


@pytest.fixture
def labels() -> Callable[..., Labels]:
    """Embeddings (k, d), classes and segments: rings and blobs at odd scales, which no straight line tells apart."""

    def make(k: int, class_count: int = 3, d: int = 6, seed: int = 0) -> Labels:
        rng = np.random.default_rng(seed)
        classes = np.arange(k) % class_count
        angle = rng.uniform(0, 2 * np.pi, k)
        values = 0.3 * rng.normal(size=(k, d))
        values[:, 0] += 1.5 * classes * np.cos(angle)
        values[:, 1] += 1.5 * classes * np.sin(angle)
        scales = np.array([1, 10, 0.1, 5, 1, 1])[np.arange(d) % 6]
        groups = np.uint64(BIG) + rng.integers(0, 40, k).astype(np.uint64)
        return ((values + 3) * scales).astype(np.float32), classes, groups

    return make
