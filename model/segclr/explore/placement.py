"""Where embeddings lie that a layout was not fitted on: among their nearest neighbours in the embedding.

Each goes to the geometric median of the neighbours' places, weighted by 1 / squared distance. The mean would leave it
in the void between where its neighbours lie on two islands; the median stays on the nearer one. By `python -m
benchmarks explore` it keeps neighbourhoods nearly as well as a full refit, and better than umap-learn's transform.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from segclr.explore.metric import Metric, comparable, squared_distances
from segclr.explore.partition import Partition, make_partition
from segclr.heads.chunks import by_chunks
from segclr.heads.one_thread import one_blas_thread

NEIGHBOURS = 8
_ROUNDS = 20
_CLOSE = 1e-4  # of a layout that spans 2: nearer, and a place counts as reached
_BLOCK = 16_384
_ROUNDING = 32 * 2.0**-24  # of a product of float32 vectors, as a share of their lengths


class Placement:
    """Places embeddings in a finished layout. It changes nothing, and may be used from several threads."""

    def __init__(
        self, embeddings: NDArray[np.float32], xy: NDArray[np.floating], metric: Metric = "euclidean", seed: int = 0
    ) -> None:
        """Args:
        embeddings: (m, d), the rows that the layout was fitted on; those that are not finite attract nothing.
        xy: (m, 2) or (m, 3), where they lie.
        metric: of the layout.
        seed: of the groups that many rows are placed by.
        """
        rows = comparable(embeddings, metric)
        known = np.isfinite(rows).all(axis=1)
        self._rows = np.ascontiguousarray(rows if known.all() else rows[known])
        self._xy = np.asarray(xy[known], np.float64)
        self._squares = np.einsum("nd,nd->n", self._rows, self._rows)
        self._error = 2 * _ROUNDING * float(self._squares.max(initial=0))
        self._metric: Metric = metric
        self._seed = seed
        self._partition: Partition | None = None

    def place(self, embedding: NDArray[np.floating]) -> tuple[float, ...]:
        """Where one new point lies, a few milliseconds for 10^5 rows; the middle where there is nothing to go by.

        So a point of the layout lands on itself, also where another machine has embedded it a little differently.
        """
        point = comparable(np.asarray(embedding), self._metric)
        if not len(self._rows) or not np.isfinite(point).all():
            return (0.0,) * int(self._xy.shape[1])
        with one_blas_thread():
            near = self._squares - 2 * (self._rows @ point)
        k = min(NEIGHBOURS, len(near))
        error = self._error + 2 * _ROUNDING * float(point @ point)
        candidates = np.flatnonzero(near <= np.partition(near, k - 1)[k - 1] + error)
        squared = squared_distances(point, self._rows[candidates])
        nearest = squared <= np.partition(squared, k - 1)[k - 1]  # all that are equally far: their order tells nothing
        weights = _weights(squared[nearest][None])
        found = _medians(self._xy[candidates[nearest]][None], weights)[0]
        return tuple(float(coordinate) for coordinate in found)

    def place_all(self, embeddings: NDArray[np.floating]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Where many lie, (n, 2) or (n, 3), and how far their neighbours lie from there on the average, (n,).

        The second says how far to trust a place: it is small where the neighbours agree. Neighbours are those of
        `Partition.nearest`, almost all of the true ones. Embeddings that are not finite lie in the middle, untrusted:
        infinitely far from any.
        """
        n, dimensions = len(embeddings), self._xy.shape[1]
        xy, spread = np.zeros((n, dimensions), np.float32), np.full(n, np.inf, np.float32)
        if not len(self._rows):
            return xy, spread
        if self._partition is None:
            self._partition = make_partition(self._rows, self._seed)
        step = 8 * _BLOCK
        for start in range(0, n, step):
            block = comparable(embeddings[start : start + step], self._metric)
            finite = start + np.flatnonzero(np.isfinite(block).all(axis=1))
            rows, squared = self._partition.nearest(block[finite - start], NEIGHBOURS)
            for piece, places, away in self._medians(rows, squared):
                xy[finite[piece]], spread[finite[piece]] = places, away
        return xy, spread

    def _medians(
        self, rows: NDArray[np.int64], squared: NDArray[np.float32]
    ) -> list[tuple[slice, NDArray[np.float64], NDArray[np.float64]]]:
        done: list[tuple[slice, NDArray[np.float64], NDArray[np.float64]]] = []

        def work(piece: slice) -> None:
            places, weights = self._xy[rows[piece]], _weights(squared[piece])
            medians = _medians(places, weights)
            away = np.linalg.norm(places - medians[:, None], axis=2)
            done.append((piece, medians, (weights * away).sum(axis=1)))

        by_chunks(len(rows), work, _BLOCK)
        return done


def _weights(squared: NDArray[np.floating]) -> NDArray[np.float64]:
    """1 / squared distance, (n, k), scaled to sum to 1; where the nearest is at distance 0, it is all that counts."""
    positive = np.asarray(squared, np.float64)
    weights = 1 / np.maximum(positive, np.maximum(1e-12 * positive.max(axis=1, keepdims=True), 1e-30))
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def _medians(places: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, d) weighted geometric medians of (n, k, d) places, by Weiszfeld's (1937) iteration from the mean."""
    medians = np.einsum("nk,nkd->nd", weights, places)
    for _ in range(_ROUNDS):
        away = places - medians[:, None]
        pull = weights / np.maximum(np.sqrt(np.einsum("nkd,nkd->nk", away, away)), _CLOSE)
        medians = np.einsum("nk,nkd->nd", pull, places) / pull.sum(axis=1)[:, None]
    return np.asarray(medians, np.float64)
