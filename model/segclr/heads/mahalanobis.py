"""How far an embedding is from everything labelled: the Mahalanobis distance to the nearest class.

After Lee et al. 2018, "A Simple Unified Framework for Detecting Out-of-Distribution Samples": one mean per class, one
covariance for all. Here the covariance is shrunk, so that a dozen labels do for 64 dimensions, and the distance is
divided by the square root of the number of dimensions, so that it is about 1 for what is like the labels.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from segclr.heads.chunks import by_chunks, check_shape, not_finite
from segclr.heads.standardise import mean_and_std
from segclr.heads.threshold import COVERAGE, NoveltyThreshold, choose_threshold, held_out_scores

# Before any label, the spread within a class is taken to be that of all labels, as if half as many labels as there are
# dimensions had said so. Between an eighth and four times as many make no difference beyond 0.03 of AUROC.
_PRIOR_LABELS_PER_DIMENSION = 0.5
_CHUNK = 4096


@dataclass(frozen=True, slots=True, eq=False)
class Mahalanobis:
    """score(x) = min over classes of |whitening @ (x - mean) - centre| / sqrt(d).

    Attributes:
        mean: (d,) float64.
        whitening: (d, d) float64: what it makes of embeddings has unit covariance within a class.
        centres: (K, d) float64: the whitened mean of each class that had labels.
        threshold: above it a place is unlike anything labelled; None where there are too few labels to tell.
    """

    mean: NDArray[np.float64]
    whitening: NDArray[np.float64]
    centres: NDArray[np.float64]
    threshold: NoveltyThreshold | None = None

    def score(self, embeddings: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return (n,) float32 distances of (n, d) embeddings.

        Raises:
            ValueError: The embeddings are of another size.
            TableError: Some are NaN or infinite.
        """
        d = len(self.mean)
        check_shape(embeddings, d)
        distances = np.empty(len(embeddings), np.float32)
        whitening = self.whitening.astype(np.float32)
        shift = (self.whitening @ self.mean).astype(np.float32)[:, None]
        centres = self.centres.astype(np.float32)
        lengths = (centres * centres).sum(axis=1)[:, None]

        def work(rows: slice) -> None:
            white = whitening @ embeddings[rows].T
            white -= shift
            squares = -2 * centres @ white
            squares += lengths
            nearest = squares.min(axis=0)
            nearest += np.einsum("dn,dn->n", white, white)
            np.maximum(nearest, 0, out=nearest)
            nearest /= d
            np.sqrt(nearest, out=distances[rows])

        by_chunks(len(embeddings), work, _CHUNK)
        if not np.isfinite(distances).all():
            raise not_finite(embeddings)
        return distances


def fit_mahalanobis(embeddings: NDArray[np.floating], classes: NDArray[np.integer]) -> Mahalanobis:
    """Fit the distance to (k, d) labelled embeddings, without a threshold; a class with one label has its mean there.

    Raises:
        ValueError: There are no labels.
    """
    if not len(embeddings):
        raise ValueError("the distance from the labels needs at least one label")
    x = embeddings.astype(np.float64)
    k, d = x.shape
    mean, std = mean_and_std(x)
    standard = (x - mean) / std
    present, compact, counts = np.unique(classes, return_inverse=True, return_counts=True)
    centres = (compact == np.arange(len(present))[:, None]) @ standard / counts[:, None]
    within = standard - centres[compact]
    prior = _PRIOR_LABELS_PER_DIMENSION * d
    covariance = (within.T @ within + prior * np.eye(d)) / (k - len(present) + prior)
    whitening = np.linalg.inv(np.linalg.cholesky(covariance))
    return Mahalanobis(mean, whitening / std, centres @ whitening.T)


def fit_novelty(
    embeddings: NDArray[np.floating],
    classes: NDArray[np.int64],
    groups: NDArray[np.uint64],
    seed: int = 0,
    coverage: float = COVERAGE,
) -> Mahalanobis:
    """Fit the distance and choose its threshold on held-out segments of the known classes.

    Args:
        embeddings: (k, d) finite.
        classes: (k,).
        groups: (k,) segment ids: the threshold is chosen on distances from the labels of other segments.
    """
    values = embeddings.astype(np.float32)
    scores = held_out_scores(lambda x, y, _: fit_mahalanobis(x, y).score, values, classes, groups, seed)
    return replace(fit_mahalanobis(embeddings, classes), threshold=choose_threshold(scores, groups, coverage, seed))
