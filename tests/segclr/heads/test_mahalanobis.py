"""The distance from the labels, and the threshold from which on it is called far."""

import numpy as np
import pytest
from numpy.typing import NDArray

from segclr.errors import TableError
from segclr.heads.evaluation import FOLDS, fold_of
from segclr.heads.mahalanobis import fit_mahalanobis, fit_novelty
from segclr.heads.threshold import choose_threshold, held_out_scores

BIG = np.uint64(2**63 + 5)


def clusters(k: int, d: int = 5, seed: int = 0) -> tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.uint64]]:
    """Two long parallel clusters at odd scales."""
    rng = np.random.default_rng(seed)
    classes = np.arange(k) % 2
    values = rng.normal(size=(k, d)) * np.array([8, 1, 1, 1, 1])[:d]
    values[:, 1] += 6 * classes
    return (
        (values * np.array([1, 20, 0.1, 1, 3])[:d] + 7).astype(np.float32),
        classes,
        BIG + np.arange(k).astype(np.uint64) // np.uint64(4),
    )


def test_distances_of_many_labels_are_those_of_the_textbook() -> None:
    embeddings, classes, _ = clusters(20_000)
    asked = clusters(50, seed=1)[0] * 2
    x = embeddings.astype(np.float64)
    means = [x[classes == index].mean(axis=0) for index in (0, 1)]
    inverse = np.linalg.inv(sum(np.cov(x[classes == index].T) for index in (0, 1)) / 2)
    slow = [
        min(np.sqrt((row - mean) @ inverse @ (row - mean) / 5) for mean in means) for row in asked.astype(np.float64)
    ]
    np.testing.assert_allclose(fit_mahalanobis(embeddings, classes).score(asked), slow, rtol=2e-3)


def test_what_is_like_the_labels_is_at_about_one_and_the_gap_between_classes_is_far() -> None:
    embeddings, classes, _ = clusters(1000)
    novelty = fit_mahalanobis(embeddings, classes)
    assert np.sqrt(np.square(novelty.score(clusters(1000, seed=2)[0])).mean()) == pytest.approx(1, abs=0.05)
    along, across = np.float32([[8 * 2 + 7, 7, 7, 7, 7], [7, 3 * 20 + 7, 7, 7, 7]])
    # two standard deviations along the long side are nearer than three across, though 16 units are more than 3
    assert novelty.score(along[None])[0] < novelty.score(across[None])[0]


