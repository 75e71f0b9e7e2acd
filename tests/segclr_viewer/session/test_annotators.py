"""Several annotators over one workspace: what they share, what is each one's own, and what they must not see."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from segclr_viewer.labels.double_places import DoublePlaces
from segclr_viewer.log.consensus import Choice
from segclr_viewer.log.events import NewEvent
from segclr_viewer.session.conflicts import NO_SHARE, NOTHING_YET
from segclr_viewer.wire.answers import (
    AgreementReady,
    ConflictsReady,
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
    Status,
)
from segclr_viewer.wire.messages import (
    AcceptRequest,
    AdjudicateRequest,
    AgreementRequest,
    ConflictsRequest,
    MarkRequest,
    QueueRequest,
    Target,
)

BIG = 2**63 + 5
TASK = "subcompartment"
EVERY = 1.0  # every place is double


@pytest.fixture
def ana(desk: Any) -> Any:
    return desk


@pytest.fixture
def ben(ana: Any) -> Any:
    return ana.neighbour("ben")


@pytest.fixture
def blind(make_desk: Callable[..., Any]) -> Any:
    """Ana's session where every place is double."""
    return make_desk(double_share=EVERY).start()


def mark(desk: Any, row: int, kind: Any = "unsure") -> None:
    desk.session.receive(MarkRequest(desk.request(), TASK, kind, Target(row=row), "key"))
    desk.fitter.run_newest()


def ask(desk: Any, count: int = 20, skipped: tuple[int, ...] = (), held: tuple[int, ...] = ()) -> list[Any]:
    message = QueueRequest(
        desk.request(), f"page of {desk.world.annotator}", TASK, count, [*skipped], [*held], [], None
    )
    desk.session.receive(message)
    while desk.chooser.held:
        desk.chooser.run()
    from segclr_viewer.wire.answers import QueueReady

    return desk.page.last(QueueReady).items


def conflicts(desk: Any) -> ConflictsReady:
    desk.session.receive(ConflictsRequest(desk.request(), TASK))
    return desk.page.last(ConflictsReady)


def agreement(desk: Any) -> AgreementReady:
    while desk.chooser.held:
        desk.chooser.run()
    desk.session.receive(AgreementRequest(desk.request(), TASK))
    return desk.page.last(AgreementReady)


def adjudicate(desk: Any, about: str, class_index: int | None, kind: Any = "label", request: str | None = None) -> None:
    desk.session.receive(AdjudicateRequest(request or desk.request(), TASK, about, kind, class_index))
    desk.fitter.run_newest()


# what is shared


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
    from segclr.errors import SegclrError

    ana.label_all_looks()
    ben.switch("cell type")
    ana.label(1, 0, fit=False)
    _, _, failed = ana.fitter.held.pop()
    failed(SegclrError("no memory"))
    assert "no memory" in ana.failed().text
    assert ben.page.all(Failed) == []


# what is each one's own


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
    assert [type(message) for message in messages] == [Hello, LayoutReady, PointsReady, Labels, History]
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


# requests that are sent again, or under a name that is another's


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
    ben.session.receive(AcceptRequest("x", TASK, 2, [7, 8], "lasso"))
    assert "another annotator" in ben.failed().text
    assert ben.page.all(Saved) == []
    assert len(ana.log.stored) == 2


# blind places


def test_double_places_are_a_share_of_all_whatever_the_labels_and_both_kinds_of_task(desk: Any) -> None:
    node, segment = desk.world.tasks
    rows = np.arange(len(desk.table))
    assert not DoublePlaces(desk.table, node, 0.0).has(3)
    assert DoublePlaces(desk.table, node, 1.0).among(rows).all()
    half, more = DoublePlaces(desk.table, node, 0.5), DoublePlaces(desk.table, node, 0.75)
    assert 0 < half.among(rows).sum() < more.among(rows).sum() < len(rows)
    assert not (half.among(rows) & ~more.among(rows)).any()
    assert sorted(half.order().tolist()) == np.flatnonzero(half.among(rows)).tolist()
    cells = DoublePlaces(desk.table, segment, 0.5).among(rows)
    for segment_id in desk.table.segment_ids:
        assert len(set(cells[desk.table.rows_of(int(segment_id))].tolist())) == 1


def test_what_others_say_of_a_double_place_is_hidden_until_one_has_answered(blind: Any) -> None:
    ben = blind.neighbour("ben")
    blind.label_all_looks()
    assert blind.labels() == {0: 0, 5: 1, 13: 2}
    assert ben.labels() == {}
    assert ben.points().labels == 3  # they train all the same
    ben.label(5, 1)
    assert ben.labels() == {5: 1}
    ben.label(13, 1)
    assert 13 not in ben.labels()  # no majority
    mark(ben, 0)
    assert ben.labels() == {5: 1, 0: 0}
    ben.undo()
    assert ben.labels() == {5: 1}
    assert ben.labels_now() == {5: 1}


