"""Several annotators over one workspace: what they share, and what is each one's own."""

from dataclasses import replace
from typing import Any

from segclr.errors import SegclrError
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
    Saved,
    SelectionMade,
)
from segclr_viewer.wire.coloring import Colorings
from segclr_viewer.wire.labelling import AcceptRequest
from segclr_viewer.wire.layouts import Fitting, LayoutsKnown
from segclr_viewer.wire.views import ViewsKnown
from tests.segclr_viewer.session.annotators import BIG, TASK


def test_a_label_by_one_is_written_in_that_name_and_seen_by_all(ana: Any, ben: Any) -> None:
    ana.label(0, 0)
    ben.label(13, 2)
    assert [(event.annotator, event.segment_id) for event in ana.log.stored] == [("ana", 11), ("ben", BIG)]
    assert ana.labels() == ben.labels() == {0: 0, 13: 2}


def test_new_predictions_repaint_every_session_that_shows_the_task(ana: Any, ben: Any) -> None:
    kim = ana.neighbour("kim")
    kim.switch("cell type")
    told, painted = len(kim.page.all(PointsReady)), len(kim.view.painted)
    ana.label_all_looks()
    assert ana.points() == ben.points()
    assert ana.points().head.version == 3
    assert ben.view.painted[-1] is ana.view.painted[-1]
    assert (len(kim.page.all(PointsReady)), len(kim.view.painted)) == (told, painted)
    kim.switch(TASK)
    assert kim.points() == ana.points()
    assert kim.labels() == ana.labels()


def test_the_head_is_fitted_once_for_all(ana: Any, ben: Any) -> None:
    ana.label_all_looks()
    ana.neighbour("kim")
    ben.label(1, 1, fit=False)
    assert len(ana.fitter.held) == 1


def test_fits_of_two_tasks_do_not_overtake_each_other(ana: Any, ben: Any) -> None:
    ana.label(0, 0, "cell type")
    ana.label(14, 1, "cell type")
    ben.switch("cell type")
    ana.label_all_looks()
    ana.label(1, 0, fit=False)
    ben.label(5, 1, "cell type", fit=False)
    ana.fitter.run_newest()
    assert (ana.points().task, ana.points().labels) == (TASK, 4)
    assert (ben.points().task, ben.points().labels) == ("cell type", 3)


def test_a_better_layout_and_the_device_are_told_to_all(ana: Any, ben: Any) -> None:
    ana.workspace.encoder_ready("CPU")
    ana.workspace.layout_ready(replace(ana.workspace.layout, id="umap"))
    for desk in (ana, ben):
        assert desk.page.last(Device).device == "CPU"
        assert desk.page.last(LayoutReady).id == "umap"


def test_a_fit_that_fails_is_told_to_those_whom_it_concerns(ana: Any, ben: Any) -> None:
    ana.label_all_looks()
    ben.switch("cell type")
    ana.label(1, 0, fit=False)
    _, _, failed = ana.fitter.held.pop()
    failed(SegclrError("no memory"))
    assert "no memory" in ana.failed().text
    assert ben.page.all(Failed) == []


def test_answers_go_to_who_asked(ana: Any, ben: Any) -> None:
    ana.label(0, 0)
    ana.label(0, 7)
    assert ben.page.all(Saved) == []
    assert ben.page.all(Failed) == []
    assert ben.view.said == []


def test_tasks_selections_clicks_and_histories_are_private(ana: Any, ben: Any) -> None:
    ana.label(0, 0)
    ana.switch("cell type")
    assert (ana.session.task.name, ben.session.task.name) == ("cell type", TASK)
    ana.lasso([0, 1])
    ana.finder.run()
    ana.click((0.0, 9000.0, 0.0))
    assert ben.page.all(SelectionMade) == ben.page.all(Place) == ben.page.all(History) == []
    messages: list[Any] = []
    ben.session.page_joined(messages.append)
    layouts = [LayoutReady, LayoutsKnown, Fitting, ViewsKnown]
    assert [type(message) for message in messages] == [Hello, Colorings, *layouts, PointsReady, Labels, History]
    assert messages[0].annotator == "ben"
    assert len(messages[0].places) == 1  # a place that was embedded is there for all
    assert not messages[-1].can_undo


def test_a_place_that_one_clicked_can_be_labelled_by_another(ana: Any, ben: Any) -> None:
    ana.label_all_looks()
    place = ana.click((0.0, 11001.0, 0.0), look=2)
    ben.label(0, 2, place=place.place_id)
    assert ana.log.stored[-1].annotator == "ben"
    assert ana.page.last(KnownPlaces).places[0].labelled == 2


def test_undo_and_redo_touch_only_ones_own(ana: Any, ben: Any) -> None:
    ana.label(0, 0)
    ben.label(5, 1)
    ana.label(1, 0)
    ben.undo()
    assert ana.labels() == {0: 0, 1: 0}
    ben.undo()
    assert "nothing to undo" in ben.failed().text
    ana.undo()
    ana.undo()
    assert ben.labels() == {}
    ben.redo()
    assert ana.labels() == {5: 1}
    ana.redo()
    assert ben.labels() == {0: 0, 5: 1}


def test_a_label_of_another_cannot_be_taken_back(ana: Any, ben: Any) -> None:
    ana.label(0, 0)
    ben.label(0, None)
    assert "by ana, who alone can take it back" in ben.failed().text
    assert ana.labels() == {0: 0}


def test_two_annotators_who_agree_have_one_label_and_each_an_own_statement(ana: Any, ben: Any) -> None:
    ana.label(0, 0)
    ben.label(0, 0)
    assert len(ana.log.stored) == 2
    assert ana.labels() == {0: 0}
    ana.undo()
    assert ana.labels() == {0: 0}


def test_a_retried_request_never_doubles_a_label_whoever_labelled_in_between(ana: Any, ben: Any) -> None:
    request = ana.label(0, 0)
    ben.label(0, 1)
    for _ in range(3):
        ana.label(0, 0, request=request)
    assert len(ana.log.stored) == 2
    assert (ana.saved().request, ana.saved().seq) == (request, 1)


def test_a_request_with_the_name_of_another_annotators_is_refused_and_not_said_to_be_saved(ana: Any, ben: Any) -> None:
    request = ana.label(0, 0)
    ben.label(5, 1, request=request)
    assert ben.failed().request == request
    assert ben.page.all(Saved) == []
    assert ben.labels() == {0: 0}
    ana.label(5, 1, request="x/1")
    ben.session.receive(AcceptRequest("x", TASK, ben.class_id(2), [7, 8], "lasso"))
    assert "another annotator" in ben.failed().text
    assert ben.page.all(Saved) == []
    assert len(ana.log.stored) == 2
