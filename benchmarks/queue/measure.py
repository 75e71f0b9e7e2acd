"""The experiments."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.queue.course import Choose, Course, Pace, blindly, by_margin, by_queue, fitted, label
from benchmarks.queue.expert import answers, thinned
from benchmarks.queue.field import Blocks, Field, TaskOf
from benchmarks.queue.findings import Check, Rare, Setting, curve_of
from benchmarks.queue.through_session import label_through_session
from benchmarks.science.scores import in_parallel
from benchmarks.science.splits import Split
from segclr.em.phantom.files import CELL_TYPE_NAMES, SUBCOMPARTMENT_NAMES
from segclr.evaluation.held_out import predict_held_out

QUEUE, BLIND, MARGIN = "queue", "random", "uncertainty"
INFORMED = "all labels"
WAYS: dict[str, Choose] = {QUEUE: by_queue(), BLIND: blindly, MARGIN: by_margin}
PACE = Pace()
TASKS = (
    TaskOf("subcompartment", "node", 0.0, SUBCOMPARTMENT_NAMES),
    TaskOf("cell type", "segment", 10.0, CELL_TYPE_NAMES),
)


@dataclass(frozen=True, slots=True)
class Amount:
    """How much is measured.

    Attributes:
        most: labels per course, by the unit of the task.
        error_rates: of the expert, one setting each.
        rare_share, rare_found: share of all that a thinned class has, and how many of it are to be found.
        rare_repeats: per class.
        checked: labels given through the session.
    """

    repeats: int = 20
    most_nodes: int = 2000
    most_segments: int = 1200
    error_rates: tuple[float, ...] = (0.0, 0.1)
    rare_share: float = 0.01
    rare_found: int = 5
    rare_repeats: int = 3
    checked: int = 60
    pace: Pace = PACE
    threads: int = 1

    def most(self, task: TaskOf) -> int:
        return self.most_nodes if task.unit == "node" else self.most_segments


@dataclass(frozen=True, slots=True, eq=False)
class Volume:
    """Some blocks as one volume, the truth of each task, and the splits."""

    blocks: Blocks
    classes: dict[str, NDArray[np.int64]]
    splits: tuple[Split, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """The volumes that are measured on: repeats are dealt out to them in turn.

    What a way to choose gains differs more between volumes than between splits of one.
    """

    volumes: tuple[Volume, ...]

    def field(self, task: TaskOf, repeat: int) -> Field:
        turn, index = divmod(repeat, len(self.volumes))
        own = self.volumes[index]
        return own.blocks.field(task, own.classes[task.name], own.splits[turn % len(own.splits)])


def setting(ground: Ground, task: TaskOf, error_rate: float, amount: Amount, ways: dict[str, Choose]) -> Setting:
    """Every way to choose on every split, with experts who err as often as told, alike for every way."""

    def one(repeat: int) -> tuple[float, int, list[Course]]:
        place = ground.field(task, repeat)
        said = answers(place.train.truth, len(task.class_names), error_rate, repeat)
        head = fitted(place, place.train.rows, said)
        assert head is not None
        courses = [label(place, choose, said, amount.most(task), amount.pace, repeat) for choose in ways.values()]
        return place.f1(head), len(place.train.rows), courses

    found = in_parallel(one, range(amount.repeats), amount.threads)
    curves = tuple(curve_of(name, [courses[index] for _, _, courses in found]) for index, name in enumerate(ways))
    askable = float(np.mean([count for _, count, _ in found]))
    all_labels = np.array([f1 for f1, _, _ in found])
    return Setting(task.name, error_rate, all_labels, askable, curves, len(ground.volumes))


def rare(ground: Ground, task: TaskOf, amount: Amount, ways: dict[str, Choose]) -> list[Rare]:
    """Each class that is common enough to be thinned, found again: by every way, and by a head of all labels."""
    places = [ground.field(task, repeat) for repeat in range(amount.rare_repeats)]
    informed = in_parallel(lambda place: beliefs(place, len(task.class_names)), places, amount.threads)
    first = places[0]
    truth = first.train.truth[first.train.rows]
    common = np.flatnonzero(np.bincount(truth, minlength=len(task.class_names)) >= 2 * amount.rare_share * len(truth))

    def one(which: tuple[int, int]) -> list[float]:
        index, repeat = which
        place = places[repeat]
        askable = thinned(place.train.rows, place.train.truth, index, amount.rare_share, repeat)

        def enough(rows: list[int]) -> bool:
            return int((place.train.truth[rows] == index).sum()) >= amount.rare_found

        ranked = np.argsort(-informed[repeat][np.searchsorted(place.train.rows, askable), index], kind="stable")
        orders = [askable[ranked]]
        for choose in ways.values():
            course = label(
                place, choose, place.train.truth, len(askable), amount.pace, repeat, askable, enough, scored=False
            )
            orders.append(course.rows)
        return [labels_until(place.train.truth[order] == index, amount.rare_found) for order in orders]

    found = []
    for index in common.tolist():
        needed = np.array(in_parallel(one, [(index, repeat) for repeat in range(amount.rare_repeats)], amount.threads))
        whole = needed[np.isfinite(needed).all(axis=1)]
        if len(whole):  # else the blocks have fewer of it than are to be found
            found.append(Rare(task.name, task.class_names[index], dict(zip((INFORMED, *ways), whole.T, strict=True))))
    return found


def beliefs(place: Field, class_count: int) -> NDArray[np.float64]:
    """(m, C) probabilities of all that can be asked, each by a head fitted to the labels of all other segments."""
    train, rows = place.train, place.train.rows
    held_out = predict_held_out(train.vectors[rows], train.truth[rows], train.segments[rows], class_count)
    assert len(held_out.label) == len(rows), "every fold leaves labels of two classes"
    return held_out.probabilities


def labels_until(hits: NDArray[np.bool_], count: int) -> float:
    """Return after how many answers `count` of them were hits; NaN if they never are."""
    at = np.flatnonzero(hits)
    return float(at[count - 1] + 1) if len(at) >= count else math.nan


def check(ground: Ground, task: TaskOf, amount: Amount) -> Check:
    """Label through the app's session, and on the fast path, and compare to the bit."""
    place, batch = ground.field(task, 0), amount.pace.batch
    said = place.train.truth
    there = label_through_session(place, said, amount.checked, batch)
    here = label(place, by_queue(), said, amount.checked, Pace(batch, 0.0), 0, scored=False)
    refitted = fitted(place, np.sort(there.rows), said)
    head = there.fitted.head
    same_head = (
        head is not None
        and refitted is not None
        and head.temperature == refitted.temperature
        and all(
            np.array_equal(getattr(head, name), getattr(refitted, name)) for name in ("mean", "std", "weights", "bias")
        )
    )
    return Check(task.name, len(there.rows), np.array_equal(there.rows, here.rows), same_head)
