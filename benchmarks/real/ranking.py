"""Retrieval: is what lies nearest in the space of features of the same thing? No classifier is fitted for that.

An item is asked who is like it; the others are ranked by similarity, and some of them are right. Figures are means
over groups (bodies, segments) of the means over a group's items, so that one huge body does not speak for all;
intervals come from drawing the groups anew (bootstrap).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.science.retrieval import standardised

DEEP = 5
"""Neighbours that the second figure looks at."""

_DRAWS = 2000


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """Which items are asked about, who may answer, and which answers are right.

    Attributes:
        name: what is asked, for the table.
        asked: (q,) int64 items.
        allowed: (q, n) bool, who of all n items is ranked.
        right: (q, n) bool, a part of ``allowed``; in each row at least one of these is right and one wrong.
        group: (q,) int64, what the asked items belong to.
    """

    name: str
    asked: NDArray[np.int64]
    allowed: NDArray[np.bool_]
    right: NDArray[np.bool_]
    group: NDArray[np.int64]

    @property
    def groups(self) -> int:
        return len(np.unique(self.group))


def make_question(
    name: str, asked: NDArray[np.int64], allowed: NDArray[np.bool_], right: NDArray[np.bool_], group: NDArray[np.int64]
) -> Question:
    """Leave out items that have no right answer, or no wrong one.

    Args:
        name: See ``Question``, as for the others.
        asked: (q,).
        allowed: (q, n).
        right: (q, n), may reach beyond ``allowed``.
        group: (q,).

    Raises:
        ValueError: No item has both.
    """
    right = right & allowed
    kept = right.any(axis=1) & (allowed & ~right).any(axis=1)
    if not kept.any():
        raise ValueError(f"{name}: no item has a right answer and a wrong one")
    return Question(name, asked[kept], allowed[kept], right[kept], group[kept])


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """Per asked item, (q,) float64 from 0 to 1.

    Attributes:
        first: whether the nearest is right.
        deep: share of the 5 nearest that is right, of as many as can be.
        precision: average precision of the whole ranking.
        area: under the ROC curve, how often something right comes before something wrong.
    """

    first: NDArray[np.float64]
    deep: NDArray[np.float64]
    precision: NDArray[np.float64]
    area: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure and the 95 % that the bootstrap gives."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f})"


def cosines(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n, n) cosines of (n, d) features, after each dimension got mean 0 and standard deviation 1."""
    scaled = standardised(values)
    lengths = np.linalg.norm(scaled, axis=1, keepdims=True)
    unit = (scaled / np.where(lengths > 0, lengths, 1)).astype(np.float32)
    similarity: NDArray[np.float32] = unit @ unit.T
    return similarity


def nearness(positions_nm: NDArray[np.float64]) -> NDArray[np.float32]:
    """(n, n) minus squared distances of (n, 3) positions: who is near in space, whatever it looks like."""
    centred = positions_nm - positions_nm.mean(axis=0)
    squares = (centred**2).sum(axis=1)
    similarity: NDArray[np.float32] = (2 * centred @ centred.T - squares[:, None] - squares).astype(np.float32)
    return similarity


def rank(similarity: NDArray[np.float32], question: Question) -> Ranking:
    """Rank the allowed items for each asked one; equal similarities in random order.

    Args:
        similarity: (n, n), large for alike.
        question: q rows of n.
    """
    shuffled = np.random.default_rng(0).permutation(similarity.shape[1])
    first, deep, precision, area = (np.empty(len(question.asked)) for _ in range(4))
    for row, item in enumerate(question.asked):
        columns = shuffled[question.allowed[row, shuffled]]
        order = columns[np.argsort(-similarity[item, columns], kind="stable")]
        places = np.flatnonzero(question.right[row, order])
        first[row] = places[0] == 0
        deep[row] = (places < DEEP).sum() / min(DEEP, len(places))
        precision[row] = np.mean(np.arange(1, len(places) + 1) / (places + 1))
        wrong_before = places - np.arange(len(places))
        area[row] = 1 - wrong_before.mean() / (len(order) - len(places))
    return Ranking(first, deep, precision, area)


def by_chance(question: Question) -> Ranking:
    """What a random order gives on average, exactly.

    With R of m right, the item in place i is right with R / m, and then (i - 1)(R - 1) / (m - 1) before it are expected
    to be right as well: the average precision is (H + (R - 1)(m - H) / (m - 1)) / m, where H = 1 + 1/2 + ... + 1/m.
    """
    count = question.allowed.sum(axis=1)
    right = question.right.sum(axis=1)
    harmonic = np.cumsum(1 / np.arange(1, count.max() + 1))[count - 1]
    precision = (harmonic + (right - 1) * (count - harmonic) / np.maximum(count - 1, 1)) / count
    deep = right / count * np.minimum(DEEP, count) / np.minimum(DEEP, right)
    return Ranking(right / count, deep, precision, np.full(len(count), 0.5))


def mean_over_groups(figures: NDArray[np.float64], group: NDArray[np.int64]) -> Interval:
    """The mean over groups of their means, with its bootstrap interval; of differences, if these are given."""
    _, rows = np.unique(group, return_inverse=True)
    means = np.bincount(rows, figures) / np.bincount(rows)
    draws = np.random.default_rng(0).integers(len(means), size=(_DRAWS, len(means)))
    low, high = np.percentile(means[draws].mean(axis=1), [2.5, 97.5])
    return Interval(float(means.mean()), float(low), float(high))
