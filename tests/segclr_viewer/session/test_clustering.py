"""Clusters: found off the session's thread, told as a table, and selected one by one."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from segclr.errors import WorkerDied
from segclr_viewer.session.clustering import OUTDATED
from segclr_viewer.wire.answers import Hello
from segclr_viewer.wire.coloring import Colored, Colorings, ColorRequest
from segclr_viewer.wire.explore import (
    ClusterRequest,
    ClusterSelectRequest,
    ClustersReady,
    ClusterStopRequest,
    Exploring,
)

LOOKS_LIKE = [{0, 1, 2, 3, 9, 10, 11}, {12, 13, 14, 15, 16, 17}, {4, 5, 6, 7, 8}]  # the largest first


def request(desk: Any, **changes: Any) -> ClusterRequest:
    usual: dict[str, Any] = {"task": "subcompartment", "on": "embedding", "method": "k-means"}
    usual |= {"clusters": 3, "least_size": 3, "fine": False}
    return ClusterRequest(desk.request(), **(usual | changes))


def find(desk: Any, **changes: Any) -> ClustersReady:
    message = request(desk, **changes)
    desk.session.receive(message)
    desk.clusterer.run()
    answer: ClustersReady = desk.page.last(ClustersReady)
    assert answer.request == answer.run == message.request
    return answer


def select(desk: Any, run: str, cluster: int, mode: Any = "replace") -> list[int]:
    desk.session.receive(ClusterSelectRequest(desk.request(), run, cluster, mode))
    desk.finder.run_newest()
    rows: list[int] = desk.masked()
    return rows


def test_the_table_says_what_each_cluster_is(desk: Any) -> None:
    desk.label_all_looks()
    found = find(desk)
    assert [info.size for info in found.clusters] == [7, 6, 5]
    assert [info.cells for info in found.clusters] == [2, 1, 1]
    assert [info.label for info in found.clusters] == [desk.class_id(index) for index in (0, 2, 1)]
    assert [(info.labelled, info.purity) for info in found.clusters] == [(1, 1.0)] * 3
    assert all(set(info.typical) <= rows for info, rows in zip(found.clusters, LOOKS_LIKE, strict=True))
    assert (found.total, found.unclustered, found.rows, found.note) == (3, 0, 18, "")
    assert found.clusters[0].differences[0].class_id in {desk.class_id(index) for index in range(3)}


def test_each_cluster_is_counted_by_depth_in_the_same_steps(desk: Any) -> None:
    found = find(desk)
    z = desk.table.positions_nm[:, 2] / 1000
    assert found.depth_um == pytest.approx((z.min(), z.max()))
    assert [sum(info.depths) for info in found.clusters] == [info.size for info in found.clusters]
    quartiles = np.percentile(z[sorted(LOOKS_LIKE[1])], [25, 50, 75])
    assert found.clusters[1].depth_um == pytest.approx(quartiles.tolist())


def test_depth_is_told_along_the_axis_that_the_project_names(make_desk: Callable[..., Any]) -> None:
    desk = make_desk(depth_axis="y").start()
    found, y = find(desk), desk.table.positions_nm[:, 1] / 1000
    assert found.depth_um == pytest.approx((y.min(), y.max()))
    messages: list[object] = []
    desk.session.page_joined(messages.append)
    assert next(each for each in messages if isinstance(each, Hello)).depth_axis == "y"


def test_after_clustering_pages_may_colour_by_cluster_and_see_another_version_each_time(desk: Any) -> None:
    def offered() -> list[str]:
        return [each.version for each in desk.page.last(Colorings).known if each.name == "cluster"]

    desk.session.page_joined(desk.page.send)
    assert offered() == []
    first = find(desk).run
    assert offered() == [first]
    second = find(desk, clusters=2).run
    desk.session.page_joined(desk.page.send)
    assert offered() == [second]


def test_rows_are_coloured_by_their_cluster_and_those_in_none_by_nothing(desk: Any) -> None:
    desk.session.receive(ColorRequest(desk.request(), "subcompartment", "cluster"))
    assert "cannot be coloured by 'cluster'" in desk.failed().text
    run = find(desk).run
    desk.session.receive(ColorRequest(desk.request(), "subcompartment", "cluster"))
    desk.chooser.run_newest()
    told = desk.page.last(Colored)
    assert (told.stamp, told.names) == (run, ["cluster 1", "cluster 2", "cluster 3"])
    body = desk.workspace.color_columns.named(told.url.removeprefix("/columns/color/").removesuffix(".bin"))
    assert {row for row, code in enumerate(body) if code == 2} == LOOKS_LIKE[2]


def test_how_far_it_is_is_told_before_what_was_found(desk: Any) -> None:
    found = find(desk)
    told = [news for news in desk.page.all(Exploring) if news.request == found.request]
    shares = [news.share for news in told]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)
    assert desk.page.sent.index(told[-1]) < desk.page.sent.index(found)


def test_a_chosen_cluster_is_the_selection_and_others_can_be_added(desk: Any) -> None:
    run = find(desk).run
    assert set(select(desk, run, 2)) == LOOKS_LIKE[2]
    assert set(select(desk, run, 1, "add")) == LOOKS_LIKE[2] | LOOKS_LIKE[1]
    assert desk.selected().can_back


def test_clusters_of_an_earlier_run_cannot_be_selected(desk: Any) -> None:
    first = find(desk)
    find(desk, clusters=2)
    for run, cluster in ((first.run, 0), ("none", 0), (desk.page.last(ClustersReady).run, 2)):
        desk.session.receive(ClusterSelectRequest(desk.request(), run, cluster, "replace"))
        assert desk.failed().text == OUTDATED


def test_an_answer_that_was_overtaken_is_dropped(desk: Any) -> None:
    desk.session.receive(request(desk))
    newest = request(desk, clusters=2)
    desk.session.receive(newest)
    desk.clusterer.run()
    assert not desk.page.all(ClustersReady)
    desk.clusterer.run()
    assert [answer.request for answer in desk.page.all(ClustersReady)] == [newest.request]


def test_clusters_may_be_those_of_the_layout_as_it_is_shown(desk: Any) -> None:
    desk.session.receive(request(desk, on="layout"))
    ((order, *_),) = desk.clusterer.held
    assert np.array_equal(order.xy, desk.session._state.layout.xy)
    desk.clusterer.run()
    assert desk.page.last(ClustersReady).total == 3


def test_a_task_on_cells_clusters_its_means_and_counts_a_cell_s_label_for_all_its_points(desk: Any) -> None:
    desk.switch("cell type")
    desk.label(13, 1, "cell type")
    desk.session.receive(request(desk, task="cell type"))
    ((order, *_),) = desk.clusterer.held
    assert order.radius_um == 3.5
    assert np.flatnonzero(order.labels == 1).tolist() == [12, 13, 14, 15, 16, 17]
    assert set(order.labels.tolist()) == {-1, 1}


def test_what_is_asked_blind_is_no_label_here(blind: Any) -> None:
    ben = blind.neighbour("ben")
    blind.label(0, 0)
    for desk, known in ((blind, [0]), (ben, [])):
        desk.session.receive(request(desk))
        ((order, *_),) = desk.clusterer.held
        assert np.flatnonzero(order.labels >= 0).tolist() == known


def test_giving_up_and_failing_are_handed_on(desk: Any) -> None:
    message = request(desk)
    desk.session.receive(message)
    desk.session.receive(ClusterStopRequest(desk.request()))
    assert desk.clusterer.stopped == 1
    desk.clusterer.held.pop()[2](WorkerDied("it ended"))
    assert (desk.failed().request, desk.failed().text) == (message.request, "it ended")


@pytest.mark.parametrize(("changes", "text"), [({"task": "gone"}, "there is no task 'gone'")])
def test_what_cannot_be_found_is_told(desk: Any, changes: dict[str, Any], text: str) -> None:
    desk.session.receive(request(desk, **changes))
    assert not desk.clusterer.held
    assert text in desk.failed().text
