"""Which places a classifier may learn from, and which it is tested on: never two of one cell on both sides."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

TEST_SHARE = 0.25  # of the cells


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """(k,) and (m,) int64 rows, ascending; no cell has rows in both."""

    number: int
    train: NDArray[np.int64]
    test: NDArray[np.int64]


def splits_by_cell(
    cell: NDArray[np.int64], cell_type: NDArray[np.int64], subcompartment: NDArray[np.int64], count: int
) -> list[Split]:
    """Deal the cells out, `count` times anew.

    Cells are drawn by type and by the rarest subcompartment that they have, a quarter of each such group for the test,
    at least one where there are two: else some tests would hold no soma and no microglia.

    Args:
        cell, cell_type, subcompartment: (n,) one per place; a cell has one type.
    """
    cells, of_row = np.unique(cell, return_inverse=True)
    common = np.bincount(subcompartment)
    rarest = np.full(len(cells), -1)
    for compartment in np.argsort(-common):  # the rarest comes last and stays
        rarest[of_row[subcompartment == compartment]] = compartment
    type_of_cell = np.empty(len(cells), np.int64)
    type_of_cell[of_row] = cell_type
    groups = type_of_cell * len(common) + rarest
    return [_split(number, groups, of_row) for number in range(count)]


def _split(number: int, groups: NDArray[np.int64], of_row: NDArray[np.int64]) -> Split:
    rng = np.random.default_rng(number)
    tested = np.zeros(len(groups), np.bool_)
    for group in np.unique(groups):
        members = rng.permutation(np.flatnonzero(groups == group))
        count = max(1, round(TEST_SHARE * len(members))) if len(members) > 1 else 0
        tested[members[:count]] = True
    return Split(number, np.flatnonzero(~tested[of_row]), np.flatnonzero(tested[of_row]))


def draw_labels(
    rows: NDArray[np.int64], classes: NDArray[np.int64], count: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Draw `count` of the rows, class after class in turn, as someone would who labels what is rare as well.

    A class that is used up is passed over. All rows are returned if there are no more than `count`.

    Args:
        rows: (k,) rows to draw from.
        classes: (n,) of all rows.
    """
    shuffled = rng.permutation(rows)
    own = classes[shuffled]
    turn = np.empty(len(rows), np.int64)
    for index in np.unique(own):
        members = own == index
        turn[members] = np.arange(members.sum())
    tie = rng.permutation(int(own.max()) + 1)[own]  # which classes go without when there are fewer labels than classes
    return np.sort(shuffled[np.lexsort((tie, turn))[:count]])
