"""New points are placed next to their nearest neighbours in the embedding."""

import numpy as np
import pytest
from numpy.typing import NDArray

from segclr.explore import layout as layout_module
from segclr.explore.layout import make_layout, pca_layout
from segclr.explore.placement import Placement

RNG = np.random.default_rng(3)

Rows = NDArray[np.float32]


def two_clusters(n: int = 120, d: int = 9) -> Rows:
    """Rows round two far centres, the first half and the second."""
    centres = np.repeat([[-20.0] * d, [20.0] * d], n // 2, axis=0)
    return (centres + RNG.normal(size=(n, d))).astype(np.float32)


def test_a_point_of_the_table_lands_on_itself() -> None:
    rows = two_clusters()
    layout = pca_layout(rows)
    for row in (0, 59, 119):
        assert layout.placement(rows).place(rows[row]) == pytest.approx(tuple(layout.xy[row]), abs=1e-5)


def test_a_point_of_the_table_that_was_rounded_differently_still_lands_on_itself() -> None:
    rows = RNG.normal(size=(500, 16)).astype(np.float32) + np.float32(3)
    layout = pca_layout(rows)
    for row in (0, 7, 499):
        found = layout.placement(rows).place(rows[row] * np.float32(1 + 1e-5))
        assert found == pytest.approx(tuple(layout.xy[row]), abs=1e-3)


def test_a_new_point_lands_among_its_nearest_rows() -> None:
    rows = two_clusters()
    xy = pca_layout(rows).xy
    x, y = Placement(rows, xy).place(rows[60:].mean(axis=0))
    low, high = xy[60:].min(axis=0), xy[60:].max(axis=0)
    assert low[0] <= x <= high[0]
    assert low[1] <= y <= high[1]


def test_the_nearest_are_found_in_the_embedding_not_in_the_layout() -> None:
    rows = np.array([[0.0, 0], [1, 0], [0, 1]] * 10 + [[50, 50], [51, 50]] * 10, np.float32)
    xy = np.repeat([[1.0, 1], [-1, -1]], [30, 20], axis=0)
    assert Placement(rows, xy).place(np.array([50.4, 50.1])) == pytest.approx((-1, -1))


def test_a_point_whose_neighbours_lie_on_two_islands_lands_on_one_of_them() -> None:
    rows = np.arange(8, dtype=np.float32)[:, None] / 100 + 1
    xy = np.array([[-1.0, 0]] * 5 + [[1.0, 0]] * 3) + RNG.normal(size=(8, 2)) * 0.01
    x, _ = Placement(rows, xy).place(np.array([0.0]))
    assert x == pytest.approx(-1, abs=0.05)


def test_rows_equally_far_count_alike_in_any_order() -> None:
    rows = np.repeat(np.array([[1.0, 1], [-1, 1]], np.float32), 30, axis=0)
    xy = RNG.uniform(-1, 1, (60, 2))
    first = Placement(rows, xy).place(np.zeros(2))
    order = RNG.permutation(60)
    assert Placement(rows[order], xy[order]).place(np.zeros(2)) == pytest.approx(first)


def test_angles_place_a_point_whatever_its_length() -> None:
    rows = np.array([[1.0, 0]] * 9 + [[30, 30]] * 9, np.float32)
    xy = np.repeat([[1.0, 1], [-1, -1]], 9, axis=0)
    assert Placement(rows, xy, "cosine").place(np.array([2.0, 2.1])) == pytest.approx((-1, -1))
    assert Placement(rows, xy, "euclidean").place(np.array([2.0, 2.1])) == pytest.approx((1, 1))


def test_many_are_placed_as_each_alone_is() -> None:
    rows, asked = two_clusters(400), two_clusters(100)
    placement = Placement(rows, RNG.normal(size=(400, 3)))
    xy, spread = placement.place_all(asked)
    assert xy.shape == (100, 3)
    for row in range(100):
        assert tuple(xy[row]) == pytest.approx(placement.place(asked[row]), abs=1e-5)
    assert (spread > 0).all()


def test_the_spread_tells_where_neighbours_disagree() -> None:
    rows = np.concatenate([RNG.normal(size=(50, 4)), 100 + RNG.normal(size=(50, 4))]).astype(np.float32)
    xy = np.concatenate([RNG.normal(size=(50, 2)) * 0.01, RNG.uniform(-1, 1, (50, 2))])
    _, spread = Placement(rows, xy).place_all(np.array([[0.0] * 4, [100] * 4]))
    assert spread[0] < 0.05 < 0.2 < spread[1]


@pytest.mark.parametrize("n", [0, 1, 3])
def test_a_point_finds_a_place_in_the_smallest_tables(n: int) -> None:
    placement = Placement(np.ones((n, 4), np.float32), np.zeros((n, 2)))
    assert placement.place(np.ones(4)) == (0, 0)
    xy, spread = placement.place_all(np.ones((2, 4)))
    assert (xy == 0).all()
    assert np.isfinite(spread).all() == (n > 0)


def test_what_is_not_finite_lies_in_the_middle_untrusted_and_attracts_nothing() -> None:
    rows = two_clusters()
    rows[5] = np.nan
    placement = Placement(rows, RNG.normal(size=(120, 2)) + 5)
    assert placement.place(np.full(9, np.nan)) == (0, 0)
    xy, spread = placement.place_all(np.stack([rows[0], rows[5]]))
    assert np.isfinite(xy).all()
    assert xy[1].tolist() == [0, 0]
    assert spread[1] == np.inf
    assert np.isfinite(spread[0])


def test_a_large_layout_places_points_among_a_sample_of_its_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout_module, "_SAMPLE_ROWS", 10)
    rows = two_clusters()
    layout = pca_layout(rows)
    x, _ = layout.placement(rows).place(rows[100])
    assert np.sign(x) == np.sign(layout.xy[100, 0])


def test_points_are_placed_among_the_landmarks_alone() -> None:
    rows = two_clusters()
    xy = RNG.uniform(-1, 1, (120, 2))
    layout = make_layout("umap", xy, np.arange(0, 120, 2))
    assert layout.placement(rows).place(rows[4]) == pytest.approx(tuple(layout.xy[4]), abs=1e-5)
    assert layout.placement(rows).place(rows[5]) != pytest.approx(tuple(layout.xy[5]), abs=1e-3)
