"""Which candidates lie beside a label on the same segment, and so are much the same place."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from segclr.queue.candidates import Answered, Candidates


def beside_labels(candidates: Candidates, answered: Answered, apart_nm: float) -> NDArray[np.bool_]:
    """Return (n,) bool: a label of the same segment is closer than `apart_nm`."""
    beside = np.zeros(len(candidates), np.bool_)
    by_segment = np.argsort(answered.segment_ids, kind="stable")
    labelled = answered.segment_ids[by_segment]
    first = np.searchsorted(labelled, candidates.segment_ids, "left")
    count = np.searchsorted(labelled, candidates.segment_ids, "right") - first
    for turn in range(int(count.max(initial=0))):  # each candidate with the turn-th label of its segment
        rows = np.flatnonzero((count > turn) & ~beside)
        labels = by_segment[first[rows] + turn]
        away_nm = np.linalg.norm(candidates.positions_nm[rows] - answered.positions_nm[labels], axis=1)
        beside[rows[away_nm < apart_nm]] = True
    return beside
