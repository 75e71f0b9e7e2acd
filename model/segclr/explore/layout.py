"""Layouts: where each row of a table lies in the scatter, and where a new point goes.

A layout is immutable; another fit is another layout with another id. New points are placed among their nearest
neighbours in the embedding space, which is as faithful as umap-learn's own transform and costs no compilation.
"""

from __future__ import annotations

import hashlib
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from segclr.errors import TableError
from segclr.heads.one_thread import one_blas_thread

Method = Literal["pca", "umap"]

NEIGHBOURS = 15
_BLOCK_ROWS = 65_536  # rows held in double precision at a time
_CACHED_ROWS = 4096
_SAMPLE_ROWS = 100_000  # rows that the principal components are found on


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """`xy` is (n, 2) float32, one row per table row, within [-1, 1] with the aspect kept; `id` names its content."""

    id: str
    method: Method
    xy: NDArray[np.float32]

    def save(self, path: Path) -> None:
        """Write it; a layout that was there is replaced at once.

        Raises:
            OSError: it cannot be written.
        """
        temporary = path.with_name(path.name + ".part")
        with temporary.open("wb") as file:
            np.savez(file, method=np.array(self.method), xy=self.xy)
        temporary.replace(path)


def open_layout(path: Path) -> Layout:
    """Read a layout.

    Raises:
        TableError: the file is damaged.
        FileNotFoundError: there is none.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as content:
            method, xy = str(content["method"]), np.asarray(content["xy"], np.float32)
    except FileNotFoundError:
        raise
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise TableError(f"the layout {path} is damaged ({error}): delete it, and it is fitted again") from None
    if method not in ("pca", "umap") or xy.ndim != 2 or xy.shape[1] != 2:
        raise TableError(f"{path} holds no layout: delete it, and it is fitted again")
    return make_layout("umap" if method == "umap" else "pca", xy)


def make_layout(method: Method, xy: NDArray[np.floating]) -> Layout:
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
    scaled = np.clip(points, -1, 1).astype(np.float32)
    return Layout(hashlib.sha256(method.encode() + scaled.tobytes()).hexdigest()[:16], method, scaled)


def pca_layout(embeddings: NDArray[np.floating]) -> Layout:
    """The first two principal components of the embeddings, (n, d); their signs are fixed, so that repeats agree."""
    n, d = embeddings.shape
    xy = np.zeros((n, 2))
    sample = np.asarray(embeddings[:: max(1, -(-n // _SAMPLE_ROWS))], np.float64)
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
            xy[start : start + _BLOCK_ROWS, : axes.shape[1]] = (block - mean) @ axes
    return make_layout("pca", xy)


def place(
    embedding: NDArray[np.floating], embeddings: NDArray[np.float32], xy: NDArray[np.float32], k: int = NEIGHBOURS
) -> tuple[float, float]:
    """Where a new point lies: the mean of its k nearest rows' places, weighted by 1 / squared distance.

    So a point of the table lands on itself, also where another machine has embedded it a little differently.

    Args:
        embedding: (d,).
        embeddings: (n, d), the rows that the layout is of.
        xy: (n, 2), the layout.
    """
    if not len(embeddings):
        return (0.0, 0.0)
    squared = _squared_distances(np.asarray(embedding, np.float32), embeddings)
    farthest = np.partition(squared, min(k, len(squared)) - 1)[min(k, len(squared)) - 1]
    nearest = np.flatnonzero(squared <= farthest)  # all that are equally far, so that their order does not matter
    weights = 1 / np.maximum(squared[nearest].astype(np.float64), max(1e-12 * float(farthest), 1e-30))
    x, y = (weights @ xy[nearest].astype(np.float64)) / weights.sum()
    return (float(x), float(y))


def _squared_distances(point: NDArray[np.float32], embeddings: NDArray[np.float32]) -> NDArray[np.float32]:
    """By differences: the shorter |a|^2 - 2ab + |b|^2 cancels where distances are small, and waits for BLAS threads."""
    squared = np.empty(len(embeddings), np.float32)
    for start in range(0, len(embeddings), _CACHED_ROWS):
        away = embeddings[start : start + _CACHED_ROWS] - point
        np.einsum("nd,nd->n", away, away, out=squared[start : start + _CACHED_ROWS])
    return squared
