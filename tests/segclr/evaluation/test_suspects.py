"""Likely label errors: planted ones are found, and each comes with its reason and evidence."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from segclr.evaluation.held_out import HeldOutLabels, predict_held_out
from segclr.evaluation.neighbours import NEIGHBOURS, nearest_labels
from segclr.evaluation.suspects import Suspect, find_suspects
from segclr.heads.standardise import mean_and_std

Labels = tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.uint64]]
NAMES = ("axon", "dendrite", "glia")


def suspects_of(
    x: NDArray[np.float32], y: NDArray[np.int64], cells: NDArray[np.uint64], most: int = 100
) -> tuple[Suspect, ...]:
    return find_suspects(x, np.arange(len(y)), cells, predict_held_out(x, y, cells, 3), NAMES, most=most)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_planted_errors_are_found_and_come_first(labels: Callable[..., Labels], seed: int) -> None:
    x, y, cells = labels(600, cells=80, d=32, apart=0.8, seed=seed)
    rng = np.random.default_rng(seed)
    planted = rng.permutation(600)[:30]
    y[planted] = (y[planted] + rng.integers(1, 3, 30)) % 3
    found = [suspect.label for suspect in suspects_of(x, y, cells, most=60)]
    assert np.isin(planted, found).mean() >= 0.9
    assert np.isin(found[:15], planted).mean() >= 0.9


def test_clean_labels_of_clear_classes_raise_no_suspicion(labels: Callable[..., Labels]) -> None:
    assert len(suspects_of(*labels(300, apart=3.0))) <= 1


def test_the_reason_and_the_evidence_say_the_same_in_words_and_numbers(labels: Callable[..., Labels]) -> None:
    x, y, cells = labels(300, apart=2.0)
    y[7] = (y[7] + 1) % 3
    suspect = suspects_of(x, y, cells)[0]
    held_out = predict_held_out(x, y, cells, 3)
    assert (suspect.label, suspect.given, suspect.against) == (7, y[7], ())
    assert suspect.suggested == held_out.predicted[7] != y[7]
    name = NAMES[suspect.suggested]
    says = sum(y[neighbour.label] == suspect.suggested for neighbour in suspect.evidence)
    assert f"{says} of 10 nearest labels of other cells say {name}" in suspect.reason
    assert suspect.reason.startswith(f"held-out head says {name} with ")
    assert len(suspect.evidence) == NEIGHBOURS
    assert suspect.doubt > 0.8


def test_an_error_repeated_over_its_cell_does_not_confirm_itself(labels: Callable[..., Labels]) -> None:
    x, y, cells = labels(400, apart=2.0)
    mine = cells == cells[0]
    y[mine] = (y[mine] + 1) % 3  # a lasso with the wrong key
    found = {suspect.label for suspect in suspects_of(x, y, cells)}
    assert set(np.flatnonzero(mine).tolist()) <= found


def test_contradictions_come_first_one_per_place(labels: Callable[..., Labels]) -> None:
    x, y, cells = labels(200, apart=2.0)
    y[3] = (y[3] + 1) % 3
    x, cells = np.concatenate([x, x[[50, 50, 60]]]), np.concatenate([cells, cells[[50, 50, 60]]])
    sites = np.r_[np.arange(200), 50, 50, 60]
    given = np.r_[y, (y[50] + 1) % 3, y[50], y[60]]
    held_out = predict_held_out(x, given, cells, 3)
    found = find_suspects(x, sites, cells, held_out, NAMES)
    assert (found[0].label, found[0].against) == (200, (50, 201))
    one, two = sorted((y[50], (y[50] + 1) % 3))
    assert found[0].reason.startswith(
        f"labels of this place contradict each other: {NAMES[one]} and {NAMES[two]}; held-out head says {NAMES[y[50]]}"
    )
    assert 3 in [suspect.label for suspect in found[1:]]
    assert not {50, 60, 200, 201, 202} & {suspect.label for suspect in found[1:]}


def test_three_answers_for_one_place_are_all_named(said: Callable[..., HeldOutLabels]) -> None:
    y = np.arange(12) % 3
    found = find_suspects(
        np.random.default_rng(0).normal(size=(12, 4)), np.zeros(12, np.int64), cells_of(12), said(y, y), NAMES
    )
    assert len(found) == 1
    assert "axon, dendrite and glia" in found[0].reason
    assert len(found[0].against) == 8


def cells_of(count: int) -> NDArray[np.uint64]:
    return np.uint64(2**63 + 5) + np.arange(count, dtype=np.uint64)


def blobs(y: Sequence[int]) -> NDArray[np.float64]:
    """Places far apart by class, near each other within one."""
    return 10.0 * np.eye(3)[np.array(y)] + 0.01 * np.arange(len(y))[:, None]


def test_confident_learning_takes_each_class_by_its_own_threshold(said: Callable[..., HeldOutLabels]) -> None:
    # labels of class 0 get 0.9 in the mean, those of class 1 get 0.5: 0.45 for class 0 is nothing, 0.55 for 1 is much
    y = np.repeat([0, 1], 20)
    held_out = said(y, y, confidence=np.repeat([0.9, 0.5], 20))
    held_out.probabilities[:] = np.where((y == 0)[:, None], [0.9, 0.1, 0.0], [0.3, 0.5, 0.2])
    held_out.probabilities[0] = [0.42, 0.55, 0.03]
    held_out.probabilities[20] = [0.5, 0.45, 0.05]
    truth = np.repeat([0, 1], 20)
    found = find_suspects(blobs(truth.tolist()), np.arange(40), cells_of(40), held_out, NAMES)
    assert [suspect.label for suspect in found] == [0]


def test_neighbours_alone_can_tip_a_label_that_the_head_doubts(said: Callable[..., HeldOutLabels]) -> None:
    y = np.repeat([0, 1], 20)
    where = y.copy()
    where[20] = 0  # labelled 1, but it lies among those of class 0
    held_out = said(y, y, confidence=0.9)
    held_out.probabilities[20] = [0.5, 0.45, 0.05]
    found = find_suspects(blobs(where.tolist()), np.arange(40), cells_of(40), held_out, NAMES)
    assert [suspect.label for suspect in found] == [20]
    assert found[0].reason == "held-out head says axon with 50 %; 10 of 10 nearest labels of other cells say axon"


def test_a_rare_class_is_not_outvoted_by_what_lies_behind_it(said: Callable[..., HeldOutLabels]) -> None:
    y = np.repeat([0, 2], [37, 3])
    held_out = said(y, y, confidence=0.9)
    held_out.probabilities[-3:] = [0.3, 0.25, 0.45]
    assert find_suspects(blobs(y.tolist()), np.arange(40), cells_of(40), held_out, NAMES) == ()


def test_certainty_is_not_overstated(said: Callable[..., HeldOutLabels]) -> None:
    y = np.repeat([0, 1], 20)
    predicted = y.copy()
    predicted[5] = 1
    found = find_suspects(blobs(y.tolist()), np.arange(40), cells_of(40), said(y, predicted, confidence=0.999), NAMES)
    assert found[0].reason.startswith("held-out head says dendrite with more than 99 %; ")


def test_a_label_that_was_looked_at_again_is_not_listed_again(labels: Callable[..., Labels]) -> None:
    x, y, cells = labels(300, apart=2.0)
    y[7] = (y[7] + 1) % 3
    held_out = predict_held_out(x, y, cells, 3)
    found = find_suspects(x, np.arange(300), cells, held_out, NAMES, confirmed=np.arange(300) == 7)
    assert 7 not in [suspect.label for suspect in found]


def test_labels_of_a_class_that_no_other_cell_has_are_not_suspected(labels: Callable[..., Labels]) -> None:
    x, y, cells = labels(200, class_count=2, apart=3.0)
    mine = cells == cells[0]
    y[mine] = 2
    assert not set(np.flatnonzero(mine)) & {suspect.label for suspect in suspects_of(x, y, cells)}


def test_no_labels_and_one_cell_give_no_suspects_but_contradictions_still_show(
    said: Callable[..., HeldOutLabels], labels: Callable[..., Labels]
) -> None:
    none = np.empty(0, np.int64)
    assert find_suspects(np.empty((0, 4)), none, cells_of(0), said(none, none), NAMES) == ()
    x, y, cells = labels(30, cells=1)
    held_out = predict_held_out(x, y, cells, 3)
    assert find_suspects(x, np.arange(30), cells, held_out, NAMES) == ()
    both = np.r_[0, 0, np.arange(2, 30)]
    y[1] = (y[0] + 1) % 3
    held_out = predict_held_out(x, y, cells, 3)
    (found,) = find_suspects(x, both, cells, held_out, NAMES)
    assert {found.label, *found.against} == {0, 1}
    assert (found.suggested, found.evidence, found.doubt) == (None, (), 0.5)
    assert "nearest" not in found.reason


def test_arrays_of_other_labels_are_refused(labels: Callable[..., Labels]) -> None:
    x, y, cells = labels(60)
    held_out = predict_held_out(x, y, cells, 3)
    with pytest.raises(ValueError, match="of the same labels"):
        find_suspects(x[:50], np.arange(60), cells, held_out, NAMES)


def test_neighbours_are_the_nearest_of_other_cells(labels: Callable[..., Labels]) -> None:
    x, _, cells = labels(120, cells=7)
    found = nearest_labels(x, cells, np.array([4, 119]))
    mean, std = mean_and_std(x.astype(np.float64))
    standard = (x - mean) / std
    assert sorted(found) == [4, 119]
    for label, near in found.items():
        distances = np.sqrt(((standard - standard[label]) ** 2).mean(axis=1))
        distances[cells == cells[label]] = np.inf
        assert [neighbour.label for neighbour in near] == np.argsort(distances)[:NEIGHBOURS].tolist()
        assert [neighbour.distance for neighbour in near] == pytest.approx(np.sort(distances)[:NEIGHBOURS], rel=1e-5)


def test_fewer_other_labels_than_asked_for_are_all_returned(labels: Callable[..., Labels]) -> None:
    x, _, _ = labels(6)
    cells = np.array([1, 1, 1, 2, 2, 2**63 + 1], np.uint64)
    near = nearest_labels(x, cells, np.array([0]))[0]
    assert sorted(neighbour.label for neighbour in near) == [3, 4, 5]
