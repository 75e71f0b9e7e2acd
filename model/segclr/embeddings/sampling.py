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
        start, strata, sizes = np.zeros(1, np.int64), np.array([count]), np.array([n])
    else:
        sizes = np.diff(first_row)
        start, strata = first_row[:-1], _equal_shares(sizes, count, rng)
    return np.sort(_one_of_each(start, strata, sizes, rng))


def _one_of_each(
    start: NDArray[np.int64], strata: NDArray[np.int64], sizes: NDArray[np.int64], rng: np.random.Generator
) -> NDArray[np.int64]:
    """Cut the `sizes[i]` rows from `start[i]` on into `strata[i]` strata, and draw a row of each.

    Some strata are longer than others by a row. They begin at a random row, and go on from the last to the first, so
    that the rows of long ones have no smaller a chance.
    """
    of = np.repeat(np.arange(len(start)), strata)
    stratum = np.arange(len(of)) - np.repeat(np.cumsum(strata) - strata, strata)
    low, high = stratum * sizes[of] // strata[of], (stratum + 1) * sizes[of] // strata[of]
    turned = rng.integers(0, sizes)[of]
    drawn: NDArray[np.int64] = start[of] + (rng.integers(low, high) + turned) % sizes[of]
    return drawn


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
