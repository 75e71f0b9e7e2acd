"""Labels to look at again: those that contradict each other, and those that everything else contradicts.

A label is suspect by confident learning (Northcutt, Jiang & Chuang 2021, "Confident Learning: Estimating Uncertainty in
Dataset Labels"): a head that has not seen its cell gives another class a probability as high as that class's own labels
have in the mean. It is suspect as well if that head doubts it and, taken together with the nearest labels of other
cells, would rather give another class. Head and neighbours together also make the rank: as a rule they find more
planted errors than either alone. A suspect label may be right: rare looks of a class are suspected too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segclr.evaluation.held_out import HeldOutLabels
from segclr.evaluation.neighbours import NEIGHBOURS, Neighbour, nearest_labels
from segclr.wording import counted, percent, verb

MOST_SUSPECTS = 100

_DOUBTFUL = 0.5  # a head that gives the label more than this is not overruled by neighbours


@dataclass(frozen=True, slots=True)
class Suspect:
    """A label to look at again.

    Attributes:
        label: its index.
        given: its class.
        suggested: the class that the held-out head prefers; None if no head could be asked.
        doubt: 0 to 1, one minus the mean of the probability and of the share of neighbours that the class has.
        against: labels of other classes on the same site.
        evidence: the nearest labels of other cells, nearest first.
        reason: all of it in words.
    """

    label: int
    given: int
    suggested: int | None
    doubt: float
    against: tuple[int, ...]
    evidence: tuple[Neighbour, ...]
    reason: str


def find_suspects(
    embeddings: NDArray[np.floating],
    sites: NDArray[np.int64],
    cells: NDArray[np.uint64],
    held_out: HeldOutLabels,
    class_names: Sequence[str],
    confirmed: NDArray[np.bool_] | None = None,
    most: int = MOST_SUSPECTS,
) -> tuple[Suspect, ...]:
    """Return labels to look at again: contradictions, one per site, then the others, each by falling doubt.

    Args:
        embeddings: (k, d) finite, of the labels.
        sites: (k,) what each label is for: labels of one site should have one class.
        cells: (k,) segment ids.
        held_out: of these k labels.
        class_names: C names.
        confirmed: (k,) labels that a person has looked at again and kept: they are listed only if they contradict.
        most: suspects returned.

    Raises:
        ValueError: The arrays are not about the same labels.
    """
    k, given = held_out.asked, held_out.given
    if not len(embeddings) == len(sites) == len(cells) == k:
        raise ValueError("embeddings, sites, cells and predictions must be of the same labels")
    clashes = _clashes(sites, given)
    confident = _confidently_other(held_out)
    closed = np.isin(held_out.label, [label for clash in clashes for label in clash])
    if confirmed is not None:
        closed |= confirmed[held_out.label]
    asked = np.flatnonzero((_doubted(held_out) | confident) & ~closed)
    probabilities = np.full((k, len(class_names)), np.nan)
    probabilities[held_out.label] = held_out.probabilities
    labels = np.concatenate([np.array([c for clash in clashes for c in clash], np.int64), held_out.label[asked]])
    near = nearest_labels(embeddings, cells, labels)
    judge = _Judge(given, cells, probabilities, near, tuple(class_names))
    contradictions = [judge.contradiction(clash) for clash in clashes]
    unlikely = [
        judge.unlikely(int(held_out.label[row]))
        for row in asked.tolist()
        if confident[row] or judge.prefers_another(int(held_out.label[row]))
    ]
    ranked = (sorted(some, key=lambda suspect: -suspect.doubt) for some in (contradictions, unlikely))
    return tuple(suspect for some in ranked for suspect in some)[:most]


@dataclass(frozen=True, slots=True, eq=False)
class _Judge:
    """What head and neighbours say of labels; (k, C) probabilities are NaN where no head could be asked."""

    given: NDArray[np.int64]
    cells: NDArray[np.uint64]
    probabilities: NDArray[np.float64]
    near: dict[int, tuple[Neighbour, ...]]
    names: tuple[str, ...]

    def contradiction(self, clash: tuple[int, ...]) -> Suspect:
        """Suspect the most doubtful of labels of one site."""
        label = max(clash, key=lambda each: (self._doubt(each), each))
        against = tuple(each for each in clash if self.given[each] != self.given[label])
        said = [self.names[code] for code in np.unique(self.given[list(clash)])]
        start = f"labels of this place contradict each other: {', '.join(said[:-1])} and {said[-1]}"
        return self._suspect(label, against, start)

    def unlikely(self, label: int) -> Suspect:
        """Suspect a label that head or neighbours contradict."""
        return self._suspect(label, (), "")

    def prefers_another(self, label: int) -> bool:
        """Whether head and neighbours together would rather give another class."""
        shares = self._shares(label)
        return shares is not None and int(shares.argmax()) != self.given[label]

    def _suspect(self, label: int, against: tuple[int, ...], start: str) -> Suspect:
        likely = self.probabilities[label]
        suggested = int(likely.argmax()) if np.isfinite(likely).all() else None
        votes = self._votes(label)
        reasons = [start] if start else []
        if suggested is not None:
            reasons.append(f"held-out head says {self.names[suggested]} with {percent(float(likely[suggested]))}")
        if votes.any():
            commonest = int(votes.argmax())
            reasons.append(
                f"{votes[commonest]} of {counted(int(votes.sum()), 'nearest label')} of other cells "
                f"{verb(int(votes[commonest]), 'says', 'say')} {self.names[commonest]}"
            )
        given, doubt, reason = int(self.given[label]), self._doubt(label), "; ".join(reasons)
        return Suspect(label, given, suggested, doubt, against, self.near[label], reason)

    def _votes(self, label: int) -> NDArray[np.int64]:
        """Count the classes of the nearest labels: of no more than could have the label's class.

        Else three labels of a rare class, each nearest to the others, would be outvoted by whatever lies behind.
        """
        could = (self.given == self.given[label]) & (self.cells != self.cells[label])
        voters = min(NEIGHBOURS, max(1, int(could.sum())))
        nearest = np.array([neighbour.label for neighbour in self.near[label][:voters]], np.int64)
        return np.bincount(self.given[nearest], minlength=len(self.names))

    def _shares(self, label: int) -> NDArray[np.float64] | None:
        """Return (C,) the mean of the head's probabilities and the neighbours' shares, None where neither can say."""
        likely, votes = self.probabilities[label], self._votes(label)
        opinions = [likely] if np.isfinite(likely).all() else []
        if votes.any():
            opinions.append(votes / votes.sum())
        mean: NDArray[np.float64] | None = np.mean(opinions, axis=0) if opinions else None
        return mean

    def _doubt(self, label: int) -> float:
        shares = self._shares(label)
        return 0.5 if shares is None else float(1 - shares[self.given[label]])


def _clashes(sites: NDArray[np.int64], given: NDArray[np.int64]) -> list[tuple[int, ...]]:
    """Return the labels of each site that has labels of different classes."""
    order = np.lexsort((given, sites))
    starts = np.flatnonzero(np.diff(sites[order], prepend=sites[order][:1] - 1)) if len(order) else order
    groups = np.split(order, starts[1:])
    return [tuple(np.sort(group).tolist()) for group in groups if len(group) and given[group[0]] != given[group[-1]]]


def _doubted(held_out: HeldOutLabels) -> NDArray[np.bool_]:
    """Return (m,) whether the head knew the class and yet holds it for less likely than not."""
    own = held_out.probabilities[np.arange(len(held_out.label)), held_out.classes]
    doubted: NDArray[np.bool_] = held_out.known & (own < _DOUBTFUL)
    return doubted


def _confidently_other(held_out: HeldOutLabels) -> NDArray[np.bool_]:
    """Return (m,) whether a label is off the diagonal of the confident joint (equation 1 of the paper)."""
    known, rows = held_out.known, np.arange(len(held_out.label))
    own = held_out.probabilities[rows, held_out.classes]
    counts = np.bincount(held_out.classes[known], minlength=held_out.class_count)
    sums = np.bincount(held_out.classes[known], weights=own[known], minlength=held_out.class_count)
    thresholds = np.divide(sums, counts, out=np.full(len(counts), np.inf), where=counts > 0)
    confident = np.where(held_out.probabilities >= thresholds, held_out.probabilities, -1.0)
    best = confident.argmax(axis=1)
    other: NDArray[np.bool_] = known & (confident[rows, best] >= 0) & (best != held_out.classes)
    return other
