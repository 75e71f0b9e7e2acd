"""The pure parts of ``python -m benchmarks science``: what would make its figures wrong without a word."""

import math
from pathlib import Path

import numpy as np
import pytest

from benchmarks.science.baselines import hand_made, principal_axes
from benchmarks.science.retrieval import mean_over_classes, nearest_elsewhere
from benchmarks.science.splits import draw_labels, splits_by_cell
from benchmarks.science.store import Store


def some_places() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cell, type and subcompartment of 400 places on 60 cells, one subcompartment on three cells alone."""
    rng = np.random.default_rng(0)
    cell = rng.integers(0, 60, 400) * 977 + 2**53
    types = (cell - 2**53) // 977 % 4
    compartment = rng.integers(0, 2, 400)
    compartment[np.isin(cell, np.unique(cell)[[4, 8, 12]])] = 2
    return cell, types, compartment


def test_no_cell_is_on_both_sides_and_every_place_is_on_one() -> None:
    cell, types, compartment = some_places()
    for split in splits_by_cell(cell, types, compartment, 5):
        assert not set(cell[split.train]) & set(cell[split.test])
        assert sorted([*split.train, *split.test]) == list(range(len(cell)))


def test_every_test_holds_every_type_and_the_rarest_subcompartment() -> None:
    cell, types, compartment = some_places()
    for split in splits_by_cell(cell, types, compartment, 5):
        assert set(types[split.test]) == set(types)
        assert (compartment[split.test] == 2).any()
        assert (compartment[split.train] == 2).any()


def test_splits_differ_and_are_the_same_again() -> None:
    first, again = (splits_by_cell(*some_places(), 2) for _ in range(2))
    assert not np.array_equal(first[0].test, first[1].test)
    assert [split.test.tolist() for split in first] == [split.test.tolist() for split in again]


def test_labels_are_drawn_class_by_class_until_a_class_is_used_up() -> None:
    classes = np.array([0] * 50 + [1] * 30 + [2] * 3)
    drawn = draw_labels(np.arange(83), classes, 23, np.random.default_rng(0))
    assert np.bincount(classes[drawn]).tolist() == [10, 10, 3]
    assert len(set(drawn.tolist())) == 23


def test_labels_are_drawn_from_the_given_rows_alone() -> None:
    rows = np.arange(5, 40, 3)
    drawn = draw_labels(rows, np.arange(40) % 3, 1000, np.random.default_rng(0))
    assert drawn.tolist() == rows.tolist()


def test_neighbours_are_the_nearest_of_other_cells() -> None:
    values = np.array([[0.0], [0.1], [0.3], [5.0], [5.2]], np.float32)
    cells = np.array([1, 1, 2, 3, 2])
    assert nearest_elsewhere(values, cells, 2).tolist() == [[2, 3], [2, 3], [1, 0], [4, 2], [3, 1]]


def test_precision_is_a_mean_over_classes_and_not_over_places() -> None:
    hits = np.array([[True, True]] * 9 + [[False, True]])
    assert mean_over_classes(hits, np.array([0] * 9 + [1])) == pytest.approx(0.75)


def test_principal_axes_are_those_of_a_singular_value_decomposition() -> None:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (30, 3, 5, 4)).astype(np.uint8)
    mean, axes = principal_axes(images, 6)
    flat = images.reshape(30, -1).astype(np.float64)
    wanted = np.linalg.svd(flat - flat.mean(axis=0))[2][:6].T
    np.testing.assert_allclose(mean, flat.mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(np.abs(np.sum(axes * wanted, axis=0)), 1, atol=1e-4)
    np.testing.assert_allclose(np.linalg.norm(axes, axis=0), 1, atol=1e-4)


def test_hand_made_features_measure_size_surface_and_grey() -> None:
    image = np.zeros((9, 11, 13), np.uint8)
    image[2:5, 3:8, 4:11] = 100
    found = hand_made(image)
    voxels, surface = 3 * 5 * 7, 2 * (3 * 5 + 5 * 7 + 3 * 7)
    assert found[:3] == pytest.approx([voxels, surface, surface / voxels])
    assert found[3:6] == pytest.approx([(n * n - 1) / 12 * voxels / (voxels - 1) for n in (7, 5, 3)])
    assert found[8:10] == pytest.approx([100, 0])


def test_what_is_in_the_store_is_not_computed_again(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert store.floats("a/b", lambda: [1.5, math.pi]) == [1.5, math.pi]
    assert store.floats("a/b", lambda: pytest.fail("computed again")) == [1.5, math.pi]
    assert store.array("c", lambda: np.arange(3)).tolist() == [0, 1, 2]
    assert store.array("c", lambda: pytest.fail("computed again")).tolist() == [0, 1, 2]


@pytest.mark.torch
def test_labels_needed_lie_on_the_line_between_two_points() -> None:
    from benchmarks.science.curves import LinearPoint, labels_needed
    from benchmarks.science.scores import Spread

    points = [LinearPoint(10, Spread(0.4, 0, 1)), LinearPoint(1000, Spread(0.6, 0, 1))]
    assert labels_needed(points, 0.5) == pytest.approx(100)
    assert labels_needed(points, 0.3) == 10
    assert labels_needed(points, 0.7) is None


@pytest.mark.torch
def test_the_area_under_the_roc_curve_counts_equal_scores_half() -> None:
    from benchmarks.science.ood import roc_curve

    lost, found = roc_curve(np.array([3.0, 2, 2, 1]), np.array([True, True, False, False]))
    assert float(np.trapezoid(found, lost)) == pytest.approx((1 + 1 + 0.5 + 1) / 4)


@pytest.mark.torch
def test_a_lost_section_is_black_or_repeats_the_one_before() -> None:
    from benchmarks.science.robustness import lost_sections

    em = np.arange(1, 13, dtype=np.float32)[:, None, None] * np.ones((12, 3, 4), np.float32)
    black = lost_sections(2, repeated=False)(em, np.random.default_rng(0))
    repeated = lost_sections(2, repeated=True)(em, np.random.default_rng(0))
    changed = np.flatnonzero((black != em).any(axis=(1, 2)))
    assert len(changed) == 2
    assert changed[1] == changed[0] + 1
    assert (black[changed] == 0).all()
    assert (repeated[changed] == em[changed[0] - 1]).all()


@pytest.mark.torch
def test_the_supervised_network_validates_on_other_cells_than_it_learns_from() -> None:
    from benchmarks.science.supervised import hold_back

    cell = np.repeat(np.arange(30), 7)
    learn, validate = hold_back(np.arange(0, 210, 2), cell, np.random.default_rng(0))
    assert not set(cell[learn]) & set(cell[validate])
    assert len(learn) + len(validate) == 105
    assert 21 <= len(validate) <= 25
