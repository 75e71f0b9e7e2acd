"""How far apart two embeddings are: straight, or by the angle between them."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Metric = Literal["euclidean", "cosine"]


def comparable(embeddings: NDArray[np.floating], metric: Metric) -> NDArray[np.float32]:
    """(n, d) float32 rows whose straight distances rank as the metric does: themselves, or scaled to length 1.

    A row of zeros has no direction and stays as it is: by the angle it is at 60 degrees to all others.
    """
    rows = np.asarray(embeddings, np.float32)
    if metric == "euclidean":
        return rows
    with np.errstate(over="ignore", invalid="ignore"):
        lengths = np.linalg.norm(rows.astype(np.float64), axis=-1, keepdims=True)
        return np.asarray(rows / np.where(lengths > 0, lengths, 1.0), np.float32)


def from_squared(squared: NDArray[np.floating], metric: Metric) -> NDArray[np.float32]:
    """The metric's distances, given squared straight ones of `comparable` rows; cosine distance is 1 - cos(angle)."""
    positive = np.maximum(squared, 0)
    return np.asarray(np.sqrt(positive) if metric == "euclidean" else positive / 2, np.float32)


def squared_distances(point: NDArray[np.float32], rows: NDArray[np.float32]) -> NDArray[np.float64]:
    """(n,) squared straight distances by differences: |a|^2 - 2ab + |b|^2 cancels where distances are small."""
    away = rows.astype(np.float64) - point
    return np.asarray(np.einsum("nd,nd->n", away, away), np.float64)
