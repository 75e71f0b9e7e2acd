"""Held-out predictions: no head is asked about a cell that it has seen."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from segclr.errors import TableError, TooFewLabels
from segclr.evaluation.held_out import HeldOutLabels, linear_fit, predict_held_out
from segclr.heads.evaluation import Logits, fold_of
from segclr.heads.linear import fit_head

Labels = tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.uint64]]


def test_no_head_has_seen_the_cell_it_is_asked_about(labels: Callable[..., Labels]) -> None:
    x, y, cells = labels(200)
    x[:, 0] = np.unique(cells, return_inverse=True)[1]
    seen: list[set[float]] = []

    def fit(embeddings: NDArray[np.float64], classes: NDArray[np.int64], groups: NDArray[np.uint64]) -> Logits:
        known = set(embeddings[:, 0].tolist())
        seen.append(known)

        def logits(asked: NDArray[np.float64]) -> NDArray[np.float64]:
            assert known.isdisjoint(asked[:, 0].tolist())
            return np.zeros((len(asked), 3))

        return logits

    held_out = predict_held_out(x, y, cells, 3, fit=fit)
    assert len(seen) == 5
    np.testing.assert_array_equal(held_out.label, np.arange(200))
    np.testing.assert_allclose(held_out.probabilities, 1 / 3)


def test_predictions_are_those_of_the_linear_head_on_the_other_folds(labels: Callable[..., Labels]) -> None:
    x, y, cells = labels(150)
    held_out = predict_held_out(x, y, cells, 3, seed=4)
    fold = fold_of(cells, 4)
    for index in range(5):
        test = fold == index
        head = fit_head(x[~test], y[~test], cells[~test], 3).head
        np.testing.assert_array_equal(held_out.predicted[test], head.predict(x[test]).argmax(axis=1))


def test_they_agree_with_the_figures_of_the_fitted_head(labels: Callable[..., Labels]) -> None:
    x, y, cells = labels(400, apart=0.6)
    figures = fit_head(x, y, cells, 3, seed=2).held_out
    held_out = predict_held_out(x, y, cells, 3, seed=2)
    assert figures is not None
    assert (held_out.predicted == held_out.classes).mean() == pytest.approx(figures.accuracy, abs=0.005)
    assert len(held_out.label) == figures.count == 400


def test_probabilities_sum_to_one_and_are_calibrated(labels: Callable[..., Labels]) -> None:
    x, y, cells = labels(1500, cells=300, apart=0.5)
    held_out = predict_held_out(x, y, cells, 3)
    np.testing.assert_allclose(held_out.probabilities.sum(axis=1), 1)
    right = held_out.predicted == held_out.classes
    assert held_out.confidence.mean() == pytest.approx(right.mean(), abs=0.04)


def test_the_temperature_of_a_fold_does_not_depend_on_its_labels(labels: Callable[..., Labels]) -> None:
    x, y, cells = labels(300)
    test = fold_of(cells, 0) == 1
    turned = np.where(test, (y + 1) % 3, y)  # all labels of the fold are wrong
    x[:, :3] += 20 * np.eye(3)[y]

    def fit(embeddings: NDArray[np.float64], classes: NDArray[np.int64], groups: NDArray[np.uint64]) -> Logits:
        return lambda asked: (asked[:, :3] - x[:, :3].mean(axis=0)) / x[:, :3].std(axis=0)  # whatever the labels

    one, other = (predict_held_out(x, given, cells, 3, fit=fit).probabilities for given in (y, turned))
    np.testing.assert_array_equal(one[test], other[test])
    assert not np.array_equal(one[~test], other[~test])


def test_a_class_on_one_cell_is_predicted_but_marked_as_unknown(labels: Callable[..., Labels]) -> None:
    x, y, cells = labels(100)
    y[cells == cells[0]] = 3
    y[(y == 3) & (cells != cells[0])] = 0
    held_out = predict_held_out(x, y, cells, 5)
    np.testing.assert_array_equal(held_out.known, held_out.classes != 3)
    assert len(held_out.label) == 100
    assert np.isfinite(held_out.probabilities).all()
    assert (held_out.probabilities[~held_out.known, 3] == 0).all()
    assert (held_out.probabilities[:, 4] == 0).all()


def test_one_cell_has_no_held_out_predictions(labels: Callable[..., Labels]) -> None:
    x, y, cells = labels(50, cells=1)
    held_out = predict_held_out(x, y, cells, 3)
    assert isinstance(held_out, HeldOutLabels)
    assert (held_out.asked, len(held_out.label), held_out.probabilities.shape) == (50, 0, (0, 3))


def test_what_cannot_be_fitted_is_refused(labels: Callable[..., Labels]) -> None:
    x, y, cells = labels(50)
    with pytest.raises(TooFewLabels):
        predict_held_out(x, np.zeros(50, np.int64), cells, 3)
    with pytest.raises(TooFewLabels):
        predict_held_out(x[:0], y[:0], cells[:0], 3)
    x[3, 2] = np.nan
    with pytest.raises(TableError, match="row 3"):
        predict_held_out(x, y, cells, 3)


def test_the_fit_of_logits_is_that_of_the_head(labels: Callable[..., Labels]) -> None:
    x, y, cells = labels(60)
    head = fit_head(x, y, cells, 4).head
    logits = linear_fit(4)(x.astype(np.float64), y, cells)(x.astype(np.float64))
    np.testing.assert_array_equal(logits, head.logits(x.astype(np.float64)))
