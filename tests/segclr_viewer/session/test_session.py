"""Starting, joining, switching tasks, a better layout; and that the session knows none of the borders."""

import inspect
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from segclr_viewer.latest import LatestThread
from segclr_viewer.log.store import LabelStore
from segclr_viewer.points import NO_CLASS
from segclr_viewer.ports import LabelLog, Latest, Page, View, Worker
from segclr_viewer.wire.answers import (
    Device,
    Failed,
    Hello,
    History,
    KnownPlaces,
    Labels,
    LayoutReady,
    Place,
    PointsReady,
    SelectionMade,
    Status,
    ToPage,
)
from segclr_viewer.wire.coloring import Colorings
from segclr_viewer.wire.layouts import Fitting, LayoutsKnown
from segclr_viewer.wire.messages import decode, encode
from segclr_viewer.wire.views import ViewsKnown
from segclr_viewer.worker import EncoderWorker

ROOT = Path(__file__).resolve().parents[3]
BIG = 2**63 + 5


def joined(desk: Any) -> list[ToPage]:
    sent: list[ToPage] = []
    desk.session.page_joined(sent.append)
    return sent


def kinds(messages: list[ToPage]) -> list[type]:
    return [type(message) for message in messages]


def test_an_app_without_labels_shows_no_predictions_and_says_what_to_do(desk: Any) -> None:
    assert desk.classes() == [NO_CLASS] * 18
    assert desk.points().head is None
    assert desk.points().note == "label two classes to see predictions"
    assert desk.points().predicted == [0, 0, 0]
    assert len(desk.view.painted) == 1


def test_a_new_page_is_told_everything_and_others_nothing(desk: Any) -> None:
    desk.label_all_looks()
    desk.click((1000.0, 9000.0, 30.0))
    desk.lasso([0, 1])
    desk.finder.run()
    before = list(desk.page.sent)
    messages = joined(desk)
    assert desk.page.sent == before
    assert kinds(messages) == [
        Hello,
        Colorings,
        LayoutReady,
        LayoutsKnown,
        Fitting,
        ViewsKnown,
        PointsReady,
        Labels,
        History,
        SelectionMade,
        Place,
    ]
    hello, _, layout, _, _, _, points, labels, history, selection, place = messages
    assert (hello.rows, hello.segments, hello.table_version) == (18, 4, desk.table.version)
    assert [task.name for task in hello.tasks] == ["subcompartment", "cell type"]
    assert hello.start_segments == [str(BIG), "11"]
    assert [summary.place_id for summary in hello.places] == [place.place_id]
    assert layout.url == f"/columns/layout/{layout.id}.bin"
    assert points == desk.points()
    assert dict(zip(labels.rows, labels.classes, strict=True)) == {0: 0, 5: 1, 13: 2}
    assert history.undo_text.startswith("spine at")
    assert selection.mask is not None
    assert place.planes is not None
    for message in messages:
        assert encode(message)


def test_a_page_of_a_project_without_encoder_waits_for_none(make_desk: Callable[..., Any]) -> None:
    assert joined(make_desk().start())[0].encoder == "9f86"
    assert joined(make_desk(embeds=False).start())[0].encoder == ""


def test_a_page_that_joins_before_the_first_fit_is_told_so(make_desk: Callable[..., Any]) -> None:
    first = make_desk().start()
    first.label_all_looks()
    desk = make_desk(first.log)
    desk.workspace.start()
    first_of_all = [Hello, Colorings, LayoutReady, LayoutsKnown, Fitting, ViewsKnown]
    assert kinds(joined(desk)) == [*first_of_all, Status, Labels, History]
    assert desk.session.points is None
    desk.fitter.run()
    assert desk.points().head is not None


def test_the_device_is_told_when_the_encoder_is_loaded_and_to_later_pages(desk: Any) -> None:
    desk.workspace.encoder_ready("CPU, 2 threads")
    assert desk.page.last(Device) == Device("CPU, 2 threads", "9f86")
    assert joined(desk)[0].device == "CPU, 2 threads"


def test_reopening_restores_labels_head_predictions_and_history_exactly(
    make_desk: Callable[..., Any], tmp_path: Path
) -> None:
    store = LabelStore.open(tmp_path / "labels.sqlite")
    before = make_desk(store).start()
    before.label_all_looks()
    place = before.click((500.0, 15000.0, 40.0), segment_id=500)  # too far from its cell's nodes
    before.label(0, 2, place=place.place_id)
    before.label(1, 1)
    before.undo()
    before.label(4, 0, "cell type")
    before.label(14, 1, "cell type")
    store.close()

    again = LabelStore.open(tmp_path / "labels.sqlite")
    after = make_desk(again).start()
    for task in ("subcompartment", "cell type"):
        before.switch(task)
        after.switch(task)
        assert after.session.points.stamp == before.session.points.stamp
        assert after.session.points.column() == before.session.points.column()
        assert after.points().head.held_out == before.points().head.held_out
        assert after.labels() == before.labels()
        assert after.page.last(History) == before.page.last(History)
    after.switch("subcompartment")
    assert after.page.last(Labels).place_classes == [2]
    assert after.points().labelled == [1, 1, 2]
    restored = after.page.last(KnownPlaces).places
    assert [(summary.position_nm, summary.labelled) for summary in restored] == [((500.0, 15000.0, 40.0), 2)]
    after.redo()
    assert after.labels()[1] == 1
    again.close()


