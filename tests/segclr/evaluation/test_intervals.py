"""Intervals of figures on places that lie in cells."""

import numpy as np
import pytest

from segclr.evaluation.intervals import (
    FEWEST_CELLS,
    Estimate,
    bootstrap_interval,
    clustered_share,
    mean_of,
    resampled_sums,
    sums_by_cell,
)
from segclr.heads.evaluation import wilson_interval


def test_sums_tell_cells_apart_whose_ids_differ_in_the_last_bit() -> None:
    cells = np.array([2**63 + 7, 2**63 + 6, 2**63 + 7], np.uint64)
    np.testing.assert_array_equal(sums_by_cell(np.array([[1.0], [2.0], [4.0]]), cells), [[2.0], [5.0]])


def test_draws_of_cells_have_the_mean_and_spread_of_drawing_with_replacement() -> None:
    by_cell = np.stack([np.arange(20.0), np.ones(20)], axis=1)
    drawn = resampled_sums(by_cell, seed=3, draws=4000)
    np.testing.assert_array_equal(drawn[:, 1], 20)
    assert drawn[:, 0].mean() == pytest.approx(190, abs=2)
    assert drawn[:, 0].std() == pytest.approx(np.sqrt(20) * np.arange(20).std(), rel=0.05)


def test_draws_are_the_same_for_other_figures_of_the_same_cells() -> None:
    by_cell = np.random.default_rng(0).normal(size=(12, 3))
    alone = resampled_sums(by_cell[:, 1:2], 5)
    np.testing.assert_allclose(resampled_sums(by_cell, 5)[:, 1:2], alone, rtol=1e-9, atol=1e-9)
    assert not np.array_equal(resampled_sums(by_cell, 5), resampled_sums(by_cell, 6))


def test_too_few_cells_are_not_bootstrapped() -> None:
    drawn = np.linspace(0, 1, 100)
    assert bootstrap_interval(0.5, drawn, FEWEST_CELLS - 1) is None
    found = bootstrap_interval(0.5, drawn, FEWEST_CELLS)
    many = bootstrap_interval(0.5, drawn, 10_000)
    assert found is not None
    assert many is not None
    assert found.low < many.low == pytest.approx(0.025, abs=1e-3)
    assert found.high > many.high == pytest.approx(0.975, abs=1e-3)


def test_a_figure_that_most_draws_leave_undefined_has_no_bootstrap_interval() -> None:
    drawn = np.full(100, np.nan)
    drawn[:50] = 0.5
    assert bootstrap_interval(0.5, drawn, 50) is None
    drawn[50] = 0.5
    assert bootstrap_interval(0.5, drawn, 50) == Estimate(0.5, 0.5, 0.5)


def test_a_share_of_independent_places_has_their_wilson_interval() -> None:
    hits = (np.arange(1000) % 5 > 0).astype(float)
    share = clustered_share(hits, np.ones(1000))
    assert share is not None
    assert (share.value, share.low, share.high) == pytest.approx((0.8, *wilson_interval(0.8, 1000)), abs=1e-3)


def test_places_that_repeat_each_other_within_cells_count_as_one_per_cell() -> None:
    hits = np.where(np.arange(100) % 5 > 0, 10.0, 0.0)
    share = clustered_share(hits, np.full(100, 10.0))
    assert share is not None
    assert (share.low, share.high) == pytest.approx(wilson_interval(0.8, 100), abs=0.004)


@pytest.mark.parametrize(("cells", "hit"), [(50, 1.0), (50, 0.0), (1, 1.0)])
def test_no_mistake_yet_is_no_proof_of_perfection(cells: int, hit: float) -> None:
    share = clustered_share(np.full(cells, 10 * hit), np.full(cells, 10.0))
    assert share is not None
    assert (share.value, share.low, share.high) == pytest.approx((hit, *wilson_interval(hit, cells)))


def test_no_trials_give_no_share() -> None:
    assert clustered_share(np.zeros(3), np.zeros(3)) is None
    assert clustered_share(np.empty(0), np.empty(0)) is None


def test_the_mean_of_independent_figures_is_surer_than_each() -> None:
    mean = mean_of([Estimate(0.5, 0.4, 0.6)] * 4)
    assert (mean.value, mean.low, mean.high) == pytest.approx((0.5, 0.45, 0.55))


def test_intervals_of_a_share_cover_the_truth_as_often_as_they_say() -> None:
    rng = np.random.default_rng(11)
    covered = naive = 0
    for _ in range(400):
        trials = rng.poisson(8, 40) + 1.0
        hits = rng.binomial(trials.astype(int), rng.beta(4.0, 1.0, 40)).astype(float)  # the mean is 0.8
        share = clustered_share(hits, trials)
        assert share is not None
        covered += share.low <= 0.8 <= share.high
        low, high = wilson_interval(hits.sum() / trials.sum(), trials.sum())
        naive += low <= 0.8 <= high
    assert 0.92 <= covered / 400 <= 0.98
    assert naive / 400 < 0.88  # what counting every place as independent would have given
