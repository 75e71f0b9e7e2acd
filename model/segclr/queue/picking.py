"""Choosing the next places to ask: strategy by strategy, near rather than far, never two of a kind."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segclr.heads.one_thread import one_blas_thread
from segclr.queue.audit import NO_AUDIT, Audit, audit_due
from segclr.queue.candidates import Answered, Candidates
from segclr.queue.design import Design
from segclr.queue.near import beside_labels
from segclr.queue.path import short_path
from segclr.queue.settings import DEFAULT, QueueSettings
from segclr.queue.strategies import Strategy, ambiguity, between, strategy_of

_FEW = 0.5  # a class has few labels if it has less than this share of what a class has in the mean


@dataclass(frozen=True, slots=True)
class QueueItem:
    """A place to ask: a row of the table, what chose it, and why in plain words."""

    row: int
    strategy: Strategy
    reason: str


def propose(
    candidates: Candidates,
    answered: Answered,
    settings: QueueSettings = DEFAULT,
    seed: int = 0,
    count: int = 5,
    at_nm: NDArray[np.float64] | None = None,
    audit: Audit = NO_AUDIT,
) -> list[QueueItem]:
    """Return the next items, in an order that is short to fly: the same for the same arguments.

    Which strategy an item comes from follows from the number of labels, so that the shares of the mix hold over any
    stretch of items. What a strategy cannot do yet (without a head, without labels) diversity does in its stead.

    Every strategy scores the candidates, and flying costs a share of the score: from one end of the candidates to the
    other `settings.travel` of it. So a near place is taken for a far one that is hardly better, and never for one that
    is better by more than that. Far is what is far from the annotator and from what the batch holds already.

    Places of one segment within `settings.apart_nm` of a label or of each other are not asked, unless nothing else is
    left. Audit items stand where `audit_due` says and are neither seen nor moved by the strategies; where a strategy
    chose the same row, the item is the audit's and the batch is one shorter.

    Args:
        candidates: n places, some 20,000 at most where the table has more (`segclr.queue.pool`).
        answered: the labels up to now, of audit items too.
        count: how many items; fewer are returned when fewer are left.
        at_nm: (3,) xyz where the annotator is.
        audit: the audit's next rows; without it there are no audit items.

    Raises:
        ValueError: Embeddings or probabilities are of another size than the labels'.
    """
    _check_fit(candidates, answered)
    due = audit_due(audit, settings.audit, count)
    audited = audit.upcoming[: int(due.sum())].tolist()
    with one_blas_thread():
        batch = _Batch(candidates, answered, settings, seed, at_nm)
        for slot in range(count - len(audited)):
            batch.add(strategy_of(settings, len(answered) + slot))
        picked = [item for item in batch.in_short_order() if item.row not in audited]
    blind = [QueueItem(row, "audit", "audit: chosen without the model") for row in audited]
    items: list[QueueItem] = []
    for is_audit in due.tolist():
        source = blind if is_audit else picked
        if source:
            items.append(source.pop(0))
    return items + picked + blind


class _Batch:
    """Grows by one place at a time."""

    def __init__(
        self,
        candidates: Candidates,
        answered: Answered,
        settings: QueueSettings,
        seed: int,
        at_nm: NDArray[np.float64] | None,
    ) -> None:
        self._candidates = candidates
        self._settings = settings
        self._names = answered.class_names
        self._at_nm = at_nm
        self._counts = answered.counts
        rng = np.random.default_rng([seed, len(answered)])
        self._shuffled = rng.permutation(len(candidates))  # decides between equals
        self._open = ~candidates.closed
        self._free = self._open & ~beside_labels(candidates, answered, settings.apart_nm)
        self._design = Design(candidates.embeddings, answered.embeddings, rng)
        positions = candidates.positions_nm
        self._extent_nm = max(float(np.linalg.norm(np.ptp(positions, axis=0))), 1.0) if len(positions) else 1.0
        self._way_nm = np.zeros(len(candidates)) if at_nm is None else np.linalg.norm(positions - at_nm, axis=1)
        self._chosen: list[tuple[int, QueueItem]] = []

    def add(self, strategy: Strategy) -> None:
        """Choose one place more, if any is left."""
        eligible = self._eligible()
        if not eligible.any():
            return
        candidates = self._candidates
        probabilities, novelty = candidates.probabilities, candidates.novelty
        target = self._in_need() if strategy == "balance" else None
        if strategy == "random":
            at = int(self._shuffled[eligible[self._shuffled]][0])
            reason = "drawn at random, to be like the volume"
        elif strategy == "novelty" and novelty is not None:
            at = self._best(eligible, novelty)
            reason = "unlike anything labelled"
        elif target is not None and probabilities is not None:
            at = self._best(eligible, probabilities[:, target])
            reason = f"{self._names[target]} has few labels"
            self._counts[target] += 1  # as it will if the head is right
        elif strategy in ("uncertainty", "balance") and probabilities is not None:
            # the most ambiguous places alone are one another's neighbours, and the same few cells'
            strategy, at = "uncertainty", self._best(eligible, ambiguity(probabilities) * self._design.variance())
            reason = between(probabilities[at], self._names)
        else:
            strategy, at = "diversity", self._best(eligible, self._design.gain())
            reason = "many places are like it, and few labels"
        self._take(at, QueueItem(int(candidates.rows[at]), strategy, reason))

    def in_short_order(self) -> list[QueueItem]:
        """The items along a short path from where the annotator is."""
        positions = self._candidates.positions_nm[[at for at, _ in self._chosen]]
        return [self._chosen[index][1] for index in short_path(positions, self._at_nm)]

    def _in_need(self) -> int | None:
        """The class with the fewest labels, of those that have some, if that is few; the head knows no other."""
        known = np.flatnonzero(self._counts)
        if not len(known):
            return None
        fewest = int(known[self._counts[known].argmin()])
        return fewest if self._counts[fewest] < _FEW * self._counts.mean() else None

    def _eligible(self) -> NDArray[np.bool_]:
        return self._free if self._free.any() else self._open

    def _best(self, eligible: NDArray[np.bool_], scores: NDArray[np.float32]) -> int:
        """The place with the highest score after what the way there costs; chance decides between equals."""
        worth = scores * (1 - self._settings.travel * np.minimum(self._way_nm / self._extent_nm, 1))
        worth[~eligible] = -np.inf
        return int(self._shuffled[worth[self._shuffled].argmax()])

    def _take(self, at: int, item: QueueItem) -> None:
        candidates = self._candidates
        self._chosen.append((at, item))
        self._open[at] = self._free[at] = False
        away_nm = np.linalg.norm(candidates.positions_nm - candidates.positions_nm[at], axis=1)
        beginning = self._at_nm is None and len(self._chosen) == 1
        self._way_nm = away_nm if beginning else np.minimum(self._way_nm, away_nm)
        same = candidates.segment_ids == candidates.segment_ids[at]
        self._free[same & (away_nm < self._settings.apart_nm)] = False
        self._design.take(at)


def _check_fit(candidates: Candidates, answered: Answered) -> None:
    sizes = candidates.embeddings.shape[1], answered.embeddings.shape[1]
    if sizes[0] != sizes[1]:
        raise ValueError(f"candidates have {sizes[0]} dimensions and labels {sizes[1]}: both must be one table's")
    classes = len(answered.class_names)
    if candidates.probabilities is not None and candidates.probabilities.shape[1] != classes:
        raise ValueError(f"probabilities of {candidates.probabilities.shape[1]} classes do not fit {classes} names")
