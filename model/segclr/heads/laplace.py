"""How unsure the linear head is of its own weights at an embedding: the variance of a last-layer Laplace approximation.

With the Gaussian likelihood of SNGP's code (edward2, `LaplaceRandomFeatureCovariance`), so that there is one variance
for all classes: that told unknown classes better than the curvature of the softmax, which is blind to what lies on the
sure side of every boundary (AUROC 0.75 against 0.64 on generated subcompartments).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segclr.heads.chunks import by_chunks, check_shape, not_finite
from segclr.heads.linear import PENALTY, LinearHead

_CHUNK = 4096


@dataclass(frozen=True, slots=True, eq=False)
class LinearLaplace:
    """variance(x) = |factor @ (x - mean)|^2 + bias_variance, of a logit under the posterior of the weights.

    Attributes:
        mean: (d,) float64 of the labels.
        factor: (d, d) float64.
        bias_variance: what the bias adds everywhere.
    """

    mean: NDArray[np.float64]
    factor: NDArray[np.float64]
    bias_variance: float

    def score(self, embeddings: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return (n,) float32 variances of (n, d) embeddings, high for what is unlike the labels.

        Raises:
            ValueError: The embeddings are of another size.
            TableError: Some are NaN or infinite.
        """
        check_shape(embeddings, len(self.mean))
        variances = np.empty(len(embeddings), np.float32)
        factor = self.factor.astype(np.float32)
        shift = (self.factor @ self.mean).astype(np.float32)[:, None]

        def work(rows: slice) -> None:
            turned = factor @ embeddings[rows].T
            turned -= shift
            np.einsum("dn,dn->n", turned, turned, out=variances[rows])

        by_chunks(len(embeddings), work, _CHUNK)
        if not np.isfinite(variances).all():
            raise not_finite(embeddings)
        variances += self.bias_variance
        return variances


def fit_laplace(head: LinearHead, embeddings: NDArray[np.float32]) -> LinearLaplace:
    """Compute the exact posterior of a fitted head's weights, given the (k, d) embeddings it was fitted on."""
    check_shape(embeddings, head.dimensions)
    standard = (embeddings.astype(np.float64) - head.mean) / head.std
    middle = standard.mean(axis=0)  # taken out, so that the bias does not covary with the weights
    centred = standard - middle
    precision = centred.T @ centred + PENALTY * np.eye(head.dimensions)
    factor = np.linalg.inv(np.linalg.cholesky(precision)) / head.std
    return LinearLaplace(head.mean + middle * head.std, factor, 1 / len(standard))
