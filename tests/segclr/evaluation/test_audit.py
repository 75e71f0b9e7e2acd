"""Accuracy in the volume, from audit places alone."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from segclr.evaluation.audit import FEWEST_AUDITED, FEWEST_OF_CLASS, audit
from segclr.evaluation.held_out import HeldOutLabels, predict_held_out
from segclr.heads.evaluation import wilson_interval

Labels = tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.uint64]]
Said = Callable[..., HeldOutLabels]


def test_only_audit_labels_count(said: Said) -> None:
    classes = np.arange(300) % 3
    is_audit = np.arange(300) < 100
    wrong = (np.arange(300) >= 100) | (np.arange(300) % 10 == 0)  # a tenth of the audit, all of the queue
    found = audit(said(classes, np.where(wrong, (classes + 1) % 3, classes)), is_audit, skipped=3, marked=1)
    assert found.accuracy is not None
    assert found.accuracy.value == pytest.approx(0.9)
    assert (found.labels, found.cells, found.skipped, found.marked) == (100, 100, 3, 1)
    assert found.sentence == (
        "right at 90 % of places (95 % interval 83 % to 94 %), by 100 audit labels on 100 cells; "
        "not counted: 3 audit places skipped and 1 marked unsure or badly segmented "
        "(87 % right if the head is wrong at all of them)"
    )


def test_by_independent_places_the_interval_is_wilsons(said: Said) -> None:
    classes = np.zeros(200, np.int64)
    predicted = (np.arange(200) % 5 == 0).astype(int)
    found = audit(said(classes, predicted), np.ones(200, np.bool_))
    assert found.accuracy is not None
    assert (found.accuracy.low, found.accuracy.high) == pytest.approx(wilson_interval(0.8, 200), abs=2e-3)


def test_places_of_one_cell_do_not_make_it_surer(said: Said) -> None:
    classes, cells = np.zeros(200, np.int64), np.arange(200) // 10
    predicted = (cells % 5 == 0).astype(int)
    alone, crowded = (audit(said(classes, predicted, ids), np.ones(200, np.bool_)) for ids in (None, cells))
    assert alone.accuracy is not None
    assert crowded.accuracy is not None
    assert crowded.accuracy.value == alone.accuracy.value
    assert crowded.accuracy.high - crowded.accuracy.low > 2.5 * (alone.accuracy.high - alone.accuracy.low)
    assert crowded.cells == 20


def test_per_predicted_class_it_is_the_share_of_right_ones_where_there_are_enough(said: Said) -> None:
    classes = np.repeat([0, 1, 1], [45, 5, 9])
    predicted = np.repeat([0, 0, 1], [45, 5, 9])
    first, second, third = audit(said(classes, predicted), np.ones(59, np.bool_)).classes
    assert first.right is not None
    assert (first.code, first.predicted, first.right.value) == (0, 50, 0.9)
    assert (second.predicted, second.right) == (FEWEST_OF_CLASS - 1, None)
    assert (third.predicted, third.right) == (0, None)


def test_too_few_are_said_to_be_too_few(said: Said) -> None:
    classes = np.zeros(FEWEST_AUDITED, np.int64)
    is_audit = np.arange(FEWEST_AUDITED) > 0
    found = audit(said(classes, classes), is_audit)
    assert found.accuracy is None
    assert found.sentence == "29 audit labels so far: too few to tell, 30 are needed"
    assert audit(said(classes, classes), is_audit | True).accuracy is not None
    nothing = audit(said(classes[:0], classes[:0]), is_audit[:0], skipped=1)
    assert nothing.sentence == (
        "0 audit labels so far: too few to tell, 30 are needed; not counted: 1 audit place skipped and 0 marked "
        "unsure or badly segmented"
    )
    assert "1 audit label so far" in audit(said(classes, classes), np.arange(FEWEST_AUDITED) == 3).sentence


def test_a_class_that_the_head_could_not_know_counts_as_wrong(labels: Callable[..., Labels]) -> None:
    x, y, cells = labels(300)
    y[cells == cells[0]] = 3
    held_out = predict_held_out(x, y, cells, 4)
    found = audit(held_out, np.ones(300, np.bool_))
    right = ((held_out.predicted == held_out.classes) & held_out.known).sum()
    assert found.accuracy is not None
    assert (~held_out.known).sum() == (y == 3).sum() > 0
    assert found.accuracy.value == right / 300


def test_one_cell_gives_no_figure(labels: Callable[..., Labels]) -> None:
    found = audit(predict_held_out(*labels(50, cells=1), 3), np.ones(50, np.bool_))
    assert (found.labels, found.accuracy) == (0, None)


def test_marks_of_other_labels_are_refused(said: Said) -> None:
    with pytest.raises(ValueError, match="40 labels were predicted"):
        audit(said(np.zeros(40, np.int64), np.zeros(40, np.int64)), np.ones(39, np.bool_))


def test_a_queue_that_asks_for_hard_places_biases_the_labels_but_not_the_audit() -> None:
    rng = np.random.default_rng(5)
    n, cells = 6000, 600
    cell = rng.integers(0, cells, n)
    classes = rng.integers(0, 2, n)
    x = rng.normal(size=(n, 4))
    x[:, 0] += 2.4 * classes + 0.4 * rng.normal(size=cells)[cell]
    drawn = rng.permutation(n)[:300]
    hard = np.argsort(np.abs(x[:, 0] - 1.2))[:300]
    hard = hard[~np.isin(hard, drawn)]
    rows = np.concatenate([drawn, hard])
    held_out = predict_held_out(x[rows], classes[rows], cell[rows].astype(np.uint64), 2)
    truth = (((x[:, 0] > 1.2).astype(int)) == classes).mean()  # of the best head there is, nearly that fitted here
    found = audit(held_out, np.arange(len(rows)) < 300).accuracy
    assert found is not None
    assert found.low < truth < found.high
    assert (held_out.predicted == held_out.classes).mean() < truth - 0.1
