"""Probabilities that mean what they say."""

import numpy as np
import pytest
from numpy.typing import NDArray

from segclr.heads.calibration import COLDEST, HOTTEST, calibration_error, fit_temperature, softmax


def drawn(count: int, sharpness: float, seed: int = 0) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Logits, and labels drawn from the softmax of `sharpness` times them."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(count, 3)) * 2
    probabilities = softmax(logits * sharpness)
    return logits, (probabilities.cumsum(axis=1) > rng.random((count, 1))).argmax(axis=1)


def test_softmax_is_exact_for_large_and_absent_logits() -> None:
    logits = np.array([[1000.0, 1000.0, -np.inf], [0.0, np.log(3.0), -np.inf]])
    np.testing.assert_allclose(softmax(logits), [[0.5, 0.5, 0], [0.25, 0.75, 0]], rtol=1e-12)
    assert softmax(logits)[0, 2] == 0
    np.testing.assert_allclose(softmax(logits, 0.5)[1], [0.1, 0.9, 0], rtol=1e-12)


@pytest.mark.parametrize("sharpness", [0.4, 1.0, 2.0])
def test_the_temperature_that_made_the_labels_is_found(sharpness: float) -> None:
    logits, classes = drawn(4000, sharpness)
    assert fit_temperature(logits, classes) == pytest.approx(1 / sharpness, rel=0.1)


def test_the_temperature_is_where_the_cost_is_least() -> None:
    logits, classes = drawn(60, 0.5)
    logits[:, 0] = np.where(classes == 0, logits[:, 0], -np.inf)
    found = fit_temperature(logits, classes)

    def cost(temperature: float) -> float:
        likely = 0.98 * softmax(logits, temperature)[np.arange(60), classes] + 0.02 / 3
        return float(-np.log(likely).sum() + 0.5 * (np.log(temperature) / 0.5) ** 2)

    grid = np.exp(np.linspace(np.log(COLDEST), np.log(HOTTEST), 2001))
    assert found == pytest.approx(grid[np.argmin([cost(t) for t in grid])], rel=2e-3)


def test_the_temperature_stays_within_bounds_and_few_labels_hardly_move_it() -> None:
    right, classes = np.eye(3)[np.arange(999) % 3] * 5.0, np.arange(999) % 3
    wrong = np.roll(classes, 1)
    assert fit_temperature(right / 50, classes) == pytest.approx(COLDEST, rel=0.01)
    assert fit_temperature(right, wrong) == pytest.approx(HOTTEST, rel=0.01)
    assert 0.8 < fit_temperature(right[:3], classes[:3]) < 1


def test_a_few_confident_mistakes_do_not_drown_every_probability() -> None:
    logits, classes = drawn(1000, 1.0)
    logits[:10] = 60 * np.roll(np.eye(3), 1, axis=0)[classes[:10]]  # one label in a hundred: sure, and wrong
    assert fit_temperature(logits, classes) == pytest.approx(1, abs=0.15)


def test_calibration_error_is_the_gap_by_bins() -> None:
    probabilities = np.array([[0.95, 0.05], [0.91, 0.09], [0.65, 0.35], [0.3, 0.7], [1.0, 0.0]])
    classes = np.array([0, 1, 0, 1, 0])
    # bin 0.9 to 1: confidences .95, .91, 1, right 2 of 3; 0.6 to 0.7: .65, right; 0.7 to 0.8: .7, right
    expected = (abs(0.95 + 0.91 + 1.0 - 2) + 0.35 + 0.3) / 5
    assert calibration_error(probabilities, classes) == pytest.approx(expected)


def test_calibration_lowers_the_error_of_an_overconfident_head() -> None:
    logits, classes = drawn(3000, 0.4)
    before = calibration_error(softmax(logits), classes)
    after = calibration_error(softmax(logits, fit_temperature(logits, classes)), classes)
    assert after < 0.04 < 0.15 < before
