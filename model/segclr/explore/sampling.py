"""A sample of rows in which small cells and rare classes are not lost."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def stratified_sample(
    cells: NDArray[np.integer], classes: NDArray[np.integer] | None, most: int, seed: int
) -> NDArray[np.int64]:
    """Rows drawn by cell and class: of each stratum in proportion to the square root of its size.

    So a cell with 10,000 times the rows gets 100 times the sample. With more strata than rows wanted, as many strata of
    each class are left out as its share demands.

    Args:
        cells: (n,) the cell or segment of each row.
        classes: (n,) the predicted class of each, any integers; None if there is none.
        most: all rows if there are no more.
        seed: the same seed draws the same rows.

    Returns:
        Ascending rows, `most` of them or all.
    """
    n = len(cells)
    if n <= most:
        return np.arange(n)
    if most < 1:
        return np.empty(0, np.int64)
    rng = np.random.default_rng(seed)
    _, cell = np.unique(cells, return_inverse=True)
    kind = np.zeros(n, np.int64) if classes is None else np.unique(classes, return_inverse=True)[1]
    order = np.lexsort((rng.permutation(n), cell, kind))  # by class, then cell, each stratum in random order
    changes = (np.diff(cell[order]) != 0) | (np.diff(kind[order]) != 0)
    first = np.append(0, np.flatnonzero(changes) + 1)
    sizes = np.diff(np.append(first, n))
    taken = _systematic(_quotas(sizes, most), rng.random(), most)
    place_in_stratum = np.arange(n) - np.repeat(first, sizes)
    return np.sort(order[place_in_stratum < np.repeat(taken, sizes)])


def _quotas(sizes: NDArray[np.int64], most: int) -> NDArray[np.float64]:
    """Shares that sum to `most`, each min(size, t sqrt(size)): a stratum is used up where sqrt(size) <= t."""
    ascending = np.sort(sizes).astype(np.float64)
    used = np.cumsum(ascending)
    roots = np.sqrt(ascending)
    left = np.cumsum(roots[::-1])[::-1]  # of this stratum and all larger ones
    before = np.append(0, used[:-1])
    t = (most - before) / left
    fits = np.flatnonzero(t <= roots)
    return np.asarray(np.minimum(sizes, t[fits[0]] * np.sqrt(sizes)))


def _systematic(quotas: NDArray[np.float64], offset: float, total: int) -> NDArray[np.int64]:
    """Whole numbers that sum to the total, each its quota rounded up or down, by systematic sampling (Madow 1949)."""
    ends = np.cumsum(quotas)
    ends *= total / ends[-1]
    ends[-1] = total
    return np.diff(np.floor(np.append(0, ends) + offset)).astype(np.int64)
