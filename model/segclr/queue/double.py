"""Double items: places that every annotator is asked about, so that one can tell how far they agree.

They are a fixed share of all places, drawn by a hash of the place and the seed as audit items are
(`segclr.queue.audit`), and by nothing else: agreement on them is that on a uniform sample. Everybody is asked them in
the same order.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from segclr.queue.audit import place_keys

_KEYS = 2.0**64


def is_double(
    segment_ids: NDArray[np.uint64], positions_nm: NDArray[np.float64] | None, share: float, seed: int
) -> NDArray[np.bool_]:
    """Return (n,) bool: which places are asked of everybody; whether one is depends on no other place.

    Args:
        segment_ids: (n,) uint64.
        positions_nm: (n, 3) float64, xyz; None in a segment task.
        share: 0 to 1, of all places.
        seed: the task's own, chosen once; another one than the audit's.
    """
    if share >= 1:
        return np.ones(len(segment_ids), np.bool_)
    return place_keys(segment_ids, positions_nm, seed) < np.uint64(max(share, 0.0) * _KEYS)


def double_order(
    segment_ids: NDArray[np.uint64], positions_nm: NDArray[np.float64] | None, share: float, seed: int
) -> NDArray[np.int64]:
    """Return (m,) int64: the double places of `is_double`, in the order in which they are asked."""
    rows = np.flatnonzero(is_double(segment_ids, positions_nm, share, seed))
    keys = place_keys(segment_ids[rows], None if positions_nm is None else positions_nm[rows], seed)
    return rows[np.argsort(keys, kind="stable")].astype(np.int64)
