"""The pure parts of ``python -m benchmarks real``: what would make its figures wrong without a word."""

import numpy as np
import pytest

from benchmarks.real.fib25 import largest_overlap, questions_about
from benchmarks.real.items import mean_of_items
from benchmarks.real.neighbourhood import gaps_nm, touching
from benchmarks.real.pinky40 import question_about
from benchmarks.real.ranking import (
    Question,
    Ranking,
    by_chance,
    cosines,
    make_question,
    mean_over_groups,
    nearness,
    rank,
)
from benchmarks.real.volumes import Halves
from segclr.em.cutout import CutoutSpec
from segclr.em.geometry import Box
from segclr.errors import ProjectError
from segclr.training.config import Network, TrainingConfig, View, VolumeData

pytestmark = pytest.mark.torch

LARGE = 2**53 + 1


def some_question(items: int = 9) -> Question:
    """Items of three groups in turn; nobody may answer for itself, nor the last item for anybody."""
    group = np.arange(items) % 3
    allowed = ~np.eye(items, dtype=bool)
    allowed[:, -1] = False
    return make_question("some", np.arange(items), allowed, group[:, None] == group, group)


def test_a_ranking_counts_the_right_answers_from_the_top() -> None:
    right = np.array([[False, True, False, True, False, False]])
    question = make_question("one", np.array([0]), np.array([[False] + [True] * 5]), right, np.array([7]))
    similarity = np.zeros((6, 6), np.float32)
    similarity[0] = [9, 0.5, 0.9, 0.7, 0.1, 0.2]  # in order: 2, 3 (right), 1 (right), 5, 4
    found = rank(similarity, question)
    assert found.first.tolist() == [0]
    assert found.deep.tolist() == [1]
    assert found.precision == pytest.approx([(1 / 2 + 2 / 3) / 2])
    assert found.area == pytest.approx([4 / 6])  # two right, three wrong: 4 of 6 comparisons are won


def test_who_may_not_answer_is_not_ranked() -> None:
    question = some_question()
    similarity = np.full((9, 9), 0.5, np.float32)
    similarity[question.right.nonzero()] = 0.6
    similarity[:, 8] = 1.0
    np.fill_diagonal(similarity, 2.0)
    found = rank(similarity, question)
    assert found.first.all()
    assert found.precision == pytest.approx(np.ones(9))


def test_equal_similarities_do_not_favour_items_that_stand_side_by_side() -> None:
    group = np.repeat(np.arange(40), 5)
    others = ~np.eye(200, dtype=bool)
    question = make_question("ties", np.arange(200), others, group[:, None] == group, group)
    found = rank(np.zeros((200, 200), np.float32), question)
    assert found.precision.mean() == pytest.approx(by_chance(question).precision.mean(), abs=0.02)


def test_chance_is_what_random_orders_give() -> None:
    question = some_question(12)
    rng = np.random.default_rng(0)
    drawn = [rank(rng.random((12, 12)).astype(np.float32), question) for _ in range(800)]
    expected = by_chance(question)
    for name in ("first", "deep", "precision", "area"):
        mean = np.mean([getattr(one, name) for one in drawn], axis=0)
        assert mean == pytest.approx(getattr(expected, name), abs=0.06), name


def test_items_without_a_right_or_without_a_wrong_answer_are_not_asked() -> None:
    allowed = np.array([[False, True, True], [True, False, False], [True, True, False]])
    right = np.array([[True, True, False], [True, True, False], [False, False, True]])
    question = make_question("lonely", np.arange(3), allowed, right, np.array([4, 4, 5]))
    assert question.asked.tolist() == [0]  # 1 may answer 0 alone, 2 is alike to itself alone
    assert question.groups == 1
    assert not question.right[0, 0]  # itself
    with pytest.raises(ValueError, match="nobody: no item has a right answer"):
        make_question("nobody", np.arange(3), allowed, np.eye(3, dtype=bool), np.arange(3))


def test_a_large_group_counts_as_much_as_a_small_one() -> None:
    figures, group = np.array([1.0] * 9 + [0.0]), np.array([LARGE] * 9 + [LARGE + 2])
    found = mean_over_groups(figures, group)
    assert found.value == pytest.approx(0.5)
    assert (found.low, found.high) == (0, 1)


def test_the_interval_narrows_with_the_number_of_groups() -> None:
    rng = np.random.default_rng(0)
    few, many = (mean_over_groups(rng.random(count), np.arange(count)) for count in (10, 1000))
    assert few.low < few.value < few.high
    assert many.high - many.low < 0.2 * (few.high - few.low)


def test_cosines_do_not_depend_on_the_scale_of_a_dimension() -> None:
    values = np.random.default_rng(0).normal(size=(20, 3)).astype(np.float32)
    scaled = values * np.array([1, 1000, 1e-3], np.float32) + np.array([0, 5, 7e-3], np.float32)
    assert cosines(scaled) == pytest.approx(cosines(values), abs=1e-3)
    constant = np.concatenate([values, np.full((20, 1), 255, np.float32)], axis=1)
    assert cosines(constant) == pytest.approx(cosines(values), abs=1e-5)


def test_the_nearest_in_space_is_the_one_at_the_smallest_distance() -> None:
    positions_nm = np.array([[2e6, 0, 0], [2e6 + 90, 0, 40], [2e6 + 50, 60, 0]])
    similarity = nearness(positions_nm)
    np.fill_diagonal(similarity, -np.inf)
    assert similarity.argmax(axis=1).tolist() == [2, 2, 0]
    assert similarity[0, 1] == pytest.approx(-(90**2 + 40**2))


