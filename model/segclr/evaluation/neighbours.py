"""The nearest labels of other cells: the evidence for and against a label."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segclr.heads.one_thread import one_blas_thread
from segclr.heads.standardise import mean_and_std

NEIGHBOURS = 10

_DISTANCES_AT_ONCE = 1 << 22


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A label that lies near in embedding space, on another cell.

    Attributes:
        label: its index.
        distance: root mean square over the dimensions, in standard deviations of the labels.
    """

    label: int
    distance: float


def nearest_labels(
    embeddings: NDArray[np.floating], cells: NDArray[np.uint64], asked: NDArray[np.int64]
) -> dict[int, tuple[Neighbour, ...]]:
    """Find the nearest labels on other cells than the label's own.

    A label's own cell is left out: its other labels look alike and were often given in one go, so that a mistake would
    find itself confirmed.

    Args:
        embeddings: (k, d) finite, of the labels.
        cells: (k,) segment ids.
        asked: indices of the labels asked about.

    Returns:
        For each label asked about its `NEIGHBOURS` nearest, nearest first, or fewer if other cells have fewer labels.
        Of equally near ones the earlier label comes first.
    """
    found: dict[int, tuple[Neighbour, ...]] = {}
    if not len(asked):
        return found
    x = embeddings.astype(np.float64)
    mean, std = mean_and_std(x)
    standard = ((x - mean) / std).astype(np.float32)
    lengths = np.einsum("kd,kd->k", standard, standard)
    at_once = max(1, _DISTANCES_AT_ONCE // len(x))
    with one_blas_thread():
        for start in range(0, len(asked), at_once):
            some = asked[start : start + at_once]
            squares = lengths - 2 * (standard[some] @ standard.T)
            squares[cells[some][:, None] == cells] = np.inf
            for label, row in zip(some.tolist(), squares, strict=True):
                found[label] = _nearest(standard, label, row)
    return found


def _nearest(standard: NDArray[np.float32], label: int, squares: NDArray[np.float32]) -> tuple[Neighbour, ...]:
    count = min(NEIGHBOURS, int(np.isfinite(squares).sum()))
    if not count:
        return ()
    # A few spare ones: their distances are found again below without the rounding of the product.
    spare = min(2 * NEIGHBOURS, len(squares))
    nearest = np.argpartition(squares, spare - 1)[:spare]
    nearest = np.sort(nearest[np.isfinite(squares[nearest])])
    distances = np.sqrt(np.square(standard[nearest] - standard[label], dtype=np.float64).mean(axis=1))
    order = np.argsort(distances, kind="stable")[:count]
    return tuple(Neighbour(int(nearest[each]), float(distances[each])) for each in order)
