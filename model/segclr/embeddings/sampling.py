"""Random samples of a table's rows that miss no part of it.

Rows are cut into as many strata of consecutive rows, equal to within one row, as the sample shall have, and one row of
each is drawn (stratified sampling with one unit per stratum; Cochran, Sampling Techniques, 1977, section 5A.7). Since
rows are sorted by segment and node, a stratum is a stretch of one skeleton, or some small segments.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Strata = Literal["rows", "segments"]


def stratified_rows(first_row: NDArray[np.int64], count: int, seed: int, by: Strata = "rows") -> NDArray[np.int64]:
    """Draw rows without repetition; the same for the same arguments.

    Args:
        first_row: (S + 1,) int64; the rows of segment i are `first_row[i]:first_row[i + 1]`.
        count: how many; all rows if there are no more.
        by: "rows" gives every row the same chance, and a segment with s of n rows between floor(count s / n) - 1 and
            ceil(count s / n) + 1 rows; "segments" gives all segments the same number of rows, but no more than they
            have, so that small ones are not lost among large ones.

    Returns:
        (min(count, n),) int64, ascending. In O(count) for "rows", O(S log S + count) for "segments".
    """
    n = int(first_row[-1])
    rng = np.random.default_rng(seed)
    if count >= n:
        return np.arange(n)
    if count <= 0:
        return np.empty(0, np.int64)
    if by == "rows":
        return _one_of_each(np.zeros(count, np.int64), np.arange(count), np.full(count, count), np.full(count, n), rng)
    sizes = np.diff(first_row)
    quota = _equal_shares(sizes, count, rng)
    starts = np.repeat(first_row[:-1], quota)
    turn = np.arange(count) - np.repeat(np.cumsum(quota) - quota, quota)
    return _one_of_each(starts, turn, np.repeat(quota, quota), np.repeat(sizes, quota), rng)


def _one_of_each(
    start: NDArray[np.int64],
    stratum: NDArray[np.int64],
    strata: NDArray[np.int64],
    rows: NDArray[np.int64],
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    """Draw a row of each stratum: of the `rows` from `start` on, cut into `strata` parts, the part `stratum`.

    The borders are whole rows, so that no two strata share one.
    """
    low = stratum * rows // strata
    high = (stratum + 1) * rows // strata
    return start + rng.integers(low, high)


def _equal_shares(sizes: NDArray[np.int64], count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return how many rows each segment gives, equally many where it has them, `count` in all (below the sum)."""
    ascending = np.sort(sizes)
    # the sum if no segment gave more than the i-th least one has
    capped = np.cumsum(ascending) + ascending * np.arange(len(sizes) - 1, -1, -1)
    full = int(np.searchsorted(capped, count, side="right"))  # this many of the least segments give all they have
    share = (count - int(ascending[:full].sum())) // (len(sizes) - full)
    quota: NDArray[np.int64] = np.minimum(sizes, share)
    may_give_more = np.flatnonzero(sizes > share)
    quota[rng.permutation(may_give_more)[: count - int(quota.sum())]] += 1
    return quota
