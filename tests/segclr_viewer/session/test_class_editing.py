"""Classes changed while labelling: one event each, everything follows at once, and nobody's label changes its class."""

from collections.abc import Callable
from string import ascii_lowercase, digits
from typing import Any

import numpy as np
import pytest

from segclr_viewer.keys import FIXED_KEYS, USUAL_KEYS
from segclr_viewer.points import NO_CLASS
from segclr_viewer.project import Task
from segclr_viewer.wire.answers import ClassesChanged, Failed, Hello, Labels, PointsReady, QueueReady
from segclr_viewer.wire.classes import (
    AddClassRequest,
    BringBackClassRequest,
    MergeClassRequest,
    RecolourClassRequest,
    RekeyClassRequest,
    RenameClassRequest,
    RetireClassRequest,
)
from segclr_viewer.wire.evaluation import EvaluateRequest, EvaluationReady
from segclr_viewer.wire.labelling import LabelRequest, Target
from segclr_viewer.wire.listing import Listed, ListRequest
from segclr_viewer.wire.messages import QueueRequest

TASK = "subcompartment"
AXON, DENDRITE, SPINE = "project/axon", "project/dendrite", "project/spine"


def change(desk: Any, kind: Any, *values: str, request: str | None = None, fit: bool = True) -> str:
    """Ask for a change of the classes."""
    request = request or desk.request()
    desk.session.receive(kind(request, TASK, *values))
    if fit:
        desk.fitter.run_newest()
    return request


def names(desk: Any) -> list[str]:
    """The classes that the page was told last."""
    return [spec.name for spec in desk.page.last(ClassesChanged).task.classes]


def test_a_class_is_added_labelled_and_predicted(desk: Any) -> None:
    desk.label_all_looks()
    change(desk, AddClassRequest, " bouton ", "#0072B2", "4")
    assert desk.saved().text == "saved 4: added the class bouton"
    (told,) = desk.page.all(ClassesChanged)[-1:]
    assert [(spec.name, spec.color, spec.key) for spec in told.task.classes][3] == ("bouton", "#0072b2", "4")
    assert told.task.free_key == "5"
    assert desk.view.class_keys[-1] == {"1": AXON, "2": DENDRITE, "3": SPINE, "4": desk.class_id(3)}
    assert desk.points().predicted == [7, 5, 6, 0]
    for row in range(9, 12):
        desk.label(row, 3)
    assert desk.labels() == {0: 0, 5: 1, 13: 2, 9: 3, 10: 3, 11: 3}
    assert desk.points().labelled == [1, 1, 1, 3]
    assert desk.points().predicted[3] >= 3
    assert desk.view.painted[-1] is desk.session.points


def test_a_class_is_renamed_recoloured_and_given_another_key_with_its_labels(desk: Any) -> None:
    desk.label_all_looks()
    painted = desk.session.points.column()
    change(desk, RenameClassRequest, SPINE, "spine head")
    change(desk, RecolourClassRequest, SPINE, "#F0E442")
    change(desk, RekeyClassRequest, SPINE, "k")
    said = [message.text for message in desk.page.all(type(desk.saved()))][-3:]
    assert said == [
        "saved 4: renamed spine to spine head",
        "saved 5: recoloured spine head",
        "saved 6: gave spine head the key k",
    ]
    spec = desk.page.last(ClassesChanged).task.classes[2]
    assert (spec.id, spec.name, spec.color, spec.key) == (SPINE, "spine head", "#f0e442", "k")
    assert desk.view.class_keys[-1] == {"1": AXON, "2": DENDRITE, "k": SPINE}
    assert desk.labels() == {0: 0, 5: 1, 13: 2}
    assert desk.session.points.column() == painted
    for text in ("giving spine head the key k", "recolouring spine head", "renaming spine to spine head"):
        assert desk.saved().undo_text == text
        desk.undo()
    assert names(desk) == ["axon", "dendrite", "spine"]
    assert [spec.key for spec in desk.page.last(ClassesChanged).task.classes] == ["1", "2", "3"]


