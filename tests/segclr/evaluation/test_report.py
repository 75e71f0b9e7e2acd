"""The evaluation panel's figures."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from segclr.evaluation.held_out import HeldOutLabels, predict_held_out
from segclr.evaluation.intervals import resampled_sums
from segclr.evaluation.report import Report, evaluate
from segclr.evaluation.scores import confusion_by_cell, f1_of, macro_estimate, macro_of
from segclr.heads.evaluation import macro_f1, wilson_interval

Labels = tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.uint64]]
Said = Callable[..., HeldOutLabels]


def report_of(held_out: HeldOutLabels) -> Report:
    report = evaluate(held_out)
    assert report is not None
    return report


def test_figures_of_a_known_confusion_matrix_are_right(said: Said) -> None:
    # given 0: 8 right, 2 as class 1; given 1: 6 right, 3 as class 0, 1 as class 2; class 2 has no label
    classes = np.repeat([0, 0, 1, 1, 1], [8, 2, 6, 3, 1])
    predicted = np.repeat([0, 1, 1, 0, 2], [8, 2, 6, 3, 1])
    report = report_of(said(classes, predicted))
    np.testing.assert_array_equal(report.confusion, [[8, 2, 0], [3, 6, 1], [0, 0, 0]])
    first, second, third = report.classes
    assert first.precision is not None
    assert first.recall is not None
    assert first.f1 is not None
    assert (first.precision.value, first.recall.value) == pytest.approx((8 / 11, 8 / 10))
    assert first.f1.value == pytest.approx(16 / 21)
    assert (first.labels, first.predicted, second.predicted, third.predicted) == (10, 11, 8, 1)
    assert (third.labels, third.recall, third.f1) == (0, None, None)
    assert third.precision is not None
    assert third.precision.value == 0
    assert report.macro_f1.value == pytest.approx((16 / 21 + 12 / 18) / 2)
    assert report.accuracy.value == pytest.approx(14 / 20)
    assert (report.accuracy.low, report.accuracy.high) == wilson_interval(14 / 20, 20)
    assert (report.labels, report.cells, report.untested) == (20, 20, 0)


def test_each_cell_of_the_confusion_matrix_opens_its_labels_the_surest_mistake_first(said: Said) -> None:
    classes, predicted = np.arange(60) % 3, np.arange(60) * 7 // 3 % 3
    confidence = np.linspace(0.4, 0.99, 60)[np.random.default_rng(1).permutation(60)]
    report = report_of(said(classes, predicted, confidence=confidence))
    opened = [report.labels_in(given, says) for given in range(3) for says in range(3)]
    assert [len(some) for some in opened] == report.confusion.ravel().tolist()
    assert sorted(np.concatenate(opened).tolist()) == list(range(60))
    for some in opened:
        assert (np.diff(confidence[some]) <= 0).all()
    assert (classes[opened[1]] == 0).all()
    assert (predicted[opened[1]] == 1).all()


def test_indices_are_those_of_the_labels_asked_about_also_where_some_are_untested(said: Said) -> None:
    classes = np.arange(40) % 3
    report = report_of(said(classes, (classes + 1) % 3, known=classes != 1))
    assert (report.labels, report.untested) == (27, 13)
    assert [each.untested for each in report.classes] == [0, 13, 0]
    np.testing.assert_array_equal(report.labels_in(2, 0), np.flatnonzero(classes == 2))


def test_vectorised_f1_is_the_heads_f1() -> None:
    rng = np.random.default_rng(5)
    for _ in range(20):
        classes, predicted = rng.integers(0, 4, 30), rng.integers(0, 5, 30)
        matrix = confusion_by_cell(classes, predicted, rng.integers(0, 6, 30).astype(np.uint64), 5).sum(axis=0)[None]
        assert macro_of(matrix)[0] == pytest.approx(macro_f1(predicted, classes))
        assert np.isnan(f1_of(matrix)[0, 4])


def test_intervals_hold_their_figure_and_are_no_narrower_for_labels_crowded_on_few_cells(said: Said) -> None:
    rng = np.random.default_rng(2)
    classes = np.arange(600) % 3
    cells = np.arange(600) // 30
    wrong = rng.random(20)[cells] < 0.2  # whole cells are wrong
    predicted = np.where(wrong, (classes + 1) % 3, classes)
    crowded = report_of(said(classes, predicted, cells))
    alone = report_of(said(classes, predicted))
    for report in (crowded, alone):
        for figure in (report.macro_f1, report.accuracy, *(each.f1 for each in report.classes)):
            assert figure is not None
            assert 0 <= figure.low < figure.value < figure.high <= 1
    assert crowded.macro_f1.value == alone.macro_f1.value
    assert crowded.macro_f1.high - crowded.macro_f1.low > 3 * (alone.macro_f1.high - alone.macro_f1.low)


def test_a_perfect_head_is_not_said_to_be_perfect(said: Said) -> None:
    classes = np.arange(30) % 3
    report = report_of(said(classes, classes))
    assert report.macro_f1.value == report.macro_f1.high == 1
    assert 0.75 < report.macro_f1.low < 0.95
    for each in report.classes:
        assert each.recall is not None
        assert each.recall.low < 0.75


def test_intervals_of_macro_f1_cover_the_truth() -> None:
    rng = np.random.default_rng(8)

    def draw(cells: int) -> NDArray[np.float64]:
        cell = np.repeat(np.arange(cells), 6)
        classes = rng.integers(0, 3, len(cell))
        wrong = rng.random(len(cell)) > rng.beta(6, 1.5, cells)[cell]
        predicted = np.where(wrong, (classes + rng.integers(1, 3, len(cell))) % 3, classes)
        return confusion_by_cell(classes, predicted, cell.astype(np.uint64), 3)

    truth = macro_of(draw(30_000).sum(axis=0)[None])[0]
    covered = 0
    for seed in range(200):
        by_cell = draw(30)
        figure = macro_estimate(by_cell, resampled_sums(by_cell, seed))
        covered += figure.low <= truth <= figure.high
    assert 0.91 <= covered / 200 <= 0.99


def test_a_report_is_the_same_whenever_it_is_asked_the_same(labels: Callable[..., Labels]) -> None:
    held_out = predict_held_out(*labels(200), 3)
    first, again, other = (evaluate(held_out, seed) for seed in (1, 1, 2))
    assert first is not None
    assert again is not None
    assert other is not None
    assert (first.macro_f1, first.classes) == (again.macro_f1, again.classes)
    assert first.macro_f1 != other.macro_f1


def test_the_order_of_labels_changes_no_figure(said: Said) -> None:
    rng = np.random.default_rng(6)
    classes, predicted, cells = rng.integers(0, 3, 120), rng.integers(0, 3, 120), rng.integers(0, 20, 120)
    confidence, order = rng.uniform(0.4, 1, 120), rng.permutation(120)
    one = report_of(said(classes, predicted, cells, confidence))
    other = report_of(said(classes[order], predicted[order], cells[order], confidence[order]))
    assert (one.macro_f1, one.accuracy, one.classes) == (other.macro_f1, other.accuracy, other.classes)
    np.testing.assert_array_equal(one.labels_in(0, 1), order[other.labels_in(0, 1)])


def test_too_little_to_say_anything_gives_no_report(said: Said, labels: Callable[..., Labels]) -> None:
    none = np.empty(0, np.int64)
    assert evaluate(said(none, none)) is None
    assert evaluate(said(np.zeros(50, np.int64), np.zeros(50, np.int64))) is None
    assert evaluate(said(np.arange(9) % 3, np.arange(9) % 3)) is None
    assert evaluate(predict_held_out(*labels(80, cells=1), 3)) is None


def test_two_cells_still_give_an_interval_and_a_wide_one(said: Said) -> None:
    classes = np.arange(40) % 2
    report = report_of(said(classes, np.where(np.arange(40) < 4, 1 - classes, classes), np.arange(40) // 20))
    assert report.accuracy.high - report.accuracy.low > 0.5
    assert report.macro_f1.high - report.macro_f1.low > 0.3


def test_every_figure_is_finite_or_absent(labels: Callable[..., Labels]) -> None:
    x, y, cells = labels(60, class_count=5, cells=12)
    y[y == 4] = 0
    report = report_of(predict_held_out(x, y, cells, 9))
    figures = [report.macro_f1, report.accuracy, *(bin_.accuracy for bin_ in report.reliability.bins)]
    figures += [figure for each in report.classes for figure in (each.precision, each.recall, each.f1)]
    assert len(report.classes) == 9
    for figure in figures:
        assert figure is None or np.isfinite([figure.value, figure.low, figure.high]).all()
