"""One expert's course through a field: asked, answered, the head fitted anew, and so on."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.queue.field import Field
from segclr.heads.linear import LinearHead, fit_head
from segclr.queue.audit import Audit, audit_order, upcoming_audits
from segclr.queue.candidates import Answered, Candidates
from segclr.queue.picking import QueueItem, propose
from segclr.queue.settings import QueueSettings, default_for
from segclr.queue.strategies import ambiguity


@dataclass(frozen=True, slots=True)
class Pace:
    """How often the head is fitted and the queue asked anew.

    Attributes:
        batch: labels between two fits at first.
        growth: later this share of the labels, if that is more: it bounds the processor time.
    """

    batch: int = 5
    growth: float = 0.2

    def next_count(self, labels: int) -> int:
        return max(self.batch, int(self.growth * labels))


@dataclass(frozen=True, slots=True, eq=False)
class Stand:
    """Where an expert stands: what a way to choose goes by.

    Attributes:
        askable: (m,) rows that can be asked, ascending, those labelled included.
        rows: labelled rows in the order of labelling.
        said: (n,) the expert's answer on every row.
        audited: how many of them were audit items.
        at_nm: (3,) where the expert is.
    """

    field: Field
    askable: NDArray[np.int64]
    rows: list[int]
    said: NDArray[np.int64]
    audited: int
    head: LinearHead | None
    at_nm: NDArray[np.float64]
    seed: int

    def candidates(self) -> Candidates:
        """All that can be asked, with what the head says."""
        train, head = self.field.train, self.head
        at = self.askable
        closed = np.isin(at, self.rows)
        vectors = train.vectors[at]
        positions = train.table.positions_nm[at]
        if head is None:
            return Candidates(at, vectors, positions, train.segments[at], closed)
        of_askable = np.searchsorted(train.rows, at)
        probabilities = self.field.probabilities(head, train)[of_askable]
        return Candidates(
            at, vectors, positions, train.segments[at], closed, probabilities, head.novelty.score(vectors)
        )

    def answered(self) -> Answered:
        """The labels."""
        train, rows = self.field.train, np.array(sorted(self.rows), np.int64)
        return Answered(
            train.vectors[rows],
            self.said[rows],
            train.table.positions_nm[rows],
            train.segments[rows],
            self.field.task.class_names,
        )


Choose = Callable[[Stand, int], list[QueueItem]]
"""Where the expert stands, and how many items -> items."""


def by_queue(settings: QueueSettings | None = None) -> Choose:
    """The product's queue, with its default for the task unless other settings are given."""

    def choose(stand: Stand, count: int) -> list[QueueItem]:
        train = stand.field.train
        positions = train.table.positions_nm[stand.askable] if stand.field.task.unit == "node" else None
        order = stand.askable[
            audit_order(train.segments[stand.askable], positions, zlib.crc32(stand.field.task.name.encode()))
        ]
        labelled = np.zeros(len(train.table), np.bool_)
        labelled[stand.rows] = True
        audit = Audit(upcoming_audits(order, labelled, count), len(stand.rows), stand.audited)
        return propose(
            stand.candidates(),
            stand.answered(),
            settings or default_for(stand.field.task.unit),
            len(stand.rows) + stand.seed,
            count,
            stand.at_nm,
            audit,
        )

    return choose


def blindly(stand: Stand, count: int) -> list[QueueItem]:
    """Uniform random choice, in the order of drawing."""
    order = np.random.default_rng([stand.seed, 3]).permutation(stand.askable)
    left = order[~np.isin(order, stand.rows)]
    return [QueueItem(row, "random", "") for row in left[:count].tolist()]


def by_margin(stand: Stand, count: int) -> list[QueueItem]:
    """Pure uncertainty sampling: the smallest margins first; blindly as long as there is no head."""
    candidates = stand.candidates()
    if candidates.probabilities is None:
        return blindly(stand, count)
    scores = np.where(candidates.closed, -1, ambiguity(candidates.probabilities))
    best = np.argsort(-scores, kind="stable")[: min(count, int((~candidates.closed).sum()))]
    return [QueueItem(row, "uncertainty", "") for row in candidates.rows[best].tolist()]


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """What came of it: one entry per fit.

    Attributes:
        rows: labelled rows in their order.
        labels: (t,) labels up to each fit.
        f1: (t,) macro F1 on the held-out cells.
        flown_nm: (t,) how far the expert flew up to then.
        head: the last one.
    """

    rows: NDArray[np.int64]
    labels: NDArray[np.int64]
    f1: NDArray[np.float64]
    flown_nm: NDArray[np.float64]
    head: LinearHead | None


def label(
    field: Field,
    choose: Choose,
    said: NDArray[np.int64],
    most: int,
    pace: Pace,
    seed: int,
    askable: NDArray[np.int64] | None = None,
    enough: Callable[[list[int]], bool] = lambda rows: False,
    scored: bool = True,
) -> Course:
    """Let the expert label.

    Args:
        said: (n,) what the expert says of every row of the train side.
        most: labels after which to stop.
        askable: (m,) rows that can be asked, ascending; all that the field has by default.
        enough: stops earlier, asked after every batch about the labelled rows.
        scored: measure F1 after every fit.
    """
    train = field.train
    rows: list[int] = []
    audited, flown, head = 0, 0.0, None
    askable = train.rows if askable is None else askable
    at_nm = train.table.positions_nm[askable].mean(axis=0)
    labels, f1s, way = [], [], []
    while len(rows) < min(most, len(askable)) and not enough(rows):
        stand = Stand(field, askable, rows, said, audited, head, at_nm, seed)
        for item in choose(stand, min(pace.next_count(len(rows)), most - len(rows))):
            position = train.table.positions_nm[item.row]
            flown, at_nm = flown + float(np.linalg.norm(position - at_nm)), position
            rows.append(item.row)
            audited += item.strategy == "audit"
        if scored or choose is not blindly:
            head = fitted(field, np.array(sorted(rows), np.int64), said)
        labels.append(len(rows))
        f1s.append(field.f1(head) if scored and head is not None else 0.0)
        way.append(flown)
    return Course(np.array(rows, np.int64), np.array(labels), np.array(f1s), np.array(way), head)


def fitted(field: Field, rows: NDArray[np.int64], said: NDArray[np.int64]) -> LinearHead | None:
    """The app's head on labelled rows; None where they are all of one class."""
    if len(np.unique(said[rows])) < 2:
        return None
    train = field.train
    return fit_head(train.vectors[rows], said[rows], train.segments[rows], len(field.task.class_names)).head
