"""Selecting: lasso in the scatter, segments in the viewer; one selection, told to all pages."""

from dataclasses import replace
from typing import Any

import numpy as np

from segclr_viewer.wire.answers import SelectionMade
from segclr_viewer.wire.messages import ClearRequest, SegmentsRequest

BIG = 2**63 + 5
LOOKS_LIKE = {0: [0, 1, 2, 3, 9, 10, 11], 1: [4, 5, 6, 7, 8], 2: [12, 13, 14, 15, 16, 17]}


def test_a_lasso_selects_rows_and_names_their_segments(desk: Any) -> None:
    request = desk.lasso(LOOKS_LIKE[0])
    assert desk.page.all(SelectionMade) == []  # the search is not done on the session's thread
    desk.finder.run()
    selected = desk.selected()
    assert (selected.request, selected.origin, selected.layout) == (request, "lasso", desk.page_layout)
    assert selected.rows is None
    assert len(selected.polygon) == 4
    assert list(selected.mark_rows) == LOOKS_LIKE[0]
    assert selected.marks[0] == tuple(desk.table.positions_nm[0])
    assert selected.segments == ["11", "977"]
    assert (selected.row_total, selected.segment_total, selected.note) == (7, 2, "")


def test_a_lasso_in_an_outdated_layout_is_refused(desk: Any) -> None:
    request = desk.lasso([0], layout="another")
    assert desk.failed().request == request
    assert desk.failed().text == "the layout has changed since the lasso was drawn: draw it again"
    assert desk.finder.held == []


def test_a_lasso_whose_layout_changes_while_it_is_searched_is_refused(desk: Any) -> None:
    request = desk.lasso([0])
    desk.workspace.layout_ready(replace(desk.workspace.layout_named(desk.page_layout), id="umap"))
    desk.finder.run()
    assert desk.failed().request == request
    assert desk.page.all(SelectionMade) == []


def test_a_lasso_adds_to_the_selection_or_takes_off(desk: Any) -> None:
    desk.lasso(LOOKS_LIKE[0])
    desk.finder.run()
    desk.lasso(LOOKS_LIKE[1], "add")
    desk.finder.run()
    assert desk.selected().rows == sorted(LOOKS_LIKE[0] + LOOKS_LIKE[1])
    assert desk.selected().polygon is None
    desk.lasso([0], "subtract")
    desk.finder.run()
    assert desk.selected().rows == sorted(set(LOOKS_LIKE[0] + LOOKS_LIKE[1]) - {0})


def test_rows_of_hidden_classes_are_not_selected(desk: Any) -> None:
    desk.label_all_looks()
    desk.lasso(range(18), hidden=[0, 1])
    desk.finder.run()
    assert desk.selected().rows == LOOKS_LIKE[2]
    assert desk.selected().polygon is None


def test_only_the_newest_selection_counts(desk: Any) -> None:
    desk.lasso(LOOKS_LIKE[0])
    desk.lasso(LOOKS_LIKE[1])
    desk.finder.run(1)
    desk.finder.run(0)
    assert list(desk.selected().mark_rows) == LOOKS_LIKE[1]
    desk.lasso(LOOKS_LIKE[2])
    desk.session.receive(ClearRequest("clear it"))
    desk.finder.run()
    assert desk.selected().request == "clear it"
    assert desk.selected().rows == []


def test_segments_selected_in_the_viewer_light_their_rows(desk: Any) -> None:
    desk.session.receive(SegmentsRequest("a", [str(BIG), "11", "12", "11"]))
    selected = desk.selected()
    assert (selected.request, selected.origin) == ("a", "segments")
    assert selected.rows == [0, 1, 2, 3, *LOOKS_LIKE[2]]
    assert selected.segments == [str(BIG), "11", "12"]
    assert selected.note == "1 of 3 segments have no embeddings"


def test_a_page_that_joins_is_told_the_rows_of_a_lasso(desk: Any) -> None:
    desk.lasso(LOOKS_LIKE[0])
    desk.finder.run()
    messages: list[Any] = []
    desk.session.page_joined(messages.append)
    (selection,) = [message for message in messages if isinstance(message, SelectionMade)]
    assert selection.rows == LOOKS_LIKE[0]
    assert selection.polygon is None


def test_a_selection_outlives_a_change_of_layout(desk: Any) -> None:
    desk.lasso(LOOKS_LIKE[0])
    desk.finder.run()
    old = desk.workspace.layout_named(desk.page_layout)
    desk.workspace.layout_ready(replace(old, id="umap", xy=np.ascontiguousarray(-old.xy)))
    assert (desk.selected().layout, desk.selected().rows) == ("umap", LOOKS_LIKE[0])