def test_labels_of_a_merged_class_count_as_the_other_ones_and_undo_takes_that_back(desk: Any) -> None:
    desk.label_all_looks()
    change(desk, MergeClassRequest, DENDRITE, SPINE)
    assert desk.saved().text == "saved 4: merged dendrite into spine"
    assert desk.saved().undo_text == "merging dendrite into spine"
    assert names(desk) == ["axon", "spine"]
    assert desk.page.last(ClassesChanged).heirs == {DENDRITE: SPINE}
    assert desk.labels() == {0: 0, 5: 1, 13: 1}
    assert desk.points().labelled == [1, 2]
    assert set(desk.classes()) == {0, 1}
    desk.undo()
    assert desk.saved().text == "saved 5: undone: merging dendrite into spine"
    assert desk.labels() == {0: 0, 5: 1, 13: 2}
    assert desk.points().labelled == [1, 1, 1]
    desk.redo()
    assert names(desk) == ["axon", "spine"]


def test_labels_of_a_retired_class_do_not_train_are_counted_and_come_back(desk: Any) -> None:
    desk.label_all_looks()
    desk.label(14, 2)
    change(desk, RetireClassRequest, SPINE)
    task = desk.page.last(ClassesChanged).task
    assert [spec.name for spec in task.retired] == ["spine"]
    assert desk.page.last(Labels).retired == {SPINE: 2}
    assert desk.labels() == {0: 0, 5: 1}
    assert desk.points().labelled == [1, 1]
    assert desk.points().note == "2 labels of retired classes are not trained on"
    desk.label(6, 1)
    change(desk, AddClassRequest, "bouton", "#0072b2", "3")  # the key is free now
    change(desk, BringBackClassRequest, SPINE)
    assert desk.saved().text == "saved 8: brought the class spine back, with the key 4"
    assert desk.saved().undo_text == "bringing back the class spine"
    assert names(desk) == ["axon", "dendrite", "spine", "bouton"]
    assert desk.labels() == {0: 0, 5: 1, 6: 1, 13: 2, 14: 2}
    assert desk.page.last(Labels).retired == {}


def test_a_class_that_the_project_file_has_lost_is_listed_with_its_labels_and_comes_back(
    make_desk: Callable[..., Any], desk: Any
) -> None:
    desk.label_all_looks()
    desk.label(14, 2)
    fewer = Task(TASK, "node", desk.world.tasks[0].classes[:2])
    after = make_desk(desk.log, tasks=(fewer,)).start()
    assert after.labels_now() == {0: 0, 5: 1}
    (lost,) = after.page.last(Hello).tasks[0].retired
    assert lost.name == "spine"
    assert lost.color not in {spec.color for spec in fewer.classes}
    assert after.page.last(Labels).retired == {lost.id: 2}
    after.session.receive(ListRequest("l", TASK, False, [lost.id], [], "", None, 50, []))
    assert [place.row for place in after.page.last(Listed).places] == [14, 13]
    assert {place.class_index for place in after.page.last(Listed).places} == {None}
    change(after, RenameClassRequest, AXON, "Spine")
    assert after.failed().text == "the retired class spine has that name: bring it back, or choose another one"
    change(after, BringBackClassRequest, lost.id)
    assert after.saved().text == "saved 5: brought the class spine back, with the key 3"
    assert names(after) == ["axon", "dendrite", "spine"]
    assert after.page.last(ClassesChanged).task.retired == []
    assert after.page.last(Labels).retired == {}
    assert after.labels() == {0: 0, 5: 1, 13: 2, 14: 2}
    assert after.points().labelled == [1, 1, 2]
    change(after, BringBackClassRequest, lost.id)
    assert after.failed().text == "that class is not retired any more: somebody has changed the classes, look again"


def test_a_class_whose_adding_is_undone_after_another_annotator_has_used_it_is_listed_with_the_labels(
    desk: Any,
) -> None:
    ben = desk.neighbour("ben")
    desk.label_all_looks()
    change(desk, AddClassRequest, "bouton", "#0072b2", "4")
    ben.label(9, 3)
    desk.undo()
    (lost,) = ben.page.last(ClassesChanged).task.retired
    assert lost.name == "bouton"
    assert ben.page.last(Labels).retired == {lost.id: 1}
    change(ben, BringBackClassRequest, lost.id)
    assert desk.labels() == {0: 0, 5: 1, 13: 2, 9: 3}


