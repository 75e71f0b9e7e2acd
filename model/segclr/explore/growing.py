"""A selection grown in the embedding: the rows most like each of its rows that are not in it yet."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from segclr.embeddings.storage.stored_embeddings import EmbeddingRows
from segclr.errors import LayoutError
from segclr.explore.metric import Metric, comparable
from segclr.heads.one_thread import one_blas_thread

MOST_PAIRS = 400_000_000  # rows asked about times rows of the table: seconds

_BLOCK = 65_536
_ASKED_AT_ONCE = 128


def nearest_outside(
    embeddings: EmbeddingRows, rows: NDArray[np.integer], count: int, metric: Metric = "cosine"
) -> NDArray[np.int64]:
    """For each of some rows the nearest ones that are none of these; all of them together, ascending.

    Args:
        embeddings: (n, d); rows that are not finite are never found, and find nothing.
        rows: in any order.
        count: so many for each of them.
        metric: what is near.

    Raises:
        LayoutError: they are too many for the size of the table.
    """
    own = np.unique(rows)
    most = MOST_PAIRS // max(1, len(embeddings))
    if len(own) > most:
        raise LayoutError(
            f"{len(own):,} points are too many to grow by what is like each of them; with {len(embeddings):,} "
            f"embeddings {most:,} can be: select fewer"
        )
    found = [
        _nearest(embeddings, own, own[start : start + _ASKED_AT_ONCE], count, metric)
        for start in range(0, len(own), _ASKED_AT_ONCE)
    ]
    return np.unique(np.concatenate(found)) if found else np.empty(0, np.int64)


def _nearest(
    embeddings: EmbeddingRows, own: NDArray[np.integer], some: NDArray[np.integer], count: int, metric: Metric
) -> NDArray[np.int64]:
    """(u,) the nearest of `some` rows, outside `own`."""
    asked = comparable(embeddings[some], metric).astype(np.float32)
    asked = asked[np.isfinite(asked).all(axis=1)]
    best = np.full((len(asked), count), np.inf, np.float32)
    where = np.full((len(asked), count), -1, np.int64)
    lengths = np.square(asked).sum(axis=1)[:, None]
    for start in range(0, len(embeddings), _BLOCK):
        block = comparable(embeddings[start : start + _BLOCK], metric).astype(np.float32)
        with one_blas_thread(), np.errstate(invalid="ignore", over="ignore"):
            squared = lengths - 2 * (asked @ block.T) + np.square(block).sum(axis=1)
        squared[~np.isfinite(squared)] = np.inf
        inside = own[(own >= start) & (own < start + len(block))] - start
        squared[:, inside] = np.inf
        both = np.concatenate([best, squared], axis=1)
        numbers = np.concatenate([where, np.broadcast_to(np.arange(start, start + len(block)), squared.shape)], axis=1)
        taken = np.argpartition(both, min(count, both.shape[1] - 1), axis=1)[:, :count]
        best, where = np.take_along_axis(both, taken, 1), np.take_along_axis(numbers, taken, 1)
    return np.unique(where[np.isfinite(best)])
