"""When to stop labelling: how much the last labels changed what the head says of the whole table.

After Bloodgood & Vijay-Shanker (2009, "A Method for Stopping Active Learning Based on Stabilizing Predictions"): stop
once heads some labels apart agree with a kappa of 0.99 in the mean of three comparisons. Kappa and not the share alone,
since with one large class nearly all rows agree whatever the head does with the others. Predictions that no longer
change are not right for that: `segclr.evaluation.audit` tells how good they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segclr.evaluation.agreement import kappa_of
from segclr.wording import percent

LABELS_APART = 50
SETTLED_KAPPA = 0.99
_COMPARISONS = 3

_CODES = 256
_ROWS_AT_ONCE = 1 << 20


@dataclass(frozen=True, slots=True)
class Change:
    """What some labels changed.

    Attributes:
        labels: given between the two predictions.
        rows: predicted.
        changed: rows whose class is another now.
        kappa: Cohen's, of the two predictions; 1 if both name one and the same class everywhere.
        largest: class before, class now and rows of the commonest change; None if there is none.
    """

    labels: int
    rows: int
    changed: int
    kappa: float
    largest: tuple[int, int, int] | None

    @property
    def share(self) -> float:
        """Rows that changed, of all."""
        return self.changed / self.rows if self.rows else 0.0

    def sentence(self, class_names: Sequence[str]) -> str:
        """Say it in words; a code without a name is "no class"."""
        if not self.rows:
            return "there are no predictions to compare yet"
        labels = "label" if self.labels == 1 else f"{self.labels} labels"
        said = f"the last {labels} changed {percent(self.share, decimals=1)} of predictions"
        if self.largest is None:
            return said
        before, now = (class_names[c] if c < len(class_names) else "no class" for c in self.largest[:2])
        return f"{said}, most of them from {before} to {now}"


@dataclass(frozen=True, slots=True)
class StoppingGauge:
    """The gauge over the history of changes.

    Attributes:
        shares: smoothed share of changed predictions, one per change.
        settled: the last three changes have a mean kappa of `SETTLED_KAPPA` or more.
    """

    shares: tuple[float, ...]
    settled: bool


def compare(before: NDArray[np.uint8], now: NDArray[np.uint8], labels: int = LABELS_APART) -> Change:
    """Compare predictions of the same rows.

    Args:
        before, now: (n,) class codes of two heads.
        labels: given in between.

    Raises:
        ValueError: They are not of the same rows.
    """
    if before.shape != now.shape:
        raise ValueError(f"predictions of {len(before)} rows and of {len(now)} cannot be compared: predict again")
    joint = np.zeros((_CODES, _CODES), np.int64)
    for start in range(0, len(now), _ROWS_AT_ONCE):
        piece = slice(start, start + _ROWS_AT_ONCE)
        joint += _joint(before[piece], now[piece])
    used = np.flatnonzero(joint.any(axis=0) | joint.any(axis=1))
    changes = joint - np.diag(np.diag(joint))
    changed, most = int(changes.sum()), int(changes.argmax())
    kappa = float(kappa_of(joint[np.ix_(used, used)].astype(np.float64).reshape(1, -1))[0]) if len(used) > 1 else 1.0
    largest = (most // _CODES, most % _CODES, int(changes.max())) if changed else None
    return Change(labels, len(now), changed, kappa, largest)


def gauge(changes: Sequence[Change]) -> StoppingGauge:
    """Smooth the history of changes, oldest first, and say whether the predictions have settled.

    A smoothed share is the mean of the last three: a single lasso should not look like a setback.
    """
    shares = np.array([change.share for change in changes])
    smoothed = tuple(float(shares[max(0, end - _COMPARISONS) : end].mean()) for end in range(1, len(shares) + 1))
    kappas = [change.kappa for change in changes[-_COMPARISONS:]]
    return StoppingGauge(smoothed, len(kappas) == _COMPARISONS and float(np.mean(kappas)) >= SETTLED_KAPPA)


def _joint(before: NDArray[np.uint8], now: NDArray[np.uint8]) -> NDArray[np.int64]:
    both = before.astype(np.uint16)
    both <<= 8
    both |= now
    return np.bincount(both, minlength=_CODES**2).reshape(_CODES, _CODES)
