"""Actions of several annotators in one commit: none is lost, doubled, or told before it is durable."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from segclr.errors import LabelStoreError
from segclr_viewer.wire.answers import Failed, Saved

BIG = 2**63 + 5


class Clock:
    """Holds what is to be done later until the test lets the time pass."""

    def __init__(self) -> None:
        self.held: list[Callable[[], None]] = []

    def __call__(self, seconds: float, function: Callable[[], None]) -> None:
        self.held.append(function)

    def tick(self) -> None:
        held, self.held = self.held, []
        for function in held:
            function()

    def run_out(self) -> None:
        while self.held:
            self.tick()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ana(make_desk: Callable[..., Any], clock: Clock) -> Any:
    desk = make_desk().start()
    desk.workspace.commits._later = clock
    desk.appended = []
    append = desk.log.append

    def counted(events: Sequence[Any], places: Sequence[Any] = ()) -> Any:
        desk.appended.append([event.annotator for event in events])
        return append(events, places)

    desk.log.append = counted
    return desk


def test_what_several_annotators_ask_at_once_is_one_commit_and_told_after_it(ana: Any, clock: Clock) -> None:
    ben = ana.neighbour("ben")
    ana.label(0, 0)
    ben.label(13, 2)
    assert ana.page.all(Saved) == ben.page.all(Saved) == ana.view.said == ana.log.stored == []
    clock.run_out()
    assert ana.appended == [["ana", "ben"]]
    assert [(event.annotator, event.segment_id) for event in ana.log.stored] == [("ana", 11), ("ben", BIG)]
    assert (ana.saved().seq, ben.saved().seq) == (1, 2)
    assert ana.labels() == ben.labels() == {0: 0, 13: 2}


def test_what_one_asks_while_an_action_waits_is_done_after_it_in_order(ana: Any, clock: Clock) -> None:
    ana.label(0, 0)
    ana.label(1, 1)
    ana.undo()
    ana.undo()
    ana.redo()
    clock.run_out()
    assert [event.kind for event in ana.log.stored] == ["label", "label", "undo", "undo", "redo"]
    assert [event.target for event in ana.log.stored[2:]] == [
        event.group for event in (ana.log.stored[1], *ana.log.stored[:1] * 2)
    ]
    assert ana.labels() == {0: 0}


def test_a_request_sent_twice_before_the_commit_is_stored_once_and_answered_twice(ana: Any, clock: Clock) -> None:
    for _ in range(2):
        ana.label(0, 0, request="once")
    clock.run_out()
    assert len(ana.log.stored) == 1
    assert [saved.text for saved in ana.page.all(Saved)] == ["saved 1: label axon", "saved 1: done before"]


def test_a_name_that_waits_already_is_refused_to_another_annotator(ana: Any, clock: Clock) -> None:
    ben = ana.neighbour("ben")
    ana.label(0, 0, request="once")
    ben.label(5, 1, request="once")
    clock.run_out()
    assert [event.annotator for event in ana.log.stored] == ["ana"]
    assert [failed.request for failed in ben.page.all(Failed)] == ["once"]
    assert ben.page.all(Saved) == []


def test_when_a_commit_fails_each_is_tried_alone_and_told_its_own_failure(ana: Any, clock: Clock) -> None:
    ben = ana.neighbour("ben")
    append = ana.log.append

    def picky(events: Sequence[Any], places: Sequence[Any] = ()) -> Any:
        if any(event.annotator == "ben" for event in events):
            raise LabelStoreError("the disk is full")
        return append(events, places)

    ana.log.append = picky
    ana.label(0, 0)
    ben.label(5, 1)
    clock.run_out()
    assert [event.annotator for event in ana.log.stored] == ["ana"]
    assert ana.saved().seq == 1
    assert ben.failed().text == "the disk is full"
    assert ben.page.all(Saved) == []
    ana.log.append = append
    ben.label(5, 1)
    clock.run_out()
    assert ana.labels() == {0: 0, 5: 1}


def test_a_fault_of_the_program_is_told_and_labelling_goes_on(
    ana: Any, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    append = ana.log.append

    def fault(events: Sequence[Any], places: Sequence[Any] = ()) -> Any:
        raise ZeroDivisionError("a bug")

    ana.log.append = fault
    ana.label(0, 0)
    clock.run_out()
    assert "not stored, through a fault" in ana.failed().text
    assert "a bug" in caplog.text
    ana.log.append = append
    ana.label(0, 0)
    clock.run_out()
    assert ana.labels() == {0: 0}
