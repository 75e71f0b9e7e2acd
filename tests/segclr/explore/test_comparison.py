"""Two selections beside each other: cells are the witnesses, not their nodes."""

import numpy as np
import pytest
from numpy.typing import NDArray

from segclr.errors import LayoutError
from segclr.explore import comparison
from segclr.explore.comparison import Comparison, benjamini_hochberg, compare

RNG = np.random.default_rng(0)
FIRST_CELL = np.uint64(2**63 + 2**53)


def cells_of(count: int, nodes: int) -> NDArray[np.uint64]:
    return FIRST_CELL + np.repeat(np.arange(count, dtype=np.uint64), nodes)


def halves(n: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    return np.arange(n // 2), np.arange(n // 2, n)


def depths(cells: NDArray[np.uint64], depth: NDArray[np.float64], seed: int = 0) -> Comparison:
    first, second = halves(len(cells))
    embeddings = np.ones((len(cells), 3), np.float32)
    return compare(first, second, cells, embeddings, columns={"depth": depth}, permutations=999, seed=seed)


def test_a_difference_between_many_cells_is_found() -> None:
    cells = cells_of(40, 5)
    depth = np.repeat(RNG.normal(size=40) + np.repeat([0, 3], 20), 5)
    found = depths(cells, depth)
    assert found.cells == (20, 20)
    difference = found.columns["depth"]
    assert difference.first == pytest.approx(depth[:100].mean())
    assert difference.second == pytest.approx(depth[100:].mean())
    assert difference.p == pytest.approx(1 / 1000)


def test_a_thousand_nodes_of_four_cells_are_four_witnesses() -> None:
    cells = cells_of(4, 500)
    depth = np.repeat([0.0, 0, 100, 100], 500) + RNG.normal(size=2000)
    assert depths(cells, depth).columns["depth"].p is None  # six ways to exchange them, a third as far apart
    cells, depth = cells_of(8, 500), np.repeat([0.0, 100], 2000) + RNG.normal(size=4000)
    p = depths(cells, depth).columns["depth"].p
    assert p is not None
    assert p == pytest.approx(2 / 70, abs=0.02)


def test_each_cell_weighs_the_same_however_many_nodes_it_has() -> None:
    cells = FIRST_CELL + np.array([0, 0, 0, 1, 2, 3], np.uint64)
    found = compare(np.arange(4), np.array([4, 5]), cells, np.ones((6, 2), np.float32), np.array([1, 1, 1, 0, 0, 0]))
    assert found.classes[1].first == pytest.approx(0.5)
    assert found.classes[0].second == 1


def test_six_cells_tell_nothing_and_eight_may() -> None:
    for count, told in ((6, False), (8, True)):
        p = depths(cells_of(count, 1), np.arange(count) * 1.0).columns["depth"].p
        assert (p is not None) == told


@pytest.mark.parametrize("both", [0, 30])
def test_many_cells_are_judged_by_the_normal_distribution_as_by_exchanging_them(
    both: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    cells = np.concatenate([cells_of(200, 1), cells_of(both, 1)])
    first = np.concatenate([np.arange(80), np.arange(200, 200 + both)])  # cells with rows in both selections, too
    second = np.setdiff1d(np.arange(len(cells)), first)
    cells[200:] = cells[100 : 100 + both]
    depth = RNG.normal(size=len(cells)) + np.isin(np.arange(len(cells)), first) * 0.25
    ps = []
    for most in (5000, 10):
        monkeypatch.setattr(comparison, "_MOST_EXCHANGED", most)
        found = compare(first, second, cells, np.ones((len(cells), 2), np.float32), columns={"depth": depth})
        ps.append(found.columns["depth"].p)
    assert None not in ps
    assert ps[0] == pytest.approx(ps[1], rel=0.1, abs=0.003)


def test_without_a_difference_p_values_are_even() -> None:
    small = []
    for seed in range(200):
        depth = np.repeat(np.random.default_rng(seed).normal(size=20), 3)
        p = depths(cells_of(20, 3), depth, seed).columns["depth"].p
        assert p is not None
        small.append(p <= 0.1)
    assert 8 <= sum(small) <= 34  # 20 expected


def test_a_cell_on_both_sides_is_compared_with_itself() -> None:
    cells = np.tile(cells_of(12, 1), 2)  # each cell has a row in both
    own = RNG.normal(size=12) * 100
    found = depths(cells, np.concatenate([own, own + 1 + 0.1 * RNG.normal(size=12)]))
    assert found.shared_cells == 12
    p = found.columns["depth"].p
    assert p is not None
    assert p < 0.01  # the cells lie a hundred apart, but every one is deeper in the second selection
    apart = depths(cells_of(24, 1), np.concatenate([own, own + 1])).columns["depth"].p
    assert apart is not None
    assert apart > 0.5


def test_shares_of_classes_leave_out_rows_without_one() -> None:
    classes = np.array([0, -1, 1, 1, -1, -1])
    found = compare(np.arange(3), np.arange(3, 6), cells_of(6, 1), np.ones((6, 2), np.float32), classes)
    assert sorted(found.classes) == [0, 1]
    assert (found.classes[0].first, found.classes[0].second) == (0.5, 0.0)
    assert found.classes[0].p is None


def test_rows_of_both_selections_count_in_neither() -> None:
    found = compare(np.array([0, 1, 2, 2]), np.array([2, 3]), cells_of(4, 1), np.ones((4, 2), np.float32))
    assert (found.rows, found.shared_rows, found.cells) == ((3, 2), 1, (2, 1))
    with pytest.raises(LayoutError, match="0 and 1 rows to compare, without the 1"):
        compare(np.array([0]), np.array([0, 1]), cells_of(4, 1), np.ones((4, 2), np.float32))
    with pytest.raises(LayoutError):
        compare(np.empty(0, np.int64), np.array([1]), cells_of(4, 1), np.ones((4, 2), np.float32))


def test_the_distance_is_between_means_over_cells() -> None:
    embeddings = np.array([[0, 0], [0, 0], [6, 0], [3, 8], [np.nan, 0]], np.float32)
    cells = np.array([1, 1, 2, 3, 4], np.uint64)
    found = compare(np.arange(3), np.array([3, 4]), cells, embeddings, metric="euclidean")
    assert found.distance == pytest.approx(8)
    assert found.spread == pytest.approx((18 / 3) ** 0.5)
    nowhere = compare(np.arange(3), np.array([4]), cells, embeddings)
    assert np.isnan(nowhere.distance)


def test_unknown_depths_are_left_out() -> None:
    depth = np.array([1.0, np.nan, 3, np.nan, np.nan, np.nan])
    found = depths(cells_of(6, 1), depth).columns["depth"]
    assert found.first == 2
    assert np.isnan(found.second)
    assert (found.p, found.corrected) == (None, None)


def test_a_column_that_is_everywhere_the_same_is_no_difference() -> None:
    assert depths(cells_of(20, 1), np.full(20, 0.1)).columns["depth"].p == 1


def test_p_values_are_corrected_for_their_number() -> None:
    assert benjamini_hochberg([0.01, None, 0.04, 0.03, 0.9]) == pytest.approx([0.04, None, 0.16 / 3, 0.16 / 3, 0.9])
    assert benjamini_hochberg([0.5]) == [0.5]
    assert benjamini_hochberg([]) == []
    assert benjamini_hochberg([None]) == [None]
    cells = cells_of(40, 1)
    columns = {str(index): RNG.normal(size=40) for index in range(9)} | {"depth": np.repeat([0.0, 5], 20)}
    found = compare(*halves(40), cells, np.ones((40, 2), np.float32), columns=columns, permutations=999).columns
    assert found["depth"].p == pytest.approx(0.001)
    assert found["depth"].corrected == pytest.approx(0.01)


def test_what_is_only_described_has_means_over_cells_and_counts_in_no_correction() -> None:
    cells = np.array([0, 0, 0, 1, 2, 3])
    values = np.array([0.0, 0.0, 3.0, 4.0, np.nan, 9.0])
    embeddings = np.eye(6, 4, dtype=np.float32) + 0.1
    first, second = np.array([0, 1, 2, 3]), np.array([4, 5])
    plain = compare(first, second, cells, embeddings, columns={"z": np.arange(6.0)})
    told = compare(first, second, cells, embeddings, columns={"z": np.arange(6.0)}, described={"v": values})
    assert told.described == {"v": (2.5, 9.0)}
    assert told.columns == plain.columns
