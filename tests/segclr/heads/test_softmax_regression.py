"""The optimiser against the loss written out slowly."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from segclr.heads.softmax_regression import fit_softmax


def slow_loss(
    parameters: NDArray[np.float64],
    features: NDArray[np.float64],
    classes: NDArray[np.int64],
    sample_weights: NDArray[np.float64],
    penalty: float,
) -> float:
    loss = 0.0
    for row, label, weight in zip(features, classes, sample_weights, strict=True):
        logits = [sum(w * v for w, v in zip(own, row, strict=False)) + own[-1] for own in parameters]
        loss -= weight * (logits[label] - math.log(sum(math.exp(logit) for logit in logits)))
    return loss / sample_weights.sum() + penalty / 2 * sum(w * w for own in parameters for w in own[:-1])


def labelled(seed: int, k: int = 40, d: int = 3, class_count: int = 3) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    rng = np.random.default_rng(seed)
    classes = rng.integers(0, class_count, k)
    classes[:class_count] = np.arange(class_count)
    return rng.normal(size=(k, d)) + rng.normal(size=(class_count, d))[classes], classes


@pytest.mark.parametrize("weighted", [False, True])
def test_no_step_in_any_direction_lowers_the_loss(weighted: bool) -> None:
    features, classes = labelled(1)
    rng = np.random.default_rng(2)
    weights = rng.uniform(0.2, 5, len(classes)) if weighted else np.ones(len(classes))
    found = fit_softmax(features, classes, weights, 0.05, np.zeros((3, 4)))
    least = slow_loss(found, features, classes, weights, 0.05)
    for size in (0.3, 0.03):
        for _ in range(20):
            step = rng.normal(size=found.shape) * size
            assert slow_loss(found + step, features, classes, weights, 0.05) > least


def test_the_start_does_not_decide_the_end() -> None:
    features, classes = labelled(3, k=200, d=6, class_count=4)
    cold = fit_softmax(features, classes, np.ones(200), 0.03, np.zeros((4, 7)))
    warm = fit_softmax(features, classes, np.ones(200), 0.03, np.random.default_rng(0).normal(size=(4, 7)) * 3)
    # adding one number to all biases changes nothing, so the biases are compared without their mean
    for parameters in (cold, warm):
        parameters[:, -1] -= parameters[:, -1].mean()
    np.testing.assert_allclose(warm, cold, atol=5e-3)


def test_a_label_of_weight_two_is_two_labels() -> None:
    features, classes = labelled(4)
    weights = np.ones(len(classes))
    weights[5] = 2
    twice = fit_softmax(features, classes, weights, 0.05, np.zeros((3, 4)))
    listed = fit_softmax(
        np.vstack([features, features[5]]), np.append(classes, classes[5]), np.ones(41), 0.05, np.zeros((3, 4))
    )
    np.testing.assert_allclose(twice, listed, atol=1e-3)


def test_classes_that_can_be_told_apart_perfectly_get_finite_weights() -> None:
    features = np.array([[-1.0], [-2.0], [1.0], [3.0]])
    found = fit_softmax(features, np.array([0, 0, 1, 1]), np.ones(4), 0.1, np.zeros((2, 2)))
    assert np.abs(found).max() < 10
    assert ((features @ found[:, :-1].T + found[:, -1]).argmax(axis=1) == [0, 0, 1, 1]).all()


def test_features_that_almost_copy_each_other_do_not_hide_the_minimum() -> None:
    features, classes = labelled(5, k=120, d=4, class_count=4)
    features = np.hstack([features, features + 1e-3 * np.random.default_rng(6).normal(size=features.shape)])
    rough = fit_softmax(features, classes, np.ones(120), 1e-4, np.zeros((4, 9)))
    exact = fit_softmax(features, classes, np.ones(120), 1e-4, np.zeros((4, 9)), tolerance=1e-13)
    losses = [slow_loss(found, features, classes, np.ones(120), 1e-4) for found in (rough, exact)]
    assert losses[1] <= losses[0] < losses[1] + 1e-5


def test_the_weights_of_all_classes_sum_to_zero() -> None:
    features, classes = labelled(7)
    found = fit_softmax(features, classes, np.ones(40), 0.05, np.random.default_rng(8).normal(size=(3, 4)))
    np.testing.assert_allclose(found.sum(axis=0), 0, atol=1e-12)
