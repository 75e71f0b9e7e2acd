"""The labelling queue: what a page is asked next, and what never is."""

from typing import Any

import numpy as np
import pytest

from segclr.embeddings.table import build_table
from segclr.explore.layout import Layout
from segclr_viewer.session.queueing import ALL_DONE, NO_HEAD, NO_ROWS, SKIPPED_REASON
from segclr_viewer.wire.answers import Failed, QueueReady
from segclr_viewer.wire.labelling import MarkRequest, SkipRequest, Target
from segclr_viewer.wire.messages import AheadRequest, QueueRequest

BIG = 2**63 + 5
BIG_ROWS = range(12, 18)


def ask(desk: Any, page: str = "page a", task: str = "subcompartment", run: bool = True, **more: Any) -> QueueReady:
    request = QueueRequest(
        **{
            "request": desk.request(),
            "page": page,
            "task": task,
            "count": 20,
            "held": [],
            "renew": [],
            "near_nm": None,
        }
        | more
    )
    before = len(desk.page.all(QueueReady))
    desk.session.receive(request)
    assert len(desk.page.all(QueueReady)) == before or not len(desk.table), "chosen on the session's thread"
    if not run:
        return None  # type: ignore[return-value]
    while desk.chooser.held:
        desk.chooser.run()
    assert desk.page.last(QueueReady).request == request.request
    return desk.page.last(QueueReady)


def skip(desk: Any, row: int, provenance: Any = "queue") -> None:
    desk.session.receive(SkipRequest(desk.request(), "subcompartment", row, provenance))


def rows(answer: QueueReady) -> list[int]:
    return [item.row for item in answer.items]


def mark(desk: Any, row: int, kind: Any, task: str = "subcompartment") -> None:
    desk.session.receive(MarkRequest(desk.request(), task, kind, Target(row=row), "queue"))
    desk.fitter.run_newest()


def test_each_item_says_where_it_is_why_it_is_asked_and_what_the_head_believes(desk: Any) -> None:
    desk.label_all_looks()
    answer = ask(desk, count=4)
    assert len(answer.items) == 4
    assert answer.stamp == desk.points().stamp
    assert answer.note == ""
    for item in answer.items:
        assert item.position_nm == tuple(desk.table.positions_nm[item.row])
        assert int(item.segment_id) == int(desk.table.segment_of_rows(np.array([item.row]))[0])
        assert item.reason
        assert item.probabilities is not None
        assert sum(item.probabilities) == pytest.approx(1, abs=1e-5)
        assert item.probabilities.index(max(item.probabilities)) == desk.classes()[item.row]


def test_ids_above_what_signed_integers_hold_stay_exact(desk: Any) -> None:
    closed = [row for row in range(18) if row not in BIG_ROWS]
    assert {item.segment_id for item in ask(desk, held=closed).items} == {str(BIG)}


def test_what_was_answered_in_any_way_is_not_asked_again(desk: Any) -> None:
    desk.label_all_looks()
    mark(desk, 1, "unsure")
    mark(desk, 2, "bad_segmentation")
    skip(desk, 4)
    asked = rows(ask(desk, held=[3]))
    assert set(asked) == set(range(18)) - {0, 5, 13, 1, 2, 3, 4}
    assert len(asked) == len(set(asked))


def test_skipped_places_outlive_a_restart_and_held_ones_only_this_answer(desk: Any, make_desk: Any) -> None:
    skip(desk, 4)
    assert desk.saved().text.startswith("saved 1: skipped")
    ask(desk, held=[3])
    again = make_desk(desk.log).start()
    asked = rows(ask(again, page="page b"))
    assert 3 in asked
    assert 4 not in asked


def test_a_skipped_place_comes_again_when_nothing_else_is_left(desk: Any) -> None:
    skip(desk, 4)
    skip(desk, 2, "audit")
    skip(desk, 9)
    desk.label(9, 1)
    last = ask(desk, held=[row for row in range(18) if row not in (2, 4, 9)])
    assert [(item.row, item.strategy, item.reason) for item in last.items] == [
        (4, "skipped", SKIPPED_REASON),
        (2, "audit", SKIPPED_REASON),
    ]
    assert rows(ask(desk, held=[*range(18)])) == []


def test_a_skip_is_undone_like_an_answer_and_asks_no_head_to_be_fitted(desk: Any) -> None:
    skip(desk, 4)
    assert desk.fitter.held == []
    x, y, z = desk.table.positions_nm[4].tolist()
    desk.undo()
    assert desk.saved().text == f"saved 2: undone: skipping at ({x:.0f}, {y:.0f}, {z:.0f}) nm"
    assert (desk.saved().rows, desk.saved().at_nm) == ([4], (x, y, z))
    assert 4 in rows(ask(desk))


