"""The output of the SNGP head on its random features: most likely weights, and the exact Laplace precision.

Both in the eigenvectors of the features of the labels. There are far fewer that matter than features (about 250 of
2,048 for 1,000 labels), so that the variance of a place costs as many dot products instead of 2,048.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lapack

from segclr.heads.linear import balanced_weights
from segclr.heads.softmax_regression import fit_softmax

# Directions whose eigenvalue is below this times the ridge are left out: no variance is off by more than this share.
_NEGLIGIBLE = 1e-3
_LEFT_OUT = 0.1  # of that, at most, for every feature
_TOLERANCE = 1e-5


@dataclass(frozen=True, slots=True, eq=False)
class FeatureOutput:
    """logits = phi @ basis @ weights.T + bias; variance = |phi|^2 - sum of shrinkage * (phi @ basis)^2.

    The latter is ridge * phi^T P^-1 phi with P = ridge * I + Phi^T Phi, its diagonal only, in the eigenvectors of P.

    Attributes:
        basis: (D, r) float32, orthonormal columns.
        shrinkage: (r,) float32: eigenvalue / (eigenvalue + ridge).
        weights: (K, r) float32.
        bias: (K,) float32.
    """

    basis: NDArray[np.float32]
    shrinkage: NDArray[np.float32]
    weights: NDArray[np.float32]
    bias: NDArray[np.float32]


def fit_output(features: NDArray[np.float64], classes: NDArray[np.int64], ridge: float) -> FeatureOutput:
    """Fit weights and precision to the (k, D) features of labels of the classes 0 to K - 1."""
    values, basis = _eigenvectors_that_matter(features, _NEGLIGIBLE * ridge)
    turned = features @ basis
    start = np.zeros((int(classes.max()) + 1, len(values) + 1))
    found = fit_softmax(turned, classes, balanced_weights(classes), ridge / len(classes), start, _TOLERANCE)
    return FeatureOutput(
        basis.astype(np.float32),
        (values / (values + ridge)).astype(np.float32),
        found[:, :-1].astype(np.float32),
        found[:, -1].astype(np.float32),
    )


def _eigenvectors_that_matter(
    features: NDArray[np.float64], smallest: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the eigenvalues above `smallest` of features.T @ features, and their eigenvectors in columns.

    Pivoted Cholesky (Harbrecht, Peters & Schneider 2012) finds the space that they lie in for a tenth of the cost of
    all eigenvectors.
    """
    products = features.T @ features
    factor, pivots, rank, _ = lapack.dpstrf(products, tol=_LEFT_OUT * smallest, lower=1)
    columns = np.empty((len(products), rank))
    columns[pivots - 1] = np.tril(factor)[:, :rank]
    space = np.linalg.qr(columns)[0]
    values, vectors = np.linalg.eigh(space.T @ products @ space)
    matter = values > smallest
    return values[matter], space @ vectors[:, matter]
