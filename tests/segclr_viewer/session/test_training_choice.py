"""Which statements the head is fitted on."""

from typing import Any

from segclr.errors import LabelStoreError
from segclr_viewer.log.consensus import Choice
from segclr_viewer.log.events import NewEvent
from segclr_viewer.wire.answers import EvaluationReady, Status
from segclr_viewer.wire.evaluation import EvaluateRequest
from tests.segclr_viewer.session.annotators import TASK, adjudicate, people, train_as_usual, train_on


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


def options(found: Any) -> dict[str, tuple[int, bool]]:
    return {option.name: (option.labels, option.trains) for option in found}


def test_another_choice_fits_the_head_anew_for_everybody_and_changes_its_stamp(ana: Any, ben: Any) -> None:
    ana.label_all_looks()
    ben.label(6, 0)
    usual = ana.points()
    train_on(ben, annotators=["ana"])
    chosen = ana.points()
    assert chosen == ben.points()
    assert (usual.labels, chosen.labels) == (4, 3)
    assert usual.stamp != chosen.stamp
    assert chosen.head.version == usual.head.version == 4
    assert "trained on a part of the labels" in chosen.note
    assert ana.page.last(Status).text == f"{TASK} trains on a part of the labels now, chosen by ben"
    assert ana.labels_now() == {0: 0, 5: 1, 13: 2, 6: 0}  # what is labelled is shown as before
    train_as_usual(ana)
    assert ben.points().stamp == usual.stamp
    assert ana.page.last(Status).text == f"{TASK} trains on what the project file says now, chosen by ana"


def test_a_fit_under_way_with_the_choice_before_is_not_shown_after_the_one_with_the_new_choice(ana: Any) -> None:
    ana.label_all_looks()
    ana.label(6, 1, provenance="queue", fit=False)
    train_on(ana, provenances=["key"])
    assert ana.points().labels == 3
    assert ana.session.active.current_prediction() is not None


def test_what_trains_is_told_with_how_many_labels_there_are_of_each_kind(ana: Any, ben: Any) -> None:
    ana.label_all_looks()
    ben.label(0, 1)
    ben.label(6, 1, provenance="queue")
    adjudicate(ben, ana.log.stored[0].uuid, 0)
    found = people(ana).training
    assert options(found.annotators) == {"ana": (3, True), "ben": (3, True)}
    assert options(found.provenances) == {
        **dict.fromkeys(("audit", "lasso", "neighbour", "import", "demo"), (0, True)),
        "key": (4, True),
        "queue": (1, True),
        "adjudication": (1, True),
    }
    assert options(found.reviews) == {"unreviewed": (6, True), "agreed": (0, True), "disputed": (0, True)}
    assert (found.trained, found.labelled, found.is_usual, found.chosen_by) == (4, 4, True, "")
    train_on(ben, ["ana", "ben"], ["key", "queue"])
    found = people(ana).training
    assert not options(found.provenances)["adjudication"][1]
    assert (found.trained, found.labelled, found.is_usual, found.chosen_by) == (3, 4, False, "ben")  # one is a conflict


def test_nobody_trains_on_nothing_by_accident(ana: Any, ben: Any) -> None:
    ana.label_all_looks()
    ben.label(6, 1)
    before = ana.points()
    train_on(ana, annotators=["ben"])
    assert "labels of one class alone would train" in ana.failed().text
    train_on(ana, annotators=[])
    assert "no label at all would train" in ana.failed().text
    assert ana.points() == before
    assert ana.training.kept == {}
    assert people(ana).training.is_usual


def test_the_choice_holds_after_a_restart_and_the_project_files_word_comes_back_with_it(make_desk: Any) -> None:
    usual = Choice(provenances=frozenset({"key"}))
    ana = make_desk(train_on=usual).start()
    ana.label_all_looks()
    ana.label(6, 1, provenance="queue")
    assert ana.points().labels == 3
    train_on(ana)
    stamp = ana.points().stamp
    assert ana.points().labels == 4
    again = make_desk(ana.log, ana.training, train_on=usual).start()
    assert (again.points().stamp, again.points().labels) == (stamp, 4)
    assert not people(again).training.is_usual
    train_as_usual(again)
    assert again.points().labels == 3
    assert again.training.kept == {}


def test_a_choice_that_cannot_be_kept_changes_nothing(ana: Any) -> None:
    ana.label_all_looks()
    ana.label(6, 1, provenance="queue")
    before = ana.points()
    ana.training.error = LabelStoreError("the disk is full")
    train_on(ana, provenances=["key"])
    assert ana.failed().text == "the disk is full"
    assert ana.points() == before
    assert people(ana).training.is_usual


def test_the_evaluation_is_of_the_head_that_is_chosen(ana: Any) -> None:
    ana.label_all_looks()
    ana.label(6, 1, provenance="queue")
    given = []
    for provenances in (None, ["key"]):
        train_on(ana, provenances=provenances)
        ana.session.receive(EvaluateRequest(ana.request(), "page", TASK))
        ana.judge.run()
        found = ana.page.last(EvaluationReady)
        assert found.stamp == ana.points().stamp
        given.append(found.given)
    assert given == [4, 3]