def test_segments_touch_where_they_share_a_face_and_not_across_an_edge() -> None:
    labels = np.full((3, 4, 5), -1)
    labels[0, 0, :2] = 0
    labels[0, 0, 2] = 1  # beside 0 along x
    labels[1, 0, 2] = 2  # beside 1 along z, across an edge from 0
    labels[0, 2, 0] = 3  # beyond background
    found = touching(labels, 4)
    assert np.argwhere(found).tolist() == [[0, 1], [1, 0], [1, 2], [2, 1]]


def test_the_gap_between_two_items_is_that_of_their_nearest_places() -> None:
    positions_nm = np.array([[0.0, 0, 0], [100, 0, 0], [130, 40, 0], [900, 0, 0]])
    found = gaps_nm(positions_nm, np.array([0, 0, 1, 1]), 2)
    assert found == pytest.approx(np.array([[0, 50], [50, 0]]))


def test_a_supervoxel_belongs_to_the_body_that_most_of_it_lies_in() -> None:
    labels = np.zeros((2, 3, 5), np.uint64)
    labels[0], labels[1, 0] = 5, LARGE
    truth = np.full((2, 3, 5), 8, np.uint64)
    truth[0, :, 4] = 9
    truth[1, 0] = LARGE + 2
    body, share = largest_overlap(labels, truth, np.array([5, LARGE], np.uint64))
    assert body.tolist() == [8, LARGE + 2]
    assert share == pytest.approx([0.8, 1])


def test_the_questions_leave_out_neighbours_one_after_the_other() -> None:
    body = np.array([LARGE] * 4 + [3], np.uint64)
    touch = np.zeros((5, 5), bool)
    touch[0, 1] = touch[1, 0] = True
    gap_nm = np.full((5, 5), 700.0)
    np.fill_diagonal(gap_nm, 0)
    gap_nm[0, 2] = gap_nm[2, 0] = 300.0
    everyone, apart, far = questions_about(body, touch, gap_nm)
    assert everyone.asked.tolist() == apart.asked.tolist() == far.asked.tolist() == [0, 1, 2, 3]
    assert np.flatnonzero(everyone.right[0]).tolist() == [1, 2, 3]
    assert np.flatnonzero(apart.right[0]).tolist() == [2, 3]
    assert np.flatnonzero(far.right[0]).tolist() == [1, 3]
    assert np.flatnonzero(far.allowed[0]).tolist() == [1, 3, 4]


def test_near_places_of_the_own_segment_are_neither_right_nor_wrong() -> None:
    segment = np.array([0, 0, 0, 1])
    positions_nm = np.array([[0.0, 0, 0], [4000, 0, 0], [0, 0, 6000], [50, 0, 0]])
    path_nm = np.array([[0, 4200, 9000], [4200, 0, np.inf], [9000, np.inf, 0]])
    question = question_about(segment, positions_nm, [path_nm, np.zeros((1, 1))])
    assert question.asked.tolist() == [0, 2]
    assert np.flatnonzero(question.right[0]).tolist() == [2]
    assert np.flatnonzero(question.allowed[0]).tolist() == [2, 3]


def test_places_far_along_the_path_whose_views_overlap_are_not_ranked() -> None:
    positions_nm = np.array([[0.0, 0, 0], [0, 2000, 0], [0, 0, 8000], [0, 0, 100]])
    path_nm = np.full((3, 3), 9000.0)
    question = question_about(np.array([0, 0, 0, 1]), positions_nm, [path_nm, np.zeros((1, 1))])
    assert np.flatnonzero(question.allowed[0]).tolist() == [2, 3]


def test_an_item_is_the_mean_of_its_places() -> None:
    values = np.array([[1.0, 5], [3, 5], [10, 0]], np.float32)
    assert mean_of_items(values, np.array([1, 1, 0])).tolist() == [[10, 0], [2, 5]]


def settings(*volumes: VolumeData) -> TrainingConfig:
    return TrainingConfig(View(5, (10.0, 20.0, 40.0)), "out", 1, Network((4,), (1,), 3, False), volume=volumes)


def test_segments_that_reach_into_the_trained_part_are_known() -> None:
    halves = Halves.of(settings(VolumeData("s", "k", "e", (0.0, 0.0, 0.0), (20.0, 80.0, 120.0))))
    assert halves.view == CutoutSpec(5, (10.0, 20.0, 40.0))
    assert halves.trained == Box((0, 0, 0), (2, 4, 3))
    labels = np.zeros((3, 4, 7), np.uint64)
    labels[2, 2, 1:5] = LARGE  # reaches in
    labels[1, 2, 2:] = LARGE + 2
    assert halves.trained_ids(labels).tolist() == [0, LARGE]


def test_a_training_file_that_takes_all_of_a_volume_is_refused() -> None:
    with pytest.raises(ProjectError, match="needs one"):
        Halves.of(settings(VolumeData("s", "k", "e")))


def test_a_bad_encoder_and_a_good_one_are_told_apart() -> None:
    group = np.repeat(np.arange(20), 4)
    question = make_question("all", np.arange(80), ~np.eye(80, dtype=bool), group[:, None] == group, group)
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(80, 8)).astype(np.float32)
    good = rank(cosines(rng.normal(size=(20, 8)).astype(np.float32)[group] + 0.3 * noise), question)
    bad: Ranking = rank(cosines(noise), question)
    assert mean_over_groups(good.precision - bad.precision, group).low > 0.5
