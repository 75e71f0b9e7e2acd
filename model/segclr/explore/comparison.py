"""What differs between two selections of rows, and whether cells drawn at random would differ as much.

Nodes of one cell are no independent witnesses, so a cell is the unit: what is compared are means over cells, each cell
weighing the same, and chance is what comes of exchanging cells between the selections. Where a cell has rows in both,
its two parts are exchanged with each other.

There is no p-value for the distance in the embedding: selections drawn on a map of the embedding differ there because
they were so drawn. For the same reason a p-value for *predicted* classes says little about such selections; for labels,
depth and other columns that the map knows nothing of, it says what it seems to.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segclr.embeddings.storage.stored_embeddings import EmbeddingRows
from segclr.errors import LayoutError
from segclr.explore.metric import Metric, comparable, from_squared

_FEWEST_ARRANGEMENTS = 40  # with fewer, no two-sided p-value can reach 0.05
_MOST_EXCHANGED = 5000  # above, the normal distribution says the same
_PERMUTATIONS_AT_ONCE = 64
_BLOCK = 65_536


@dataclass(frozen=True, slots=True)
class Difference:
    """Attributes:
    first, second: means over the cells of either selection; NaN where no cell has a value.
    p: two-sided, of as large a difference by chance; None where there are too few cells to tell.
    corrected: the same after Benjamini and Hochberg (1995) over all p-values of the comparison.
    """

    first: float
    second: float
    p: float | None
    corrected: float | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Attributes:
    rows, cells: how many of either selection.
    shared_rows, shared_cells: in both; shared rows count in neither.
    distance: between the selections' means in the embedding, in the metric; each cell weighs the same.
    spread: the root mean square distance of cells from their selection's mean, pooled, for a measure of `distance`.
    classes: the shares of each class, 0 to 1, by class.
    columns: of each numeric column, by name.
    described: means over the cells of either selection, of columns that were not tested; NaN where no cell has a value.
    """

    rows: tuple[int, int]
    cells: tuple[int, int]
    shared_rows: int
    shared_cells: int
    distance: float
    spread: float
    classes: dict[int, Difference]
    columns: dict[str, Difference]
    described: dict[str, tuple[float, float]]


@dataclass(frozen=True, slots=True, eq=False)
class _Parts:
    """What either selection has of each cell: (u,) cells and sides (0 or 1), and the rows with their part."""

    cells: NDArray[np.int64]
    sides: NDArray[np.int64]
    rows: NDArray[np.int64]
    part_of_row: NDArray[np.int64]

    def means(self, values: NDArray[np.floating]) -> NDArray[np.float64]:
        """(u,) means over each part's rows, of (n,) values; NaN where none is known."""
        own = np.asarray(values[self.rows], np.float64)
        known = np.isfinite(own)
        total = np.bincount(self.part_of_row[known], own[known], len(self.cells))
        count = np.bincount(self.part_of_row[known], minlength=len(self.cells))
        return np.asarray(np.where(count > 0, total / np.maximum(count, 1), np.nan))


def compare(
    first: NDArray[np.integer],
    second: NDArray[np.integer],
    cells: NDArray[np.integer],
    embeddings: EmbeddingRows,
    classes: NDArray[np.integer] | None = None,
    columns: Mapping[str, NDArray[np.floating]] | None = None,
    metric: Metric = "cosine",
    permutations: int = 9999,
    seed: int = 0,
    described: Mapping[str, NDArray[np.floating]] | None = None,
) -> Comparison:
    """Compare two selections.

    Args:
        first, second: rows of the selections, in any order.
        cells: (n,) the cell of each row of the table.
        embeddings: (n, d); rows that are not finite count for nothing in the distance.
        classes: (n,) the class of each row, -1 for none: rows without one do not count in the shares.
        columns: (n,) numbers by name, as depth; NaN where unknown.
        metric: of the distance.
        permutations: how often cells are exchanged, up to 5,000 cells; no p-value is then less than
            1 / (permutations + 1).
        seed: of the exchanges.
        described: (n,) numbers by name whose means are told without a test, as what the selections were drawn by.

    Raises:
        LayoutError: nothing is left to compare on a side.
    """
    shared = np.intersect1d(first, second)
    sides = [np.setdiff1d(np.unique(side), shared).astype(np.int64) for side in (first, second)]
    if not all(len(side) for side in sides):
        raise LayoutError(
            f"there are {len(sides[0])} and {len(sides[1])} rows to compare, without the {len(shared)} that both "
            "selections have: select rows for both"
        )
    parts = _parts(sides, cells)
    measured = _measured(parts, classes, columns or {})
    tests = [_test(parts, values, permutations, np.random.default_rng(seed)) for values in measured.values()]
    corrected = benjamini_hochberg([p for *_, p in tests])
    found = {
        key: Difference(*test, corrected=after) for key, test, after in zip(measured, tests, corrected, strict=True)
    }
    distance, spread = _distance(parts, embeddings, metric)
    counts = np.bincount(parts.sides, minlength=2)
    return Comparison(
        rows=(len(np.unique(first)), len(np.unique(second))),
        cells=(int(counts[0]), int(counts[1])),
        shared_rows=len(shared),
        shared_cells=len(parts.cells) - len(np.unique(parts.cells)),
        distance=distance,
        spread=spread,
        classes={key: value for key, value in found.items() if isinstance(key, int)},
        columns={key: value for key, value in found.items() if isinstance(key, str)},
        described={name: _means(parts, parts.means(values)) for name, values in (described or {}).items()},
    )