def test_a_change_asked_again_is_stored_once(desk: Any) -> None:
    request = change(desk, AddClassRequest, "bouton", "#0072b2", "4")
    change(desk, AddClassRequest, "bouton", "#0072b2", "4", request=request)
    assert desk.saved().text == "saved 1: done before"
    assert len(desk.log.stored) == 1


@pytest.mark.parametrize(
    ("kind", "values", "sentence"),
    [
        (AddClassRequest, (" ", "#0072b2", "4"), "needs a name"),
        (AddClassRequest, ("a\nb", "#0072b2", "4"), "needs a name"),
        (AddClassRequest, ("n" * 41, "#0072b2", "4"), "has 41 letters, at most 40"),
        (AddClassRequest, ("Axon", "#0072b2", "4"), "there is a class axon already"),
        (AddClassRequest, ("bouton", "blue", "4"), "'blue' is no colour"),
        (AddClassRequest, ("bouton", "#0072b2", "2"), "the class dendrite has the key 2"),
        (AddClassRequest, ("bouton", "#0072b2", "u"), "the key u means 'unsure'"),
        (AddClassRequest, ("bouton", "#0072b2", "z"), "the key z means 'undo'"),
        (AddClassRequest, ("bouton", "#0072b2", "left"), "'left' cannot be a class's key"),
        (RenameClassRequest, (SPINE, "dendrite"), "there is a class dendrite already: choose another name, or merge"),
        (RenameClassRequest, (SPINE, "spine"), "is called spine already"),
        (RenameClassRequest, ("project/glia", "x"), "not in use any more"),
        (RekeyClassRequest, (SPINE, "3"), "spine has that key already"),
        (RekeyClassRequest, (SPINE, "1"), "axon has the key 1"),
        (RecolourClassRequest, (SPINE, "#12345"), "is no colour"),
        (MergeClassRequest, (SPINE, SPINE), "into itself"),
        (MergeClassRequest, (SPINE, "project/glia"), "not in use any more"),
        (BringBackClassRequest, (SPINE,), "not retired any more"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence_and_not_stored(
    desk: Any, kind: Any, values: tuple[str, ...], sentence: str
) -> None:
    request = change(desk, kind, *values)
    assert desk.failed().request == request
    assert sentence in desk.failed().text
    assert desk.log.stored == []


def test_a_task_keeps_two_classes(desk: Any) -> None:
    change(desk, RetireClassRequest, SPINE)
    change(desk, RetireClassRequest, AXON)
    assert desk.failed().text == "a task needs 2 classes: add another one first"
    change(desk, MergeClassRequest, AXON, DENDRITE)
    assert len(desk.page.all(Failed)) == 2
    change(desk, RenameClassRequest, AXON, "Spine")
    assert "the retired class spine has that name: bring it back" in desk.failed().text


def test_classes_are_added_until_every_key_is_taken_and_none_is_a_commands(desk: Any) -> None:
    change(desk, RetireClassRequest, SPINE)
    while key := desk.page.last(ClassesChanged).task.free_key:
        change(desk, AddClassRequest, f"class {key}", "#0072b2", key, fit=False)
    keys = {spec.key for spec in desk.page.last(ClassesChanged).task.classes}
    commands = {*USUAL_KEYS.by_name().values(), *FIXED_KEYS}
    assert keys == {*digits, *ascii_lowercase} - commands
    assert len(names(desk)) == len(keys)
    desk.fitter.run_newest()
    change(desk, BringBackClassRequest, SPINE)
    assert desk.failed().text == "every digit and letter is a key already: merge or retire a class first"


def test_a_label_given_by_a_page_with_the_old_list_is_of_the_class_that_its_user_saw(
    make_desk: Callable[..., Any],
) -> None:
    ana = make_desk().start()
    ben = ana.neighbour("ben")
    ana.label_all_looks()
    change(ben, MergeClassRequest, AXON, DENDRITE)
    ana.session.receive(LabelRequest("a", TASK, SPINE, Target(row=14), "key"))  # the third of the old list
    ana.session.receive(LabelRequest("b", TASK, AXON, Target(row=1), "key"))
    assert [event.class_name for event in ana.log.stored[-2:]] == ["spine", "dendrite"]
    ben.session.receive(RetireClassRequest("c", TASK, SPINE))
    assert ben.failed().text == "a task needs 2 classes: add another one first"
    ben.session.receive(AddClassRequest("c", TASK, "glia", "#0072b2", "9"))
    ben.session.receive(RetireClassRequest("d", TASK, SPINE))
    ana.session.receive(LabelRequest("e", TASK, SPINE, Target(row=15), "key"))
    assert ana.failed().text == "the class spine has been retired: choose another one, or bring it back"
    ana.session.label_at(SPINE, (0.0, 30000.0, 0.0), 2**63 + 5)
    assert ana.log.stored[-1].kind == "class_retired"


def test_two_annotators_see_a_change_together_before_anything_that_counts_in_it(desk: Any) -> None:
    ben = desk.neighbour("ben")
    desk.label_all_looks()
    told = len(ben.page.sent)
    change(desk, RetireClassRequest, AXON)
    kinds = [type(message) for message in ben.page.sent[told:]]
    assert kinds.index(ClassesChanged) < min(kinds.index(Labels), kinds.index(PointsReady))
    assert names(ben) == names(desk) == ["dendrite", "spine"]
    assert ben.view.class_keys[-1] == {"2": DENDRITE, "3": SPINE}
    assert ben.points().stamp == desk.points().stamp
    ben.session.page_joined(ben.page.send)
    hello = ben.page.last(Hello).tasks[0]
    assert [spec.name for spec in hello.classes] == ["dendrite", "spine"]
    assert [spec.name for spec in hello.retired] == ["axon"]


def test_predictions_of_the_old_list_are_never_shown_with_the_new_one(desk: Any) -> None:
    desk.label_all_looks()
    desk.label(14, 2, fit=False)  # a fit is under way
    announced = len(desk.page.all(PointsReady))
    change(desk, MergeClassRequest, AXON, DENDRITE, fit=False)
    assert desk.session.points is None
    assert desk.click((1600.0, 9000.0, 30.0)).class_index is None
    desk.session.page_joined(desk.page.send)
    assert len(desk.page.all(PointsReady)) == announced
    desk.fitter.run()
    assert desk.session.points is None
    desk.fitter.run_newest()
    assert desk.points().predicted == [12, 6]
    assert NO_CLASS not in desk.classes()


def test_the_queue_and_the_figures_follow_a_change_that_comes_between_question_and_answer(desk: Any) -> None:
    desk.label_all_looks()
    desk.session.receive(QueueRequest("q", "page", TASK, 4, [], [], None))
    desk.session.receive(EvaluateRequest("e", "page", TASK))
    change(desk, MergeClassRequest, SPINE, DENDRITE)
    desk.chooser.run_newest()
    desk.judge.run_newest()
    answer = desk.page.last(QueueReady)
    assert len(desk.page.all(QueueReady)) == 1
    assert {len(item.probabilities) for item in answer.items} == {2}
    assert answer.stamp == desk.points().stamp
    assert desk.page.last(EvaluationReady).seq == desk.log.stored[-1].seq
    assert len(desk.page.all(EvaluationReady)) == 1


def test_a_change_of_a_task_that_is_not_shown_waits_with_its_predictions(desk: Any) -> None:
    desk.label_all_looks()
    desk.switch("cell type")
    change(desk, RetireClassRequest, SPINE)
    assert desk.view.class_keys[-1] == {"1": "project/astrocyte", "2": "project/microglia"}
    assert desk.points().task == "cell type"
    desk.switch(TASK)
    assert desk.view.class_keys[-1] == {"1": AXON, "2": DENDRITE}
    assert desk.points().predicted == np.bincount(desk.classes()).tolist()
    assert desk.points().labelled == [1, 1]


def test_a_session_that_starts_on_the_log_has_the_same_classes(make_desk: Callable[..., Any], desk: Any) -> None:
    desk.label_all_looks()
    change(desk, AddClassRequest, "bouton", "#0072b2", "4")
    change(desk, MergeClassRequest, SPINE, DENDRITE)
    desk.label(1, 2)
    after = make_desk(desk.log).start()
    assert after.labels_now() == {0: 0, 1: 2, 5: 1, 13: 1}
    assert after.page.last(Hello).tasks[0] == desk.page.last(ClassesChanged).task
    assert after.view.class_keys[-1] == {"1": AXON, "2": DENDRITE, "4": after.class_id(2)}
    assert after.session.points.column() == desk.session.points.column()
    assert after.points().stamp == desk.points().stamp
