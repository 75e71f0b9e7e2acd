"""Which candidates tell a linear head most: by the theory of experimental design.

Before a class is given, what a label will tell a linear model depends on its embedding alone: the variance of what the
model says of z is z^T A^-1 z, where A is the sum of z z^T over the labels, and a prior. Labels should lower the mean of
that variance over all candidates: they are unlike each other, and like many others. After Yu, Bi & Tresp 2006, "Active
Learning via Transductive Experimental Design". Where classes overlap, and no label settles what its neighbours are,
that is what labels are for; the most ambiguous places are there the least telling.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_PRIOR = 1.0  # labels that each direction is taken to have; from 0.3 to 10 it makes little difference
_OF_INTEREST = 4096  # candidates whose mean variance counts: a draw, where there are more


class Design:
    """The variance at every candidate, given what is labelled and chosen.

    Dimensions are scaled to the unit variance of the candidates. One more stands for the bias; it is as long as all
    others together, since no prior belief speaks against a bias.

    Args:
        embeddings: (n, d) float32 of the candidates.
        labelled: (k, d) float32.
    """

    def __init__(
        self, embeddings: NDArray[np.float32], labelled: NDArray[np.float32], rng: np.random.Generator
    ) -> None:
        some = embeddings[rng.permutation(len(embeddings))[:_OF_INTEREST]]
        if not len(some):
            some = np.zeros((1, embeddings.shape[1]), np.float32)
        mean, std = some.mean(axis=0), some.std(axis=0)
        std = np.where(std > 0, std, 1).astype(np.float32)
        self._points = _with_bias((embeddings - mean) / std)
        of_interest, known = _with_bias((some - mean) / std), _with_bias((labelled - mean) / std)
        self._interest = (of_interest.T @ of_interest / np.float32(len(of_interest))).astype(np.float64)
        size = self._points.shape[1]
        self._inverse = np.linalg.inv((known.T @ known).astype(np.float64) + _PRIOR * np.eye(size))
        half = self._points @ self._inverse.astype(np.float32)
        self._variance = np.einsum("nd,nd->n", half, self._points)
        self._saving = np.einsum("nd,nd->n", half @ self._interest.astype(np.float32), half)

    def variance(self) -> NDArray[np.float32]:
        """Return (n,) the variance at every candidate: how little the labels say of it."""
        return np.asarray(np.maximum(self._variance, 0), np.float32)

    def gain(self) -> NDArray[np.float32]:
        """Return (n,) by how much the mean variance over the candidates falls if one is labelled."""
        return np.asarray(self._saving / (1 + self.variance()), np.float32)

    def take(self, at: int) -> None:
        """Take in that a candidate was chosen (the inverse by Sherman & Morrison 1950)."""
        point = self._points[at].astype(np.float64)
        along = self._inverse @ point
        rest = 1 + float(point @ along)
        across = self._inverse @ (self._interest @ along)
        on, of = self._points @ along.astype(np.float32), self._points @ across.astype(np.float32)
        length = float(along @ self._interest @ along)
        self._variance -= on * on / np.float32(rest)
        self._saving += on * on * np.float32(length / rest**2) - on * of * np.float32(2 / rest)
        self._inverse -= np.outer(along, along) / rest


def _with_bias(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n, d) -> (n, d + 1)."""
    n, d = points.shape
    return np.concatenate([points, np.full((n, 1), np.sqrt(d))], axis=1, dtype=np.float32)
