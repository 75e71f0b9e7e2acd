"""What is measured: curves of every way to choose, and how many labels each needs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.queue.course import Course

REACHED = 0.95  # of the macro F1 of all labels
_RESAMPLED = 1000


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """One way to choose in one setting.

    Attributes:
        labels: (t,) numbers of labels.
        f1: (repeats, t) macro F1 on held-out cells.
        flown_nm: (repeats,) flown per label, over the first hundred labels.
    """

    name: str
    labels: NDArray[np.int64]
    f1: NDArray[np.float64]
    flown_nm: NDArray[np.float64]

    def at(self, labels: int) -> float:
        """Mean macro F1 at the nearest number of labels."""
        return float(self.of_repeats(labels).mean())

    def of_repeats(self, labels: int) -> NDArray[np.float64]:
        """(repeats,) macro F1 at the nearest number of labels."""
        return self.f1[:, int(np.abs(self.labels - labels).argmin())]


@dataclass(frozen=True, slots=True)
class Needed:
    """Labels needed to reach a score with; None if it is never reached; with a 90 % interval, ends likewise."""

    labels: float | None
    low: float | None
    high: float | None

    def __str__(self) -> str:
        if self.labels is None:
            return "not reached"
        return f"{self.labels:,.0f} ({_said(self.low)} to {_said(self.high)})"


@dataclass(frozen=True, slots=True, eq=False)
class Setting:
    """One task with experts of one error rate.

    Attributes:
        all_labels: (repeats,) macro F1 of a head fitted to everything that can be asked.
        askable: how much that is, mean over the repeats.
        curves: one per way to choose, the queue's first and blind choice second.
        volumes: repeat i was measured on volume i modulo this.
    """

    task: str
    error_rate: float
    all_labels: NDArray[np.float64]
    askable: float
    curves: tuple[Curve, ...]
    volumes: int = 1

    @property
    def goal(self) -> float:
        return REACHED * float(self.all_labels.mean())

    def needed(self, curve: Curve) -> Needed:
        """With how many labels the mean over the repeats reaches the goal, and the interval by resampling."""
        resampled = [
            first_reached(curve.labels, curve.f1[drawn].mean(axis=0), REACHED * float(self.all_labels[drawn].mean()))
            for drawn in self._resampled()
        ]
        low, high = np.percentile([np.inf if one is None else one for one in resampled], [5, 95], method="nearest")
        found = first_reached(curve.labels, curve.f1.mean(axis=0), self.goal)
        return Needed(found, _finite(low), _finite(high))

    def ahead(self, curve: Curve, of: Curve, labels: int) -> NDArray[np.float64]:
        """(volumes,) by how much macro F1 is above another curve's, mean over the repeats on each volume."""
        ahead = curve.of_repeats(labels) - of.of_repeats(labels)
        return np.array([ahead[volume :: self.volumes].mean() for volume in range(self.volumes)])

    def _resampled(self) -> Iterator[NDArray[np.int64]]:
        """Repeats drawn with replacement: volumes first, and then as many repeats on each."""
        rng = np.random.default_rng(0)
        own = [np.arange(volume, len(self.all_labels), self.volumes) for volume in range(self.volumes)]
        for _ in range(_RESAMPLED):
            drawn = [own[volume] for volume in rng.integers(0, self.volumes, self.volumes).tolist()]
            yield np.concatenate([rng.choice(repeats, len(repeats)) for repeats in drawn])


@dataclass(frozen=True, slots=True, eq=False)
class Rare:
    """Labels until some examples of a class are found that was thinned.

    Attributes:
        found: (repeats,) of each way to choose, and of a head that was fitted to all labels.
    """

    task: str
    class_name: str
    found: dict[str, NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Check:
    """The course through the session beside the fast one: whether both are the same."""

    task: str
    labels: int
    same_rows: bool
    same_head: bool


def curve_of(name: str, courses: Sequence[Course], flown_over: int = 100) -> Curve:
    """The courses of all repeats, which have the same numbers of labels up to where the shortest ends."""
    shortest = min(len(course.labels) for course in courses)
    labels = courses[0].labels[:shortest]
    last = int(np.searchsorted(labels, flown_over, side="right")) - 1
    return Curve(
        name,
        labels,
        np.stack([course.f1[:shortest] for course in courses]),
        np.array([course.flown_nm[max(0, last)] / course.labels[max(0, last)] for course in courses]),
    )


def first_reached(labels: NDArray[np.int64], scores: NDArray[np.float64], goal: float) -> float | None:
    """Return with how many labels a score is first reached, between two points on a line; None if it never is."""
    reached = np.flatnonzero(scores >= goal)
    if not len(reached):
        return None
    at = int(reached[0])
    if at == 0:
        return float(labels[0])
    share = (goal - scores[at - 1]) / (scores[at] - scores[at - 1])
    return float(labels[at - 1] + share * (labels[at] - labels[at - 1]))


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _said(value: float | None) -> str:
    return "more" if value is None else f"{value:,.0f}"
