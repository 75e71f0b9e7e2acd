"""Selecting: lasso in the scatter, segments in the viewer; one selection, told to all pages."""

from dataclasses import replace
from typing import Any

import numpy as np

from segclr_viewer.wire.answers import SelectionMade
from segclr_viewer.wire.selecting import (
    BrushRequest,
    ClearRequest,
    GrowRequest,
    NearRequest,
    SegmentsRequest,
    StepRequest,
)
from segclr_viewer.wire.types import Ball

BIG = 2**63 + 5
LOOKS_LIKE = {0: [0, 1, 2, 3, 9, 10, 11], 1: [4, 5, 6, 7, 8], 2: [12, 13, 14, 15, 16, 17]}


def test_a_lasso_selects_rows_and_names_their_segments(desk: Any) -> None:
    request = desk.lasso(LOOKS_LIKE[0])
    assert desk.page.all(SelectionMade) == []  # the search is not done on the session's thread
    desk.finder.run()
    selected = desk.selected()
    assert (selected.request, selected.origin) == (request, "lasso")
    assert desk.masked() == LOOKS_LIKE[0]
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
    assert desk.masked() == sorted(LOOKS_LIKE[0] + LOOKS_LIKE[1])
    desk.lasso([0], "subtract")
    desk.finder.run()
    assert desk.masked() == sorted(set(LOOKS_LIKE[0] + LOOKS_LIKE[1]) - {0})
    desk.lasso(LOOKS_LIKE[0], "intersect")
    desk.finder.run()
    assert desk.masked() == LOOKS_LIKE[0][1:]


def test_rows_of_hidden_classes_are_not_selected(desk: Any) -> None:
    desk.label_all_looks()
    desk.lasso(range(18), hidden=[0, 1])
    desk.finder.run()
    assert desk.masked() == LOOKS_LIKE[2]


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
    assert (desk.selected().mask, desk.masked()) == (None, [])


def test_segments_selected_in_the_viewer_light_their_rows(desk: Any) -> None:
    desk.session.receive(SegmentsRequest("a", [str(BIG), "11", "12", "11"]))
    selected = desk.selected()
    assert (selected.request, selected.origin) == ("a", "segments")
    assert desk.masked() == [0, 1, 2, 3, *LOOKS_LIKE[2]]
    assert selected.segments == [str(BIG), "11", "12"]
    assert selected.note == "1 of 3 segments has no embeddings"


def test_a_page_that_joins_is_told_the_rows_of_a_lasso(desk: Any) -> None:
    desk.lasso(LOOKS_LIKE[0])
    desk.finder.run()
    messages: list[Any] = []
    desk.session.page_joined(messages.append)
    (selection,) = [message for message in messages if isinstance(message, SelectionMade)]
    assert selection == desk.selected()


def test_a_selection_outlives_a_change_of_layout(desk: Any) -> None:
    desk.lasso(LOOKS_LIKE[0])
    desk.finder.run()
    old = desk.workspace.layout_named(desk.page_layout)
    desk.workspace.layout_ready(replace(old, id="umap", xy=np.ascontiguousarray(-old.xy)))
    assert desk.masked() == LOOKS_LIKE[0]


def test_a_brush_selects_what_lies_under_it(desk: Any) -> None:
    xy = desk.workspace.layout_named(desk.page_layout).xy.astype(float)
    desk.session.receive(BrushRequest("b", desk.page_layout, [tuple(xy[4]), tuple(xy[4])], 1e-6, "replace"))
    desk.finder.run()
    assert 4 in desk.masked()
    assert all(np.hypot(*(xy[row] - xy[4])) < 1e-5 for row in desk.masked())
    desk.session.receive(BrushRequest("b", "another", [(0.0, 0.0)], 1.0, "replace"))
    assert desk.failed().text == "the layout has changed since the lasso was drawn: draw it again"


def test_what_is_not_selected_is_selected_by_inverting(desk: Any) -> None:
    desk.lasso(LOOKS_LIKE[0])
    desk.finder.run()
    desk.session.receive(GrowRequest("g", "invert"))
    desk.finder.run()
    assert desk.masked() == sorted(LOOKS_LIKE[1] + LOOKS_LIKE[2])


