"""The pure parts of ``python -m benchmarks queue``: what would make its figures wrong without a word."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread
from numpy.typing import NDArray

from benchmarks.queue.cost import costs
from benchmarks.queue.course import Course, Pace, blindly, by_margin, by_queue, label
from benchmarks.queue.expert import answers, thinned
from benchmarks.queue.field import Field, Side, TaskOf
from benchmarks.queue.figures import draw_curves
from benchmarks.queue.findings import Curve, Setting, curve_of, first_reached
from benchmarks.queue.measure import Ground, Volume, labels_until
from benchmarks.queue.rivals import by_badge, by_distance, by_truth
from segclr.em.cutout import CutoutSpec
from segclr.embeddings.provenance import Provenance
from segclr.embeddings.table import build_table
from segclr.queue.pool import typical_rows

pytestmark = pytest.mark.torch  # what is measured is cut and embedded by the benchmarks of the method

BIG = 2**63 + 5
CLASSES = ("axon", "dendrite", "spine")


def side(seed: int, cells: int = 40, nodes: int = 6, *, unit: str = "node") -> Side:
    """Cells of three classes, their looks in three clouds."""
    rng = np.random.default_rng(seed)
    segments = np.repeat(np.arange(cells, dtype=np.uint64) + np.uint64(BIG), nodes)
    truth = np.repeat(np.arange(cells) % 3, nodes)
    looks = (2 * np.eye(5)[truth] + rng.standard_normal((len(truth), 5))).astype(np.float32)
    positions = np.column_stack(
        [4000.0 * np.repeat(np.arange(cells), nodes), 1500.0 * np.tile(np.arange(nodes), cells), 40.5 * truth]
    )
    made_by = Provenance("test", CutoutSpec(33, (32.0, 32.0, 40.0)), "", "", "truth", "")
    nodes_of = np.tile(np.arange(nodes), cells)
    table = build_table(segments, nodes_of, positions, looks, np.empty((0, 2), np.int64), made_by)
    rows = np.arange(len(truth)) if unit == "node" else typical_rows(looks, table.first_row)
    return Side(table, looks, segments, truth.astype(np.int64), rows)


def field(unit: str = "node") -> Field:
    task = TaskOf("part", "segment" if unit == "segment" else "node", 0.0, CLASSES)
    return Field(task, side(0, unit=unit), side(1, unit=unit))


def test_an_expert_errs_as_often_as_told_and_says_the_same_when_asked_again() -> None:
    truth = np.random.default_rng(0).integers(0, 4, 20_000)
    said = answers(truth, 4, 0.1, seed=3)
    assert (said != truth).mean() == pytest.approx(0.1, abs=0.01)
    assert set(said[said != truth].tolist()) == {0, 1, 2, 3}
    assert np.array_equal(said, answers(truth, 4, 0.1, seed=3))
    assert not np.array_equal(said, answers(truth, 4, 0.1, seed=4))
    assert np.array_equal(answers(truth, 4, 0.0, seed=3), truth)


def test_a_thinned_class_is_the_share_of_what_is_left_and_nothing_else_is_touched() -> None:
    truth = np.repeat([0, 1, 2], [600, 300, 100])
    rows = np.arange(1000)[::2]
    left = thinned(rows, truth, 2, 0.01, seed=0)
    assert (truth[left] == 2).sum() == round(0.01 / 0.99 * 450)
    assert (truth[left] != 2).sum() == 450
    assert set(left.tolist()) <= set(rows.tolist())
    assert (np.diff(left) > 0).all()
    assert np.array_equal(thinned(rows, truth, 2, 0.9, seed=0), rows)  # rarer than that already


def test_hits_are_counted_to_the_label_that_brought_the_last_one() -> None:
    hits = np.array([0, 1, 0, 0, 1, 1], np.bool_)
    assert labels_until(hits, 2) == 5
    assert np.isnan(labels_until(hits, 4))


def test_a_score_is_reached_between_two_points_on_their_line() -> None:
    labels, scores = np.array([10, 20, 40]), np.array([0.2, 0.4, 0.8])
    assert first_reached(labels, scores, 0.5) == pytest.approx(25)
    assert first_reached(labels, scores, 0.1) == 10
    assert first_reached(labels, scores, 0.9) is None


def test_needed_labels_come_with_the_interval_of_resampled_repeats() -> None:
    labels = np.array([10, 20, 30, 40])
    slow, fast = np.array([0.1, 0.2, 0.3, 0.5]), np.array([0.5, 0.5, 0.5, 0.5])
    curve = Curve("queue", labels, np.stack([slow, fast]), np.zeros(2))
    needed = Setting("part", 0.0, np.array([0.5, 0.5]), 100.0, (curve,)).needed(curve)
    assert needed.labels == pytest.approx(37.5)
    assert (needed.low, needed.high) == (10, pytest.approx(38.75))
    assert str(needed) == "38 (10 to 39)"
    never = Curve("random", labels, np.stack([slow, slow]) / 2, np.zeros(2))
    assert str(Setting("part", 0.0, np.array([0.5, 0.5]), 100.0, (never,)).needed(never)) == "not reached"


def test_what_volumes_differ_in_widens_the_interval_and_is_told_by_volume() -> None:
    labels = np.array([10, 20, 30, 40])
    slow, fast = np.array([0.1, 0.2, 0.3, 0.5]), np.array([0.5, 0.5, 0.5, 0.5])
    queue = Curve("queue", labels, np.stack([slow, fast] * 10), np.zeros(20))
    blind = Curve("random", labels, np.stack([slow, slow] * 10), np.zeros(20))
    goals = np.full(20, 0.5)
    setting = Setting("part", 0.0, goals, 100.0, (queue, blind), volumes=2)
    assert setting.ahead(queue, blind, 20) == pytest.approx([0, 0.3])
    by_volume, by_repeat = setting.needed(queue), Setting("part", 0.0, goals, 100.0, (queue, blind)).needed(queue)
    assert (by_volume.low, by_volume.high) == (10, pytest.approx(38.75))
    assert by_repeat.low is not None
    assert by_repeat.low > 30


def test_repeats_are_dealt_to_the_volumes_and_their_splits_in_turn() -> None:
    given: list[tuple[str, str]] = []

    class Blocks:
        def __init__(self, name: str) -> None:
            self.name = name

        def field(self, task: object, classes: object, split: str) -> None:
            given.append((self.name, split))

    splits = ("first", "second")
    volumes = tuple(Volume(Blocks(name), {"part": np.zeros(1)}, splits) for name in ("a", "b"))  # type: ignore[arg-type, dict-item]
    for repeat in range(5):
        Ground(volumes).field(TaskOf("part", "node", 0.0, CLASSES), repeat)
    assert given == [("a", "first"), ("b", "first"), ("a", "second"), ("b", "second"), ("a", "first")]


def test_choice_by_the_truth_gives_every_class_as_many_labels() -> None:
    place = field("segment")
    course = label(place, by_truth, place.train.truth, 30, Pace(), 0, scored=False)
    assert np.bincount(place.train.truth[course.rows]).tolist() == [10, 10, 10]


def test_curves_end_with_the_shortest_course() -> None:
    def course(count: int) -> Course:
        labels = np.arange(1, count + 1) * 5
        return Course(np.arange(5 * count), labels, labels / 100, labels * 2e3, None)

    curve = curve_of("queue", [course(6), course(4)], flown_over=12)
    assert curve.labels.tolist() == [5, 10, 15, 20]
    assert curve.f1.shape == (2, 4)
    assert curve.flown_nm.tolist() == [2e3, 2e3]


@pytest.mark.parametrize("unit", ["node", "segment"])
@pytest.mark.parametrize("choose", [by_queue(), blindly, by_margin, by_distance, by_badge, by_truth])
def test_every_way_labels_each_place_once_up_to_the_end(choose: object, unit: str) -> None:
    place = field(unit)
    course = label(place, choose, place.train.truth, 60, Pace(5, 0.1), 0)  # type: ignore[arg-type]
    count = min(60, len(place.train.rows))
    assert len(course.rows) == len(set(course.rows.tolist())) == count
    assert set(course.rows.tolist()) <= set(place.train.rows.tolist())
    assert course.labels[-1] == count
    assert course.f1[-1] > 0.6
    assert (np.diff(course.flown_nm) >= 0).all()


def test_the_same_seed_gives_the_same_course_and_another_one_another() -> None:
    place = field()
    first, again, other = (
        label(place, by_queue(), place.train.truth, 30, Pace(), seed, scored=False).rows.tolist() for seed in (0, 0, 1)
    )
    assert first == again
    assert first != other


def test_the_expert_stops_when_enough_is_found() -> None:
    place = field()
    course = label(place, blindly, place.train.truth, 200, Pace(), 0, enough=lambda rows: len(rows) >= 12, scored=False)
    assert len(course.rows) == 15  # batches of five


def test_the_curves_are_drawn(tmp_path: Path) -> None:
    labels = np.array([5, 10, 50, 100])
    rising: NDArray[np.float64] = np.linspace(0.2, 0.8, 8).reshape(2, 4)
    curves = tuple(Curve(name, labels, rising * share, np.zeros(2)) for name, share in (("queue", 1), ("random", 0.8)))
    settings = [Setting(task, 0.1, np.array([0.8, 0.9]), 500.0, curves) for task in ("part", "cell type", "third")]
    draw_curves(tmp_path / "images" / "curves.png", settings)
    picture = imread(tmp_path / "images" / "curves.png")
    assert picture.shape[0] > 300
    assert picture.std() > 0.01


def test_the_cost_is_measured_on_few_rows_as_on_many() -> None:
    (found,) = costs((60,), rows=3000)
    assert found.labels == 60
    assert min(found.draw, found.assess, found.propose) > 0