def test_cards_and_points_of_clicked_places_keep_the_secret_too(blind: Any) -> None:
    ben = blind.neighbour("ben")
    blind.label_all_looks()
    place = ben.click((1500.0, 9000.0, 40.5))  # the node of row 5
    assert place.labelled is None
    assert ben.page.last(KnownPlaces).places == []
    blind.label(6, 1)
    assert [summary.labelled for summary in ben.page.last(KnownPlaces).places] == [None]
    assert [summary.labelled for summary in blind.page.last(KnownPlaces).places] == [1]


def test_taking_back_at_a_hidden_label_does_not_tell_of_it(blind: Any) -> None:
    ben = blind.neighbour("ben")
    blind.label(0, 0)
    ben.label(0, None)
    assert ben.failed().text == "there is no label here to take back"


def test_in_a_task_on_cells_a_hidden_cell_is_hidden_at_all_its_nodes(blind: Any) -> None:
    ben = blind.neighbour("ben")
    blind.label(0, 0, "cell type")
    for desk in (blind, ben):
        desk.switch("cell type")
    assert (blind.labels(), ben.labels()) == ({0: 0}, {})
    ben.label(3, 1, "cell type")
    assert [ben.session.active.hides("ben", row) for row in (0, 3, 5)] == [False, False, True]
    ben.undo()
    blind.label(2, None, "cell type")
    ben.label(3, 1, "cell type")
    assert ben.labels() == blind.labels_now() | {3: 1}


def test_every_annotator_is_asked_the_same_double_items_without_the_models_belief(blind: Any) -> None:
    ben = blind.neighbour("ben")
    blind.label_all_looks()
    first = ask(blind)
    assert {item.strategy for item in first} == {"double"}
    assert not {0, 5, 13} & {item.row for item in first}
    assert all(item.probabilities is None for item in first)
    everything = [item.row for item in ask(ben)]
    assert sorted(everything) == list(range(18))
    assert [row for row in everything if row not in {0, 5, 13}] == [item.row for item in first]
    ben.label(everything[0], 0, provenance="queue")
    assert everything[0] not in [item.row for item in ask(ben)]


def test_a_share_of_the_queue_is_double_and_strategies_keep_away_from_those_places(make_desk: Any) -> None:
    ana = make_desk(double_share=0.4).start()
    doubles = set(ana.session.active.doubles.order().tolist())
    assert 2 <= len(doubles) < 16
    items = ask(ana, 5)
    assert [item.row for item in items if item.strategy == "double"] == [
        *ana.session.active.doubles.order()[: sum(item.strategy == "double" for item in items)]
    ]
    assert sum(item.strategy == "double" for item in items) == 2
    assert not any(item.row in doubles for item in items if item.strategy not in ("double", "audit"))


def test_two_annotators_are_not_asked_the_same_but_for_double_items(ana: Any, ben: Any) -> None:
    ana.label_all_looks()
    anas = {item.row for item in ask(ana, 5)}
    bens = {item.row for item in ask(ben, 5)}
    assert len(anas) == len(bens) == 5
    assert not anas & bens
    again = {item.row for item in ask(ben, 5, held=tuple(bens))}
    assert not again & (anas | bens)


def test_what_one_skips_is_still_asked_of_another(ana: Any, ben: Any) -> None:
    ana.label_all_looks()
    skipped = ask(ana, 1)[0].row
    assert skipped not in {item.row for item in ask(ana, 20, skipped=(skipped,))}
    ana.session._state.workspace.queues.course(ana.session.active, "ana").out.clear()
    assert skipped in {item.row for item in ask(ben, 20)}


# agreement


def test_agreement_of_double_labels_is_told_while_one_labels_and_on_request(blind: Any) -> None:
    ben = blind.neighbour("ben")
    assert agreement(ben).text == NOTHING_YET
    given = {0: 0, 1: 0, 5: 1, 6: 1, 13: 2, 14: 2, 9: 0, 10: 1}
    for row, class_index in given.items():
        blind.label(row, class_index)
        ben.label(row, 2 if row == 10 else class_index)
    found = agreement(ben)
    assert (found.method, found.places, found.annotators) == ("Cohen", 8, 2)
    # observed 7/8; chance (3*3 + 3*2 + 2*3) / 64 = 21/64
    assert found.kappa == pytest.approx((7 / 8 - 21 / 64) / (1 - 21 / 64))
    assert found.low < found.kappa < found.high
    for desk in (blind, ben):
        assert desk.page.last(Status).text == f"agreement on {TASK}: {found.text}"


