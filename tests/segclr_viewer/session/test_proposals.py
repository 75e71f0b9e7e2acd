"""Proposals: many places at once, looked at before anything is stored."""

from typing import Any

import numpy as np
import pytest

from segclr_viewer.session import proposals
from segclr_viewer.wire.answers import Failed, ProposalMade, Saved
from segclr_viewer.wire.labelling import MOST_AT_ONCE, AcceptRequest, MarkRequest, ProposeRequest, Target

LOOKS_LIKE = {0: [0, 1, 2, 3, 9, 10, 11], 1: [4, 5, 6, 7, 8], 2: [12, 13, 14, 15, 16, 17]}


def select(desk: Any, rows: list[int]) -> None:
    desk.lasso(rows)
    desk.finder.run_newest()


def propose(desk: Any, row: int | None = None, task: str = "subcompartment") -> ProposalMade:
    request = desk.request()
    desk.session.receive(ProposeRequest(request, task, row))
    while desk.chooser.held:
        desk.chooser.run()
    made: ProposalMade = desk.page.last(ProposalMade)
    assert made.request == request
    return made


def accept(desk: Any, rows: list[int], class_index: int = 1, request: str = "accepted", task: str = "") -> None:
    desk.session.receive(
        AcceptRequest(
            request, task or "subcompartment", desk.class_id(class_index, task or "subcompartment"), rows, "lasso"
        )
    )
    desk.fitter.run_newest()


def test_the_selection_is_proposed_without_what_has_an_answer_and_nothing_is_stored(desk: Any) -> None:
    desk.label_all_looks()
    stored = len(desk.log.stored)
    desk.session.receive(MarkRequest(desk.request(), "subcompartment", "unsure", Target(row=2), "key"))
    stored += 1
    select(desk, LOOKS_LIKE[0])
    made = propose(desk)
    assert (made.origin, made.rows) == ("lasso", [1, 3, 9, 10, 11])
    assert made.suggested == 0
    assert made.note == "2 of 7 have an answer already"
    assert sorted(made.handful) == made.rows
    assert len(desk.log.stored) == stored


def test_the_handful_is_drawn_at_random_not_taken_from_the_start(desk: Any) -> None:
    select(desk, list(range(18)))
    drawn = [tuple(propose(desk).handful) for _ in range(4)]
    assert all(len(set(handful)) == 8 for handful in drawn)
    assert len(set(drawn)) > 1


def test_too_many_are_cut_to_a_random_share_and_that_is_said(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proposals, "MOST_AT_ONCE", 5)
    select(desk, list(range(18)))
    made = propose(desk)
    assert len(made.rows) == 5
    assert made.rows == sorted(made.rows) != list(range(5))
    assert made.note == "5 of 18, drawn at random: more are not labelled at once"


def test_nothing_selected_or_all_answered_is_told(desk: Any) -> None:
    with pytest.raises(AssertionError):
        propose(desk)
    assert "nothing is selected" in desk.page.last(Failed).text
    select(desk, [0])
    desk.label(0, 0)
    with pytest.raises(AssertionError):
        propose(desk)
    assert "all of these places have an answer already" in desk.page.last(Failed).text


def test_neighbours_are_the_most_alike_few_of_a_cell_and_never_the_place_itself(desk: Any) -> None:
    desk.label(12, 2)
    made = propose(desk, row=13)
    assert made.origin == "neighbour"
    assert 13 not in made.rows
    assert 12 not in made.rows
    cells = desk.table.segment_of_rows(np.array(made.rows)).tolist()
    assert max(cells.count(cell) for cell in cells) == 3
    apart = np.linalg.norm(desk.table.embeddings - desk.table.embeddings[13], axis=1)
    own = [row for row in LOOKS_LIKE[2] if row not in (12, 13)]
    assert set(made.rows) & set(own) == set(sorted(own, key=lambda row: apart[row])[:3])


def test_in_a_task_on_cells_neighbours_are_other_cells_one_place_of_each(desk: Any) -> None:
    desk.switch("cell type")
    made = propose(desk, row=0, task="cell type")
    cells = desk.table.segment_of_rows(np.array(made.rows)).tolist()
    assert sorted(cells) == [500, 977, 2**63 + 5]


def test_accepting_labels_all_the_rest_in_one_action_with_its_provenance(desk: Any) -> None:
    accept(desk, [1, 2, 9])
    assert desk.labels() == {1: 1, 2: 1, 9: 1}
    assert {(event.group, event.provenance, event.class_name) for event in desk.log.stored} == {
        ("accepted", "lasso", "dendrite")
    }
    assert desk.saved().text.endswith("label 3 places dendrite")
    assert sorted(desk.saved().rows) == [1, 2, 9]
    desk.undo()
    assert desk.labels() == {}
    assert desk.saved().text.endswith("undone: 3 labels")
    assert sorted(desk.saved().rows) == [1, 2, 9]


def test_a_retried_acceptance_never_doubles_a_label(desk: Any) -> None:
    accept(desk, [1, 2, 9])
    accept(desk, [1, 2, 9])
    assert len(desk.log.stored) == 3
    assert len(desk.page.all(Saved)) == 2


def test_an_acceptance_with_a_row_that_is_not_there_stores_nothing(desk: Any) -> None:
    accept(desk, [1, 999])
    assert desk.log.stored == []
    assert "no row 999" in desk.failed().text
    accept(desk, [1], class_index=7)
    assert desk.log.stored == []
    assert "no class of subcompartment any more" in desk.failed().text


def test_the_cap_is_what_the_messages_allow() -> None:
    assert proposals.MOST_AT_ONCE == MOST_AT_ONCE
