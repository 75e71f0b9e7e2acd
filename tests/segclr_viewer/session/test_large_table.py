"""A session on a table of which a sample is shown: the page knows points by number, the session rows."""

from collections.abc import Callable
from dataclasses import replace
from itertools import count

import numpy as np
import pytest

from segclr.explore.layout import pca_layout
from segclr.heads.linear import fit_head
from segclr_viewer.heads.fitting import FitJob, Seen
from segclr_viewer.heads.row_vectors import RowVectors
from segclr_viewer.heads.unfinished import Unfinished
from segclr_viewer.points import NO_CLASS
from segclr_viewer.scatter import Scatter
from segclr_viewer.session import workspace
from segclr_viewer.wire.answers import Hello, Labels, LayoutReady, PointsReady, RowsReady, SelectionMade, Status
from segclr_viewer.wire.coloring import Colored, ColorRequest
from segclr_viewer.wire.explore import ClusterRequest, ClusterSelectRequest, ClustersReady
from segclr_viewer.wire.messages import QueueRequest
from segclr_viewer.wire.queue_answers import QueueReady
from segclr_viewer.wire.selecting import LassoRequest, SegmentsRequest
from tests.segclr_viewer.desk import Desk
from tests.segclr_viewer.fakes import MemoryLog
from tests.segclr_viewer.small_world import BIG, NODES, small_table, world_of

TABLE = small_table()
EVERYTHING = [(-2.0, -2.0), (2.0, -2.0), (2.0, 2.0), (-2.0, 2.0)]


