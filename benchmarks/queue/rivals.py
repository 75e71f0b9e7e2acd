"""Ways to choose that the queue does not take: what others do, to compare with."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmarks.queue.course import Stand, blindly
from segclr.queue.picking import QueueItem
from segclr.queue.strategies import ambiguity


def by_distance(stand: Stand, count: int) -> list[QueueItem]:
    """The place farthest in embedding space from all labels, times its ambiguity; nearest first to what is usual."""
    candidates = stand.candidates()
    points = standardised(candidates.embeddings)
    weights = np.ones(len(points)) if candidates.probabilities is None else ambiguity(candidates.probabilities)
    labelled = np.flatnonzero(candidates.closed).tolist()
    squares = 1 / (1 + (points**2).sum(axis=1))  # with nothing labelled
    for turn, at in enumerate(labelled):
        squares = _nearer(squares, points, at, first=not turn)
    chosen: list[int] = []
    for _ in range(min(count, int((~candidates.closed).sum()))):
        scores = np.where(candidates.closed, -1, np.sqrt(squares) * weights)
        scores[chosen] = -1
        chosen.append(int(scores.argmax()))
        squares = _nearer(squares, points, chosen[-1], first=not labelled and len(chosen) == 1)
    return [QueueItem(row, "uncertainty", "") for row in candidates.rows[chosen].tolist()]


def by_badge(stand: Stand, count: int) -> list[QueueItem]:
    """k-means++ on the gradients that the likeliest classes would give as labels; blindly as long as there is no head.

    Ash et al. 2020, "Deep Batch Active Learning by Diverse, Uncertain Gradient Lower Bounds". A gradient is the outer
    product of the probabilities' error and the embedding, so that its products follow from those of both.
    """
    candidates = stand.candidates()
    if candidates.probabilities is None:
        return blindly(stand, count)
    points = standardised(candidates.embeddings)
    points = np.column_stack([points, np.ones(len(points))])
    errors = candidates.probabilities.astype(np.float64)
    errors[np.arange(len(errors)), errors.argmax(axis=1)] -= 1
    lengths = (errors**2).sum(axis=1) * (points**2).sum(axis=1)
    rng = np.random.default_rng([stand.seed, len(stand.rows)])
    squares, chosen = lengths, list[int]()
    for _ in range(min(count, int((~candidates.closed).sum()))):
        weights = np.where(candidates.closed, 0, squares) + np.where(candidates.closed, 0, 1e-12)
        weights[chosen] = 0
        at = int(rng.choice(len(weights), p=weights / weights.sum()))
        to_it = lengths + lengths[at] - 2 * (errors @ errors[at]) * (points @ points[at])
        squares = np.maximum(to_it if not chosen else np.minimum(squares, to_it), 0)
        chosen.append(at)
    return [QueueItem(row, "uncertainty", "") for row in candidates.rows[chosen].tolist()]


def by_truth(stand: Stand, count: int) -> list[QueueItem]:
    """Blindly from the class that has the fewest labels: what balance could give at best, by knowing every answer."""
    truth = stand.field.train.truth
    labels = np.bincount(truth[stand.rows], minlength=len(stand.field.task.class_names))
    order = np.random.default_rng([stand.seed, len(stand.rows)]).permutation(stand.askable)
    left = order[~np.isin(order, stand.rows)]
    chosen: list[int] = []
    for _ in range(min(count, len(left))):
        at = int(labels[truth[left]].argmin())
        labels[truth[left[at]]] += 1
        chosen.append(int(left[at]))
        left = np.delete(left, at)
    return [QueueItem(row, "balance", "") for row in chosen]


def standardised(embeddings: NDArray[np.float32]) -> NDArray[np.float64]:
    """(n, d) with mean 0 and variance 1 in each dimension that varies."""
    spread = embeddings.std(axis=0)
    return np.asarray((embeddings - embeddings.mean(axis=0)) / np.where(spread > 0, spread, 1), np.float64)


def _nearer(squares: NDArray[np.float64], points: NDArray[np.float64], at: int, first: bool) -> NDArray[np.float64]:
    """Squared distances to the nearest reference, one more of which is `at`; of the first it is the only one."""
    to_it: NDArray[np.float64] = np.square(points - points[at]).sum(axis=1)
    return to_it if first else np.minimum(squares, to_it)
