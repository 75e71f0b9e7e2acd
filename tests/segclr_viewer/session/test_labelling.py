"""Labelling, undo and redo: on disk before it is said, exact, never doubled."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from segclr.errors import LabelStoreError
from segclr_viewer.log.events import LabelEvent
from segclr_viewer.wire.answers import Failed, History, Labels, Place, Saved, Working
from segclr_viewer.wire.labelling import LabelRequest, MarkRequest, Target, UndoRequest
from segclr_viewer.wire.listing import CommentRequest

BIG = 2**63 + 5
FULL = LabelStoreError("the label file cannot grow, the disk is full: make room and label again")


def test_a_label_is_stored_with_all_that_identifies_it(desk: Any) -> None:
    request = desk.label(13, 2)
    (event,) = desk.log.stored
    assert event.uuid == event.group == request
    assert (event.kind, event.task, event.class_name) == ("label", "subcompartment", "spine")
    assert (event.segmentation, event.segment_id) == ("v1", BIG)
    assert event.position_nm == tuple(desk.table.positions_nm[13])
    assert (event.annotator, event.provenance, event.at) == ("ana", "key", "2026-11-03T09:15:04Z")


def test_saved_is_said_only_after_the_event_is_durable(desk: Any) -> None:
    said_before: list[object] = []
    desk.log.before_append = lambda: said_before.extend(desk.page.all(Saved) + desk.page.all(Labels))
    request = desk.label(0, 0)
    assert said_before == []
    assert desk.saved() == Saved(
        request=request,
        seq=1,
        text="saved 1: label axon",
        task="subcompartment",
        at_nm=(0.0, 1000.0, 0.0),
        rows=[0],
        can_undo=True,
        can_redo=False,
        undo_text="axon at (0, 1000, 0) nm",
        redo_text="",
    )
    assert desk.view.said == [], "the page says so, which has asked"
    assert desk.labels() == {0: 0}


def test_a_label_that_cannot_be_stored_is_told_and_changes_nothing(desk: Any) -> None:
    desk.label_all_looks()
    sent, painted = len(desk.page.sent), len(desk.view.painted)
    desk.log.error = FULL
    request = desk.label(1, 2)
    assert desk.page.sent[sent:] == [Failed(request, str(FULL), again=True)]
    assert len(desk.view.painted) == painted
    desk.undo()
    assert desk.failed().text == str(FULL)
    assert desk.labels() == {0: 0, 5: 1, 13: 2}
    desk.log.error = None
    desk.label(1, 2)
    assert desk.labels() == {0: 0, 5: 1, 13: 2, 1: 2}


def test_a_request_that_is_sent_again_is_answered_again_and_stored_once(desk: Any) -> None:
    request = desk.label(0, 0)
    desk.label(0, 2)
    desk.label(0, 0, request=request)
    assert (desk.saved().request, desk.saved().seq, desk.saved().text) == (request, 1, "saved 1: done before")
    assert desk.labels() == {0: 2}
    assert len(desk.log.stored) == 2
    desk.session.undo()
    undo = desk.log.stored[-1].uuid
    desk.session.receive(UndoRequest(undo))
    assert desk.saved().text == "saved 3: done before"
    assert desk.labels() == {0: 0}
    assert len(desk.log.stored) == 3


def test_a_key_held_down_labels_once_and_leaves_one_step_to_undo(desk: Any) -> None:
    desk.label(0, 0)
    desk.label(0, 0)
    assert desk.saved().text == "saved 1: already labelled axon"
    assert len(desk.log.stored) == 1
    desk.undo()
    assert desk.labels() == {}


def test_confirming_an_imported_label_is_recorded(make_desk: Callable[..., Any]) -> None:
    first = make_desk().start()
    first.label(0, 0)
    imported = replace(first.log.stored[0], provenance="import", annotator="phantom truth")
    desk = make_desk(type(first.log)([imported])).start()
    desk.label(0, 0)
    assert [event.provenance for event in desk.log.stored] == ["import", "key"]


def test_a_new_class_replaces_the_old_and_undo_brings_it_back(desk: Any) -> None:
    desk.label(0, 0)
    desk.label(0, 2)
    assert desk.labels() == {0: 2}
    desk.undo()
    assert desk.labels() == {0: 0}
    assert desk.saved().text == "saved 3: undone: spine at (0, 1000, 0) nm"
    assert (desk.saved().redo_text, desk.saved().can_redo) == ("spine at (0, 1000, 0) nm", True)
    desk.redo()
    assert desk.labels() == {0: 2}
    assert desk.saved().text == "saved 4: redone: spine at (0, 1000, 0) nm"
    assert not desk.saved().can_redo


def test_a_label_is_taken_back_and_that_too_can_be_undone(desk: Any) -> None:
    desk.label(0, 0)
    desk.label(0, None)
    assert desk.labels() == {}
    assert desk.saved().text == "saved 2: took back the label axon"
    assert desk.saved().undo_text == "taking back the label at (0, 1000, 0) nm"
    desk.undo()
    assert desk.labels() == {0: 0}


@pytest.mark.parametrize(("kind", "words"), [("unsure", "unsure"), ("bad_segmentation", "bad segmentation")])
def test_taking_back_an_answer_without_class_is_called_so_in_every_direction(desk: Any, kind: Any, words: str) -> None:
    desk.label(13, 0)
    desk.session.receive(MarkRequest("m", "subcompartment", kind, Target(row=13), "key"))
    desk.label(13, None)
    assert desk.saved().text == f"saved 3: took back {words}"
    where = desk.saved().undo_text.removeprefix(f"taking back {words} at ")
    assert where.endswith(") nm")
    desk.undo()
    assert desk.saved().text == f"saved 4: undone: taking back {words} at {where}"
    assert desk.saved().redo_text == f"taking back {words} at {where}"
    desk.redo()
    assert desk.saved().text == f"saved 5: redone: taking back {words} at {where}"


def test_taking_back_where_there_is_no_label_is_told(desk: Any) -> None:
    desk.label(0, None)
    assert desk.failed().text == "there is no label here to take back"
    assert desk.log.stored == []


def test_undoing_everything_and_redoing_it_predicts_the_same_to_the_bit(desk: Any) -> None:
    desk.label_all_looks()
    desk.label(7, 2)
    before = desk.session.points
    for _ in range(4):
        desk.undo()
    assert desk.labels() == {}
    assert desk.points().head is None
    desk.undo()
    assert desk.failed().text == "there is nothing to undo in subcompartment"
    for _ in range(4):
        desk.redo()
    assert desk.session.points.column() == before.column()
    desk.redo()
    assert desk.failed().text == "there is nothing to redo in subcompartment"


def test_a_new_label_ends_what_could_be_redone(desk: Any) -> None:
    desk.label(0, 0)
    desk.undo()
    desk.label(1, 1)
    assert not desk.saved().can_redo


def test_undo_keeps_to_the_active_task(desk: Any) -> None:
    desk.label(0, 0)
    desk.label(0, 1, "cell type")
    desk.undo()
    assert desk.labels() == {}
    desk.switch("cell type")
    assert desk.labels() == {0: 1}
    assert desk.page.last(History).can_undo


def test_the_labels_of_one_import_are_undone_together(make_desk: Callable[..., Any], desk: Any) -> None:
    desk.label_all_looks()
    log = type(desk.log)([replace(event, group="import") for event in desk.log.stored])
    after = make_desk(log).start()
    assert after.labels_now() == {0: 0, 5: 1, 13: 2}
    after.undo()
    assert after.saved().text == "saved 4: undone: 3 labels"
    assert after.labels() == {}


@pytest.mark.parametrize(
    ("row", "class_index", "task", "sentence"),
    [
        (18, 0, "subcompartment", "the table has no row 18"),
        (0, 3, "subcompartment", "that is no class of subcompartment any more: choose another one"),
        (0, 0, "layer", "there is no task 'layer'"),
    ],
)
def test_what_is_not_there_cannot_be_labelled(desk: Any, row: int, class_index: int, task: str, sentence: str) -> None:
    request = desk.label(row, class_index, task)
    assert desk.failed().request == request
    assert sentence in desk.failed().text
    assert desk.log.stored == []


def test_a_label_for_another_task_is_stored_for_that_task_and_repaints_nothing(desk: Any) -> None:
    desk.label_all_looks()
    painted = len(desk.view.painted)
    desk.label(0, 1, "cell type")
    assert desk.log.stored[-1].task == "cell type"
    assert desk.saved().task == "cell type"
    assert len(desk.view.painted) == painted
    assert desk.labels() == {0: 0, 5: 1, 13: 2}


def test_a_segment_keeps_the_latest_label_of_its_task(desk: Any) -> None:
    desk.switch("cell type")
    desk.label(0, 0, "cell type")
    desk.label(3, 1, "cell type")
    assert desk.labels() == {3: 1}
    desk.label(2, None, "cell type")
    assert desk.labels() == {}


def test_a_place_near_a_node_of_its_cell_labels_that_node(desk: Any) -> None:
    place = desk.click((1600.0, 9000.0, 30.0))
    desk.label(0, 1, place=place.place_id)
    assert desk.labels() == {5: 1}
    assert desk.log.stored_places == []


def test_a_place_far_from_all_nodes_is_stored_with_its_embedding_and_trained_on(desk: Any) -> None:
    desk.label(0, 0)
    place = desk.click((0.0, 11001.0, 0.0), look=2)  # 2001 nm from the nearest node of segment 500
    desk.label(0, 2, place=place.place_id)
    (saved,) = desk.log.stored_places
    assert (saved.position_nm, saved.segment_id) == ((0.0, 11001.0, 0.0), 500)
    assert (saved.segmentation, saved.encoder_hash) == ("v1", "9f86")
    assert desk.labels() == {0: 0}
    message = desk.page.last(Labels)
    assert (message.places, message.place_classes) == ([place.place_id], [2])
    assert desk.points().labels == 2
    assert desk.classes()[12:] == [2] * 6  # the cell that looks like the place
    assert desk.page.last(Place).labelled == 2
    desk.undo()
    assert desk.page.last(Labels).places == []
    assert desk.points().head is None


def test_a_key_over_a_node_labels_it_without_the_encoder(desk: Any) -> None:
    desk.session.label_at(desk.class_id(1), (1600.0, 9000.0, 30.0), 500)
    assert desk.worker.held == []
    assert desk.labels() == {5: 1}
    desk.session.label_at(None, (1600.0, 9000.0, 30.0), 500)
    assert desk.labels() == {}


@pytest.mark.parametrize("segment_id", [500, None])
def test_a_key_where_no_node_is_near_embeds_the_place_and_labels_it(desk: Any, segment_id: int | None) -> None:
    desk.session.label_at(desk.class_id(1), (0.0, 15000.0, 0.0), segment_id)
    assert desk.log.stored == []
    desk.worker.answer(segment_id=500)
    assert desk.log.stored[0].position_nm == (0.0, 15000.0, 0.0)
    assert desk.log.stored[0].segment_id == 500
    assert len(desk.log.stored_places) == 1
    assert desk.saved().request == desk.page.last(Working).request


def test_a_key_whose_segment_the_viewer_does_not_know_still_labels_the_near_node(desk: Any) -> None:
    desk.session.label_at(desk.class_id(1), (1600.0, 9000.0, 30.0), None)
    desk.worker.answer(segment_id=500)
    assert desk.labels() == {5: 1}


def test_a_key_labels_in_the_task_in_which_it_was_pressed(desk: Any) -> None:
    desk.session.label_at(desk.class_id(2), (0.0, 15000.0, 0.0), 500)
    desk.switch("cell type")
    desk.worker.answer()
    assert (desk.log.stored[0].task, desk.log.stored[0].class_name) == ("subcompartment", "spine")


def test_a_label_that_cannot_be_stored_after_embedding_is_told(desk: Any) -> None:
    desk.session.label_at(desk.class_id(2), (0.0, 15000.0, 0.0), 500)
    desk.log.error = FULL
    desk.worker.answer()
    assert desk.failed() == Failed(desk.page.last(Working).request, str(FULL), again=True)


@pytest.mark.parametrize(
    ("position_nm", "segment_id", "sentence"),
    [(None, None, "nothing under the mouse"), ((5.0, 6.0, 7.0), 0, "only background: click on a cell")],
)
def test_a_key_over_nothing_is_told(desk: Any, position_nm: Any, segment_id: int | None, sentence: str) -> None:
    desk.session.label_at(desk.class_id(0), position_nm, segment_id)
    assert sentence in desk.failed().text
    assert desk.log.stored == []


def old_labels(desk: Any, **changes: Any) -> list[LabelEvent]:
    """Two labels for row 0, given at other positions near it, and one for row 5."""
    desk.label(0, 0)
    desk.label(5, 1)
    first, second = desk.log.stored
    return [
        replace(first, uuid="a", group="a", position_nm=(100.0, 1000.0, 0.0), class_name="spine", seq=1),
        replace(first, **{"uuid": "b", "group": "b", "position_nm": (50.0, 1000.0, 0.0), "seq": 2, **changes}),
        replace(second, uuid="c", group="c", seq=3),
    ]


def test_of_two_labels_for_one_node_the_later_counts_and_both_are_taken_back(
    make_desk: Callable[..., Any], desk: Any
) -> None:
    after = make_desk(type(desk.log)(old_labels(desk))).start()
    assert after.labels_now() == {0: 0, 5: 1}
    assert after.points().note == "1 node has labels that contradict each other: the latest counts"
    after.label(0, None)
    assert after.labels() == {5: 1}
    assert [event.kind for event in after.log.stored[3:]] == ["unlabel", "unlabel"]
    after.undo()
    assert after.labels() == {0: 0, 5: 1}


@pytest.mark.parametrize(
    "change", [{"segmentation": "v0"}, {"class_name": "bouton"}, {"position_nm": (0.0, 6000.0, 0.0)}]
)
def test_labels_that_this_project_cannot_use_are_kept_and_said(
    make_desk: Callable[..., Any], desk: Any, change: dict[str, Any]
) -> None:
    after = make_desk(type(desk.log)(old_labels(desk, **change))).start()
    assert after.labels_now() == {0: 2, 5: 1}
    assert after.points().note.startswith("1 label in the log is not used")
    assert after.points().labels == 2


@pytest.mark.parametrize("embedding", [[0, 4, np.nan, 0, 1], [0, 4, 0, 0, np.inf], [0, 4, 0, 0]])
def test_a_label_whose_saved_embedding_is_no_use_is_not_trained_on_and_said(
    make_desk: Callable[..., Any], desk: Any, embedding: list[float]
) -> None:
    desk.label_all_looks()
    place = desk.click((0.0, 15000.0, 0.0))
    desk.label(0, 1, place=place.place_id)
    desk.log.stored_places[0] = replace(desk.log.stored_places[0], embedding=np.array(embedding, np.float32))
    after = make_desk(desk.log).start()
    assert after.labels_now() == {0: 0, 5: 1, 13: 2}
    assert after.points().labels == 3
    assert after.points().note.startswith("1 label in the log is not used")


def test_labels_that_agree_do_not_contradict_each_other(make_desk: Callable[..., Any], desk: Any) -> None:
    after = make_desk(type(desk.log)(old_labels(desk, class_name="spine"))).start()
    assert after.labels_now() == {0: 2, 5: 1}
    assert after.points().note == ""


def test_what_a_key_in_the_viewer_did_is_said_in_the_viewer_too(desk: Any) -> None:
    position_nm = tuple(desk.table.positions_nm[13].tolist())
    desk.session.label_at(desk.class_id(2), position_nm, BIG)
    desk.session.mark_at("unsure", position_nm, None)
    desk.label(0, 0)
    desk.undo()
    assert desk.view.said == [
        "saved 1: label spine",
        "there is no cell under the mouse: point at one, then press the key",
        "saved 3: undone: axon at (0, 1000, 0) nm",
    ]


def test_a_position_near_a_node_is_its_row_and_is_never_labelled_twice(desk: Any) -> None:
    x, y, z = desk.table.positions_nm[13].tolist()
    kept = LabelRequest("kept", "subcompartment", desk.class_id(2), _at((x + 90.0, y, z)), "queue")
    for _ in range(2):
        desk.session.receive(kept)
        desk.fitter.run_newest()
    (event,) = desk.log.stored
    assert event.position_nm == (x, y, z)
    assert (event.segment_id, event.provenance) == (BIG, "queue")
    assert desk.labels() == {13: 2}
    assert desk.saved().text == "saved 1: done before"
    desk.session.receive(LabelRequest("back", "subcompartment", None, _at((x, y, z)), "queue"))
    assert desk.saved().text == "saved 2: took back the label spine"


def test_a_position_that_no_row_stands_for_is_embedded_before_it_is_labelled(desk: Any) -> None:
    desk.session.receive(LabelRequest("kept", "subcompartment", desk.class_id(1), _at((40.0, 50.0, 60.0), 7), "key"))
    assert desk.log.stored == []
    desk.worker.answer(look=1)
    (event,) = desk.log.stored
    assert event.uuid == "kept"
    assert event.class_name == "dendrite"


def test_a_position_is_marked_and_commented_on(desk: Any) -> None:
    position_nm = tuple(desk.table.positions_nm[13].tolist())
    desk.session.receive(MarkRequest("m", "subcompartment", "unsure", _at(position_nm), "key"))
    desk.session.receive(CommentRequest("c", "subcompartment", "odd", _at(position_nm), None))
    assert [(event.kind, event.position_nm, event.segment_id) for event in desk.log.stored] == [
        ("unsure", position_nm, BIG),
        ("comment", position_nm, BIG),
    ]


def _at(position_nm: tuple[float, float, float], segment_id: int = BIG) -> Target:
    return Target(position_nm=position_nm, segment_id=str(segment_id))
