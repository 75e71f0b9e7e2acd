"""Do annotators agree, beyond what chance gives? Cohen's kappa of two, Fleiss' kappa of any number.

Kappa is (observed - expected) / (1 - expected) agreement. Two annotators: Cohen (1960), expected from what share of
classes each of them gives. More: Fleiss (1971) in the form of Gwet ("Handbook of Inter-Rater Reliability", 4th ed.,
2014, section 3.4), which lets items have unequal numbers of ratings, at least two.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segclr.evaluation.intervals import Estimate, bootstrap_interval, clustered_share, resampled_sums, sums_by_cell
from segclr.wording import counted, percent


@dataclass(frozen=True, slots=True)
class ClassAgreement:
    """Agreement on one class (Cicchetti & Feinstein 1990, "positive agreement").

    Attributes:
        code: the class.
        ratings: that name it.
        share: of these, chance that another rating of the same item names it too; None without ratings.
    """

    code: int
    ratings: int
    share: float | None


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far annotators agree.

    Attributes:
        method: "Cohen" or "Fleiss".
        items: rated at least twice; all else is left out.
        cells: cells they lie on.
        annotators: who rated them.
        observed: share of agreeing pairs of ratings, the mean over items; None without items.
        kappa: None where it is undefined: there are no items, or all ratings name one class.
        classes: one for each of the C classes.
        sentence: kappa in words, or why there is none.
    """

    method: str
    items: int
    cells: int
    annotators: int
    observed: Estimate | None
    kappa: Estimate | None
    classes: tuple[ClassAgreement, ...]
    sentence: str


Kappa = Callable[[NDArray[np.float64]], NDArray[np.float64]]
"""(n, S) sums over items -> (n, 3): observed agreement, expected agreement, kappa; NaN where undefined."""


def agreement(
    items: NDArray[np.int64],
    annotators: NDArray[np.int64],
    classes: NDArray[np.int64],
    cells: NDArray[np.uint64],
    class_count: int,
    seed: int = 0,
) -> Agreement:
    """Compare ratings: Cohen's kappa if two annotators share items, Fleiss' kappa if there are more.

    Args:
        items: (r,) which item each rating is about.
        annotators: (r,) who gave it. Of several on one item by one annotator the last counts.
        classes: (r,) 0 to C - 1.
        cells: (r,) the item's segment id: the interval is from draws of whole cells.
        class_count: C.
        seed: of the bootstrap.

    Raises:
        ValueError: The arrays do not fit each other, or a class is out of range.
    """
    if not items.shape == annotators.shape == classes.shape == cells.shape:
        raise ValueError("ratings do not fit: items, annotators, classes and cells must be equally many")
    if len(classes) and not 0 <= int(classes.min()) <= int(classes.max()) < class_count:
        raise ValueError(f"classes must be 0 to {class_count - 1}")
    kept = _last_of_each(items, annotators)
    _, item, times = np.unique(items[kept], return_inverse=True, return_counts=True)
    kept, item = kept[times[item] >= 2], item[times[item] >= 2]
    first_rating, item = np.unique(item, return_index=True, return_inverse=True)[1:]
    raters, rater = np.unique(annotators[kept], return_inverse=True)
    of_item = cells[kept][first_rating]
    if len(raters) == 2:
        table = np.zeros((len(of_item), 2), np.int64)
        table[item, rater] = classes[kept]
        return cohen(table[:, 0], table[:, 1], of_item, class_count, seed)
    counts = np.zeros((len(of_item), class_count), np.int64)
    np.add.at(counts, (item, classes[kept]), 1)
    return fleiss(counts, of_item, seed, len(raters))


def cohen(
    first: NDArray[np.int64],
    second: NDArray[np.int64],
    cells: NDArray[np.uint64],
    class_count: int,
    seed: int = 0,
) -> Agreement:
    """Return Cohen's kappa of two annotators' classes, each (n,), of items on (n,) cells."""
    of_item = np.zeros((len(first), class_count**2))
    of_item[np.arange(len(first)), first * class_count + second] = 1
    joint = of_item.sum(axis=0).reshape(class_count, class_count)
    named = joint.sum(axis=0) + joint.sum(axis=1)
    return _agreement("Cohen", of_item, _cohen, first == second, cells, 2, named, 2 * np.diag(joint), seed)


