"""The mean and spread that a head takes out of embeddings before it looks at them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_BORROWED_LABELS = 1  # a dimension's variance is shrunk towards the mean variance as if one label more said so


def mean_and_std(embeddings: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return (d,) mean and (d,) standard deviation of (k, d) embeddings; the latter never 0, however few there are."""
    k, d = embeddings.shape
    mean, variance = embeddings.mean(axis=0), embeddings.var(axis=0)
    variance = (k * variance + _BORROWED_LABELS * variance.mean()) / (k + _BORROWED_LABELS)
    # labels at one and the same embedding: nothing to scale by, and rounding must not pass for variance
    flat = variance.mean() <= 1e-20 * np.square(mean).mean()
    return mean, np.ones(d) if flat else np.sqrt(variance)
