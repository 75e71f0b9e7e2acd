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

Method = Literal["pca", "umap"]

NEIGHBOURS = 15
_BLOCK_ROWS = 65_536  # rows whose distances are held at a time
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
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
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
    n = len(embeddings)
    sample = np.asarray(embeddings[:: max(1, -(-n // _SAMPLE_ROWS))], np.float64)
    if n < 2 or sample.shape[1] < 1:
        return make_layout("pca", np.zeros((n, 2)))
    mean = sample.mean(axis=0)
    _, vectors = np.linalg.eigh((sample - mean).T @ (sample - mean))
    axes = vectors[:, ::-1][:, :2]
    axes = axes * np.where(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])] < 0, -1.0, 1.0)
    xy = np.zeros((n, 2))
    xy[:, : axes.shape[1]] = (np.asarray(embeddings, np.float64) - mean) @ axes
    return make_layout("pca", xy)


def place(
    embedding: NDArray[np.floating], embeddings: NDArray[np.float32], xy: NDArray[np.float32], k: int = NEIGHBOURS
) -> tuple[float, float]:
    """Where a new point lies: the mean of its k nearest rows' places, weighted by closeness.

    Args:
        embedding: (d,).
        embeddings: (n, d), the rows that the layout is of.
        xy: (n, 2), the layout.

    Returns:
        x, y. A row that equals the embedding decides alone, so that a point of the table lands on itself.
    """
    if not len(embeddings):
        return (0.0, 0.0)
    squared = np.concatenate(
        [_squared_distances(embedding, embeddings[i : i + _BLOCK_ROWS]) for i in range(0, len(embeddings), _BLOCK_ROWS)]
    )
    k = min(k, len(squared))
    nearest = np.argpartition(squared, k - 1)[:k]
    # exact distances of the few: the fast formula above cancels where they are small
    distances = np.linalg.norm(embeddings[nearest].astype(np.float64) - embedding, axis=1)
    scale = float(np.median(distances))
    if distances.min() <= 1e-6 * max(scale, 1e-12):
        weights = (distances == distances.min()).astype(np.float64)
    else:
        weights = np.exp(-((distances / scale) ** 2))
    x, y = (weights @ xy[nearest].astype(np.float64)) / weights.sum()
    return (float(x), float(y))


def _squared_distances(embedding: NDArray[np.floating], block: NDArray[np.float32]) -> NDArray[np.float32]:
    point = np.asarray(embedding, np.float32)
    distances: NDArray[np.float32] = np.einsum("nd,nd->n", block, block) - 2 * (block @ point)
    return distances
