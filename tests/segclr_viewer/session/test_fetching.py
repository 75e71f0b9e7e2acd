"""Segments of a release, fetched when they are looked at: what is asked for, what appears, and what is said."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from segclr.embeddings.averaged import part_of
from segclr.embeddings.table import EmbeddingTable, build_table
from segclr.release.registry import Release, release_named
from segclr_viewer.exchange.selection import selection_columns
from segclr_viewer.growing_table import GrowingTable
from segclr_viewer.kept_layouts import KeptLayouts
from segclr_viewer.log.events import LabelEvent, NewEvent
from segclr_viewer.points import NO_CLASS
from segclr_viewer.ports import Brought, LayoutWish
from segclr_viewer.scatter import Scatter
from segclr_viewer.session import fetching
from segclr_viewer.wire.answers import Failed, Hello, Labels, LayoutReady, PointsReady, ReleaseState, RowsReady
from segclr_viewer.wire.comparing import CompareRequest, ComparisonReady
from segclr_viewer.wire.messages import RefetchRequest
from segclr_viewer.wire.selecting import SegmentsRequest
from segclr_viewer.wire.views import KeepSelectionRequest, SelectionKept
from tests.segclr_viewer.desk import Desk
from tests.segclr_viewer.fakes import MemoryLog
from tests.segclr_viewer.small_world import BIG, small_table, world_of

WHOLE = small_table()


@dataclass
class HeldRelease:
    """A release that answers when the test says so."""

    release: Release = field(default_factory=lambda: release_named("h01"))
    asked: list[int] = field(default_factory=list)
    told: dict[int, Callable[[Brought], None]] = field(default_factory=dict)

    def fetch(self, segment_ids: Sequence[int], done: Callable[[Brought], None]) -> None:
        self.asked += segment_ids
        self.told |= dict.fromkeys(segment_ids, done)

    def answer(self, segment_id: int) -> None:
        self.told.pop(segment_id)(Brought(segment_id, rows_of(segment_id)))

    def answer_missing(self, segment_id: int) -> None:
        self.told.pop(segment_id)(Brought(segment_id, is_missing=True, problem=f"segment {segment_id} is not in h01"))

    def answer_down(self, segment_id: int) -> None:
        self.told.pop(segment_id)(Brought(segment_id, is_network_down=True, problem="no route"))


def rows_of(*segments: int) -> EmbeddingTable:
    return part_of(WHOLE, np.sort(np.searchsorted(WHOLE.segment_ids, np.array(segments, np.uint64))))


def desk_with(release: HeldRelease, *segments: int) -> Desk:
    """A session that begins with these segments of the small table."""
    table = GrowingTable.begin(rows_of(*segments))
    world = world_of(table, segmentation="c3", scatter=Scatter(table, table_grows=True), embeds=False)
    return Desk(world, MemoryLog(), count(1), release=release).start()


@pytest.fixture
def release() -> HeldRelease:
    return HeldRelease()


@pytest.fixture
def desk(release: HeldRelease) -> Desk:
    return desk_with(release, 500, BIG)


def look(desk: Desk, *segments: int) -> None:
    desk.session.receive(SegmentsRequest(desk.request(), [str(segment) for segment in segments]))


def test_nothing_is_fetched_before_somebody_looks(desk: Desk, release: HeldRelease) -> None:
    messages: list[object] = []
    desk.session.page_joined(messages.append)
    assert release.asked == []
    assert ReleaseState("", is_busy=False, can_retry=False) in messages
    assert next(each for each in messages if isinstance(each, Hello)).table_version.endswith("~11")


def test_a_segment_that_is_selected_is_fetched_once_and_those_that_are_there_are_not(
    desk: Desk, release: HeldRelease
) -> None:
    look(desk, 500, 11)
    look(desk, 11, BIG)
    assert release.asked == [11]
    assert desk.page.last(ReleaseState) == ReleaseState("fetching 1 segment of h01", is_busy=True, can_retry=False)


def test_what_was_fetched_appears_everywhere(desk: Desk, release: HeldRelease) -> None:
    desk.label(0, 1)
    desk.label(5, 2)
    before = desk.classes()
    look(desk, 11)
    release.answer(11)
    desk.chooser.run_newest()
    desk.fitter.run_newest()
    assert desk.page.last(ReleaseState).text == ""
    assert desk.page.last(RowsReady).rows == 15
    assert desk.page.last(LayoutReady).rows == 15
    assert np.isfinite(desk.workspace.layout.xy).all()
    points = desk.page.last(PointsReady)
    assert (points.rows, sum(points.predicted)) == (15, 15)
    assert points.url.endswith("~15.bin")
    assert len(desk.classes()) == 15
    assert desk.classes()[: len(before)] == before
    desk.label(12, 0)
    assert desk.page.last(Labels).rows == [0, 5, 12]


def test_rows_that_have_just_come_are_compared_and_saved_before_they_are_predicted(
    desk: Desk, release: HeldRelease
) -> None:
    desk.label(0, 1)
    desk.label(5, 2)
    look(desk, 11)
    release.answer(11)
    assert desk.classes()[11:] == [NO_CLASS] * 4, "they wait for their fit"

    def select(*rows: int) -> None:
        desk.session._does.selecting.choose(desk.request(), np.array(rows, np.int64), "replace")
        desk.finder.run_newest()

    select(0, 1)
    desk.session.receive(KeepSelectionRequest(desk.request()))
    select(10, 11, 12)
    desk.session.receive(CompareRequest("compare", "page", "subcompartment", desk.page.last(SelectionKept).selection))
    while desk.chooser.held:
        desk.chooser.run()
    assert desk.page.last(ComparisonReady).rows == (2, 3)
    mask = str(desk.selected().mask)
    selected = desk.session.selected_rows(mask.removeprefix("/columns/mask/").removesuffix(".bin"))
    assert selected is not None
    assert (selection_columns(selected)["class"] != "").tolist() == [True, False, False]


def test_a_fit_that_ends_after_rows_have_come_says_nothing_of_them(desk: Desk, release: HeldRelease) -> None:
    desk.label(0, 1)
    desk.label(5, 2)
    desk.label(1, 1, fit=False)
    job = desk.fitter.held[-1]
    answer = job[0]()
    look(desk, 11)
    release.answer(11)
    job[1](answer)
    assert desk.classes()[11:] == [NO_CLASS] * 4
    assert NO_CLASS not in desk.classes()[:11]
    assert desk.page.last(PointsReady).rows == 15


def test_a_label_of_a_former_run_finds_its_row_when_the_segment_comes(release: HeldRelease) -> None:
    desk = desk_with(release, 11, 500)
    desk.label(1, 0)
    again = desk_with(release, 500)
    again.log.append([said_before(event) for event in desk.log.events()])
    again.workspace.start()
    assert again.session.active.labelled().rows == {}
    look(again, 11)
    release.answer(11)
    assert again.session.active.labelled().rows == {6: 0}
    assert again.page.last(Labels).rows == [6]


def said_before(event: LabelEvent) -> NewEvent:
    """The event as it was first given to the log."""
    return NewEvent(**{name: getattr(event, name) for name in NewEvent.__dataclass_fields__})


def test_not_in_the_release_and_no_network_are_different_sentences(desk: Desk, release: HeldRelease) -> None:
    look(desk, 11, 977)
    release.answer_missing(11)
    release.answer_down(977)
    state = desk.page.last(ReleaseState)
    assert state.can_retry
    assert state.text == (
        "the release h01 cannot be reached, so that 1 segment could not be fetched (no route); segment 11 is not in h01"
    )
    look(desk, 11, 977)
    assert release.asked == [11, 977]


def test_what_could_not_be_fetched_is_tried_again_when_asked(desk: Desk, release: HeldRelease) -> None:
    look(desk, 977)
    release.answer_down(977)
    desk.session.receive(RefetchRequest(desk.request()))
    assert release.asked == [977, 977]
    release.answer(977)
    assert desk.page.last(ReleaseState) == ReleaseState("", is_busy=False, can_retry=False)


def test_without_a_network_those_that_wait_are_not_asked_for_one_after_the_other(
    desk: Desk, release: HeldRelease, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "_AT_ONCE", 2)
    look(desk, *range(1000, 1010))
    assert release.asked == [1000, 1001]
    release.answer_down(1000)
    release.answer_down(1001)
    assert release.asked == [1000, 1001]
    assert "so that 10 segments could not be fetched" in desk.page.last(ReleaseState).text


def test_only_so_many_are_fetched_at_once(desk: Desk, release: HeldRelease, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "MOST_WAITING", 3)
    look(desk, *range(1000, 1010))
    assert release.asked == [1000, 1001, 1002]
    assert "7 segments more are shown than are fetched at once" in desk.page.last(ReleaseState).text


def test_ids_of_another_materialisation_are_told_by_how_many_are_missing(desk: Desk, release: HeldRelease) -> None:
    look(desk, 11, *range(1000, 1004))
    for segment_id in (1000, 1001):
        release.answer_missing(segment_id)
    assert "other segmentation" not in desk.page.last(ReleaseState).text
    for segment_id in (1002, 1003):
        release.answer_missing(segment_id)
    release.answer(11)
    assert desk.page.last(ReleaseState).text == (
        "4 of 5 segments are not in h01: small objects alone do not make that many, the ids are rather of another "
        "segmentation or materialisation than c3"
    )


def test_a_segment_that_is_clicked_before_it_is_there_is_fetched(desk: Desk, release: HeldRelease) -> None:
    desk.session.click((0.0, 0.0, 0.0), 977)
    assert release.asked == [977]
    assert desk.page.last(Failed).text == "segment 977 is being fetched: try again when it is there"
    assert desk.page.last(Failed).again


def test_a_table_of_a_release_can_begin_with_one_row_and_grow_by_thirty_thousand(release: HeldRelease) -> None:
    """Of which the one is a segment of its own."""
    one, many = 2**53 + 1, 2**63 + 7
    rng = np.random.default_rng(0)

    def table_of(segment_id: int, rows: int) -> EmbeddingTable:
        positions = np.cumsum(rng.normal(0, [900, 700, 500], (rows, 3)), axis=0)
        embeddings = rng.normal(size=(rows, 5)).astype(np.float32)
        ids = np.full(rows, segment_id, np.uint64)
        return build_table(ids, np.arange(rows), positions, embeddings, np.empty((0, 2), int), WHOLE.provenance)

    desk = desk_with(release, 11)
    look(desk, one, many)
    release.told.pop(one)(Brought(one, table_of(one, 1)))
    release.told.pop(many)(Brought(many, table_of(many, 30_000)))
    desk.chooser.run_newest()
    desk.label(4, 0)
    desk.label(5, 1)
    assert desk.page.last(RowsReady).rows == 30_005
    assert len(desk.classes()) == 30_005
    assert sum(desk.points().predicted) == 30_005
    desk.switch("cell type")
    desk.label(4, 0, "cell type")
    desk.label(5, 1, "cell type")
    assert desk.points().predicted in ([1, 2], [2, 1])
    assert set(desk.classes()[5:]) == {1}


def test_a_layout_is_fitted_to_what_is_there_in_its_own_order(desk: Desk, release: HeldRelease) -> None:
    look(desk, 11)
    release.answer(11)
    order = KeptLayouts(Path("absent"), desk.table, desk.workspace.scatter, lambda job: None)._order(LayoutWish())
    assert order.table is not None
    assert type(order.table) is EmbeddingTable
    assert order.table.segment_ids.tolist() == [500, BIG, 11]
    assert np.array_equal(order.table.embeddings, desk.table.embeddings)


def test_of_what_is_only_in_sight_so_much_is_fetched_and_what_is_not_there_is_passed_over(
    desk: Desk, release: HeldRelease, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "MOST_IN_SIGHT", 2)
    desk.workspace.in_sight([11, 500, 977, 1000])
    desk.workspace.in_sight([1001, 11])
    assert release.asked == [11, 977]
    release.answer(11)
    release.answer_missing(977)
    assert 11 in desk.table.segment_ids
    assert desk.page.last(ReleaseState).text == ""
    look(desk, 977, 1000)
    assert release.asked == [11, 977, 1000]
    assert "segment 977 is not in h01" in desk.page.last(ReleaseState).text