@pytest.mark.parametrize("rows", [0, 1, 4096, 40_000])
def test_pieces_and_threads_do_not_change_a_distance(rows: int) -> None:
    novelty = fit_mahalanobis(*clusters(100)[:2])
    asked = clusters(rows, seed=3)[0]
    distances = novelty.score(asked)
    assert (distances.shape, distances.dtype) == ((rows,), np.float32)
    for row in {0, rows // 2, rows - 1} if rows else ():
        assert distances[row] == pytest.approx(novelty.score(asked[row : row + 1])[0], rel=1e-4)


def test_a_dozen_labels_in_many_dimensions_tell_near_from_far() -> None:
    rng = np.random.default_rng(4)
    embeddings = rng.normal(size=(12, 64)).astype(np.float32)
    novelty = fit_mahalanobis(embeddings, np.arange(12) % 3)
    near, far = rng.normal(size=(50, 64)).astype(np.float32), 5 + rng.normal(size=(50, 64)).astype(np.float32)
    assert novelty.score(near).max() < novelty.score(far).min()


def test_one_label_or_labels_all_at_one_place_give_a_distance() -> None:
    for embeddings in (np.full((1, 4), 0.1, np.float32), np.full((9, 4), 0.1, np.float32)):
        novelty = fit_mahalanobis(embeddings, np.zeros(len(embeddings), np.int64))
        assert novelty.score(embeddings)[0] == pytest.approx(0, abs=1e-3)
        assert novelty.score(embeddings + 3)[0] > 1
    with pytest.raises(ValueError, match="at least one label"):
        fit_mahalanobis(np.empty((0, 4), np.float32), np.empty(0, np.int64))


def test_other_sizes_and_infinities_are_refused() -> None:
    novelty = fit_mahalanobis(*clusters(100)[:2])
    with pytest.raises(ValueError, match=r"\(n, 5\) embeddings, not \(3, 4\): fit it again"):
        novelty.score(np.zeros((3, 4), np.float32))
    broken = clusters(10)[0]
    broken[7, 2] = np.inf
    with pytest.raises(TableError, match="1 of 10 embeddings are NaN or infinite, the first in row 7"):
        novelty.score(broken)


def test_the_threshold_covers_what_it_says_on_segments_never_seen() -> None:
    embeddings, classes, groups = clusters(2000)
    threshold = fit_novelty(embeddings, classes, groups).threshold
    assert threshold is not None
    assert (threshold.coverage, threshold.count) == (0.95, 2000)
    assert threshold.measured_coverage == pytest.approx(0.95, abs=0.015)
    fresh = fit_mahalanobis(embeddings, classes).score(clusters(4000, seed=9)[0])
    assert (fresh <= threshold.value).mean() == pytest.approx(0.95, abs=0.02)
    half = fit_novelty(embeddings, classes, groups, coverage=0.5).threshold
    assert half is not None
    assert half.value < threshold.value
    assert half.measured_coverage == pytest.approx(0.5, abs=0.05)


def test_a_threshold_is_chosen_without_the_segment_it_is_tried_on() -> None:
    # Every segment is a tight cluster of its own: to its own labels all is near, to those of others nothing.
    rng = np.random.default_rng(5)
    segments = np.repeat(np.arange(30), 10)
    embeddings = (rng.normal(size=(30, 64))[segments] + 0.01 * rng.normal(size=(300, 64))).astype(np.float32)
    groups = BIG + segments.astype(np.uint64)
    classes = segments % 2
    novelty = fit_novelty(embeddings, classes, groups)
    assert novelty.threshold is not None
    seen = np.quantile(novelty.score(embeddings), 0.95)
    assert novelty.threshold.value > 1.2 * seen


def test_scores_of_a_class_in_one_fold_only_are_left_out() -> None:
    embeddings, classes, groups = clusters(200)
    classes = classes.copy()
    classes[:4] = 2  # one segment
    scores = held_out_scores(lambda x, y, _: fit_mahalanobis(x, y).score, embeddings, classes, groups)
    assert np.isnan(scores[:4]).all()
    assert np.isfinite(scores[4:]).all()
    threshold = choose_threshold(scores, groups)
    assert threshold is not None
    assert threshold.count == 196


def test_the_threshold_is_the_conformal_quantile() -> None:
    groups = BIG + np.arange(39, dtype=np.uint64)
    fold = fold_of(groups, 0)
    scores = np.arange(1, 40) + 100.0 * (fold == 2)  # one fold is unlike the others
    threshold = choose_threshold(scores, groups, coverage=0.9)
    assert threshold is not None
    assert threshold.value == np.sort(scores)[35]  # the ceil(40 * 0.9)th of 39
    covered = 0
    for index in range(FOLDS):
        others = np.sort(scores[fold != index])
        covered += (scores[fold == index] <= others[int(np.ceil((len(others) + 1) * 0.9)) - 1]).sum()
    assert threshold.measured_coverage == pytest.approx(covered / 39)
    assert threshold.measured_coverage < (scores <= threshold.value).mean()


def test_too_few_labels_give_no_threshold_and_nonsense_is_refused() -> None:
    groups = BIG + np.arange(18, dtype=np.uint64)
    assert choose_threshold(np.arange(18.0), groups) is None
    assert choose_threshold(np.full(50, np.nan), BIG + np.arange(50, dtype=np.uint64)) is None
    assert choose_threshold(np.arange(50.0), np.full(50, BIG)) is None
    for coverage in (0.0, 1.0, 95.0):
        with pytest.raises(ValueError, match="between 0 and 1"):
            choose_threshold(np.arange(18.0), groups, coverage)