class Clock:
    """Nothing is waited for, but what is told again and again is told no second time."""

    def __init__(self) -> None:
        self.waiting: list[Callable[[], None]] = []

    def __call__(self, seconds: float, function: Callable[[], None]) -> None:
        if seconds < 0.4:
            function()
        else:
            self.waiting.append(function)


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A session whose table counts as large, six of its 18 rows in the sample."""
    monkeypatch.setattr("segclr_viewer.heads.row_vectors.LARGE_ROWS", 10)
    monkeypatch.setattr("tests.segclr_viewer.desk.at_once", Clock())
    monkeypatch.setattr(workspace, "POINTS_EACH", 3)
    scatter = Scatter(TABLE, most=10, sample=6)
    world = world_of(TABLE, layout=pca_layout(scatter.of(TABLE.embeddings)), scatter=scatter)
    return Desk(world, MemoryLog(), count(1)).start()


@pytest.fixture
def whole(desk: Desk) -> Desk:
    """The same, with all of the large table in the scatter."""
    scatter = Scatter(TABLE)
    world = replace(desk.session._state.world, scatter=scatter, layout=pca_layout(TABLE.embeddings))
    return Desk(world, MemoryLog(), count(1)).start()


def outside(desk: Desk) -> int:
    """A row that is no point."""
    return next(row for row in range(len(TABLE)) if desk.workspace.scatter.point(row) is None)


def test_the_page_is_told_of_the_sample_alone(desk: Desk) -> None:
    messages: list[object] = []
    desk.session.page_joined(messages.append)
    hello = next(each for each in messages if isinstance(each, Hello))
    layout = next(each for each in messages if isinstance(each, LayoutReady))
    assert (hello.rows, hello.segments, layout.rows) == (6, 4, 6)
    assert hello.table_version == f"{TABLE.version}~6"


def test_a_label_outside_the_sample_enters_it(desk: Desk) -> None:
    row = outside(desk)
    segment = int(TABLE.segment_of_rows(np.array([row]))[0])
    desk.session.label_at(desk.class_id(0), tuple(TABLE.positions_nm[row].tolist()), segment)
    labels = desk.page.last(Labels)
    assert labels.rows == [6]
    assert desk.workspace.scatter.row(6) == row
    kinds = [type(message) for message in desk.page.sent]
    assert kinds.index(RowsReady) < kinds.index(Labels)
    assert desk.page.last(RowsReady) == RowsReady(7, 4, f"{TABLE.version}~7")
    guessed = desk.page.last(LayoutReady)
    assert guessed.rows == 7
    desk.chooser.run_newest()
    placed = desk.page.last(LayoutReady)
    assert placed.id != guessed.id
    assert np.isfinite(desk.workspace.layout.xy).all()


def test_a_label_of_a_point_is_for_its_row(desk: Desk) -> None:
    desk.label(4, 1, fit=False)
    assert desk.session.active.labelled().rows == {desk.workspace.scatter.row(4): 1}
    assert desk.page.last(Labels).rows == [4]


def test_points_are_predicted_first_and_the_rest_after(desk: Desk) -> None:
    for point, given in ((0, 0), (2, 1), (5, 2)):
        desk.label(point, given, fit=False)
    while not desk.session.points or sum(desk.session.points.labelled) < 3:
        desk.fitter.run()
    points, told = desk.session.points, desk.page.last(PointsReady)
    scatter = desk.workspace.scatter
    assert (points.classes[scatter.rows] != NO_CLASS).all()
    assert np.count_nonzero(points.classes == NO_CLASS) == len(TABLE) - len(scatter)
    assert (told.rows, sum(told.predicted)) == (len(scatter), len(scatter))
    desk.fitter.run_newest()
    assert (points.classes != NO_CLASS).all()
    after = desk.page.last(PointsReady)
    assert sum(after.predicted) == len(TABLE)
    assert after.stamp == told.stamp
    assert after.url != told.url
    assert desk.page.last(Status).text == "all 18 points are predicted"


def test_what_the_viewer_shows_is_predicted_first_and_its_points_enter(desk: Desk) -> None:
    desk.session.receive(SegmentsRequest(desk.request(), [str(BIG)]))
    rows = TABLE.rows_of(BIG)
    shown = [row for row in range(rows.start, rows.stop) if desk.workspace.scatter.point(row) is not None]
    assert len(shown) >= 3
    for point, given in ((0, 0), (5, 1)):
        desk.label(point, given, fit=False)
    while not desk.session.points or not desk.session.points.rest:
        desk.fitter.run()
    assert (desk.session.points.classes[rows] != NO_CLASS).all()


def test_all_rows_of_a_large_table_that_is_shown_whole_are_predicted_before_any_is_told(whole: Desk) -> None:
    for row, given in ((0, 0), (17, 1)):
        whole.label(row, given, fit=False)
    while not whole.session.points or sum(whole.session.points.labelled) < 2:
        whole.fitter.run()
    assert whole.session.points.rest is None
    assert (whole.session.points.classes != NO_CLASS).all()
    told = whole.page.last(PointsReady)
    assert (told.rows, sum(told.predicted)) == (len(TABLE), len(TABLE))
    assert told.url == f"/columns/prediction/{told.stamp}.bin"


def test_where_rows_must_be_averaged_first_the_cells_in_the_viewer_are_predicted_before_all_others(whole: Desk) -> None:
    whole.session.receive(SegmentsRequest(whole.request(), [str(BIG)]))
    whole.switch("cell type")
    assert whole.session.active.vectors.radius_um > 0
    for row, given in ((0, 0), (17, 1)):
        whole.label(row, given, "cell type", fit=False)
    while not whole.session.points or sum(whole.session.points.labelled) < 2:
        whole.fitter.run()
    points, some = whole.session.points, whole.page.last(PointsReady)
    assert (points.classes[TABLE.rows_of(BIG)] != NO_CLASS).all()
    assert (points.classes == NO_CLASS).any()
    whole.fitter.run_newest()
    everything = whole.page.last(PointsReady)
    assert (points.classes != NO_CLASS).all()
    # what is kept under the plain name, in a browser for ever, is never a part
    assert (some.url, everything.url) == tuple(f"/columns/prediction/{some.stamp}{end}.bin" for end in ("~-some", ""))


def test_a_lasso_selects_the_rows_of_its_points(desk: Desk) -> None:
    layout = desk.workspace.layout
    desk.session.receive(LassoRequest(desk.request(), layout.id, EVERYTHING, "replace", []))
    desk.finder.run_newest()
    made = desk.page.last(SelectionMade)
    assert made.row_total == 6
    assert sorted(made.mark_rows) == list(range(6))
    assert sorted(desk.session._does.selecting.rows.tolist()) == sorted(desk.workspace.scatter.rows.tolist())


def test_a_lasso_drawn_before_a_point_came_is_still_one_of_the_same_layout(desk: Desk) -> None:
    before = desk.workspace.layout.id
    desk.workspace.scatter.enter(np.array([outside(desk)]))
    desk.workspace.points_grown()
    assert desk.workspace.layout.id != before
    desk.session.receive(LassoRequest(desk.request(), before, EVERYTHING, "replace", []))
    desk.finder.run_newest()
    assert desk.page.last(SelectionMade).row_total == 7


def test_a_point_that_is_not_there_is_refused_in_a_sentence(desk: Desk) -> None:
    desk.label(17, 1, fit=False)
    assert desk.page.sent[-1].text == "there is no point 17: reload the page"  # type: ignore[union-attr]


def test_a_table_of_some_rows_is_numbered_as_ever() -> None:
    scatter = Scatter(TABLE)
    assert scatter.is_whole
    assert (len(scatter), scatter.version) == (18, TABLE.version)
    assert scatter.enter(np.array([3])) == 0


def test_clusters_are_found_among_the_points_and_their_rows_selected(desk: Desk) -> None:
    request = ClusterRequest("find", NODES.name, "embedding", "k-means", clusters=2, least_size=2, fine=False)
    desk.session.receive(request)
    desk.clusterer.run()
    found = desk.page.last(ClustersReady)
    assert found.rows == 6
    assert all(point < 6 for cluster in found.clusters for point in cluster.typical)
    desk.session.receive(ClusterSelectRequest("select", found.run, found.clusters[0].cluster, "replace"))
    desk.finder.run_newest()
    selected = desk.session._does.selecting.rows
    assert len(selected) == found.clusters[0].size
    assert set(selected.tolist()) <= set(desk.workspace.scatter.rows.tolist())


def test_the_queue_knows_what_is_believed_of_cells_that_nobody_has_looked_at(desk: Desk) -> None:
    desk.switch("cell type")
    scatter = desk.workspace.scatter
    cells = TABLE.segment_of_rows(scatter.rows)
    other = int(np.flatnonzero(cells != cells[0])[-1])
    for point, given in ((0, 0), (other, 1)):
        desk.label(point, given, "cell type", fit=False)
    while not desk.session.points or not desk.session.points.rest:
        desk.fitter.run()
    assert (desk.session.points.classes == NO_CLASS).any()
    desk.session.receive(QueueRequest(desk.request(), "page", "cell type", 8, [], [], None))
    desk.chooser.run_newest()
    items = desk.page.last(QueueReady).items
    assert len(items) == 2
    assert all(item.probabilities is not None and abs(sum(item.probabilities) - 1) < 1e-5 for item in items)
    assert all(scatter.row(item.row) is not None for item in items)


def test_a_layout_that_a_page_was_told_of_is_there_while_points_enter(desk: Desk) -> None:
    told = desk.workspace.layout
    desk.workspace.scatter.enter(np.array([outside(desk)]))
    desk.workspace.points_grown()
    assert desk.workspace.layout_named(told.id) is told
    desk.workspace.layout_ready(replace(pca_layout(desk.workspace.scatter.of(TABLE.embeddings)), id="another"))
    assert desk.workspace.layout_named(told.id) is None


def test_a_label_of_a_row_that_is_no_number_does_not_keep_the_others_from_training(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("segclr_viewer.heads.row_vectors.LARGE_ROWS", 10)
    embeddings = TABLE.embeddings.copy()
    embeddings[5] = np.nan
    job = FitJob(
        task=NODES,
        seq=3,
        vectors=RowVectors(replace(TABLE, embeddings=embeddings), 0.0),
        row_classes={0: 0, 5: 1, 17: 1},
        place_classes=(),
        note="",
        now=lambda: "now",
        seen=Seen(None, np.empty(0, np.int64)),
    )
    fitted = job.run()
    assert fitted.points.note.startswith("1 label of embeddings that are NaN or infinite is not trained on; ")
    assert np.flatnonzero(fitted.points.classes == NO_CLASS).tolist() == [5]
    assert job.sites() == [0, 17]
    assert len(job.training_set()[0]) == 2


def broken_desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A session on a large table whose largest segment is NaN."""
    monkeypatch.setattr("segclr_viewer.heads.row_vectors.LARGE_ROWS", 10)
    monkeypatch.setattr("tests.segclr_viewer.desk.at_once", Clock())
    embeddings = TABLE.embeddings.copy()
    embeddings[TABLE.rows_of(BIG)] = np.nan
    table = replace(TABLE, embeddings=embeddings)
    scatter = Scatter(table, most=10, sample=6)
    layout = pca_layout(scatter.of(table.embeddings))
    return Desk(world_of(table, layout=layout, scatter=scatter), MemoryLog(), count(1)).start()


