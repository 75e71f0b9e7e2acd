"""Labels of a segmentation whose cells have since been merged and split: found again, counted, listed, resolved.

In version v0 the cell 11 of today was two, 21 and 22; the cells 500 and 977 were one, 500; BIG was as it is;
23 is no more.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from segclr_viewer.log.events import LabelEvent
from segclr_viewer.wire.answers import Attached
from segclr_viewer.wire.labelling import MarkRequest, Target
from segclr_viewer.wire.listing import CommentRequest, Listed, ListRequest

BIG = 2**63 + 5
NODES, CELLS = "subcompartment", "cell type"
OLD_CELLS = ((range(2), 21), (range(2, 4), 22), (range(4, 12), 500), (range(12, 18), BIG))
OUTSIDE = (9000.0, 1000.0, 0.0)  # where v1 has nothing


def segment_at(table: Any) -> Callable[[Any], Any]:
    """What the segmentation of today has at positions."""

    def find(positions_nm: Any) -> Any:
        rows = [int(np.argmin(((table.positions_nm - at) ** 2).sum(1))) for at in positions_nm]
        found = table.segment_of_rows(np.array(rows, np.int64))
        return np.where(positions_nm[:, 0] > 8000, 0, found).astype(np.uint64)

    return find


class OldLog:
    """Labels given in v0, by ana."""

    def __init__(self, table: Any, task: str) -> None:
        self.table = table
        self.task = task
        self.events: list[LabelEvent] = []

    def label(self, row: int, class_name: str) -> None:
        cell = next(cell for rows, cell in OLD_CELLS if row in rows)
        self.label_at(tuple(self.table.positions_nm[row].tolist()), cell, class_name)

    def label_at(self, position: Any, cell: int, class_name: str) -> None:
        seq = len(self.events) + 1
        self.events.append(
            LabelEvent(
                seq=seq,
                uuid=f"old {seq}",
                group=f"old {seq}",
                at="2026-01-01T00:00:00Z",
                annotator="ana",
                kind="label",
                task=self.task,
                provenance="key",
                class_name=class_name,
                position_nm=position,
                segmentation="v0",
                segment_id=cell,
            )
        )


def list_places(desk: Any, task: str, *states: str) -> Listed:
    desk.session.receive(ListRequest(desk.request(), task, False, [], list(states), "", None, 50, []))  # type: ignore[arg-type]
    found: Listed = desk.page.last(Listed)
    return found


@pytest.fixture
def reopened(make_desk: Callable[..., Any], desk: Any) -> Callable[[OldLog], Any]:
    """Opens a log of v0 with the segmentation of today."""

    def open_with(old: OldLog) -> Any:
        after = make_desk(type(desk.log)(old.events), segment_at=segment_at(desk.table)).start()
        after.session.page_joined(after.page.send)
        return after

    return open_with


@pytest.fixture
def cells(desk: Any, reopened: Callable[[OldLog], Any]) -> Any:
    """The task of cells, with one label of each fate."""
    old = OldLog(desk.table, CELLS)
    old.label(0, "astrocyte")
    old.label(2, "microglia")  # on the same cell now
    old.label(10, "astrocyte")  # cut off from its cell
    old.label(14, "microglia")
    old.label_at(OUTSIDE, 23, "microglia")
    after = reopened(old)
    after.switch(CELLS)
    return after


def test_what_became_of_old_labels_is_said_in_one_sentence_at_the_start(cells: Any) -> None:
    told = cells.page.last(Attached)
    assert (told.kept, told.moved, told.conflict, told.lost) == (1, 1, 1, 1)
    assert told.text == (
        "of 4 places that were labelled before the segmentation became v1, 1 kept their segment, 1 lie on another "
        "one, 1 conflict now and 1 have none any more"
    )


def test_each_fate_is_a_filter_and_nothing_is_lost(cells: Any) -> None:
    fates = {state: list_places(cells, CELLS, state).places for state in ("kept", "moved", "conflict", "lost")}
    assert {state: [place.segment_id for place in places] for state, places in fates.items()} == {
        "kept": [str(BIG)],
        "moved": ["977"],
        "conflict": ["11"],
        "lost": ["0"],
    }
    assert all(place.reattached == state for state, places in fates.items() for place in places)
    (conflict,) = fates["conflict"]
    assert conflict.class_index is None
    assert [(said.class_name, said.segment_id, said.segmentation) for said in conflict.statements] == [
        ("astrocyte", "21", "v0"),
        ("microglia", "22", "v0"),
    ]
    assert fates["lost"][0].position_nm == OUTSIDE
    assert cells.labels() == {14: 1, 10: 0}
    assert sum(len(place.statements) for place in list_places(cells, CELLS).places) == 5


def test_a_conflict_is_resolved_by_labelling_the_place_again_and_by_undo_is_one_again(cells: Any) -> None:
    cells.label(1, 0, CELLS)
    assert list_places(cells, CELLS, "conflict").places == []
    (place,) = [place for place in list_places(cells, CELLS).places if place.segment_id == "11"]
    assert (place.class_index, place.reattached, len(place.statements)) == (0, None, 3)
    cells.session.page_joined(cells.page.send)
    assert cells.page.last(Attached).conflict == 0
    cells.undo()
    assert [place.segment_id for place in list_places(cells, CELLS, "conflict").places] == ["11"]


def test_a_conflict_where_the_segmentation_is_wrong_is_resolved_by_saying_so(cells: Any) -> None:
    cells.session.receive(MarkRequest(cells.request(), CELLS, "bad_segmentation", Target(row=1), "key"))
    cells.fitter.run_newest()
    assert list_places(cells, CELLS, "conflict").places == []
    assert [place.segment_id for place in list_places(cells, CELLS, "bad_segmentation").places] == ["11"]
    assert "conflict" not in cells.points().note


def test_in_a_task_of_nodes_each_label_follows_its_position(desk: Any, reopened: Callable[[OldLog], Any]) -> None:
    old = OldLog(desk.table, NODES)
    old.label(0, "axon")
    old.label(2, "axon")
    old.label(5, "dendrite")
    old.label(10, "dendrite")
    old.label(13, "spine")
    after = reopened(old)
    told = after.page.last(Attached)
    assert (told.kept, told.moved, told.conflict, told.lost) == (2, 3, 0, 0)
    assert after.labels() == {0: 0, 2: 0, 5: 1, 10: 1, 13: 2}
    assert [place.row for place in list_places(after, NODES, "moved").places] == [10, 2, 0]


def test_a_comment_of_an_old_version_is_still_at_its_place(desk: Any, make_desk: Callable[..., Any]) -> None:
    desk.session.receive(CommentRequest(desk.request(), NODES, "look", Target(row=2), None))
    (said,) = desk.log.stored
    after = make_desk(desk.log, segmentation="v2", segment_at=segment_at(desk.table)).start()
    (place,) = list_places(after, NODES, "commented").places
    assert (place.row, place.comments[0].uuid) == (2, said.uuid)


def test_a_project_of_one_version_says_nothing(desk: Any) -> None:
    desk.label(0, 0)
    desk.session.page_joined(desk.page.send)
    assert desk.page.all(Attached) == []
