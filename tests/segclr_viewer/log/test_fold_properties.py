"""What holds of every log: random ones of all kinds of events, by several annotators."""

import random
from typing import Any

import pytest

from segclr_viewer.log.consensus import Choice
from segclr_viewer.log.events import LabelEvent, Unit
from segclr_viewer.log.fold import TaskHistory, fold
from segclr_viewer.project import ClassSpec
from tests.segclr_viewer.log.logs import ANNOTATORS, TASK, in_log, of, other, random_log, statement

SEEDS = range(40)
CLASSES = (ClassSpec("axon", "#3b82f6", "1"), ClassSpec("dendrite", "#ef4444", "2"), ClassSpec("spine", "#f59e0b", "3"))
UNITS: tuple[Unit, ...] = ("node", "segment")


def state(history: TaskHistory) -> dict[str, Any]:
    """All that can be asked of a history."""
    uuids = [event.uuid for voices in history._said.values() for stack in voices.values() for event in stack]
    return {
        "labels": history.current(),
        "names": {uuid: history.name_now(label) for uuid, label in history.current().items()},
        "consensus": history.consensus(),
        "agreed": history.consensus(Choice(reviews=frozenset({"agreed", "unreviewed"}))),
        "statements": [history.statements(name) for name in ANNOTATORS],
        "turns": [(history.to_undo(name), history.to_redo(name)) for name in ANNOTATORS],
        "classes": history.classes,
        "reviews": {uuid: history.reviews(uuid) for uuid in uuids},
        "comments": history.comments(),
        "imports": history.imports(),
    }


def folded(events: list[LabelEvent], unit: Unit = "node") -> TaskHistory:
    return fold(events, TASK, unit, CLASSES)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("unit", UNITS)
def test_a_prefix_folded_and_continued_is_the_whole_log_folded(seed: int, unit: Unit) -> None:
    log = random_log(seed)
    history = TaskHistory(TASK, unit, CLASSES)
    for at, event in enumerate(log, 1):
        history.apply(event)
        if at % 7 == 0:  # asking in between must change nothing
            assert state(history) == state(folded(log[:at], unit))
    assert state(history) == state(folded(log, unit))


@pytest.mark.parametrize("seed", SEEDS)
def test_what_one_annotator_says_never_depends_on_another(seed: int) -> None:
    log = random_log(seed)
    together = folded(log)
    for name in ANNOTATORS:
        alone = folded(of(log, name))
        assert together.statements(name) == alone.statements(name)
        assert together.to_undo(name) == alone.to_undo(name)
        assert together.to_redo(name) == alone.to_redo(name)


@pytest.mark.parametrize("seed", SEEDS)
def test_any_interleaving_of_two_annotators_leads_to_the_same_statements(seed: int) -> None:
    rng = random.Random(seed)
    queues = [of(random_log(seed), "ana"), of(random_log(seed), "ben")]
    expected = [folded(queue).statements(name) for queue, name in zip(queues, ("ana", "ben"), strict=True)]
    mixed = []
    while any(queues):
        mixed.append(rng.choice([queue for queue in queues if queue]).pop(0))
    assert [folded(mixed).statements(name) for name in ("ana", "ben")] == expected


@pytest.mark.parametrize("seed", SEEDS)
def test_undo_then_redo_changes_nothing_and_so_does_redo_then_undo(seed: int) -> None:
    log = random_log(seed)
    before = state(folded(log))
    for name in ANNOTATORS:
        for first, second, action in (
            ("undo", "redo", folded(log).to_undo(name)),
            ("redo", "undo", folded(log).to_redo(name)),
        ):
            if action:
                turns = [
                    other("turn 1", first, annotator=name, target=action[0].group),  # type: ignore[arg-type]
                    other("turn 2", second, annotator=name, target=action[0].group),  # type: ignore[arg-type]
                ]
                assert state(folded(in_log(*log, *turns))) == before


@pytest.mark.parametrize("seed", SEEDS)
def test_undoing_everything_of_everybody_leaves_nothing(seed: int) -> None:
    log = random_log(seed)
    history = folded(log)
    for name in ANNOTATORS:
        while action := history.to_undo(name):
            log = in_log(*log, other(f"turn {len(log)}", "undo", annotator=name, target=action[0].group))
            history.apply(log[-1])
    empty = state(folded([]))
    reached = state(history) | {"turns": empty["turns"]}
    assert reached == empty
    assert state(folded(log)) == state(history)


@pytest.mark.parametrize("seed", SEEDS)
def test_an_event_that_comes_twice_counts_once(seed: int) -> None:
    log = random_log(seed)
    rng = random.Random(seed)
    doubled = list(log)
    for _ in range(10):
        at = rng.randrange(len(doubled))
        doubled.insert(rng.randrange(at + 1, len(doubled) + 1), doubled[at])
    assert state(folded(doubled)) == state(folded(log))


def test_an_undo_can_itself_not_be_undone_but_redone() -> None:
    log = in_log(
        statement("1"),
        statement("2", x_nm=9.0),
        other("3", "undo", target="action 2"),
        other("4", "undo", target="action 3"),  # names no action of the annotator: passed over
    )
    history = folded(log)
    assert [event.uuid for event in history.current().values()] == ["1"]
    assert history.to_undo("ana") == [log[0]]
    assert history.to_redo("ana") == [log[1]]
