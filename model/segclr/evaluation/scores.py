"""F1 from confusion matrices, one per cell so that cells can be drawn again."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from segclr.evaluation.intervals import Estimate, bootstrap_interval, clustered_share, mean_of


def confusion_by_cell(
    classes: NDArray[np.int64], predicted: NDArray[np.int64], cells: NDArray[np.uint64], class_count: int
) -> NDArray[np.float64]:
    """Return (G, C * C): the confusion matrix [given, predicted] of each cell, cells in rising order of their ids."""
    unique, of_label = np.unique(cells, return_inverse=True)
    squared = class_count**2
    flat = of_label * squared + classes * class_count + predicted
    counts: NDArray[np.float64] = np.bincount(flat, minlength=len(unique) * squared).astype(np.float64)
    return counts.reshape(len(unique), squared)


def f1_of(confusions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (n, C) F1 of (n, C * C) confusion matrices; NaN for classes without labels."""
    n, squared = confusions.shape
    matrices = confusions.reshape(n, round(squared**0.5), -1)
    right, given, said = np.einsum("nii->ni", matrices), matrices.sum(axis=2), matrices.sum(axis=1)
    f1: NDArray[np.float64] = np.divide(2 * right, given + said, out=np.full(right.shape, np.nan), where=given > 0)
    return f1


def macro_of(confusions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (n,) macro F1 of (n, C * C) confusion matrices that have labels: the mean over the classes that do."""
    f1 = f1_of(confusions)
    has_labels = np.isfinite(f1)
    mean: NDArray[np.float64] = np.where(has_labels, f1, 0).sum(axis=1) / has_labels.sum(axis=1)
    return mean


def f1_by_shares(by_cell: NDArray[np.float64]) -> tuple[Estimate | None, ...]:
    """Return F1 of each class with an interval that also holds where no mistake was made; None without labels.

    F1 = 2 J / (1 + J), where J is the share of right ones among the labels that are, or are taken for, the class: an
    interval of that share is one of F1.
    """
    found: list[Estimate | None] = []
    for code in range(round(by_cell.shape[1] ** 0.5)):
        given, said, right = of_class(by_cell, code)
        share = clustered_share(right, given + said - right) if given.any() else None
        found.append(
            None if share is None else Estimate(*(2 * j / (1 + j) for j in (share.value, share.low, share.high)))
        )
    return tuple(found)


def macro_estimate(by_cell: NDArray[np.float64], drawn: NDArray[np.float64]) -> Estimate:
    """Return macro F1 of (G, C * C) confusion matrices with the wider of two intervals at each end.

    Args:
        by_cell: with at least one label.
        drawn: (draws, C * C) sums over cells drawn from them.
    """
    value = float(macro_of(by_cell.sum(axis=0)[None])[0])
    by_shares = mean_of([f1 for f1 in f1_by_shares(by_cell) if f1 is not None])
    own = Estimate(value, by_shares.low, by_shares.high)
    return wider_of(own, macro_of(drawn), len(by_cell)) or own


def of_class(
    matrices: NDArray[np.float64], code: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return how many labels are, are taken for, and are rightly taken for a class, (n,) each, of (n, C * C)."""
    square = matrices.reshape(len(matrices), round(matrices.shape[1] ** 0.5), -1)
    return square[:, code].sum(axis=1), square[:, :, code].sum(axis=1), square[:, code, code]


def wider_of(share: Estimate | None, drawn: NDArray[np.float64], cells: int) -> Estimate | None:
    """Return the wider of the share's own interval and of the draws' where there are enough cells for these."""
    if share is None:
        return None
    bootstrapped = bootstrap_interval(share.value, drawn, cells)
    return share if bootstrapped is None else share.wider(bootstrapped)
