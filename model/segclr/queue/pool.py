"""From a table of millions of rows to the thousands that a queue chooses among."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from segclr.embeddings.storage.stored_embeddings import EmbeddingRows

POOL = 20_000
_ROWS_AT_ONCE = 1 << 17
_LOOKED_AT = 4  # times as many rows as are wanted: among them those of every class are looked for first


def draw_pool(
    row_count: int, predicted: NDArray[np.uint8] | None = None, size: int = POOL, seed: int = 0
) -> NDArray[np.int64]:
    """Return at most `size` rows of a table, ascending: half from every predicted class alike, the rest uniformly.

    So the few rows of 10^7 that the head takes for a rare class are among them. It takes milliseconds, and new
    predictions call for a new draw. A row that is drawn twice counts once.

    Args:
        predicted: (n,) uint8 class of every row, as painted; None draws uniformly.
        seed: the same seed draws the same rows.
    """
    if row_count <= size:
        return np.arange(row_count, dtype=np.int64)
    rng = np.random.default_rng(seed)
    parts = [] if predicted is None else _of_every_class(predicted, size // 2, rng)
    left = size - sum(len(part) for part in parts)
    return np.unique(np.concatenate([rng.integers(0, row_count, left), *parts]))


def typical_rows(embeddings: EmbeddingRows, first_row: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return (S,) the row of each segment whose embedding is nearest to the segment's mean: the one to ask about.

    Args:
        embeddings: (n, d) float32, grouped by segment; read some segments at a time. Rows that are not finite are
            passed over; of a segment that has no others it is the first.
        first_row: (S + 1,) int64: segment s has rows `first_row[s]` to `first_row[s + 1]`, at least one.
    """
    found, first = [np.empty(0, np.int64)], 0
    while first < len(first_row) - 1:
        most = first_row[first] + _ROWS_AT_ONCE
        last = max(first + 1, int(np.searchsorted(first_row, most, side="right")) - 1)
        rows = slice(int(first_row[first]), int(first_row[last]))
        found.append(rows.start + _typical(embeddings[rows], first_row[first : last + 1] - rows.start))
        first = last
    return np.concatenate(found)


def _typical(embeddings: NDArray[np.float32], first_row: NDArray[np.int64]) -> NDArray[np.int64]:
    starts, sizes = first_row[:-1], np.diff(first_row)
    means = np.add.reduceat(embeddings, starts, axis=0) / sizes[:, None].astype(np.float32)
    away = embeddings - np.repeat(means, sizes, axis=0)
    squares = np.einsum("nd,nd->n", away, away)
    if not np.isfinite(squares).all():
        finite: NDArray[np.bool_] = np.all(np.isfinite(embeddings), axis=1)
        known = np.where(finite[:, None], embeddings, 0)
        counts = np.maximum(1, np.add.reduceat(finite, starts, dtype=np.float32))
        away = known - np.repeat(np.add.reduceat(known, starts, axis=0) / counts[:, None], sizes, axis=0)
        squares = np.where(finite, np.einsum("nd,nd->n", away, away), np.inf)
    nearest = np.flatnonzero(squares == np.repeat(np.minimum.reduceat(squares, starts), sizes))
    return nearest[np.searchsorted(nearest, starts)]  # of equals the first


def _of_every_class(predicted: NDArray[np.uint8], size: int, rng: np.random.Generator) -> list[NDArray[np.int64]]:
    """Random rows of every class that occurs, as many of each where there are as many."""
    looked_at = rng.integers(0, len(predicted), _LOOKED_AT * size)
    classes = predicted[looked_at]
    codes = np.flatnonzero(np.bincount(predicted))
    each, parts = size // len(codes), []
    for code in codes:
        own = looked_at[classes == code]
        if len(own) < each:  # too rare to be met by chance
            own = rng.permutation(np.flatnonzero(predicted == code))
        parts.append(own[:each])
    return parts
