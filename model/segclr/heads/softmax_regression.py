"""Multinomial logistic regression with an L2 penalty, by L-BFGS on the exact gradient."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

# Keeps biases from drifting off for ever where classes can be separated; too small to pull them anywhere.
_BIAS_PENALTY = 1e-6
_MOST_STEPS = 500


def fit_softmax(
    features: NDArray[np.float64],
    classes: NDArray[np.int64],
    sample_weights: NDArray[np.float64],
    penalty: float,
    start: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Minimise the weighted mean cross-entropy + penalty / 2 * sum of squared weights.

    The minimum is unique: `start` decides how soon it is found, and nothing else beyond the tolerance.

    Args:
        features: (k, d).
        classes: (k,) 0 to C - 1.
        sample_weights: (k,) positive; only their ratios count.
        start: (C, d + 1).

    Returns:
        (C, d + 1): per class its weights and, last, its bias.
    """
    k, d = features.shape
    class_count = len(start)
    design = np.empty((k, d + 1))
    design[:, :d] = features
    design[:, d] = 1
    share = sample_weights / sample_weights.sum()
    wanted = np.zeros((class_count, k))
    wanted[classes, np.arange(k)] = share
    penalties = np.full((class_count, d + 1), penalty)
    penalties[:, d] = _BIAS_PENALTY

    def loss_and_gradient(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        parameters = flat.reshape(class_count, d + 1)
        logits = parameters @ design.T  # class-major: the sums over classes run along memory
        of_label = float((wanted * logits).sum())
        top = logits.max(axis=0)
        logits -= top
        np.exp(logits, out=logits)
        total = logits.sum(axis=0)
        loss = float(share @ (np.log(total) + top)) - of_label
        logits *= share / total
        logits -= wanted
        gradient = logits @ design
        gradient += penalties * parameters
        return loss + 0.5 * float((penalties * parameters * parameters).sum()), gradient.ravel()

    found = minimize(
        loss_and_gradient,
        start.ravel(),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": _MOST_STEPS, "gtol": 1e-5, "ftol": 1e-12},
    )
    parameters: NDArray[np.float64] = found.x.reshape(class_count, d + 1)
    return parameters
