"""Neighbours of points, cells and selections: the same with and without an index, and defined for any table."""

import numpy as np
import pytest
from numpy.typing import NDArray

from segclr.errors import TableError
from segclr.explore.metric import Metric
from segclr.explore.neighbours import NeighbourSearch, Wanted

Rows = NDArray[np.float32]


def rows_of(n: int = 400, d: int = 8, seed: int = 0) -> Rows:
    return np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32)


def distances(point: NDArray[np.floating], rows: Rows, metric: Metric) -> NDArray[np.float64]:
    """The definition."""
    a, b = np.asarray(point, np.float64), rows.astype(np.float64)
    if metric == "euclidean":
        return np.asarray(np.linalg.norm(b - a, axis=1))
    return np.asarray(1 - b @ a / np.linalg.norm(a) / np.linalg.norm(b, axis=1))


class ListedIndex:
    """Names the nearest rows, as an index does, and remembers how many it was asked for."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self.asked: list[int] = []

    def candidates(self, point: Rows, count: int) -> NDArray[np.int64]:
        self.asked.append(count)
        return np.argsort(distances(point, self.rows, "euclidean"))[:count]


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_neighbours_of_a_point_are_those_of_the_definition(metric: Metric) -> None:
    rows, point = rows_of() + 1, rows_of(1, seed=1)[0]
    found = NeighbourSearch(rows, metric).like(point, Wanted(12))
    expected = distances(point, rows, metric)
    assert found.rows.tolist() == np.argsort(expected)[:12].tolist()
    np.testing.assert_allclose(found.distances, np.sort(expected)[:12], rtol=1e-5)


def test_cosine_and_straight_distance_are_different_questions() -> None:
    rows = np.array([[10.0, 0.1], [1, 1], [0.1, 1]], np.float32)
    point = np.array([1.0, 0])
    assert NeighbourSearch(rows, "cosine").like(point, Wanted(1)).rows.tolist() == [0]
    assert NeighbourSearch(rows, "euclidean").like(point, Wanted(1)).rows.tolist() == [1]


def test_a_row_is_not_its_own_neighbour_but_its_twin_is() -> None:
    rows = rows_of()
    rows[7] = rows[3]
    for metric in ("euclidean", "cosine"):
        found = NeighbourSearch(rows, metric).like_row(3, Wanted(5))
        assert found.rows[0] == 7
        assert found.distances[0] == pytest.approx(0, abs=1e-6)
        assert 3 not in found.rows


def test_a_selection_is_asked_about_by_its_mean_and_excluded() -> None:
    rows = rows_of()
    own = np.array([5, 5, 9, 200])
    found = NeighbourSearch(rows, "euclidean").like_rows(own, Wanted(10))
    away = distances(rows[own].mean(axis=0), rows, "euclidean")
    away[own] = np.inf
    assert found.rows.tolist() == np.argsort(away)[:10].tolist()


def test_a_mean_by_the_angle_gives_long_embeddings_no_more_weight() -> None:
    rows = np.array([[1, 0], [0, 1000], [1, 1], [0.1, 1]], np.float32)
    assert NeighbourSearch(rows, "cosine").like_rows(np.array([0, 1]), Wanted(1)).rows.tolist() == [2]


def test_only_allowed_rows_answer() -> None:
    rows = rows_of()
    allowed = np.arange(400) % 7 == 2
    found = NeighbourSearch(rows, "euclidean").like_row(16, Wanted(60, allowed))
    away = distances(rows[16], rows, "euclidean")
    expected = [row for row in np.argsort(away) if allowed[row] and row != 16]
    assert found.rows.tolist() == expected[:60]
    assert len(found) == min(60, len(expected)) == 56


def test_each_cell_answers_at_most_once_and_the_own_cell_not_at_all() -> None:
    rows = rows_of()
    cells = np.repeat(np.arange(20, dtype=np.uint64) + np.uint64(2**63), 20)
    rows[20:40] = rows[3] + rows[20:40] * 0.01  # a cell that has all the nearest rows
    search = NeighbourSearch(rows, "euclidean")
    found = search.like_row(3, Wanted(10, cells=cells))
    assert len(set(cells[found.rows].tolist())) == 10
    assert cells[3] not in cells[found.rows]
    away = distances(rows[3], rows, "euclidean")
    nearest = {cell: int(np.flatnonzero(cells == cell)[away[cells == cell].argmin()]) for cell in cells[found.rows]}
    assert found.rows.tolist() == list(nearest.values())
    away[:20] = np.inf
    assert found.distances.tolist() == pytest.approx(np.sort(away.reshape(20, 20).min(axis=1))[:10].tolist())
    everyone = search.like_row(3, Wanted(40, cells=cells, own_cells=True))
    assert len(everyone) == 20
    assert 3 not in everyone.rows
    assert cells[3] in cells[everyone.rows]


def test_an_index_changes_no_answer() -> None:
    rows = rows_of(3000)
    rows[100:1400] = rows[50] + 0.01 * rows[100:1400]
    cells = np.zeros(3000, np.int64)
    cells[1400:] = np.arange(1400, 3000)
    for wanted in (
        Wanted(10),
        Wanted(10, cells=cells),
        Wanted(2990),
        Wanted(10, np.arange(3000) > 2000),
        Wanted(2, cells=np.zeros(3000, np.int64), own_cells=True),
    ):
        exact, indexed = NeighbourSearch(rows, "euclidean"), NeighbourSearch(rows, "euclidean", ListedIndex(rows))
        for ask in (
            lambda search, w=wanted: search.like_row(50, w),
            lambda search, w=wanted: search.like_rows(np.arange(40, 700), w),
            lambda search, w=wanted: search.like(rows[0], w),
        ):
            np.testing.assert_array_equal(ask(exact).rows, ask(indexed).rows)


def test_where_one_cell_has_most_candidates_the_index_is_asked_for_more() -> None:
    rows = rows_of(3000)
    rows[100:200] = rows[50] + 0.01 * rows[100:200]
    cells = np.arange(3000)
    cells[50] = cells[100:200] = 50
    index = ListedIndex(rows)
    found = NeighbourSearch(rows, "euclidean", index).like_row(50, Wanted(5, cells=cells))
    assert len(found) == 5
    assert len(index.asked) > 1
    assert (cells[found.rows] != 50).all()


def test_neighbours_of_rows_far_from_the_origin_are_still_exact() -> None:
    rows = (rows_of(600) + 3000).astype(np.float32)
    found = NeighbourSearch(rows, "euclidean").like_row(3, Wanted(20))
    away = distances(rows[3], rows, "euclidean")
    away[3] = np.inf
    np.testing.assert_allclose(found.distances, np.sort(away)[:20], rtol=1e-5)


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_rows_that_are_not_finite_are_never_found(metric: Metric) -> None:
    rows = rows_of(50)
    rows[4], rows[6, 2], rows[8] = np.nan, np.inf, 3e38
    found = NeighbourSearch(rows, metric).like_row(0, Wanted(50))
    assert {4, 6}.isdisjoint(found.rows.tolist())
    assert np.isfinite(found.distances).all()
    with pytest.raises(TableError, match="not finite"):
        NeighbourSearch(rows, metric).like_row(4, Wanted(3))


def test_a_row_of_zeros_is_found_by_the_angle_without_a_division_by_zero() -> None:
    rows = np.array([[0, 0], [0, 1], [1, 0.1]], np.float32)
    found = NeighbourSearch(rows, "cosine").like(np.array([1.0, 0]), Wanted(3))
    assert found.rows.tolist() == [2, 0, 1]
    assert found.distances[1] == pytest.approx(0.5)
    assert len(NeighbourSearch(rows, "cosine").like(np.zeros(2), Wanted(3))) == 3


@pytest.mark.parametrize("n", [0, 1, 2, 30])
def test_tables_with_fewer_rows_than_wanted_answer_with_all_of_them(n: int) -> None:
    rows = np.ones((n, 4), np.float32)
    found = NeighbourSearch(rows, "euclidean").like(np.zeros(4), Wanted(40))
    assert found.rows.tolist() == list(range(n))
    assert found.distances.tolist() == [2.0] * n
    if n:
        assert len(NeighbourSearch(rows).like_row(0, Wanted(40))) == n - 1


def test_what_cannot_be_asked_is_refused() -> None:
    search = NeighbourSearch(rows_of(10))
    with pytest.raises(IndexError, match="rows 10 to 10 of a table of 10"):
        search.like_row(10, Wanted())
    with pytest.raises(IndexError):
        search.like_row(-1, Wanted())
    with pytest.raises(ValueError, match="no rows"):
        search.like_rows(np.empty(0, np.int64), Wanted())
    with pytest.raises(ValueError, match="9 rows are allowed"):
        search.like_row(1, Wanted(3, np.ones(9, bool)))
    assert len(search.like_row(1, Wanted(0))) == 0
    assert len(search.like_row(1, Wanted(3, np.zeros(10, bool)))) == 0