def test_three_annotators_are_compared_by_fleiss_and_marks_are_no_ratings(blind: Any) -> None:
    ben, kim = blind.neighbour("ben"), blind.neighbour("kim")
    for row, class_index in ((0, 0), (5, 1), (13, 2)):
        for desk in (blind, ben, kim):
            desk.label(row, class_index)
    mark(kim, 6)
    blind.label(6, 1)
    found = agreement(kim)
    assert (found.method, found.places, found.annotators) == ("Fleiss", 3, 3)
    assert found.kappa == pytest.approx(1)


def test_without_double_places_agreement_says_what_to_set(ana: Any) -> None:
    ana.label(0, 0)
    assert agreement(ana).text == NO_SHARE


# conflicts


def test_conflicts_are_listed_with_all_that_was_said_and_settled_without_overwriting(ana: Any, ben: Any) -> None:
    kim = ana.neighbour("kim")
    ana.label_all_looks()
    ben.label(13, 1)
    mark(kim, 13)
    assert 13 not in ana.labels()
    (conflict,) = conflicts(kim).conflicts
    assert (conflict.row, int(conflict.segment_id)) == (13, BIG)
    said = [(one.annotator, one.kind, one.class_name) for one in conflict.statements]
    assert said == [("ana", "label", "spine"), ("ben", "label", "dendrite"), ("kim", "unsure", "unsure")]
    stored = list(ana.log.stored)
    adjudicate(kim, conflict.statements[0].uuid, 2)
    assert kim.saved().text.endswith("decided spine")
    assert ana.log.stored[:-1] == stored
    assert (ana.log.stored[-1].provenance, ana.log.stored[-1].annotator) == ("adjudication", "kim")
    assert ana.labels()[13] == ben.labels()[13] == 2
    assert conflicts(ana).conflicts == []
    kim.undo()
    assert len(conflicts(ana).conflicts) == 1
    assert 13 not in ana.labels()
    kim.redo()
    kim.label(13, None)
    assert len(conflicts(ana).conflicts) == 1


def test_a_retried_judgement_is_stored_once_and_a_stranger_one_refused(ana: Any, ben: Any) -> None:
    ana.label(0, 0)
    ben.label(0, 1)
    about = ana.log.stored[0].uuid
    adjudicate(ana, about, 1, request="once")
    adjudicate(ana, about, 1, request="once")
    assert len(ana.log.stored) == 3
    adjudicate(ana, "nobody's", 1)
    assert "not in the label log" in ana.failed().text
    adjudicate(ana, about, 9)
    assert "no class number 10" in ana.failed().text
    assert len(ana.log.stored) == 3


def test_a_conflict_on_a_double_place_is_kept_from_those_who_have_not_answered(blind: Any) -> None:
    ben, kim = blind.neighbour("ben"), blind.neighbour("kim")
    blind.label(0, 0)
    ben.label(0, 1)
    assert (conflicts(kim).conflicts, conflicts(kim).total, conflicts(kim).hidden) == ([], 0, 1)
    adjudicate(kim, blind.log.stored[0].uuid, 1)
    assert "label the place before" in kim.failed().text
    assert len(conflicts(ben).conflicts) == 1
    mark(kim, 0)
    assert conflicts(kim).total == 1


# what trains


def test_the_head_is_fitted_on_the_chosen_annotators_and_provenances(make_desk: Any, desk: Any) -> None:
    ben = desk.neighbour("ben")
    desk.label_all_looks()
    ben.label(0, 2)
    ben.label(6, 1, provenance="queue")
    chosen = make_desk(desk.log, train_on=Choice(annotators=frozenset({"ana"}))).start()
    assert chosen.points().labelled == [1, 1, 1]
    assert chosen.labels_now() == {5: 1, 13: 2, 6: 1}  # all see what all say
    of_queue = make_desk(desk.log, train_on=Choice(provenances=frozenset({"queue"}))).start()
    assert of_queue.points().note.startswith("label two classes")
    assert len({desk.points().stamp, chosen.points().stamp, of_queue.points().stamp}) == 3


def test_the_head_is_fitted_on_what_reviewers_agree_with(make_desk: Any, desk: Any) -> None:
    desk.label_all_looks()
    about = desk.log.stored[1].uuid
    review = NewEvent(
        uuid="r", group="r", at="now", annotator="ben", kind="review", task=TASK, provenance="page",
        verdict="disagree", about=about,
    )  # fmt: skip
    desk.log.append([review])
    chosen = make_desk(desk.log, train_on=Choice(reviews=frozenset({"agreed", "unreviewed"}))).start()
    assert chosen.points().labelled == [1, 0, 1]