def benjamini_hochberg(p: list[float | None]) -> list[float | None]:
    """Corrected p-values (Benjamini and Hochberg 1995): rejecting those below q keeps the false share below q.

    None stays None and counts as no test.
    """
    given = np.array([value for value in p if value is not None], np.float64)
    order = np.argsort(-given, kind="stable")
    ranks = np.arange(len(given), 0, -1)
    corrected = np.empty(len(given))
    corrected[order] = np.minimum(np.minimum.accumulate(given[order] * len(given) / ranks), 1)
    values = iter(corrected.tolist())
    return [None if value is None else next(values) for value in p]


def _parts(sides: list[NDArray[np.int64]], cells: NDArray[np.integer]) -> _Parts:
    rows = np.concatenate(sides)
    side = np.repeat([0, 1], [len(one) for one in sides])
    _, cell = np.unique(cells[rows], return_inverse=True)
    keys, part_of_row = np.unique(2 * cell + side, return_inverse=True)
    return _Parts(keys // 2, keys % 2, rows, part_of_row)


def _measured(
    parts: _Parts, classes: NDArray[np.integer] | None, columns: Mapping[str, NDArray[np.floating]]
) -> dict[int | str, NDArray[np.float64]]:
    """What is tested, per part: shares of classes, and means of columns."""
    measured: dict[int | str, NDArray[np.float64]] = {}
    if classes is not None:
        for value in np.unique(classes[parts.rows]).tolist():
            if value >= 0:
                measured[int(value)] = parts.means(np.where(classes >= 0, classes == value, np.nan))
    for name, numbers in columns.items():
        measured[name] = parts.means(numbers)
    return measured


def _means(parts: _Parts, values: NDArray[np.float64]) -> tuple[float, float]:
    """Means of either side over its cells."""
    known = np.isfinite(values)
    first, second = (values[known & (parts.sides == side)] for side in (0, 1))
    return float(first.mean()) if len(first) else math.nan, float(second.mean()) if len(second) else math.nan


def _test(
    parts: _Parts, values: NDArray[np.float64], permutations: int, rng: np.random.Generator
) -> tuple[float, float, float | None]:
    """Means of either side over its cells, and the p-value of their difference."""
    known = np.isfinite(values)
    cells, sides, values = parts.cells[known], parts.sides[known], values[known]
    counts = np.bincount(sides, minlength=2)
    if not counts.all():
        means = [float(values[sides == side].mean()) if counts[side] else float("nan") for side in (0, 1)]
        return means[0], means[1], None
    sums = np.bincount(sides, values, 2)
    means = (sums / counts).tolist()
    _, at, of_cell = np.unique(cells, return_index=True, return_counts=True)
    pairs = at[of_cell == 2]  # a cell's two parts stand side by side, the first selection's first
    single = at[of_cell == 1]
    if not _enough_arrangements(int((sides[single] == 0).sum()), len(single), len(pairs)):
        return means[0], means[1], None
    chance = _Chance(values, sides, pairs, single)
    observed = abs(means[0] - means[1] - chance.mean)
    if len(values) > _MOST_EXCHANGED:
        return means[0], means[1], chance.normal(observed)
    exchanged = np.abs(chance.draw(permutations, rng) - chance.mean)
    least = observed - 1e-9 * float(np.abs(values).max())  # rounding makes no difference of equals
    return means[0], means[1], float((1 + np.count_nonzero(exchanged >= least)) / (permutations + 1))


def _enough_arrangements(first: int, single: int, pairs: int) -> bool:
    """Whether cells can be exchanged in so many ways that a p-value could reach 0.05."""
    ways = 2.0 ** min(pairs, 60)
    for taken in range(min(first, single - first)):
        ways *= (single - taken) / (taken + 1)
        if ways >= _FEWEST_ARRANGEMENTS:
            return True
    return ways >= _FEWEST_ARRANGEMENTS


class _Chance:
    """How far apart the sides' means are when cells are exchanged."""

    def __init__(
        self,
        values: NDArray[np.float64],
        sides: NDArray[np.int64],
        pairs: NDArray[np.int64],
        single: NDArray[np.int64],
    ) -> None:
        """Args:
        values, sides: (u,) of the parts.
        pairs: where the first of a cell's two parts stands, before the second.
        single: the other cells' parts.
        """
        self._first_count, self._second_count = np.bincount(sides, minlength=2).tolist()
        self._singles = values[single]
        self._first_singles = int((sides[single] == 0).sum())
        self._gap = values[pairs + 1] - values[pairs]
        self._first_of_pairs = float(values[pairs].sum())
        self._total = float(values.sum())
        expected = self._first_of_pairs + self._gap.sum() / 2
        if len(single):
            expected += self._first_singles * self._singles.mean()
        self.mean = float(self._difference(np.array(expected)))

    def draw(self, permutations: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """(permutations,) differences of the means after exchanging cells."""
        differences = np.empty(permutations)
        for start in range(0, permutations, _PERMUTATIONS_AT_ONCE):
            several = min(_PERMUTATIONS_AT_ONCE, permutations - start)
            keys = rng.random((several, len(self._singles)), np.float32)
            chosen = np.argpartition(keys, self._first_singles - 1, axis=1) if self._first_singles else keys.astype(int)
            swapped = rng.integers(0, 2, (several, len(self._gap)), np.int8)
            sums = self._singles[chosen[:, : self._first_singles]].sum(axis=1) + swapped @ self._gap
            differences[start : start + several] = self._difference(sums + self._first_of_pairs)
        return differences

    def normal(self, observed: float) -> float:
        """The p-value where cells are many: the differences are then normal (Hoeffding 1951), of known variance."""
        n, k = len(self._singles), self._first_singles
        variance = np.square(self._gap).sum() / 4
        if 0 < k < n:
            variance += k * (n - k) / n * self._singles.var(ddof=1)
        deviation = float(np.sqrt(variance)) * (1 / self._first_count + 1 / self._second_count)
        return 1.0 if deviation == 0 else math.erfc(observed / deviation / math.sqrt(2))

    def _difference(self, first_sum: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(first_sum / self._first_count - (self._total - first_sum) / self._second_count)


def _distance(parts: _Parts, embeddings: EmbeddingRows, metric: Metric) -> tuple[float, float]:
    """Between the sides' means over cells, and how far cells lie from their side's mean."""
    total = np.zeros((len(parts.cells), embeddings.shape[1]))
    count = np.zeros(len(parts.cells), np.int64)
    for start in range(0, len(parts.rows), _BLOCK):
        block = comparable(embeddings[parts.rows[start : start + _BLOCK]], metric)
        known = np.isfinite(block).all(axis=1)
        part = parts.part_of_row[start : start + _BLOCK][known]
        np.add.at(total, part, block[known])
        count += np.bincount(part, minlength=len(count))
    sides = [total[on] / count[on][:, None] for on in ((parts.sides == side) & (count > 0) for side in (0, 1))]
    if not all(len(side) for side in sides):
        return float("nan"), float("nan")
    means = [side.mean(axis=0) for side in sides]
    away = np.concatenate([np.square(side - mean).sum(axis=1) for side, mean in zip(sides, means, strict=True)])
    both = np.array([np.square(means[0] - means[1]).sum(), away.mean()])
    distance, spread = from_squared(both, metric).tolist()
    return distance, spread
