"""Folds by segment, scores and intervals."""

import numpy as np
import pytest

from segclr.heads.evaluation import FOLDS, fold_of, independent_count, macro_f1, score, wilson_interval

BIG = np.uint64(2**63 + 5)


def test_a_segment_is_always_in_the_same_fold_whatever_else_is_labelled() -> None:
    groups = np.array([BIG, 7, BIG + np.uint64(977), 7, BIG], np.uint64)
    folds = fold_of(groups, seed=3)
    assert folds[0] == folds[4]
    assert folds[1] == folds[3]
    for index in range(5):
        assert fold_of(groups[index : index + 1], seed=3)[0] == folds[index]


def test_ids_that_differ_in_the_last_bit_are_different_segments() -> None:
    ids = BIG + np.arange(64, dtype=np.uint64)
    assert len(np.unique(fold_of(ids, seed=0))) == FOLDS


def test_folds_are_even_also_for_ids_in_steps_and_differ_by_seed() -> None:
    ids = np.uint64(720575940600000000) + np.uint64(977) * np.arange(5000, dtype=np.uint64)
    counts = np.bincount(fold_of(ids, seed=0), minlength=FOLDS)
    assert counts.min() > 900
    assert (fold_of(ids, seed=0) == fold_of(ids, seed=1)).mean() == pytest.approx(1 / FOLDS, abs=0.03)


def test_macro_f1_is_the_mean_over_labelled_classes() -> None:
    classes = np.array([0, 0, 0, 0, 2, 2])
    predicted = np.array([0, 0, 0, 2, 2, 1])
    # class 0: precision 1, recall 3/4; class 2: precision 1/2, recall 1/2; class 1 has no label
    assert macro_f1(predicted, classes) == pytest.approx((6 / 7 + 1 / 2) / 2)
    assert macro_f1(1 - np.array([0, 1]), np.array([0, 1])) == 0


@pytest.mark.parametrize(
    ("right", "count", "low", "high"),
    [(8, 10, 0.4902, 0.9433), (0, 20, 0.0, 0.1611), (50, 50, 0.9287, 1.0), (81, 263, 0.2553, 0.3662)],
)
def test_wilson_intervals_match_published_ones(right: int, count: int, low: float, high: float) -> None:
    assert wilson_interval(right / count, count) == pytest.approx((low, high), abs=5e-5)


def test_labels_of_one_segment_count_as_one() -> None:
    assert independent_count(np.array([5, 6, 7, BIG], np.uint64)) == pytest.approx(4)
    assert independent_count(np.array([5] * 30 + [6] * 30, np.uint64)) == pytest.approx(2)
    assert 1 < independent_count(np.array([5] * 30 + [6], np.uint64)) < 2


def test_a_lasso_on_few_segments_does_not_narrow_the_interval() -> None:
    classes = np.arange(400) % 2
    logits = np.eye(2)[classes] * 3.0
    logits[::20] *= -1
    alone = score(logits, classes, np.arange(400, dtype=np.uint64), untested=0)
    crowded = score(logits, classes, np.arange(400, dtype=np.uint64) % np.uint64(4), untested=0)
    assert alone is not None
    assert crowded is not None
    assert (alone.accuracy, alone.segments, crowded.segments) == (0.95, 400, 4)
    assert alone.accuracy_low > 0.92
    assert crowded.accuracy_low < 0.55
    assert crowded.accuracy == alone.accuracy


def test_figures_of_known_logits_are_right() -> None:
    classes = np.array([0, 1] * 10)
    logits = np.eye(2)[classes] * np.log(9.0)  # says 0.9 for the right class
    logits[:4] *= -1  # but is wrong 4 times in 20
    held_out = score(logits, classes, np.arange(20, dtype=np.uint64), untested=7)
    assert held_out is not None
    assert held_out.count == 20
    assert held_out.untested == 7
    assert held_out.accuracy == pytest.approx(0.8)
    assert held_out.macro_f1 == pytest.approx(0.8)
    assert (held_out.accuracy_low, held_out.accuracy_high) == pytest.approx(wilson_interval(0.8, 20))
    # it says .9 / .1 for the wrong one in 4: the confidence is .9 or .5 / (.5 + ...) alike
    confidence = 1 / (1 + 1 / 9)
    assert held_out.ece_before == pytest.approx(abs(confidence - 0.8))
    assert held_out.temperature > 1
    assert held_out.ece_after < held_out.ece_before


def test_too_little_to_say_anything_gives_no_figure() -> None:
    logits, classes = np.eye(2)[np.arange(9) % 2], np.arange(9) % 2
    assert score(logits, classes, np.arange(9, dtype=np.uint64), untested=0) is None
    one = np.zeros(30, np.int64)
    assert score(np.eye(2)[one], one, np.arange(30, dtype=np.uint64), untested=0) is None
    assert score(np.empty((0, 2)), one[:0], np.empty(0, np.uint64), untested=4) is None
