"""Clicks: every one is answered, with what it is and where it came from."""

from typing import Any

import numpy as np
import pytest

from segclr.errors import NoSegment, VolumeUnavailable, WorkerDied
from segclr_viewer.wire.answers import Failed, Hello, KnownPlaces, Place, Working

BIG = 2**63 + 5


def test_a_click_is_answered_with_class_node_layout_stages_and_pictures(desk: Any) -> None:
    desk.label_all_looks()
    desk.session.click((1600.0, 9300.0, 40.5), BIG)
    working = desk.page.last(Working)
    assert working.text == "embedding the place at (1600, 9300, 40) nm"
    desk.worker.answer(look=2)
    place = desk.page.last(Place)
    assert place.request == working.request
    assert place.segment_id == str(BIG)
    assert place.class_index == 2
    assert place.probabilities[2] == max(place.probabilities)
    assert sum(place.probabilities) == pytest.approx(1, abs=1e-5)
    assert place.node_row == 13
    assert place.node_distance_nm == pytest.approx(np.hypot(100.0, 20700.0))
    assert all(-1 <= value <= 1 for value in place.xy)
    assert (place.stages_ms.cut, place.stages_ms.embed) == (2.0, 40.0)
    assert place.stages_ms.total >= place.stages_ms.predict + place.stages_ms.place > 0
    assert place.planes.xy.startswith("data:image/png;base64,")
    assert place.labelled is None


def test_a_click_with_the_numbers_of_numpy_is_taken(desk: Any) -> None:
    place = desk.click(np.array([1600.0, 9000.0, 30.0], np.float32), np.uint64(BIG))
    assert place.segment_id == str(BIG)
    desk.session.label_at(desk.class_id(1), np.array([1600.0, 15000.0, 30.0], np.float32), np.uint64(BIG))
    desk.worker.answer()
    assert all(type(value) is float for value in desk.log.stored[0].position_nm)
    assert type(desk.log.stored[0].segment_id) is int


def test_a_place_is_laid_out_among_its_likes(desk: Any) -> None:
    place = desk.click((0.0, 9000.0, 0.0), look=1)
    xy = desk.workspace.layout_named(desk.page_layout).xy
    assert np.linalg.norm(xy - place.xy, axis=1).argmin() in range(4, 9)


def test_a_click_before_there_are_predictions_is_answered_without_class(desk: Any) -> None:
    place = desk.click((0.0, 9000.0, 0.0))
    assert place.class_index is None
    assert place.probabilities is None


@pytest.mark.parametrize("known", [True, False])
def test_background_is_told_and_nothing_is_remembered(desk: Any, known: bool) -> None:
    desk.session.click((5.0, 6.0, 7.0), 0 if known else None)
    if known:
        assert desk.worker.held == []
    else:
        desk.worker.fail(NoSegment("no segment at all"))
    assert desk.failed().text == "there is no cell at (5, 6, 7) nm, only background: click on a cell"
    assert desk.view.said == [desk.failed().text]
    assert desk.page.all(Place) == []


def test_another_failure_is_told_in_its_own_words(desk: Any) -> None:
    request = desk.embed((5.0, 6.0, 7.0))
    desk.worker.fail(VolumeUnavailable("the EM at gs://x cannot be read: check the network"))
    assert desk.failed() == Failed(request, "the EM at gs://x cannot be read: check the network", again=True)


def test_ten_fast_clicks_give_ten_answers_whatever_order_they_come_in(desk: Any) -> None:
    desk.label_all_looks()
    for at in range(10):
        desk.session.click((100.0 * at, 9000.0, 0.0), 500)
    asked = [working.request for working in desk.page.all(Working)]
    for at in reversed(range(10)):
        desk.worker.answer(at)
    places = desk.page.all(Place)
    assert [place.request for place in places] == asked[::-1]
    assert [place.position_nm[0] for place in places] == [100.0 * at for at in reversed(range(10))]
    assert len({place.place_id for place in places}) == 10
    assert [place.place_id for place in desk.page.last(KnownPlaces).places] == []
    desk.label(1, 0)
    assert len(desk.page.last(KnownPlaces).places) == 10


def test_only_the_newest_places_are_remembered(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("segclr_viewer.labels.places.MAX_PLACES", 5)
    for _ in range(5 + 3):
        desk.click((0.0, 9000.0, 0.0))
    first, last = (desk.page.all(Place)[at].place_id for at in (0, -1))
    messages: list[Any] = []
    desk.session.page_joined(messages.append)
    hello = next(message for message in messages if isinstance(message, Hello))
    assert [place.place_id for place in hello.places] == list(range(first + 3, last + 1))
    desk.label(0, 1, place=first)
    assert "no longer remembered" in desk.failed().text


def test_a_dead_encoder_fails_every_waiting_click_and_is_said_once(desk: Any) -> None:
    for x in range(3):
        desk.session.click((float(x), 9000.0, 0.0), None)
    requests = [working.request for working in desk.page.all(Working)]
    death = WorkerDied("the encoder's process ended; it was restarted: click again")
    for _ in requests:
        desk.worker.fail(death)
    assert [failed.request for failed in desk.page.all(Failed)] == requests
    assert desk.view.said == [str(death)]
    desk.click((0.0, 9000.0, 0.0))
    desk.session.click((1.0, 9000.0, 0.0), None)
    desk.worker.fail(WorkerDied("the encoder's process ended; it was restarted: click again"))
    assert desk.view.said == [str(death), str(death)]


def test_the_newest_place_is_shown_again_when_its_class_changes(desk: Any) -> None:
    place = desk.click((0.0, 9000.0, 0.0))
    desk.label_all_looks()
    again = desk.page.last(Place)
    assert (again.place_id, again.request) == (place.place_id, place.request)
    assert (place.class_index, again.class_index) == (None, 1)
    assert desk.page.last(KnownPlaces).places[0].class_index == 1


def test_in_a_segment_task_a_place_has_the_class_its_segment_is_painted_with(desk: Any) -> None:
    desk.label(0, 0, "cell type")
    desk.label(14, 1, "cell type")
    desk.switch("cell type")
    place = desk.click((0.0, 6000.0, 0.0), 11, look=2)  # by itself it looks like the cell that is microglia
    assert place.class_index == desk.classes()[0] == 0
    stranger = desk.click((0.0, 1000.0, 0.0), 12, look=2)  # a cell that the table does not have
    assert stranger.node_row is None
    assert stranger.node_distance_nm is None
    assert stranger.class_index == 1


def test_a_place_of_a_labelled_node_is_told_its_label(desk: Any) -> None:
    desk.label_all_looks()
    assert desk.click((1500.0, 9000.0, 40.5)).labelled == 1
    assert desk.click((3100.0, 9000.0, 80.0)).labelled is None
