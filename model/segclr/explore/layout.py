"""Layouts: where each row of a table lies in the scatter.

A layout is immutable; another fit is another layout with another id. Where a new point goes, `Placement` tells.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from segclr.embeddings.storage.stored_embeddings import EmbeddingRows
from segclr.explore.metric import Metric
from segclr.explore.placement import Placement
from segclr.heads.one_thread import one_blas_thread

Method = Literal["pca", "umap"]

_BLOCK_ROWS = 65_536  # rows held in double precision at a time
_SAMPLE_ROWS = 100_000  # rows that principal components are found on, and that new points are placed among


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """`xy` is (n, 2) float32, one row per table row, within [-1, 1] with the aspect kept; `id` names its content.

    `landmarks`, ascending rows, were fitted and all others placed among them; None where all were fitted. `metric` is
    what the layout takes for near in the embedding.
    """

    id: str
    method: Method
    xy: NDArray[np.float32]
    landmarks: NDArray[np.int64] | None = None
    metric: Metric = "euclidean"

    def placement(self, embeddings: EmbeddingRows) -> Placement:
        """Places new points in it; `embeddings`, (n, d), are those of its rows."""
        among = self.landmarks
        if among is None:
            among = np.arange(0, len(self.xy), max(1, -(-len(self.xy) // _SAMPLE_ROWS)))
        return Placement(embeddings[among], self.xy[among], self.metric)


def make_layout(
    method: Method,
    xy: NDArray[np.floating],
    landmarks: NDArray[np.int64] | None = None,
    metric: Metric = "euclidean",
) -> Layout:
    """A layout of these coordinates, moved and scaled (the same on both axes) to fill [-1, 1].

    Rows that are not finite, which a fit may leave for points without neighbours, are put in the middle.
    """
    points = np.asarray(xy, np.float64).reshape(-1, 2).copy()
    finite = np.isfinite(points).all(axis=1)
    if finite.any():
        low, high = points[finite].min(axis=0), points[finite].max(axis=0)
        half = float((high - low).max()) / 2
        points = (points - (low + high) / 2) / (half if half > 0 else 1.0)
    points[~finite] = 0.0
    return named_layout(method, np.clip(points, -1, 1).astype(np.float32), landmarks, metric)


def named_layout(
    method: Method, xy: NDArray[np.float32], landmarks: NDArray[np.int64] | None = None, metric: Metric = "euclidean"
) -> Layout:
    """A layout of coordinates that lie in [-1, 1] already, with the id that they have."""
    return Layout(hashlib.sha256(method.encode() + xy.tobytes()).hexdigest()[:16], method, xy, landmarks, metric)


def pca_layout(embeddings: EmbeddingRows) -> Layout:
    """The first two principal components of the embeddings, (n, d); their signs are fixed, so that repeats agree.

    Embeddings that are not finite lie in the middle.
    """
    n, d = embeddings.shape
    xy = np.zeros((n, 2))
    sample = np.asarray(embeddings[:: max(1, -(-n // _SAMPLE_ROWS))], np.float64)
    sample = sample[np.isfinite(sample).all(axis=1)]
    if len(sample) < 2 or d < 1:
        return make_layout("pca", xy)
    with one_blas_thread():
        mean = sample.mean(axis=0)
        variances, vectors = np.linalg.eigh((sample - mean).T @ (sample - mean) / len(sample))
        if variances[-1] <= 1e-12 * np.square(mean).sum():
            return make_layout("pca", xy)  # rows that are all the same: what is left is rounding
        axes = vectors[:, ::-1][:, :2]
        axes = axes * np.where(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])] < 0, -1.0, 1.0)
        for start in range(0, n, _BLOCK_ROWS):
            block = np.asarray(embeddings[start : start + _BLOCK_ROWS], np.float64)
            finite = np.isfinite(block).all(axis=1)
            xy[start + np.flatnonzero(finite), : axes.shape[1]] = (block[finite] - mean) @ axes
    return make_layout("pca", xy)
