"""A head is a pure function of the log's beginning, the table and the task: the same log gives the same bits."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from segclr.em.cutout import CutoutSpec
from segclr.embeddings.provenance import Provenance
from segclr.embeddings.table import EmbeddingTable, build_table
from segclr.explore.layout import pca_layout
from segclr_viewer.heads.fitting import Fitted
from segclr_viewer.log.events import CLASS_CHANGES, Kind
from segclr_viewer.wire.labelling import AcceptRequest, MarkRequest, Target
from tests.segclr_viewer.log.logs import other

CELLS, NODES = 12, 20
EVENTS = 500
BIG = 2**63 + 5


def many_nodes() -> EmbeddingTable:
    """Twelve cells along x; what their nodes look like lies between three clusters."""
    rng = np.random.default_rng(1)
    rows = CELLS * NODES
    segments = np.repeat(np.uint64(BIG) + np.arange(CELLS, dtype=np.uint64), NODES)
    nodes = np.tile(np.arange(NODES), CELLS)
    positions = np.column_stack([1500.0 * nodes, 5000.0 * np.repeat(np.arange(CELLS), NODES), np.full(rows, 40.5)])
    embeddings = rng.standard_normal((rows, 5)).astype(np.float32)
    embeddings[:, :3] += 2 * np.eye(3, dtype=np.float32)[rng.integers(0, 3, rows)]
    same = np.flatnonzero(segments[1:] == segments[:-1])
    provenance = Provenance("9f86", CutoutSpec(33, (32.0, 32.0, 40.0)), "/em", "/seg", "test", "0")
    return build_table(segments, nodes, positions, embeddings, np.column_stack([same, same + 1]), provenance)


def change_classes(desk: Any) -> None:
    """Every kind of change, between labels of the classes that they are about."""
    named = iter(range(100))

    def change(kind: Kind, **more: str) -> None:
        desk.workspace.append([other(f"{kind} {next(named)}", kind, **more)])

    change("class_renamed", class_name="spine", new_name="spine head")
    for name, key in (("bouton", "4"), ("glia", "5"), ("soma", "6")):
        change("class_added", class_name=name, color="#b8b8b8", key=key)
    for number in range(60):
        desk.label(number, number % len(desk.session.task.classes), fit=False)
    change("class_recoloured", class_name="axon", color="#0072b2")
    change("class_rekeyed", class_name="axon", key="a")
    change("class_merged", class_name="soma", new_name="bouton")
    change("class_retired", class_name="glia")


def work(desk: Any, events: int) -> None:
    """Label, mark, take back, undo and redo as chance has it, until the log has so many events."""
    rng = np.random.default_rng(7)
    while len(desk.log.stored) < events:
        row, code = int(rng.integers(0, CELLS * NODES)), int(rng.integers(0, len(desk.session.task.classes)))
        match rng.choice(["label", "label", "label", "label", "mark", "unlabel", "undo", "redo", "many", "place"]):
            case "label":
                desk.label(row, code, fit=False)
            case "mark":
                desk.session.receive(MarkRequest(desk.request(), "subcompartment", "unsure", Target(row=row), "key"))
            case "unlabel":
                given = list(desk.labels())
                desk.label(given[row % len(given)] if given else row, None, fit=False)
            case "undo":
                desk.session.undo()
            case "redo":
                desk.session.redo()
            case "many":
                rows = [int(each) for each in rng.integers(0, CELLS * NODES, 4)]
                desk.session.receive(
                    AcceptRequest(desk.request(), "subcompartment", desk.class_id(code), rows, "lasso")
                )
            case _:
                place = desk.click((1500.0 * (row % NODES), 2500.0, 30.5 + row), BIG, look=row % 3)
                desk.label(0, code, place=place.place_id, fit=False)


def assert_same_bits(one: Fitted, other: Fitted) -> None:
    assert one.head is not None
    assert other.head is not None
    assert (one.seq, one.points.stamp) == (other.seq, other.points.stamp)
    for name in ("mean", "std", "weights", "bias"):
        assert getattr(one.head, name).tobytes() == getattr(other.head, name).tobytes(), name
    assert one.head.temperature == other.head.temperature
    assert one.points.column() == other.points.column()
    assert one.points.labelled == other.points.labelled
    assert one.held_out == other.held_out


def fitted(desk: Any) -> Fitted:
    desk.fitter.run_newest()
    predicted = desk.session._state.active.predicted
    assert predicted is not None
    return predicted.fitted  # type: ignore[no-any-return]


@pytest.fixture
def begin(make_desk: Callable[..., Any]) -> Callable[..., Any]:
    """Opens a session on a log, over the table of many nodes."""
    table = many_nodes()
    layout = pca_layout(table.embeddings)
    return lambda log=None: make_desk(log, table=table, layout=layout).start()


def test_a_log_of_500_events_gives_the_same_head_and_predictions_again_bit_for_bit(begin: Callable[..., Any]) -> None:
    first = begin()
    work(first, EVENTS // 2)
    half, half_fitted = list(first.log.stored), fitted(first)
    change_classes(first)
    second = begin(first.log)
    work(second, EVENTS)
    kinds = {event.kind for event in first.log.stored}
    assert kinds >= {"label", "unlabel", "unsure", "undo", "redo", *CLASS_CHANGES}
    assert first.log.stored_places
    assert EVENTS <= len(first.log.stored) < EVENTS + 8

    as_it_was = fitted(second)
    assert_same_bits(as_it_was, fitted(begin(first.log)))
    assert [spec.name for spec in second.session.task.classes] == ["axon", "dendrite", "spine head", "bouton"]
    assert [spec.name for spec in second.session._state.active.classes.retired] == ["glia"]
    assert {event.class_name for event in first.log.stored[EVENTS // 2 :]} >= {"bouton", "glia", "spine head"}

    prefix = begin(type(first.log)(half, list(first.log.stored_places)))
    assert_same_bits(half_fitted, fitted(prefix))
    assert half_fitted.points.column() != as_it_was.points.column()


def test_one_more_label_gives_another_head(begin: Callable[..., Any]) -> None:
    desk = begin()
    work(desk, 50)
    before = fitted(desk)
    desk.label(next(row for row in range(CELLS * NODES) if row not in desk.labels()), 0)
    after = fitted(desk)
    assert before.head is not None
    assert after.head is not None
    assert before.head.weights.tobytes() != after.head.weights.tobytes()
    assert before.points.stamp != after.points.stamp