def test_switching_the_task_shows_its_labels_and_predictions(desk: Any) -> None:
    desk.label_all_looks()
    desk.label(0, 0, "cell type")
    desk.label(14, 1, "cell type")
    assert desk.points().task == "subcompartment"
    desk.switch("cell type")
    assert desk.session.task.name == "cell type"
    assert desk.points().task == "cell type"
    assert desk.labels() == {0: 0, 14: 1}
    assert desk.page.last(History).undo_text == f"microglia on cell {BIG}"
    assert len(set(desk.classes()[:4])) == len(set(desk.classes()[12:])) == 1
    assert desk.points().predicted[0] + desk.points().predicted[1] == 4


def test_switching_back_shows_what_was_predicted_without_another_fit(desk: Any) -> None:
    desk.label_all_looks()
    shown = desk.points()
    desk.switch("cell type")
    desk.switch("subcompartment")
    assert desk.points() == shown
    assert desk.view.painted[-1].stamp == shown.stamp
    assert desk.fitter.held == []


def test_a_fit_that_ends_after_a_switch_does_not_show_the_other_task(desk: Any) -> None:
    desk.label_all_looks()
    desk.label(1, 1, fit=False)
    desk.session.receive(decode(b'{"type":"task","request":"a","name":"cell type"}'))
    painted = len(desk.view.painted)
    desk.fitter.run()
    assert desk.points().task == "cell type"
    assert len(desk.view.painted) == painted
    desk.switch("subcompartment")
    assert desk.points().labelled == [1, 2, 1]


def test_a_task_that_is_not_there_is_told(desk: Any) -> None:
    desk.switch("layer")
    assert "there is no task 'layer'" in desk.failed().text
    assert desk.session.task.name == "subcompartment"


def test_predictions_are_found_by_their_stamp_while_they_are_the_newest(desk: Any) -> None:
    desk.label_all_looks()
    old = desk.session.points
    assert desk.workspace.points_stamped(old.stamp) is old
    desk.switch("cell type")
    assert desk.workspace.points_stamped(old.stamp) is old
    desk.switch("subcompartment")
    desk.label(1, 1)
    assert desk.workspace.points_stamped(old.stamp) is None
    assert desk.workspace.points_stamped(desk.session.points.stamp) is desk.session.points


def test_the_stamp_depends_on_the_classes_of_the_task(make_desk: Callable[..., Any], desk: Any) -> None:
    tasks = desk.world.tasks
    turned = type(tasks[0])(tasks[0].name, tasks[0].unit, tasks[0].classes[::-1])
    other = make_desk(tasks=(turned,)).start()
    assert other.points().stamp != desk.points().stamp


def test_a_better_layout_replaces_the_old_one_and_moves_the_places(desk: Any) -> None:
    place = desk.click((1000.0, 9000.0, 30.0))
    old = desk.workspace.layout_named(desk.page_layout)
    better = replace(old, id="umap", method="umap", xy=np.ascontiguousarray(-old.xy))
    desk.workspace.layout_ready(better)
    assert desk.page.last(LayoutReady).url == "/columns/layout/umap.bin"
    assert desk.workspace.layout_named("umap") is better
    assert desk.workspace.layout_named(old.id) is None
    moved = desk.page.last(KnownPlaces).places[0]
    assert moved.place_id == place.place_id
    np.testing.assert_allclose(moved.xy, [-value for value in place.xy], atol=1e-6)


def signature(method: object) -> list[tuple[str, Any]]:
    parameters = inspect.signature(method).parameters.values()  # type: ignore[arg-type]
    return [(parameter.name, parameter.kind) for parameter in parameters]


@pytest.mark.parametrize("port", [Worker, Latest, LabelLog, Page, View], ids=lambda port: port.__name__)
def test_the_fakes_and_the_real_ports_have_the_methods_that_the_session_asks_for(desk: Any, port: type) -> None:
    fakes = {Worker: desk.worker, Latest: desk.fitter, LabelLog: desk.log, Page: desk.page, View: desk.view}
    real = {Worker: EncoderWorker, Latest: LatestThread, LabelLog: LabelStore}
    names = [name for name in vars(port) if not name.startswith("_")]
    assert names
    for name in names:
        wanted = signature(getattr(port, name))
        assert signature(getattr(type(fakes[port]), name)) == wanted
        if port in real:
            assert signature(getattr(real[port], name)) == wanted


def test_the_session_knows_no_server_viewer_encoder_or_database() -> None:
    code = (
        "import sys, segclr_viewer.session.session;"
        "print([name for name in ('tornado', 'neuroglancer', 'torch', 'sqlite3') if name in sys.modules])"
    )
    environment = {"PYTHONPATH": f"{ROOT}:{ROOT / 'model'}"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False)
    assert done.stdout == "[]\n", done.stderr


def test_a_failure_without_a_request_reaches_the_page(desk: Any) -> None:
    desk.session.undo()
    assert desk.page.last(Failed).request == "id 1"
    assert desk.view.said[-1] == "there is nothing to undo in subcompartment"


def test_a_page_is_told_at_once_what_does_not_work_in_this_run(make_desk: Callable[..., Any], desk: Any) -> None:
    sent: list[ToPage] = []
    reading = make_desk(notice="the label file cannot be written", reads_only=True, run="b07c").start()
    for session in (reading.session, desk.session):
        session.page_joined(sent.append)
    first, second = [(one.notice, one.reads_only, one.run) for one in sent if isinstance(one, Hello)]
    assert first == ("the label file cannot be written", True, "b07c")
    assert second == ("", False, "")
