"""The variance of a linear model at every candidate, against the formulas written out."""

import numpy as np
import pytest
from numpy.typing import NDArray

from segclr.queue.design import Design


def cloud(count: int = 60, seed: int = 0) -> NDArray[np.float32]:
    rng = np.random.default_rng(seed)
    return (rng.standard_normal((count, 4)) * [1, 5, 0.1, 2] + [3, 0, -40, 0]).astype(np.float32)


def by_hand(points: NDArray[np.float32], labelled: NDArray[np.float32]) -> NDArray[np.float64]:
    """(n, n) covariance of what a linear model says of all points, after these labels."""

    def scaled(x: NDArray[np.float32]) -> NDArray[np.float64]:
        z = (x.astype(np.float64) - points.mean(axis=0)) / points.std(axis=0)
        return np.column_stack([z, np.full(len(x), 2.0)])

    z, known = scaled(points), scaled(labelled)
    return z @ np.linalg.inv(known.T @ known + np.eye(5)) @ z.T


def design(points: NDArray[np.float32], labelled: NDArray[np.float32]) -> Design:
    return Design(points, labelled, np.random.default_rng(0))


def test_the_variance_is_that_of_a_linear_model_fitted_to_the_labels() -> None:
    points = cloud()
    for count in (0, 1, 30):
        covariance = by_hand(points, points[:count])
        assert np.allclose(design(points, points[:count]).variance(), np.diag(covariance), rtol=1e-3)


def test_the_gain_is_by_how_much_one_label_more_lowers_the_mean_variance() -> None:
    points = cloud()
    now = np.diag(by_hand(points, points[:7])).mean()
    then = [np.diag(by_hand(points, points[[*range(7), at]])).mean() for at in range(len(points))]
    assert np.allclose(design(points, points[:7]).gain(), now - np.array(then), rtol=2e-3, atol=1e-5)


def test_what_is_chosen_counts_as_what_is_labelled() -> None:
    points = cloud()
    grown = design(points, points[:3])
    for at in (10, 40, 11, 59):
        grown.take(at)
    anew = design(points, points[[0, 1, 2, 10, 40, 11, 59]])
    assert np.allclose(grown.variance(), anew.variance(), rtol=1e-3, atol=1e-5)
    assert np.allclose(grown.gain(), anew.gain(), rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("points", [np.zeros((0, 4), np.float32), np.ones((5, 4), np.float32)])
def test_without_candidates_or_differences_nothing_breaks(points: NDArray[np.float32]) -> None:
    found = design(points, points[:1])
    assert np.isfinite(found.gain()).all()
    assert len(found.variance()) == len(points)
