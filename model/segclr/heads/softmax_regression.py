"""Multinomial logistic regression with an L2 penalty, by truncated Newton steps on the exact gradient.

Embeddings correlate, so that gradient methods take hundreds of steps where Newton's method takes ten. Each step is
solved by conjugate gradients (Nocedal & Wright 2006, algorithm 7.1) without ever building the Hessian, preconditioned
by its blocks on the diagonal, one per class.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]

# Keeps biases from drifting off for ever where classes can be separated; too small to pull them anywhere.
_BIAS_PENALTY = 1e-6
_MOST_STEPS = 100
_MOST_DIRECTIONS = 60
_SOLVED = 0.3  # a Newton step is solved until its residual has shrunk to this
_STEPS_PER_PRECONDITIONER = 4
_PRECONDITIONER_ROWS = 512
_SMALLEST_STEP = 1e-6


def fit_softmax(
    features: Matrix,
    classes: NDArray[np.int64],
    sample_weights: Matrix,
    penalty: float,
    start: Matrix,
    tolerance: float = 1e-6,
) -> Matrix:
    """Minimise the weighted mean cross-entropy + penalty / 2 * sum of squared weights.

    The minimum is unique: `start` decides how soon it is found, and nothing else beyond the tolerance.

    Args:
        features: (k, d).
        classes: (k,) 0 to C - 1.
        sample_weights: (k,) positive; only their ratios count.
        start: (C, d + 1).
        tolerance: of the loss, in nats: no further step is taken once one promises less.

    Returns:
        (C, d + 1): per class its weights and, last, its bias.
    """
    loss = _Loss(features, classes, sample_weights, penalty)
    # Adding one number to every class would change nothing but the penalty, so that all classes sum to zero.
    parameters: Matrix = start - start.mean(axis=0)
    value, probabilities = loss.at(parameters)
    for step in range(_MOST_STEPS):
        gradient = loss.gradient(parameters, probabilities)
        if step % _STEPS_PER_PRECONDITIONER == 0:
            inverse_blocks = loss.inverse_blocks(probabilities)
        direction = _newton_direction(loss, probabilities, gradient, inverse_blocks)
        promised = -0.5 * float((gradient * direction).sum())
        size, slope = 1.0, 2 * promised
        new_value, new_probabilities = loss.at(parameters + direction)
        while new_value > value - 1e-4 * size * slope and size > _SMALLEST_STEP:
            size /= 2
            new_value, new_probabilities = loss.at(parameters + size * direction)
        if new_value > value:  # nothing left but rounding
            break
        parameters, value, probabilities = parameters + size * direction, new_value, new_probabilities
        if size == 1 and promised < tolerance:
            break
    return parameters


class _Loss:
    """The loss and its derivatives; class-major throughout, so that sums over the classes run along memory."""

    def __init__(self, features: Matrix, classes: NDArray[np.int64], sample_weights: Matrix, penalty: float) -> None:
        k, d = features.shape
        self._classes, self._rows = classes, np.arange(k)
        self._share = sample_weights / sample_weights.sum()
        self._by_row = np.empty((k, d + 1))
        self._by_row[:, :d] = features
        self._by_row[:, d] = 1
        self._by_feature = np.ascontiguousarray(self._by_row.T)
        self._penalties = np.full(d + 1, penalty)
        self._penalties[d] = _BIAS_PENALTY

    def at(self, parameters: Matrix) -> tuple[float, Matrix]:
        """Return the loss and the (C, k) probabilities."""
        logits = parameters @ self._by_feature
        logits -= logits.max(axis=0)
        of_label = logits[self._classes, self._rows]
        np.exp(logits, out=logits)
        total = logits.sum(axis=0)
        value = float(self._share @ (np.log(total) - of_label))
        logits /= total
        return value + 0.5 * float((self._penalties * parameters * parameters).sum()), logits

    def gradient(self, parameters: Matrix, probabilities: Matrix) -> Matrix:
        error = probabilities * self._share
        error[self._classes, self._rows] -= self._share
        gradient: Matrix = error @ self._by_row + self._penalties * parameters
        return gradient

    def curvature_along(self, direction: Matrix, probabilities: Matrix) -> Matrix:
        """Return the Hessian times `direction`, both (C, d + 1)."""
        change = direction @ self._by_feature
        change -= (probabilities * change).sum(axis=0)
        change *= probabilities
        change *= self._share
        product: Matrix = change @ self._by_row + self._penalties * direction
        return product

    def inverse_blocks(self, probabilities: Matrix) -> Matrix:
        """Return (C, d + 1, d + 1): the inverse of the Hessian's block of each class, from some of the rows."""
        some = slice(None, None, -(-len(self._rows) // _PRECONDITIONER_ROWS))
        rows, share, likely = self._by_row[some], self._share[some], probabilities[:, some]
        weights = likely * (1 - likely) * (share / share.sum())
        blocks = np.matmul(rows.T * weights[:, None, :], rows)
        diagonal = np.arange(len(self._penalties))
        blocks[:, diagonal, diagonal] += self._penalties
        return np.linalg.inv(blocks)


def _newton_direction(loss: _Loss, probabilities: Matrix, gradient: Matrix, inverse_blocks: Matrix) -> Matrix:
    """Solve Hessian @ direction = -gradient roughly, by preconditioned conjugate gradients."""
    direction = np.zeros_like(gradient)
    residual = -gradient
    ready = _preconditioned(residual, inverse_blocks)
    search, size = ready, float((residual * ready).sum())
    small_enough = _SOLVED**2 * size
    for _ in range(_MOST_DIRECTIONS):
        if size <= small_enough or size == 0:
            break
        curved = loss.curvature_along(search, probabilities)
        length = size / float((search * curved).sum())
        direction += length * search
        residual = residual - length * curved
        ready = _preconditioned(residual, inverse_blocks)
        last, size = size, float((residual * ready).sum())
        search = ready + size / last * search
    return direction


def _preconditioned(residual: Matrix, inverse_blocks: Matrix) -> Matrix:
    """Undo the curvature of each class, within the space where the parameters of all classes sum to zero."""
    ready = np.matmul(inverse_blocks, (residual - residual.mean(axis=0))[:, :, None])[:, :, 0]
    centred: Matrix = ready - ready.mean(axis=0)
    return centred
