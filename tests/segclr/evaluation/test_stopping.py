"""The stopping gauge."""

import numpy as np
import pytest

from segclr.evaluation.agreement import cohen
from segclr.evaluation.stopping import Change, compare, gauge

NAMES = ("axon", "dendrite", "glia")


def test_changes_are_counted_and_the_commonest_is_named() -> None:
    before = np.array([0] * 600 + [1] * 400, np.uint8)
    now = before.copy()
    now[:30] = 1
    now[600:610] = 0
    change = compare(before, now, labels=50)
    assert (change.labels, change.rows, change.changed, change.share) == (50, 1000, 40, 0.04)
    assert change.largest == (0, 1, 30)
    assert (
        change.sentence(NAMES) == "the last 50 labels changed 4.0 % of predictions, most of them from axon to dendrite"
    )


def test_kappa_is_cohens() -> None:
    rng = np.random.default_rng(0)
    before = rng.integers(0, 3, 3000).astype(np.uint8)
    now = np.where(rng.random(3000) < 0.2, rng.integers(0, 3, 3000), before).astype(np.uint8)
    by_pairs = cohen(before.astype(int), now.astype(int), np.arange(3000, dtype=np.uint64), 3).kappa
    assert by_pairs is not None
    assert compare(before, now).kappa == pytest.approx(by_pairs.value)


def test_rows_without_a_class_are_compared_too_and_the_highest_codes_are_kept_apart() -> None:
    before = np.full(10, 255, np.uint8)
    now = np.array([254] * 4 + [1] * 6, np.uint8)
    change = compare(before, now, labels=1)
    assert (change.changed, change.largest) == (10, (255, 1, 6))
    assert change.sentence(NAMES) == (
        "the last label changed 100.0 % of predictions, most of them from no class to dendrite"
    )


def test_more_rows_than_are_counted_at_once_are_all_counted() -> None:
    before = np.zeros((1 << 20) + 3, np.uint8)
    now = before.copy()
    now[[0, 1 << 20, -1]] = 1
    change = compare(before, now)
    assert (change.changed, change.rows) == (3, (1 << 20) + 3)
    assert "less than 0.1 %" in change.sentence(NAMES)


def test_almost_everything_is_not_called_everything_and_nothing_is_called_nothing() -> None:
    before, now = np.zeros(4000, np.uint8), np.ones(4000, np.uint8)
    now[0] = 0
    assert "more than 99.9 %" in compare(before, now).sentence(NAMES)
    same = compare(before, before)
    assert (same.changed, same.kappa, same.largest) == (0, 1.0, None)
    assert same.sentence(NAMES) == "the last 50 labels changed 0.0 % of predictions"


def test_no_rows_have_no_nan() -> None:
    nothing = np.empty(0, np.uint8)
    change = compare(nothing, nothing)
    assert (change.share, change.kappa) == (0.0, 1.0)
    assert change.sentence(NAMES) == "there are no predictions to compare yet"


def test_predictions_of_different_tables_are_refused() -> None:
    with pytest.raises(ValueError, match="predictions of 3 rows and of 4"):
        compare(np.zeros(3, np.uint8), np.zeros(4, np.uint8))


def test_one_large_class_does_not_pass_for_settled() -> None:
    before = np.zeros(10_000, np.uint8)
    before[:50] = 1
    now = np.zeros(10_000, np.uint8)
    now[:25] = 1
    now[-25:] = 1
    change = compare(before, now)
    assert change.share == 0.005
    assert change.kappa < 0.6
    assert not gauge([change] * 3).settled


def a_change(changed: int, kappa: float) -> Change:
    return Change(50, 1000, changed, kappa, None)


def test_the_history_is_smoothed_over_three_and_settles_after_three_comparisons() -> None:
    changes = [a_change(300, 0.5), a_change(30, 0.97), a_change(0, 0.99), a_change(3, 0.992), a_change(6, 0.991)]
    found = gauge(changes)
    assert found.shares == pytest.approx((0.3, 0.165, 0.11, 0.011, 0.003))
    assert found.settled
    assert not gauge(changes[:4]).settled
    assert not gauge(changes[-2:]).settled
    assert gauge([]).shares == ()
    assert not gauge([]).settled
