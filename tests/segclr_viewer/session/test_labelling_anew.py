"""Labels of other annotators, of files, and of another version of the segmentation."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from segclr_viewer.log.events import LabelEvent, numbered
from tests.segclr_viewer.log.logs import other


def follow(table: Any) -> Callable[[Any], Any]:
    """The segment of the nearest line of nodes of the small world: where old labels are found again."""

    def segment_at(positions_nm: Any) -> Any:
        rows = [int(np.argmin(((table.positions_nm - at) ** 2).sum(1))) for at in positions_nm]
        found = table.segment_of_rows(np.array(rows, np.int64))
        return np.where(positions_nm[:, 0] > 8000, 0, found).astype(np.uint64)

    return segment_at


def as_of(version: str, events: list[LabelEvent]) -> list[LabelEvent]:
    """The events as if they had been given on another segmentation, whose ids are others, too."""
    return [replace(event, segmentation=version, segment_id=event.segment_id // 2 + 1) for event in events]


def test_labels_of_another_segmentation_are_used_where_they_are_now(make_desk: Callable[..., Any], desk: Any) -> None:
    desk.label_all_looks()
    log = type(desk.log)(as_of("v0", desk.log.stored))
    after = make_desk(log, segment_at=follow(desk.table)).start()
    assert after.labels_now() == {0: 0, 5: 1, 13: 2}
    assert after.points().note == ""
    assert after.points().labels == 3
    after.label(0, None)
    assert (after.log.stored[-1].kind, after.log.stored[-1].segmentation) == ("unlabel", "v0")
    assert after.labels() == {5: 1, 13: 2}
    after.undo()
    assert after.labels() == {0: 0, 5: 1, 13: 2}
    after.label(5, 2)
    assert after.labels() == {0: 0, 5: 2, 13: 2}
    assert after.points().note == ""


def test_labels_of_cells_that_became_one_conflict_until_the_cell_is_labelled_again(
    make_desk: Callable[..., Any], desk: Any
) -> None:
    desk.label(0, 0, "cell type")
    desk.label(5, 1, "cell type")
    desk.label(13, 1, "cell type")
    first, second, third = as_of("v0", desk.log.stored)
    merged = replace(second, position_nm=tuple(desk.table.positions_nm[3].tolist()))  # on the cell of the first one now
    after = make_desk(type(desk.log)([first, merged, third]), segment_at=follow(desk.table)).start()
    after.switch("cell type")
    assert after.labels() == {13: 1}
    assert after.points().note.endswith("2 labels conflict since the segmentation changed: label those places again")
    after.label(1, 1, "cell type")
    assert after.labels() == {1: 1, 13: 1}
    assert "conflict" not in after.points().note


def test_a_label_whose_cell_is_gone_is_kept_and_said(make_desk: Callable[..., Any], desk: Any) -> None:
    desk.label_all_looks()
    first, *others = as_of("v0", desk.log.stored)
    gone = replace(first, position_nm=(9000.0, 0.0, 0.0))
    after = make_desk(type(desk.log)([gone, *others]), segment_at=follow(desk.table)).start()
    assert after.labels_now() == {5: 1, 13: 2}
    assert after.points().note == "1 label lies where the segmentation has nothing any more"


def test_a_label_by_another_annotator_is_neither_taken_back_nor_undone(
    make_desk: Callable[..., Any], desk: Any
) -> None:
    desk.label(0, 0)
    ben = make_desk(desk.log, annotator="ben").start()
    ben.label(0, None)
    assert ben.failed().text == "the label here is by ana, who alone can take it back: give your own"
    ben.undo()
    assert ben.failed().text == "there is nothing to undo in subcompartment"
    ben.label(0, 1)
    assert ben.labels() == {}
    assert ben.points().note.endswith("1 place on which the annotators disagree is not trained on")
    ben.undo()
    assert ben.labels() == {0: 0}


def test_an_imported_label_is_corrected_and_taken_back_by_anybody(make_desk: Callable[..., Any], desk: Any) -> None:
    desk.label(0, 0)
    imported = replace(desk.log.stored[0], provenance="import", annotator="phantom truth")
    after = make_desk(type(desk.log)([imported])).start()
    after.label(0, 2)
    assert after.labels() == {0: 2}
    after.undo()
    assert after.labels() == {0: 0}
    after.label(0, None)
    assert after.labels() == {}
    after.label(0, None)
    assert after.failed().text == "there is no label here to take back"
    after.undo()
    assert after.labels() == {0: 0}


def test_a_class_that_the_log_renamed_keeps_its_labels(make_desk: Callable[..., Any], desk: Any) -> None:
    desk.label_all_looks()
    renamed = numbered(other("r", "class_renamed", class_name="axon", new_name="neurite"), 4)
    after = make_desk(type(desk.log)([*desk.log.stored, renamed])).start()
    assert after.labels_now() == {0: 0, 5: 1, 13: 2}
    assert [spec.name for spec in after.session.task.classes] == ["neurite", "dendrite", "spine"]
    after.undo()
    assert after.saved().text == "saved 5: undone: renaming axon to neurite"
    assert [spec.name for spec in after.session.task.classes] == ["axon", "dendrite", "spine"]
