"""The course of the labels follows the fold of the log: what was undone was never given."""

import pytest

from segclr_viewer.heads.timeline import Sited, replay
from segclr_viewer.log.events import STATEMENTS, LabelEvent
from segclr_viewer.log.fold import TaskHistory
from segclr_viewer.project import ClassSpec, Task
from tests.segclr_viewer.log.logs import TASK, in_log, other, random_log, statement

CLASSES = tuple(ClassSpec(name, f"#00000{at}", str(at)) for at, name in enumerate(("axon", "dendrite", "spine"), 1))
NODES = Task(name=TASK, unit="node", classes=CLASSES)


def sited(events: list[LabelEvent]) -> list[Sited]:
    """Each event for the place that it names."""
    return [Sited(event, event.place_nm if event.kind in STATEMENTS else None, None) for event in events]


def steps(events: list[LabelEvent]) -> list[tuple[float, str | None]]:
    """Where a label changed, and to what."""
    found = replay(NODES, sited(events)).steps
    return [(step.site[0], step.label and step.label.class_name) for step in found]  # type: ignore[index]


def test_an_undone_proposal_is_no_part_of_the_course() -> None:
    many = [statement(f"m{at}", group="many", x_nm=10.0 + at, provenance="lasso") for at in range(200)]
    log = in_log(statement("1", x_nm=1.0), *many, other("u", "undo", target="many"), statement("2", x_nm=2.0))
    assert steps(log) == [(1.0, "axon"), (2.0, "axon")]


def test_what_was_redone_stands_where_it_was_given() -> None:
    turns = [other("u", "undo", target="action 2"), other("r", "redo", target="action 2")]
    log = in_log(statement("1", x_nm=1.0), statement("2", x_nm=2.0), *turns, statement("3", x_nm=3.0))
    assert steps(log) == [(1.0, "axon"), (2.0, "axon"), (3.0, "axon")]


def test_a_label_that_was_taken_back_was_given() -> None:
    log = in_log(statement("1", x_nm=1.0), statement("2", "unlabel", x_nm=1.0))
    assert steps(log) == [(1.0, "axon"), (1.0, None)]


def test_a_label_of_an_undone_class_keeps_the_class_that_it_named() -> None:
    renamed = other("c", "class_renamed", class_name="axon", new_name="bouton")
    log = in_log(renamed, statement("1", class_name="bouton", annotator="ben"), other("u", "undo", target="action c"))
    timeline = replay(NODES, sited(log))
    assert [timeline.history.name_now(step.label) for step in timeline.steps if step.label] == ["axon"]


@pytest.mark.parametrize("seed", range(40))
def test_the_course_ends_at_what_the_log_says_now(seed: int) -> None:
    log = random_log(seed)
    history = TaskHistory(NODES.name, NODES.unit, NODES.classes)
    for event in log:
        history.apply(event)
    at_end = {step.site: step.label for step in replay(NODES, sited(log)).steps}
    newest: dict[object, LabelEvent] = {}
    for label in sorted(history.current().values(), key=lambda event: event.seq):
        newest[label.place_nm] = label
    assert {site: label for site, label in at_end.items() if label is not None} == newest
