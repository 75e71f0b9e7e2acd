"""How far candidates are, in embedding space, from everything labelled or chosen."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

DRAWN = 1024  # candidates: enough to find a gap, few enough to measure all distances
_MOST_LABELS = 4096  # whose distances are measured; a draw of more


class Gaps:
    """Distances of a seeded draw of candidates to the nearest labelled or chosen place.

    A draw, and not all: the farthest of all is what nothing else is like, often a fault of the image, while the
    farthest of a thousand is still like a few others. Dimensions are scaled to the unit variance of the candidates.

    Args:
        embeddings: (n, d) float32 of the candidates.
        labelled: (k, d) float32.
    """

    def __init__(
        self, embeddings: NDArray[np.float32], labelled: NDArray[np.float32], rng: np.random.Generator
    ) -> None:
        self._embeddings, self._rng = embeddings, rng
        some = embeddings[rng.permutation(len(embeddings))[: 4 * DRAWN]]
        self._mean = some.mean(axis=0) if len(some) else np.zeros(embeddings.shape[1], np.float32)
        spread = some.std(axis=0) if len(some) else np.zeros(embeddings.shape[1], np.float32)
        self._std = np.where(spread > 0, spread, 1).astype(np.float32)
        if len(labelled) > _MOST_LABELS:
            labelled = labelled[rng.permutation(len(labelled))[:_MOST_LABELS]]
        self._references = self._scaled(labelled)
        self._members = np.empty(0, np.int64)
        self._squares = np.empty(0, np.float32)

    def of(self, eligible: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return (m,) candidates that may be asked, of which there must be some, and their (m,) distances.

        Args:
            eligible: (n,) bool.
        """
        left = eligible[self._members]
        if not left.any():
            self._draw(np.flatnonzero(eligible))
            left = np.ones(len(self._members), np.bool_)
        return self._members[left], np.sqrt(self._squares[left])

    def close_to(self, at: int) -> None:
        """Take in that a candidate was chosen."""
        chosen = self._scaled(self._embeddings[at : at + 1])
        if len(self._members):
            to_it = squared_distance_to_nearest(self._scaled(self._embeddings[self._members]), chosen)
            # what stood in for distances from nothing is no distance
            self._squares = np.minimum(self._squares, to_it) if len(self._references) else to_it
        self._references = np.concatenate([self._references, chosen])

    def _draw(self, members: NDArray[np.int64]) -> None:
        self._members = self._rng.permutation(members)[:DRAWN]
        points = self._scaled(self._embeddings[self._members])
        if len(self._references):
            self._squares = squared_distance_to_nearest(points, self._references)
        else:  # nothing is labelled: begin with what is most usual
            self._squares = 1 / (1 + np.einsum("nd,nd->n", points, points))

    def _scaled(self, embeddings: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray((embeddings - self._mean) / self._std, np.float32)


def squared_distance_to_nearest(points: NDArray[np.float32], references: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return (n,) squared Euclidean distances of (n, d) points to the nearest of (k, d) references, k at least 1."""
    squares = np.einsum("kd,kd->k", references, references)[:, None] - 2 * (references @ points.T)
    nearest: NDArray[np.float32] = squares.min(axis=0) + np.einsum("nd,nd->n", points, points)
    return np.maximum(nearest, 0, out=nearest)
