"""Answers that are no class: stored as events, undone as labels are, and shown."""

from typing import Any

import pytest

from segclr_viewer.wire.answers import Labels, Saved
from segclr_viewer.wire.labelling import MarkRequest, Target

BIG = 2**63 + 5


def mark(desk: Any, row: int, kind: Any = "unsure", request: str | None = None, provenance: Any = "queue") -> None:
    task = desk.session.task.name
    desk.session.receive(MarkRequest(request or desk.request(), task, kind, Target(row=row), provenance))
    desk.fitter.run_newest()


def marked(desk: Any) -> tuple[list[int], list[int]]:
    labels = desk.page.last(Labels)
    return (sorted(labels.unsure), sorted(labels.bad_segmentation))


def test_a_mark_is_an_event_with_its_provenance_and_an_exact_id(desk: Any) -> None:
    mark(desk, 13, "bad_segmentation", provenance="audit")
    (event,) = desk.log.stored
    assert (event.kind, event.class_name, event.segment_id) == ("bad_segmentation", None, BIG)
    assert event.provenance == "audit"
    assert marked(desk) == ([], [13])
    assert (desk.saved().text, desk.saved().rows) == ("saved 1: mark bad segmentation", [13])


def test_a_mark_takes_the_place_of_a_label_and_a_label_that_of_a_mark(desk: Any) -> None:
    desk.label_all_looks()
    mark(desk, 0)
    assert 0 not in desk.labels()
    assert marked(desk) == ([0], [])
    desk.label(0, 1)
    assert desk.labels()[0] == 1
    assert marked(desk) == ([], [])


def test_undo_and_redo_say_what_they_changed_and_where(desk: Any) -> None:
    desk.label(6, 1)
    mark(desk, 6)
    desk.undo()
    assert desk.saved().text.endswith("undone: unsure at (3000, 9000, 81) nm")
    assert desk.saved().rows == [6]
    assert marked(desk) == ([], [])
    assert desk.labels() == {6: 1}
    desk.redo()
    assert desk.saved().rows == [6]
    assert marked(desk) == ([6], [])


def test_a_retry_and_a_held_key_never_double_a_mark(desk: Any) -> None:
    mark(desk, 6, request="once")
    mark(desk, 6, request="once")
    mark(desk, 6, request="held")
    assert len(desk.log.stored) == 1
    assert len(desk.page.all(Saved)) == 3


def test_a_mark_is_taken_back_as_a_label_is(desk: Any) -> None:
    mark(desk, 6)
    desk.label(6, None)
    assert marked(desk) == ([], [])
    assert desk.log.stored[-1].kind == "unlabel"


def test_what_is_under_the_mouse_is_marked_at_its_node(desk: Any) -> None:
    x, y, z = desk.table.positions_nm[13].tolist()
    desk.session.mark_at("unsure", (x + 40, y, z), BIG)
    assert marked(desk) == ([13], [])
    assert desk.log.stored[-1].position_nm == (x, y, z)
    desk.session.mark_at("unsure", (x, y, z), None)
    assert "no cell under the mouse" in desk.failed().text
    desk.session.mark_at("unsure", None, None)
    assert len(desk.log.stored) == 1


def test_progress_is_told_with_the_labels(desk: Any) -> None:
    assert desk.labels_now() == {}
    assert (desk.page.last(Labels).today, desk.page.last(Labels).per_minute) == (0, None)
    desk.label(0, 0)
    desk.label(5, 1)
    mark(desk, 7)
    told = desk.page.last(Labels)
    assert (told.today, told.per_minute) == (2, pytest.approx(2))
    desk.undo()
    desk.undo()
    assert desk.page.last(Labels).today == 1


def test_a_task_on_cells_marks_the_cell(desk: Any) -> None:
    desk.switch("cell type")
    mark(desk, 14)
    assert marked(desk) == ([14], [])
    desk.label(15, 1, "cell type")
    assert marked(desk) == ([], [])
