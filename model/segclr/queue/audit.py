"""Audit items: drawn uniformly, in an order fixed before anything is labelled, so that accuracy on them is unbiased.

A place's turn follows from a hash of itself and the seed, and from nothing else: not from labels, head, strategies or
other places. So the first m of the order are a uniform sample without replacement, whatever has been labelled. One
that happens to be labelled already is not asked again but belongs to the sample all the same; one that was skipped or
answered "unsure" belongs to it too, and has to be told with the figure.

Their labels train the head as any other, so accuracy on them is that of predictions made without them: of folds that
leave out the segment (`segclr.heads.evaluation`), with its `wilson_interval`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segclr.splitmix import splitmix64

_GRID_NM = 1.0  # positions that differ by rounding are one place


@dataclass(frozen=True, slots=True, eq=False)
class Audit:
    """Where the audit stands.

    Attributes:
        upcoming: (m,) int64 rows of the order that have no answer yet, next first (`upcoming_audits`).
        asked: items of the queue that were answered up to now, in whatever way.
        audited: how many of these were audit items.
    """

    upcoming: NDArray[np.int64]
    asked: int
    audited: int


NO_AUDIT = Audit(np.empty(0, np.int64), 0, 0)


def audit_order(
    segment_ids: NDArray[np.uint64], positions_nm: NDArray[np.float64] | None = None, seed: int = 0
) -> NDArray[np.int64]:
    """Return (n,) int64: the order in which rows are audited, the same whatever other rows the table has.

    Args:
        segment_ids: (n,) uint64.
        positions_nm: (n, 3) float64, xyz; None in a segment task, where every segment has one row and one chance.
        seed: the task's own, chosen once.
    """
    return np.argsort(place_keys(segment_ids, positions_nm, seed), kind="stable").astype(np.int64)


def place_keys(
    segment_ids: NDArray[np.uint64], positions_nm: NDArray[np.float64] | None, seed: int
) -> NDArray[np.uint64]:
    """Return (n,) uint64, uniform over all 64 bits: the hash of each place by itself; arguments of `audit_order`."""
    keys = splitmix64(segment_ids.astype(np.uint64) + np.uint64(seed % 2**64))
    if positions_nm is not None:
        grid = np.rint(positions_nm / _GRID_NM).astype(np.int64).view(np.uint64)
        for axis in range(3):
            keys = splitmix64(keys ^ grid[:, axis])
    return keys


def upcoming_audits(order: NDArray[np.int64], answered: NDArray[np.bool_], count: int) -> NDArray[np.int64]:
    """Return the next rows of an order that have no answer yet, `count` at most.

    Args:
        order: (m,) int64 rows, as `audit_order` gives them.
        answered: (n,) bool by row: labelled, skipped or answered "unsure"; rows that are merely queued are not.
    """
    return order[~answered[order]][:count]


def audit_due(audit: Audit, share: float, count: int) -> NDArray[np.bool_]:
    """Return (count,) bool: which of the next items are audit items, so that their share of all items holds throughout.

    It follows from counts alone. There are no more than `audit.upcoming` has rows.
    """
    wanted = np.floor(share * (audit.asked + 1 + np.arange(count)) + 1e-9).astype(np.int64)
    due = np.zeros(count, np.bool_)
    given = audit.audited
    for slot in range(count):
        if wanted[slot] > given and given - audit.audited < len(audit.upcoming):
            due[slot] = True
            given += 1
    return due