def test_inverting_leaves_hidden_classes_out(desk: Any) -> None:
    desk.label_all_looks()
    desk.lasso(LOOKS_LIKE[0])
    desk.finder.run()
    desk.session.receive(GrowRequest("g", "invert", [desk.class_id(1)]))
    desk.finder.run()
    assert desk.masked() == LOOKS_LIKE[2]


def test_a_selection_grows_to_whole_cells(desk: Any) -> None:
    desk.lasso([0])
    desk.finder.run()
    (segment,) = desk.table.segment_of_rows(np.array([0])).tolist()
    rows = desk.table.rows_of(segment)
    desk.session.receive(GrowRequest("g", "cells"))
    desk.finder.run()
    assert set(desk.masked()) >= set(range(rows.start, rows.stop))


def test_one_goes_back_to_earlier_selections_and_forward_again(desk: Any) -> None:
    desk.lasso(LOOKS_LIKE[0])
    desk.finder.run()
    assert (desk.selected().can_back, desk.selected().can_forward) == (True, False)
    desk.session.receive(SegmentsRequest("s", [str(BIG)]))
    of_segment = desk.masked()
    desk.session.receive(StepRequest("1", back=True))
    assert (desk.selected().request, desk.masked()) == ("1", LOOKS_LIKE[0])
    assert (desk.selected().can_back, desk.selected().can_forward) == (True, True)
    desk.session.receive(StepRequest("2", back=True))
    assert (desk.masked(), desk.selected().origin) == ([], "clear")
    desk.session.receive(StepRequest("3", back=True))
    assert desk.failed().text == "there is no earlier selection"
    desk.session.receive(StepRequest("4", back=False))
    desk.session.receive(StepRequest("5", back=False))
    assert (desk.masked(), desk.selected().segments) == (of_segment, [str(BIG)])


def test_selecting_after_going_back_forgets_what_came_after(desk: Any) -> None:
    for rows in LOOKS_LIKE.values():
        desk.lasso(rows)
        desk.finder.run()
    desk.session.receive(StepRequest("1", back=True))
    desk.session.receive(ClearRequest("clear"))
    assert not desk.selected().can_forward
    desk.session.receive(StepRequest("2", back=True))
    assert desk.masked() == LOOKS_LIKE[1]


def test_a_selection_that_changes_nothing_is_no_step(desk: Any) -> None:
    for _ in range(3):
        desk.lasso(LOOKS_LIKE[0])
        desk.finder.run()
    desk.session.receive(StepRequest("1", back=True))
    assert not desk.selected().can_back


def test_going_back_overtakes_a_search_under_way(desk: Any) -> None:
    desk.lasso(LOOKS_LIKE[0])
    desk.finder.run()
    desk.lasso(LOOKS_LIKE[1])
    desk.session.receive(StepRequest("1", back=True))
    desk.finder.run()
    assert (desk.selected().request, desk.masked()) == ("1", [])


def test_what_lies_near_a_place_of_the_volume_is_selected_or_added(desk: Any) -> None:
    centre = tuple(desk.table.positions_nm[4].tolist())
    away = np.linalg.norm(desk.table.positions_nm.astype(float) - centre, axis=1)
    radius = float(np.sort(away)[3]) + 0.5
    inside = np.flatnonzero(away <= radius).tolist()
    for mode in ("replace", "subtract"):
        desk.session.receive(NearRequest(desk.request(), Ball(centre, radius), mode))
        desk.finder.run_newest()
        assert desk.masked() == (inside if mode == "replace" else [])


def test_a_selection_grows_to_what_is_most_like_each_of_its_points(desk: Any) -> None:
    desk.session._does.selecting.choose(desk.request(), np.array([4]), "replace")
    desk.finder.run_newest()
    desk.session.receive(GrowRequest(desk.request(), "neighbours"))
    desk.finder.run_newest()
    grown = desk.masked()
    assert len(grown) == 6
    assert {4, 5, 6, 7, 8} <= set(grown), "those that look alike"
