"""The learning curve over the history of labels."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from segclr.errors import TableError
from segclr.evaluation.held_out import predict_held_out
from segclr.evaluation.learning_curve import TAKEN_BACK, History, LearningCurve, learning_curve
from segclr.evaluation.report import evaluate
from segclr.heads.evaluation import Logits, fold_of

Labels = tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.uint64]]


def curve_of(x: NDArray[np.float32], history: History, class_count: int = 3, seed: int = 0) -> LearningCurve:
    curve = learning_curve(x, history, class_count, seed)
    assert curve is not None
    return curve


def test_the_last_point_is_the_panels_macro_f1(labels: Callable[..., Labels]) -> None:
    x, y, cells = labels(300, apart=0.7)
    order = np.random.default_rng(1).permutation(300)
    curve = curve_of(x, History(order, y[order], cells), seed=3)
    report = evaluate(predict_held_out(x, y, cells, 3, seed=3), seed=3)
    assert report is not None
    assert curve.points[-1].macro_f1 == report.macro_f1
    assert (curve.points[-1].events, curve.points[-1].labels) == (300, 300)
    assert (curve.tested, curve.cells) == (report.labels, report.cells)


def test_counts_are_log_spaced_and_more_labels_help(labels: Callable[..., Labels]) -> None:
    x, y, cells = labels(1000, cells=150, d=24, apart=0.5)
    points = curve_of(x, History(np.arange(1000), y, cells)).points
    events = np.array([point.events for point in points])
    assert len(points) == 12
    assert (events[0], events[-1]) == (10, 1000)
    np.testing.assert_allclose(events[1:] / events[:-1], 100 ** (1 / 11), rtol=0.06)
    assert points[-1].macro_f1.low > points[0].macro_f1.high
    for point in points:
        assert point.labels == point.events
        assert 0 <= point.macro_f1.low < point.macro_f1.value < point.macro_f1.high <= 1


def test_every_point_is_tested_on_the_same_labels_and_no_head_has_seen_their_cells(
    labels: Callable[..., Labels],
) -> None:
    x, y, cells = labels(120)
    x[:, 0] = np.arange(120)
    fold = fold_of(cells, 0)
    asked: list[int] = []
    fitted: list[int] = []

    def fit(embeddings: NDArray[np.float64], classes: NDArray[np.int64], groups: NDArray[np.uint64]) -> Logits:
        rows = embeddings[:, 0].astype(int)
        fitted.extend(rows.tolist())

        def logits(others: NDArray[np.float64]) -> NDArray[np.float64]:
            assert set(fold[rows]).isdisjoint(fold[others[:, 0].astype(int)])
            asked.extend(others[:, 0].astype(int).tolist())
            return np.zeros((len(others), 3))

        return logits

    curve = learning_curve(x, History(np.arange(120), y, cells), 3, most_points=4, fit=fit)
    assert curve is not None
    assert np.bincount(asked).tolist() == [4] * 120
    assert np.bincount(fitted)[:10].tolist() == [16] * 10
    assert np.bincount(fitted)[-10:].tolist() == [4] * 10


def test_a_correction_counts_from_when_it_was_made(labels: Callable[..., Labels]) -> None:
    history = History(np.array([5, 2, 5, 2, 7]), np.array([0, 1, 2, TAKEN_BACK, 1]), np.arange(9, dtype=np.uint64))
    held = [dict(zip(*(some.tolist() for some in history.after(count)), strict=True)) for count in range(6)]
    assert held == [{}, {5: 0}, {2: 1, 5: 0}, {2: 1, 5: 2}, {5: 2}, {5: 2, 7: 1}]

    x, y, cells = labels(200)
    wrong_first = History(np.r_[np.arange(200), np.arange(200)], np.r_[(y + 1) % 3, y], cells)
    points = curve_of(x, wrong_first).points
    assert points[-1].macro_f1.value > 0.9
    assert (points[-1].events, points[-1].labels) == (400, 200)
    early = [point for point in points if point.events <= 200]
    assert early
    assert max(point.macro_f1.value for point in early) < 0.2


def test_a_class_that_is_labelled_late_shows_as_a_rise(labels: Callable[..., Labels]) -> None:
    x, y, cells = labels(300)
    order = np.argsort(y == 2, kind="stable")
    points = curve_of(x, History(order, y[order], cells)).points
    before = max(point.macro_f1.value for point in points if point.events <= (y != 2).sum())
    assert before < 0.7 < 0.9 < points[-1].macro_f1.value


def test_a_class_that_all_lies_on_one_cell_is_not_tested(labels: Callable[..., Labels]) -> None:
    x, y, cells = labels(300)
    mine = cells == cells[0]
    y[mine] = 3
    curve = curve_of(x, History(np.arange(300), y, cells), class_count=4)
    assert curve.tested == (~mine).sum()
    assert curve.points[-1].macro_f1.value > 0.9


def test_counts_at_which_a_fold_has_one_class_have_no_point(labels: Callable[..., Labels]) -> None:
    x, y, cells = labels(300)
    order = np.argsort(y, kind="stable")
    points = curve_of(x, History(order, y[order], cells)).points
    assert 0 < len(points) < 12
    assert points[0].events > (y == 0).sum()


def test_the_curve_is_the_same_whenever_it_is_asked_the_same(labels: Callable[..., Labels]) -> None:
    x, y, cells = labels(150)
    history = History(np.arange(150), y, cells)
    assert curve_of(x, history) == curve_of(x, history)


def test_too_little_gives_no_curve(labels: Callable[..., Labels]) -> None:
    x, y, cells = labels(60)
    nothing = np.empty(0, np.int64)
    assert learning_curve(x, History(nothing, nothing, cells), 3) is None
    assert learning_curve(x, History(np.arange(9), y[:9], cells), 3) is None
    assert learning_curve(x, History(np.arange(60), np.ones(60, np.int64), cells), 3) is None
    assert learning_curve(x, History(np.arange(60), y, np.full(60, cells[0])), 3) is None
    assert learning_curve(x, History(np.arange(60), np.full(60, TAKEN_BACK), cells), 3) is None


def test_what_does_not_fit_is_refused(labels: Callable[..., Labels]) -> None:
    x, y, cells = labels(60)
    rows = np.arange(60)
    with pytest.raises(ValueError, match="does not fit"):
        learning_curve(x, History(rows, y[:50], cells), 3)
    with pytest.raises(ValueError, match="rows of the history must be 0 to 59"):
        learning_curve(x, History(rows + 1, y, cells), 3)
    with pytest.raises(ValueError, match="classes of the history must be 0 to 1"):
        learning_curve(x, History(rows, y, cells), 2)
    x[4] = np.inf
    with pytest.raises(TableError):
        learning_curve(x, History(rows, y, cells), 3)