@pytest.mark.parametrize("task", ["subcompartment", "cell type"])
def test_the_queue_and_the_cards_go_on_where_a_row_is_no_number(monkeypatch: pytest.MonkeyPatch, task: str) -> None:
    desk, here = broken_desk(monkeypatch), TABLE.rows_of(BIG)
    scatter = desk.workspace.scatter
    scatter.enter(np.array([0, 4, 5, here.start]))
    desk.switch(task)
    for row, given in ((0, 0), (4, 1), (here.start, 1)):
        desk.label(scatter.point(row), given, task)
    place = desk.click(tuple(TABLE.positions_nm[here.start + 1].tolist()), BIG)
    assert (place.probabilities is None) == (task == "cell type"), "its neighbours are averaged with it"
    desk.session.receive(QueueRequest(desk.request(), "page", task, 8, [], [scatter.point(here.start)], None))
    desk.chooser.run_newest()
    answer = desk.page.last(QueueReady)
    assert answer.items
    assert [belief.probabilities for belief in answer.renewed] == [None]


@pytest.mark.parametrize("name", ["ambiguity", "novelty"])
def test_points_that_are_no_numbers_are_coloured_as_without_a_value(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    desk, here = broken_desk(monkeypatch), TABLE.rows_of(BIG)
    scatter = desk.workspace.scatter
    scatter.enter(np.array([0, 4, here.start]))
    for row, given in ((0, 0), (4, 1)):
        desk.label(scatter.point(row), given)
    desk.session.receive(ColorRequest(desk.request(), "subcompartment", name))
    desk.chooser.run_newest()
    made = desk.page.last(Colored)
    broken = (here.start <= scatter.rows) & (scatter.rows < here.stop)
    body = desk.workspace.color_columns.named(made.url.removeprefix("/columns/color/").removesuffix(".bin"))
    assert made.missing == np.count_nonzero(broken) > 0, "of the points, not of all rows"
    assert np.array_equal(np.frombuffer(body or b"", np.uint8) == 255, broken)


@pytest.mark.parametrize("task", ["subcompartment", "cell type"])
def test_rows_that_are_no_numbers_are_named_and_get_no_class(monkeypatch: pytest.MonkeyPatch, task: str) -> None:
    desk, here = broken_desk(monkeypatch), TABLE.rows_of(BIG)
    assert np.isfinite(desk.workspace.layout.xy).all()
    desk.switch(task)
    fine = [point for point in range(6) if not here.start <= (desk.workspace.scatter.row(point) or 0) < here.stop]
    desk.label(fine[0], 0, task)
    desk.label(fine[-1], 1, task)
    points = desk.session.points
    assert points is not None
    assert (points.classes[here] == NO_CLASS).all()
    assert (np.delete(points.classes, np.arange(here.start, here.stop)) != NO_CLASS).all()
    average = " or averaged with such" if task == "cell type" else ""
    said = (
        f"{here.stop - here.start} of 18 embeddings are NaN or infinite{average}, in segment {BIG}: they are left out, "
        "and `segclr-table verify` tells about the table"
    )
    assert desk.page.last(Status).text == said
    told = desk.page.last(PointsReady)
    assert said in told.note
    assert sum(told.predicted) == (18 - (here.stop - here.start) if task == "subcompartment" else 3)
    desk.session.receive(QueueRequest(desk.request(), "page", task, 8, [], [], None))
    desk.chooser.run_newest()
    asked = [
        desk.workspace.scatter.row(item.row) for item in desk.page.last(QueueReady).items if item.strategy != "audit"
    ]
    assert asked
    assert not {*asked} & {*range(here.start, here.stop)}


def test_a_segment_is_what_its_rows_say_that_are_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("segclr_viewer.heads.row_vectors.LARGE_ROWS", 10)
    here = TABLE.rows_of(BIG)
    embeddings = TABLE.embeddings.copy()
    embeddings[here.start] = np.inf
    rng = np.random.default_rng(0)
    head = fit_head(
        rng.normal(size=(40, TABLE.dimensions)).astype(np.float32),
        np.arange(40) % 2,
        np.arange(40, dtype=np.uint64) % 5,
        2,
    )
    rest = Unfinished(head.head, RowVectors(replace(TABLE, embeddings=embeddings), 0.0), of_segments=True)
    rest.go_on(lambda: True)
    assert rest.probabilities is not None
    expected = head.head.predict(TABLE.embeddings[here.start + 1 : here.stop]).mean(axis=0)
    at = int(np.searchsorted(TABLE.segment_ids, np.uint64(BIG)))
    np.testing.assert_allclose(rest.probabilities[at], expected, rtol=1e-5)
    assert (rest.classes != NO_CLASS).all()
    assert len(set(rest.classes[here].tolist())) == 1
    assert rest.counts() == tuple(np.bincount(rest.probabilities.argmax(axis=1), minlength=2).tolist())
    assert rest.note().startswith(f"1 of 18 embeddings are NaN or infinite, in segment {BIG}")
