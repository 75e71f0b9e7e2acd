"""Classes of whole segments: the mean of a head's probabilities over the rows of each."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from segclr.heads.head import Head

_ROWS_AT_ONCE = 1 << 18  # bounds the memory of probabilities


def mean_over_segments(
    head: Head, embeddings: NDArray[np.float32], first_row: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Return (S, C): the mean of the probabilities over the rows `first_row[i]:first_row[i + 1]` of each segment.

    Args:
        embeddings: (n, d).
        first_row: (S + 1,); every segment has a row.
    """
    means = np.empty((len(first_row) - 1, head.class_count), np.float32)
    start = 0
    while start < len(means):
        stop = max(start + 1, int(np.searchsorted(first_row, first_row[start] + _ROWS_AT_ONCE, side="right")) - 1)
        rows = first_row[start : stop + 1]
        probabilities = head.predict(embeddings[rows[0] : rows[-1]]).astype(np.float64)
        means[start:stop] = np.add.reduceat(probabilities, rows[:-1] - rows[0], axis=0) / np.diff(rows)[:, None]
        start = stop
    return means


def codes_of_segments(
    probabilities: NDArray[np.float32], first_row: NDArray[np.int64]
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return the class of each row, that of its segment, and its probability in 255ths; both (n,)."""
    sizes = np.diff(first_row)
    classes = probabilities.argmax(axis=1).astype(np.uint8)
    confidence = np.rint(probabilities.max(axis=1) * 255).astype(np.uint8)
    return np.repeat(classes, sizes), np.repeat(confidence, sizes)