def fleiss(counts: NDArray[np.int64], cells: NDArray[np.uint64], seed: int = 0, annotators: int = 0) -> Agreement:
    """Return Fleiss' kappa.

    Args:
        counts: (n, C) how many ratings of each item name each class, at least two per item.
        cells: (n,) segment ids.
        annotators: how many gave them; 0 if unknown, then the most that an item has.

    Raises:
        ValueError: An item has fewer than two ratings.
    """
    ratings = counts.sum(axis=1)
    if len(counts) and ratings.min() < 2:
        raise ValueError("every item needs two ratings or more: leave the others out")
    others = (counts * (counts - 1)) / (ratings[:, None] - 1)
    observed = others.sum(axis=1) / ratings
    of_item = np.concatenate([np.ones((len(counts), 1)), observed[:, None], counts / ratings[:, None]], axis=1)
    raters = annotators or int(ratings.max(initial=0))
    return _agreement("Fleiss", of_item, _fleiss, observed, cells, raters, counts.sum(axis=0), others.sum(axis=0), seed)


def kappa_of(confusions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (n,) Cohen's kappa of (n, C * C) counts of [first, second]; NaN where undefined."""
    return _cohen(confusions)[:, 2]


def _cohen(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    n, squared = sums.shape
    total = sums.sum(axis=1)
    joint = sums.reshape(n, round(squared**0.5), -1) / np.where(total, total, np.nan)[:, None, None]
    observed = np.einsum("nii->n", joint)
    return _with_kappa(observed, (joint.sum(axis=1) * joint.sum(axis=2)).sum(axis=1))


def _fleiss(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    mean = sums[:, 1:] / np.where(sums[:, :1], sums[:, :1], np.nan)
    return _with_kappa(mean[:, 0], (mean[:, 1:] ** 2).sum(axis=1))


def _with_kappa(observed: NDArray[np.float64], expected: NDArray[np.float64]) -> NDArray[np.float64]:
    room = 1 - expected
    defined = room > 1e-12  # rounding of shares that sum to one
    kappa = np.divide(observed - expected, room, out=np.full(len(room), np.nan), where=defined)
    return np.stack([observed, expected, kappa], axis=1)


def _agreement(
    method: str,
    of_item: NDArray[np.float64],
    kappas: Kappa,
    observed_of_item: NDArray[np.floating] | NDArray[np.bool_],
    cells: NDArray[np.uint64],
    annotators: int,
    named: NDArray[np.floating] | NDArray[np.int64],
    agreeing: NDArray[np.floating],
    seed: int,
) -> Agreement:
    """Put the figures together from what each item adds to the sums that kappa is made of."""
    shares = [float(also / all_) if all_ else None for also, all_ in zip(agreeing, named, strict=True)]
    classes = tuple(ClassAgreement(code, int(named[code]), share) for code, share in enumerate(shares))
    if not len(of_item):
        why = "no place has been labelled by two annotators yet: there is no agreement to tell"
        return Agreement(method, 0, 0, annotators, None, None, classes, why)
    trials = sums_by_cell(np.stack([observed_of_item, np.ones(len(of_item))], axis=1), cells)
    observed = clustered_share(trials[:, 0], trials[:, 1])
    by_cell = sums_by_cell(of_item, cells)
    _, expected, value = kappas(by_cell.sum(axis=0)[None])[0]
    if observed is None or not np.isfinite(value):
        why = "all ratings name one class, so that kappa is undefined: chance alone would give full agreement"
        return Agreement(method, len(of_item), len(by_cell), annotators, observed, None, classes, why)
    drawn = kappas(resampled_sums(by_cell, seed))
    kappa = _kappa(float(value), observed, float(expected), drawn[:, 2], len(by_cell))
    said = (
        f"{method}'s kappa {kappa.value:.2f} (95 % interval {kappa.low:.2f} to {kappa.high:.2f}), "
        f"{percent(observed.value)} agreement, on {counted(len(of_item), 'place')} of {counted(len(by_cell), 'cell')}"
    )
    return Agreement(method, len(of_item), len(by_cell), annotators, observed, kappa, classes, said)


def _kappa(value: float, observed: Estimate, expected: float, drawn: NDArray[np.float64], cells: int) -> Estimate:
    """Return kappa with the wider of two intervals: the bootstrap's, and that of observed agreement alone."""
    ends = [(share - expected) / (1 - expected) for share in (observed.low, observed.high)]
    plain = Estimate(value, max(-1.0, ends[0]), min(1.0, ends[1]))
    bootstrapped = bootstrap_interval(value, drawn, cells)
    return plain if bootstrapped is None else plain.wider(bootstrapped)


def _last_of_each(items: NDArray[np.int64], annotators: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the indices of the last rating of each item by each annotator."""
    pairs = np.stack([items, annotators], axis=1)[::-1]
    newest = np.unique(pairs, axis=0, return_index=True)[1] if len(pairs) else np.empty(0, np.int64)
    return np.sort(len(pairs) - 1 - newest)