def test_a_label_taken_back_by_undo_may_be_asked_again(desk: Any) -> None:
    desk.label(6, 1)
    assert 6 not in rows(ask(desk))
    desk.undo()
    assert 6 in rows(ask(desk))


def test_without_a_head_the_queue_asks_and_says_so(desk: Any) -> None:
    answer = ask(desk)
    assert answer.items
    assert answer.note == NO_HEAD
    assert all(item.probabilities is None for item in answer.items)


def test_when_all_is_answered_that_is_said(desk: Any) -> None:
    answer = ask(desk, held=list(range(18)))
    assert (answer.items, answer.note) == ([], ALL_DONE)


def test_fewer_places_than_asked_for_are_all_given(desk: Any) -> None:
    assert rows(ask(desk, held=list(range(16)))) in ([16, 17], [17, 16])


def test_a_project_without_rows_is_told_so(make_desk: Any, table: Any) -> None:
    nothing = np.zeros(0, np.int64)
    empty = build_table(
        nothing.astype(np.uint64),
        nothing,
        np.zeros((0, 3)),
        np.zeros((0, 5), np.float32),
        np.zeros((0, 2), np.int64),
        table.provenance,
    )
    desk = make_desk(table=empty, layout=Layout("pca 0", "pca", np.zeros((0, 2), np.float32)))
    desk.workspace.start()
    answer = ask(desk)
    assert (answer.items, answer.note) == ([], NO_ROWS)


def test_a_task_on_cells_asks_of_each_cell_once_and_of_labelled_ones_not_at_all(desk: Any) -> None:
    desk.switch("cell type")
    desk.label(0, 0, "cell type")
    answer = ask(desk, task="cell type")
    assert {item.segment_id for item in answer.items} == {"500", "977", str(BIG)}
    assert len(answer.items) == 3
    desk.label(5, 1, "cell type")
    answer = ask(desk, task="cell type")
    by_cell = {item.segment_id: item.probabilities for item in answer.items}
    painted = dict(zip(desk.table.segment_of_rows(np.arange(18)).tolist(), desk.classes(), strict=True))
    assert {int(cell): belief.index(max(belief)) for cell, belief in by_cell.items() if belief} == {
        977: painted[977],
        BIG: painted[BIG],
    }


def test_two_pages_that_ask_at_once_are_both_answered(desk: Any) -> None:
    ask(desk, page="page a", run=False)
    ask(desk, page="page b", run=False)
    ask(desk, page="page b", run=False)
    while desk.chooser.held:
        desk.chooser.run()
    assert len(desk.page.all(QueueReady)) == 2


def test_beliefs_are_told_anew_of_the_rows_that_the_page_names(desk: Any) -> None:
    desk.label_all_looks()
    held = ask(desk, count=2).items
    desk.label(9, 1)
    (renewed,) = ask(desk, held=[item.row for item in held], renew=[held[0].row]).renewed
    assert renewed.row == held[0].row
    assert renewed.probabilities is not None
    assert renewed.probabilities != held[0].probabilities
    assert renewed.probabilities.index(max(renewed.probabilities)) == desk.classes()[renewed.row]


def test_the_same_log_gives_the_same_queue(make_desk: Any) -> None:
    answers = []
    for _ in range(2):
        desk = make_desk().start()
        desk.label_all_looks()
        answers.append(ask(desk, near_nm=(0.0, 9000.0, 0.0)).items)
    assert answers[0] == answers[1]


def test_an_unknown_task_is_told(desk: Any) -> None:
    with pytest.raises(AssertionError):  # no answer comes
        ask(desk, task="nothing")
    assert "no task 'nothing'" in desk.page.last(Failed).text


def test_what_a_page_will_look_at_is_made_ready(desk: Any) -> None:
    desk.session.receive(AheadRequest("r", [13, 0, 999]))
    assert desk.ahead.expected == [[(BIG, tuple(desk.table.positions_nm[13])), (11, tuple(desk.table.positions_nm[0]))]]


def test_audit_items_come_in_an_order_that_labels_do_not_change(desk: Any) -> None:
    (audit,) = [item for item in ask(desk, count=10).items if item.strategy == "audit"]
    assert audit.reason == "audit: chosen without the model"
    for row in [row for row in range(18) if row != audit.row][:9]:
        desk.label(row, row % 3, provenance="queue")
    later = [item for item in ask(desk, count=10).items if item.strategy == "audit"]
    assert later[0].row == audit.row
    desk.label(audit.row, 0, provenance="audit")
    assert audit.row not in rows(ask(desk, count=10))


def test_an_audit_item_that_a_page_holds_is_not_sent_again(desk: Any) -> None:
    (audit,) = [item for item in ask(desk, count=10).items if item.strategy == "audit"]
    answer = ask(desk, count=10, held=[audit.row])
    assert audit.row not in rows(answer)
    assert len(answer.items) == 10
