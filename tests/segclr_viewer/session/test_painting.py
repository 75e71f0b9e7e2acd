"""Repainting: predictions follow the newest labels, and stale ones are never shown."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from segclr.embeddings.table import EmbeddingTable
from segclr.errors import SegclrError
from segclr.explore.layout import pca_layout
from segclr_viewer.points import NO_CLASS
from segclr_viewer.wire.answers import PointsReady
from tests.segclr_viewer.log.logs import other


def test_labels_are_turned_into_predictions_for_every_row(desk: Any) -> None:
    desk.label_all_looks()
    assert desk.classes() == [0] * 4 + [1] * 5 + [0] * 3 + [2] * 6
    points = desk.points()
    assert points.predicted == [7, 5, 6]
    assert points.labelled == [1, 1, 1]
    assert (points.labels, points.head.labels, points.head.version) == (3, 3, 3)
    assert points.head.fitted_at == "2026-11-03T09:15:04Z"
    assert 0 < points.head.fit_ms <= points.head.repaint_ms
    assert points.url == f"/columns/prediction/{points.stamp}.bin"
    assert desk.view.painted[-1] is desk.session.points


def test_predictions_do_not_depend_on_the_order_in_which_the_labels_were_given(
    make_desk: Callable[..., Any], desk: Any
) -> None:
    desk.label_all_looks()
    other = make_desk().start()
    for row, class_index in ((13, 2), (0, 0), (5, 1)):
        other.label(row, class_index)
    assert other.session.points.column() == desk.session.points.column()


def test_the_column_is_all_classes_then_all_confidences(desk: Any) -> None:
    desk.label_all_looks()
    points = desk.session.points
    column = np.frombuffer(points.column(), np.uint8)
    np.testing.assert_array_equal(column, np.concatenate([points.classes, points.confidence]))
    assert points.confidence.min() >= 255 // 3


def test_the_viewer_is_painted_before_the_page_is_told_to_refetch(desk: Any) -> None:
    desk.label_all_looks()
    told = len(desk.page.all(PointsReady))
    seen: list[int] = []
    desk.view.repaint = lambda points: seen.append(len(desk.page.all(PointsReady)))
    desk.label(1, 1)
    assert seen == [told]
    assert len(desk.page.all(PointsReady)) == told + 1


def test_a_stream_of_labels_does_not_keep_the_predictions_from_coming(desk: Any) -> None:
    desk.label_all_looks()
    for row in (1, 2, 3):
        desk.label(row, 0, fit=False)
    assert len(desk.fitter.held) == 1
    desk.fitter.run()
    assert desk.points().labels == 4  # the fit that was begun, with its number
    assert desk.points().head.version == 4
    desk.fitter.run()
    assert desk.points().labels == 6  # the one between was never done
    assert desk.fitter.held == []


def test_predictions_are_never_replaced_by_older_ones(desk: Any) -> None:
    desk.label(0, 0)
    desk.label(5, 1)
    desk.label(1, 0, fit=False)  # a fit is under way
    desk.label(5, None, fit=False)  # and needs no other one
    shown = desk.points()
    assert shown.head is None
    desk.fitter.run()
    assert desk.points() is shown


def test_a_fit_for_classes_that_are_others_now_is_dropped(desk: Any) -> None:
    desk.label_all_looks()
    desk.label(1, 0, fit=False)
    desk.workspace.append([other("r", "class_renamed", class_name="axon", new_name="neurite")])
    shown = desk.points()
    desk.fitter.run()
    assert desk.points() is shown


def test_below_two_classes_the_predictions_are_dropped_at_once_and_it_is_said(desk: Any) -> None:
    desk.label(0, 0)
    desk.label(5, 1)
    assert desk.points().head is not None
    desk.label(1, 0, fit=False)  # a fit is under way
    desk.label(5, None, fit=False)
    assert desk.classes() == [NO_CLASS] * 18
    assert desk.points().note == "label two classes to see predictions"
    assert desk.points().labels == 2
    assert (desk.view.painted[-1].classes == NO_CLASS).all()
    desk.fitter.run()
    assert desk.classes() == [NO_CLASS] * 18


def test_a_class_given_but_not_learned_has_no_predictions_of_its_own_place(desk: Any) -> None:
    place = desk.click((0.0, 9000.0, 0.0))
    desk.label(0, 0)
    desk.label(5, 1)
    desk.undo()
    messages: list[Any] = []
    desk.session.page_joined(messages.append)
    shown = messages[-1]
    assert shown.place_id == place.place_id
    assert shown.class_index is None


def test_a_fit_that_fails_is_told_and_the_app_goes_on(desk: Any) -> None:
    desk.label_all_looks()
    shown = desk.points()
    desk.label(1, 1, fit=False)
    _, _, failed = desk.fitter.held.pop()
    failed(SegclrError("out of memory"))
    assert desk.failed().text == "subcompartment could not be predicted: out of memory"
    assert desk.failed().request is None
    assert desk.points() is shown
    desk.label(2, 1)
    assert desk.points().labels == 5


def test_in_a_segment_task_every_row_has_the_class_of_its_segments_mean(
    make_desk: Callable[..., Any], desk: Any
) -> None:
    desk.switch("cell type")
    desk.label(0, 0, "cell type")
    desk.label(14, 1, "cell type")
    fitted = desk.session._state.active.predicted.fitted
    matrix = desk.session._state.active.vectors.matrix()
    means = [fitted.head.predict(matrix[desk.table.rows_of(int(s))]).mean(0) for s in desk.table.segment_ids]
    expected = np.repeat(np.argmax(means, axis=1), np.diff(desk.table.first_row))
    assert desk.classes() == expected.tolist()
    np.testing.assert_allclose(fitted.segment_probabilities, means, atol=1e-6)
    confidence = np.repeat(np.max(means, axis=1) * 255, np.diff(desk.table.first_row))
    np.testing.assert_allclose(desk.session.points.confidence, confidence, atol=0.51)
    assert desk.points().predicted == [int((np.argmax(means, axis=1) == c).sum()) for c in (0, 1)]
    assert desk.points().labelled == [1, 1]


def test_segments_are_averaged_alike_in_one_block_and_in_many(desk: Any, monkeypatch: Any) -> None:
    desk.switch("cell type")
    desk.label(0, 0, "cell type")
    desk.label(14, 1, "cell type")
    whole = desk.session._state.active.predicted.fitted.segment_probabilities
    monkeypatch.setattr("segclr.heads.over_segments._ROWS_AT_ONCE", 6)
    desk.label(5, 1, "cell type")
    desk.undo()
    np.testing.assert_allclose(desk.session._state.active.predicted.fitted.segment_probabilities, whole, atol=1e-7)


def test_the_head_sees_embeddings_averaged_within_the_radius_of_its_task(desk: Any) -> None:
    desk.switch("cell type")
    desk.label(0, 0, "cell type")
    desk.label(14, 1, "cell type")
    matrix = desk.session._state.active.vectors.matrix()
    # row 5, the second of segment 500, has one node before it and two after it within 3.5 um
    np.testing.assert_allclose(matrix[5], desk.table.embeddings[4:8].mean(0), atol=1e-6)


@pytest.mark.parametrize("task", ["subcompartment", "cell type"])
def test_embeddings_that_are_all_the_same_are_said_to_say_nothing(
    make_desk: Callable[..., Any], table: EmbeddingTable, task: str
) -> None:
    same = replace(table, embeddings=np.ones_like(table.embeddings))
    desk = make_desk(table=same, layout=pca_layout(same.embeddings)).start()
    desk.switch(task)
    for row, class_index in ((0, 0), (5, 1), (13, 1)):
        desk.label(row, class_index, task)
    assert desk.points().note.startswith("all labelled places look the same to the encoder")
    assert len(set(desk.classes())) == 1
    place = desk.click((0.0, 9000.0, 0.0))
    assert np.isfinite(place.xy).all()
    assert sum(place.probabilities) == pytest.approx(1, abs=1e-5)


def test_a_class_with_one_label_is_learned_from_it_and_no_accuracy_is_made_up(desk: Any) -> None:
    desk.label(0, 0)
    desk.label(5, 1)
    desk.label(6, 1)
    assert desk.classes()[:9] == [0] * 4 + [1] * 5
    assert desk.points().labelled == [1, 2, 0]
    assert desk.points().head.held_out is None
    assert desk.points().predicted[2] == 0
