"""Two selections compared: the kept one with the present one, cells as the witnesses, others' blind labels left out."""

from typing import Any

import numpy as np
import pytest

from segclr_viewer.session.comparing import EXCHANGES, SAME
from segclr_viewer.wire.comparing import CompareRequest, ComparisonReady, DifferenceInfo
from segclr_viewer.wire.selecting import ClearRequest
from segclr_viewer.wire.views import KeepSelectionRequest, SelectionKept


def select(desk: Any, rows: list[int]) -> None:
    desk.session._does.selecting.choose(desk.request(), np.array(rows, np.int64), "replace")
    desk.finder.run_newest()


def keep(desk: Any) -> str:
    desk.session.receive(KeepSelectionRequest(desk.request()))
    return str(desk.page.last(SelectionKept).selection)


def compare(desk: Any, first: str, task: str = "subcompartment") -> ComparisonReady:
    request = desk.request()
    desk.session.receive(CompareRequest(request, "page", task, first))
    while desk.chooser.held:
        desk.chooser.run()
    answer: ComparisonReady = desk.page.last(ComparisonReady)
    assert answer.request == request
    return answer


def named(answer: ComparisonReady, kind: str, name: str) -> DifferenceInfo:
    (found,) = [each for each in answer.differences if (each.kind, each.name) == (kind, name)]
    return found


def test_counts_means_and_what_both_have(desk: Any) -> None:
    desk.label_all_looks()
    select(desk, [0, 1, 2, 9])
    first = keep(desk)
    select(desk, [2, 12, 13, 14])
    found = compare(desk, first)
    assert (found.rows, found.shared_rows, found.exchanges) == ((4, 4), 1, EXCHANGES)
    z = desk.table.positions_nm[:, 2] / 1000
    line = named(found, "column", "z")
    assert line.second == pytest.approx(z[[12, 13, 14]].mean())
    assert line.unit == "µm"
    assert named(found, "labelled", desk.class_id(0)).first == 1.0
    shares = [named(found, "predicted", desk.class_id(index)) for index in range(3)]
    assert sum(each.first or 0 for each in shares) == pytest.approx(1.0)
    assert all(each.p is None for each in shares), "the map was drawn by what these follow from"


def test_only_the_rows_of_the_selections_are_read(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    task, read = desk.session.active, set()
    whole = task.vectors.matrix()

    class Watched:
        ndim, shape = 2, whole.shape

        def __len__(self) -> int:
            return len(whole)

        def __getitem__(self, rows: Any, /) -> Any:
            read.update(np.arange(len(whole))[rows].tolist())
            return whole[rows]

    monkeypatch.setattr(task.vectors, "matrix", Watched)
    select(desk, [0, 1, 2, 9])
    first = keep(desk)
    select(desk, [12, 13, 14, 17])
    assert compare(desk, first).distance is not None
    assert read == {0, 1, 2, 9, 12, 13, 14, 17}


def test_before_any_head_there_are_no_predicted_shares(desk: Any) -> None:
    select(desk, [0, 1, 2])
    first = keep(desk)
    select(desk, [12, 13])
    found = compare(desk, first)
    known = [each for each in found.differences if each.kind == "predicted" and each.first is not None]
    assert known == []
    assert found.tests == sum(each.p is not None for each in found.differences)


def test_nothing_or_the_same_selected_is_said_in_a_sentence(desk: Any) -> None:
    select(desk, [0, 1])
    first = keep(desk)
    desk.session.receive(CompareRequest(desk.request(), "page", "subcompartment", first))
    assert desk.failed().text == SAME
    desk.session.receive(ClearRequest(desk.request()))
    desk.session.receive(CompareRequest(desk.request(), "page", "subcompartment", first))
    assert "nothing is selected" in desk.failed().text
    desk.session.receive(CompareRequest(desk.request(), "page", "subcompartment", "0" * 24))
    assert "not kept" in desk.failed().text
