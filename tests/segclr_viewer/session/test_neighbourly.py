"""More like this: rows like a point, its cell or the selection, and what may answer."""

from typing import Any

import numpy as np
import pytest

from segclr_viewer.session import searches
from segclr_viewer.wire.answers import Failed, ProposalMade
from segclr_viewer.wire.explore import Exploring, SimilarReady, SimilarRequest
from segclr_viewer.wire.labelling import ProposeRequest
from segclr_viewer.wire.types import Ball

BIG = 2**63 + 5
LOOKS_LIKE = {0: {0, 1, 2, 3, 9, 10, 11}, 1: {4, 5, 6, 7, 8}, 2: {12, 13, 14, 15, 16, 17}}


def request(desk: Any, scope: Any, row: int | None, **changes: Any) -> SimilarRequest:
    usual: dict[str, Any] = {
        "classes": [],
        "segment": None,
        "within": None,
        "once": False,
        "count": 30,
        "task": "subcompartment",
    }
    return SimilarRequest(desk.request(), changes.pop("page", "page a"), scope=scope, row=row, **(usual | changes))


def ask(desk: Any, scope: Any, row: int | None, **changes: Any) -> SimilarReady:
    message = request(desk, scope, row, **changes)
    desk.session.receive(message)
    before = len(desk.page.all(SimilarReady))
    while desk.searcher.held:
        assert len(desk.page.all(SimilarReady)) == before, "looked for on the session's thread"
        desk.searcher.run()
    answer: SimilarReady = desk.page.last(SimilarReady)
    assert answer.request == message.request
    assert answer.distances == sorted(answer.distances)
    return answer


def test_those_that_look_like_a_point_come_first_and_itself_is_not_among_them(desk: Any) -> None:
    answer = ask(desk, "point", 0)
    assert set(answer.rows[:6]) == LOOKS_LIKE[0] - {0}
    assert len(answer.rows) == 17
    assert answer.note == "these are all that there are"
    assert (answer.rows_asked, answer.among) == (1, 18)


def test_each_cell_answers_at_most_once_and_the_point_s_own_does_not(desk: Any) -> None:
    answer = ask(desk, "point", 0, once=True)
    segments = desk.table.segment_of_rows(np.array(answer.rows)).tolist()
    assert sorted(segments) == [500, 977, BIG]
    assert segments[0] == 977


def test_a_cell_is_its_mean_and_its_rows_are_no_answer(desk: Any) -> None:
    answer = ask(desk, "cell", 13, count=4)
    assert answer.rows_asked == 6
    assert not set(answer.rows) & LOOKS_LIKE[2]


def test_a_selection_is_asked_about_by_its_mean(desk: Any) -> None:
    desk.lasso([12, 14])
    desk.finder.run_newest()
    asked = desk.masked()
    answer = ask(desk, "selection", None)
    assert answer.rows_asked == len(asked) > 1
    assert set(answer.rows) == set(range(18)) - set(asked)
    scaled = desk.table.embeddings / np.linalg.norm(desk.table.embeddings, axis=1, keepdims=True)
    mean = scaled[asked].mean(axis=0)
    away = 1 - scaled[answer.rows] @ (mean / np.linalg.norm(mean))
    assert answer.distances == pytest.approx(away.tolist(), abs=1e-5)


def test_only_rows_of_the_class_and_the_segment_answer(desk: Any) -> None:
    desk.label_all_looks()
    spines = ask(desk, "point", 0, classes=[desk.class_id(2)])
    assert set(spines.rows) == LOOKS_LIKE[2]
    assert spines.among == 6
    there = ask(desk, "point", 0, segment=str(BIG), once=True)
    assert set(there.rows) == LOOKS_LIKE[2], "of one segment all may answer"
    desk.session.receive(request(desk, "point", 0, classes=[desk.class_id(1)], segment=str(BIG)))
    assert desk.failed().text == "no point passes these filters (class, segment, region): choose others"


@pytest.mark.parametrize(
    ("scope", "row", "changes", "text"),
    [
        ("selection", None, {}, "nothing is selected"),
        ("point", 18, {}, "the table has no row 18"),
        ("point", 0, {"task": "gone"}, "there is no task 'gone'"),
        ("point", 0, {"segment": "5"}, "no point passes these filters"),
        ("point", 0, {"segment": str(2**64)}, "larger than a 64-bit"),
        ("point", 0, {"classes": ["project/axon"]}, "no point passes these filters"),
    ],
)
def test_what_cannot_be_answered_is_told_in_a_sentence(
    desk: Any, scope: Any, row: int | None, changes: dict[str, Any], text: str
) -> None:
    message = request(desk, scope, row, **changes)
    desk.session.receive(message)
    assert not desk.searcher.held
    assert desk.failed().request == message.request
    assert text in desk.failed().text


def test_without_an_index_all_rows_of_a_large_table_are_compared_and_that_is_said(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = ask(desk, "point", 0)
    assert not desk.page.all(Exploring)
    monkeypatch.setattr(searches, "EXACT_ROWS", 10)
    answer = ask(desk, "point", 0)
    assert answer.rows == usual.rows
    assert desk.page.last(Exploring).text == "comparing all 18 points, one by one"
    desk.workspace.searches.of_task["subcompartment"].share = 0.4
    ask(desk, "point", 5)
    said = desk.page.last(Exploring).text
    assert said == "comparing all 18 points, one by one: the index that makes this fast is 40% built"


def test_of_one_page_s_questions_the_newest_is_answered_and_none_of_another_s_is_lost(desk: Any) -> None:
    messages = [request(desk, "point", row, page=page) for row, page in ((0, "a"), (4, "a"), (5, "b"), (6, "a"))]
    for message in messages:
        desk.session.receive(message)
    while desk.searcher.held:
        desk.searcher.run()
    assert [answer.row for answer in desk.page.all(SimilarReady)] == [0, 5, 6]


def test_rows_that_a_page_names_are_proposed_without_those_that_have_an_answer(desk: Any) -> None:
    desk.label(10, 0)
    desk.session.receive(ProposeRequest(desk.request(), "subcompartment", None, [11, 9, 10, 9]))
    made = desk.page.last(ProposalMade)
    assert (made.origin, made.rows) == ("neighbour", [9, 11])
    assert made.note == "1 of 3 have an answer already"
    desk.session.receive(ProposeRequest(desk.request(), "subcompartment", None, [3, 18]))
    assert "the table has no row 18" in desk.page.last(Failed).text


def test_only_points_of_a_region_answer_where_one_is_asked_for(desk: Any) -> None:
    centre = tuple(desk.table.positions_nm[13].tolist())
    away = np.linalg.norm(desk.table.positions_nm.astype(float) - centre, axis=1)
    radius = float(np.sort(away)[4]) + 0.5
    inside = set(np.flatnonzero(away <= radius).tolist())
    answer = ask(desk, "point", 0, within=Ball(centre, radius))
    assert set(answer.rows) == inside - {0}
    assert answer.among == len(inside)
    desk.session.receive(request(desk, "point", 0, within=Ball((-1e9, 0.0, 0.0), 1.0)))
    assert "region" in desk.failed().text
