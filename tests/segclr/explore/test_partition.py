"""Neighbours of many points at once."""

import numpy as np
import pytest
from numpy.typing import NDArray

from segclr.explore import partition
from segclr.explore.partition import assign, make_partition


def clouds(n: int, d: int = 12, seed: int = 0) -> NDArray[np.float32]:
    rng = np.random.default_rng(seed)
    return (rng.normal(size=(30, d))[rng.integers(0, 30, n)] * 2 + rng.normal(size=(n, d))).astype(np.float32)


def truth(rows: NDArray[np.float32], asked: NDArray[np.float32]) -> NDArray[np.float64]:
    away: NDArray[np.float64] = rows[None].astype(np.float64) - asked[:, None]
    return np.asarray(np.square(away).sum(axis=2))


@pytest.mark.parametrize("count", [1, 7])
def test_looking_through_all_centres_is_exact(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partition, "_ROWS_PER_CENTRE", 40)
    rows, asked = clouds(900), clouds(300, seed=1)
    made = make_partition(rows)
    assert len(made.centres) == 22
    found, squared = made.nearest(asked, count, probes=22)
    away = truth(rows, asked)
    np.testing.assert_array_equal(found, np.argsort(away, axis=1, kind="stable")[:, :count])
    np.testing.assert_allclose(squared, np.sort(away, axis=1)[:, :count], rtol=1e-5)


def test_a_few_centres_find_most_neighbours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partition, "_ROWS_PER_CENTRE", 40)
    rows, asked = clouds(2000), clouds(200, seed=1)
    found, _ = make_partition(rows).nearest(asked, 10, probes=24)
    best = np.argsort(truth(rows, asked), axis=1)[:, :10]
    shared = np.mean([len(np.intersect1d(a, b)) / 10 for a, b in zip(found, best, strict=True)])
    assert shared > 0.9


def test_the_same_rows_give_the_same_answer() -> None:
    rows = clouds(1500)
    first, second = (make_partition(rows.copy(), seed=5).nearest(rows[:50], 6)[0] for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert (first[:, 0] == np.arange(50)).all()


def test_one_centre_with_few_rows_does_not_leave_questions_unanswered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partition, "_ROWS_PER_CENTRE", 10)
    rows = clouds(200)
    found, _ = make_partition(rows).nearest(rows, 60, probes=1)
    assert all(len(set(row)) == 60 for row in found.tolist())


@pytest.mark.parametrize("n", [0, 1, 5])
def test_fewer_rows_than_asked_for_are_all_found(n: int) -> None:
    found, squared = make_partition(np.ones((n, 3), np.float32)).nearest(np.zeros((4, 3), np.float32), 15)
    assert found.shape == squared.shape == (4, n)
    assert (squared == 3).all()
    assert found.tolist() == [list(range(n))] * 4


def test_equal_rows_are_grouped_and_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partition, "_ROWS_PER_CENTRE", 10)
    rows = np.ones((300, 3), np.float32)
    found, squared = make_partition(rows).nearest(rows[:5], 15)
    assert (squared == 0).all()
    assert found.shape == (5, 15)


def test_a_row_goes_to_its_nearest_centre() -> None:
    centres = np.array([[0, 0], [10, 0], [0, 10]], np.float32)
    rows = np.array([[1, 1], [9, 2], [-1, 30]], np.float32)
    assert assign(rows, centres).tolist() == [0, 1, 2]
