"""Saved views: shared by all, changed by who made them; selections come back as they were, or not at all."""

from dataclasses import replace
from typing import Any

from segclr.errors import LabelStoreError
from segclr_viewer.wire.selecting import ClearRequest, SegmentsRequest
from segclr_viewer.wire.views import (
    BringSelectionRequest,
    DropViewRequest,
    KeepSelectionRequest,
    SaveViewRequest,
    SelectionKept,
    ViewsKnown,
)

UNKNOWN = "0" * 24


def select_all(desk: Any) -> None:
    desk.lasso(range(len(desk.table)))
    desk.finder.run_newest()


def save(desk: Any, name: str, view: str = "{}") -> None:
    desk.session.receive(SaveViewRequest(desk.request(), name, view))


def keep(desk: Any) -> SelectionKept:
    desk.session.receive(KeepSelectionRequest(desk.request()))
    kept: SelectionKept = desk.page.last(SelectionKept)
    return kept


def bring(desk: Any, name: str) -> None:
    desk.session.receive(BringSelectionRequest(desk.request(), name))


def names(desk: Any) -> list[tuple[str, str]]:
    return [(view.name, view.by) for view in desk.page.last(ViewsKnown).views]


def test_a_view_is_told_to_all_annotators_and_to_pages_that_come_later(desk: Any) -> None:
    ben = desk.neighbour("ben")
    save(desk, " the spiny end ", '{"v":1}')
    assert names(desk) == names(ben) == [("the spiny end", desk.session.annotator)]
    sent: list[Any] = []
    ben.session.page_joined(sent.append)
    (told,) = [message for message in sent if isinstance(message, ViewsKnown)]
    assert told.views[0].view == '{"v":1}'


def test_the_same_name_replaces_ones_own_view_and_never_another_annotators(desk: Any) -> None:
    ben = desk.neighbour("ben")
    save(desk, "one", "old")
    save(desk, "two")
    save(desk, "one", "new")
    assert [view.view for view in desk.page.last(ViewsKnown).views if view.name == "one"] == ["new"]
    save(ben, "one", "ben's")
    assert "another annotator" in ben.failed().text
    ben.session.receive(DropViewRequest(ben.request(), "one"))
    assert "of yours" in ben.failed().text
    assert len(names(desk)) == 2


def test_a_view_is_deleted_by_who_made_it(desk: Any) -> None:
    save(desk, "one")
    desk.session.receive(DropViewRequest(desk.request(), "one"))
    assert names(desk) == []


def test_a_view_that_cannot_be_kept_is_said_and_the_others_stay(desk: Any) -> None:
    save(desk, "one")
    desk.views.error = LabelStoreError("the disk is full")
    save(desk, "two")
    assert desk.failed().text == "the disk is full"
    assert names(desk) == [("one", desk.session.annotator)]


def test_a_kept_selection_comes_back_after_others_and_is_a_step_to_go_back_from(desk: Any) -> None:
    select_all(desk)
    rows = desk.masked()
    kept = keep(desk)
    assert (kept.rows, kept.cells) == (len(rows), len(desk.table.segment_ids))
    desk.session.receive(ClearRequest(desk.request()))
    bring(desk, str(kept.selection))
    assert desk.masked() == rows
    assert desk.selected().can_back


def test_segments_that_were_selected_in_the_viewer_come_back_even_without_embeddings(desk: Any) -> None:
    ids = [str(desk.table.segment_ids[0]), str(2**63 + 5)]
    desk.session.receive(SegmentsRequest(desk.request(), ids))
    before, kept = desk.selected(), keep(desk)
    desk.session.receive(ClearRequest(desk.request()))
    bring(desk, str(kept.selection))
    after = desk.selected()
    assert (after.segments, after.origin, after.note) == (before.segments, "segments", before.note)


def test_where_nothing_is_selected_nothing_is_kept(desk: Any) -> None:
    assert keep(desk).selection is None
    assert desk.views.selections == {}


def test_a_selection_of_other_embeddings_or_of_none_is_refused_and_the_present_one_stays(desk: Any) -> None:
    select_all(desk)
    kept = str(keep(desk).selection)
    present = desk.selected()
    bring(desk, UNKNOWN)
    assert "not kept" in desk.failed().text
    desk.views.selections[kept] = replace(desk.views.selections[kept], table="another")
    bring(desk, kept)
    assert "other embeddings" in desk.failed().text
    desk.views.selections[kept] = replace(desk.views.selections[kept], table=desk.table.version, bits=b"")
    bring(desk, kept)
    assert desk.selected() == present
