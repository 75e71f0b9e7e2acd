"""The reliability diagram."""

from collections.abc import Callable

import numpy as np
import pytest

from segclr.evaluation.held_out import HeldOutLabels
from segclr.evaluation.reliability import BINS, measure_reliability
from segclr.heads.calibration import calibration_error

Said = Callable[..., HeldOutLabels]


def test_bins_of_a_known_diagram_are_right(said: Said) -> None:
    # ten labels at 0.75, six of them right; five at 0.96, all right
    classes = np.zeros(15, np.int64)
    predicted = np.repeat([0, 1, 0], [6, 4, 5])
    confidence = np.repeat([0.75, 0.96], [10, 5])
    diagram = measure_reliability(said(classes, predicted, confidence=confidence))
    assert [each.count for each in diagram.bins] == [0, 0, 0, 0, 0, 0, 0, 10, 0, 5]
    seventh, last = diagram.bins[7], diagram.bins[9]
    assert (seventh.low, seventh.high, last.high) == (0.7, 0.8, 1.0)
    assert seventh.confidence == pytest.approx(0.75)
    assert seventh.accuracy is not None
    assert last.accuracy is not None
    assert (seventh.accuracy.value, last.accuracy.value) == (0.6, 1.0)
    assert last.accuracy.low < 0.6
    assert diagram.ece == pytest.approx((10 * 0.15 + 5 * 0.04) / 15)
    assert (diagram.bins[0].confidence, diagram.bins[0].accuracy) == (None, None)


def test_certainty_falls_into_the_last_bin(said: Said) -> None:
    diagram = measure_reliability(said(np.zeros(4, np.int64), np.zeros(4, np.int64), confidence=1.0))
    assert diagram.bins[BINS - 1].count == 4
    assert diagram.ece == diagram.ece_by_chance == 0


def test_the_error_is_the_heads_expected_calibration_error(said: Said) -> None:
    rng = np.random.default_rng(3)
    held_out = said(rng.integers(0, 3, 200), rng.integers(0, 3, 200), confidence=rng.uniform(0.4, 1, 200))
    diagram = measure_reliability(held_out)
    assert diagram.ece == calibration_error(held_out.probabilities, held_out.classes)
    by_bins = sum(
        each.count * abs(each.confidence - each.accuracy.value)
        for each in diagram.bins
        if each.confidence is not None and each.accuracy is not None
    )
    assert diagram.ece == pytest.approx(by_bins / 200)


def test_an_honest_head_shows_no_more_error_than_chance_and_a_boastful_one_does(said: Said) -> None:
    rng = np.random.default_rng(4)
    confidence = rng.uniform(0.5, 1, 500)
    classes = np.zeros(500, np.int64)
    honest = measure_reliability(said(classes, np.where(rng.random(500) < confidence, 0, 1), confidence=confidence))
    boastful = measure_reliability(said(classes, (rng.random(500) < 0.5).astype(int), confidence=confidence))
    assert 0.01 < honest.ece_by_chance < 0.06
    assert honest.ece < 1.6 * honest.ece_by_chance
    assert boastful.ece > 4 * boastful.ece_by_chance
