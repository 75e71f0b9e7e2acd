"""The simulated expert: knows the truth, and errs as often as told."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def answers(truth: NDArray[np.int64], class_count: int, error_rate: float, seed: int) -> NDArray[np.int64]:
    """Return (n,) what the expert would say of every row: some rows get another class, all alike, however often asked.

    Args:
        truth: (n,) classes.
        error_rate: share of rows, 0 to 1.
    """
    rng = np.random.default_rng([seed, 7])
    wrong = rng.random(len(truth)) < error_rate
    other = (truth + rng.integers(1, class_count, len(truth))) % class_count
    return np.where(wrong, other, truth)


def thinned(rows: NDArray[np.int64], truth: NDArray[np.int64], rare: int, share: float, seed: int) -> NDArray[np.int64]:
    """Return the rows without most of a class, ascending: what is left of it is `share` of all that are left.

    All are kept where the class is rarer than that.

    Args:
        rows: (m,) rows that can be asked.
        truth: (n,) classes of all rows.
    """
    own, others = rows[truth[rows] == rare], rows[truth[rows] != rare]
    kept = max(1, round(share / (1 - share) * len(others)))
    return np.sort(np.concatenate([np.random.default_rng([seed, 9]).permutation(own)[:kept], others]))
