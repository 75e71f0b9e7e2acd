"""95 % intervals of figures on places that lie in cells: the cell is what was drawn, not the place.

Places of one cell resemble each other, so that an interval that counts them as independent is too narrow. Here a
bootstrap draws whole cells, and shares of right answers get a Wilson interval at the number of independent places that
their spread over cells speaks for. A bootstrap cannot see a mistake that has not been made yet (3 right of 3 gives 1 to
1), so figures that are bootstrapped take the wider of both at each end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, t

from segclr.heads.evaluation import wilson_interval

DRAWS = 1000
FEWEST_CELLS = 8
"""Below this many cells nothing is bootstrapped: the draws are too few to show what other cells would do."""

_TAIL = 0.025
_COUNTS_AT_ONCE = 1 << 22  # bounds the memory of the draws


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure and its 95 % interval."""

    value: float
    low: float
    high: float

    def wider(self, other: Estimate) -> Estimate:
        """Return the same figure, its interval reaching as far as the further of both at each end."""
        return Estimate(self.value, min(self.low, other.low), max(self.high, other.high))


def sums_by_cell(values: NDArray[np.float64], cells: NDArray[np.uint64]) -> NDArray[np.float64]:
    """Return (G, S) sums over the places of each cell, of (m, S) values; cells in rising order of their ids."""
    unique, of_place = np.unique(cells, return_inverse=True)
    sums = np.zeros((len(unique), values.shape[1]))
    np.add.at(sums, of_place, values)
    return sums


def resampled_sums(by_cell: NDArray[np.float64], seed: int, draws: int = DRAWS) -> NDArray[np.float64]:
    """Return (draws, S) sums over cells drawn with replacement, of (G, S) sums per cell.

    One seed and one G give the same draws whatever is summed, so that figures of one set of cells can be compared.
    """
    rng = np.random.default_rng(seed)
    cells = len(by_cell)
    found = np.empty((draws, by_cell.shape[1]))
    at_once = max(1, _COUNTS_AT_ONCE // max(cells, 1))
    for start in range(0, draws, at_once):
        stop = min(start + at_once, draws)
        drawn = rng.integers(0, cells, (stop - start, cells)) + cells * np.arange(stop - start)[:, None]
        times = np.bincount(drawn.ravel(), minlength=cells * (stop - start)).reshape(stop - start, cells)
        found[start:stop] = times @ by_cell
    return found


def bootstrap_interval(value: float, drawn: NDArray[np.float64], cells: int) -> Estimate | None:
    """Return the percentile interval of a figure's draws, widened for few cells (Hesterberg 2015, "What teachers
    should know about the bootstrap", the expanded percentile interval).

    Args:
        value: the figure itself.
        drawn: (draws,) it in each draw; NaN where it is undefined.
        cells: that were drawn from.

    Returns:
        None if there are fewer than `FEWEST_CELLS` cells, or the figure is undefined in more than half of the draws.
    """
    usable = drawn[np.isfinite(drawn)]
    if cells < FEWEST_CELLS or len(usable) <= len(drawn) / 2:
        return None
    tail = float(norm.cdf(np.sqrt(cells / (cells - 1)) * t.ppf(_TAIL, cells - 1)))
    low, high = np.quantile(usable, [tail, 1 - tail])
    return Estimate(value, min(float(low), value), max(float(high), value))


def clustered_share(hits: NDArray[np.float64], trials: NDArray[np.float64]) -> Estimate | None:
    """Return a share of trials with its Wilson interval at the count of independent trials (Korn & Graubard 1998).

    That count is estimated by how much the share differs between cells (the design effect of Kish 1965). Where that
    cannot be seen, as with fewer than `FEWEST_CELLS` cells or with all trials alike, a cell counts as one trial.

    Args:
        hits, trials: (G,) per cell.

    Returns:
        None if there are no trials.
    """
    hits, trials = hits[trials > 0], trials[trials > 0]
    count = float(trials.sum())
    if not count:
        return None
    share = float(hits.sum()) / count
    low, high = wilson_interval(share, _independent_trials(hits, trials, share))
    return Estimate(share, min(low, share), max(high, share))


def mean_of(estimates: Sequence[Estimate]) -> Estimate:
    """Return the mean of at least one figure with an interval by adding squares (Zou & Donner 2008, "MOVER")."""
    value = float(np.mean([each.value for each in estimates]))
    below = float(np.sqrt(sum((each.value - each.low) ** 2 for each in estimates))) / len(estimates)
    above = float(np.sqrt(sum((each.high - each.value) ** 2 for each in estimates))) / len(estimates)
    return Estimate(value, max(0.0, value - below), min(1.0, value + above))


def _independent_trials(hits: NDArray[np.float64], trials: NDArray[np.float64], share: float) -> float:
    cells, count = len(trials), float(trials.sum())
    fewest = count**2 / float((trials**2).sum())
    if cells < FEWEST_CELLS or share in (0.0, 1.0):
        return fewest
    variance = cells / (cells - 1) * float(((hits - share * trials) ** 2).sum()) / count**2
    if variance == 0:  # the share is the same in every cell
        return count
    estimated = share * (1 - share) / variance * (norm.ppf(_TAIL) / t.ppf(_TAIL, cells - 1)) ** 2
    return float(np.clip(estimated, min(fewest, count), count))
