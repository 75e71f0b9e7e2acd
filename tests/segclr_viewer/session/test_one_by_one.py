"""Jobs of several askers on one thread."""

import pytest

from segclr.errors import SegclrError
from segclr_viewer.session.one_by_one import OneByOne
from tests.segclr_viewer.fakes import HeldJobs


@pytest.fixture
def thread() -> HeldJobs:
    return HeldJobs()


def test_the_job_of_another_asker_is_not_overtaken(thread: HeldJobs) -> None:
    said: list[str] = []
    jobs = OneByOne(thread)
    for who in ("a", "b", "c"):
        jobs.ask(who, lambda who=who: who, said.append, lambda _: None)  # type: ignore[misc]
        assert len(thread.held) == 1, "a second job would overtake the first"
    while thread.held:
        thread.run()
    assert said == ["a", "b", "c"]


def test_of_one_asker_only_the_newest_that_waits_is_done(thread: HeldJobs) -> None:
    said: list[int] = []
    jobs = OneByOne(thread)
    for number in range(4):
        jobs.ask("a", lambda number=number: number, said.append, lambda _: None)  # type: ignore[misc]
    while thread.held:
        thread.run()
    assert said == [0, 3]  # the first had been begun


def test_a_job_that_fails_and_one_whose_answer_fails_do_not_stop_the_next(thread: HeldJobs) -> None:
    failed: list[SegclrError] = []
    said: list[int] = []
    jobs = OneByOne(thread)

    def fail() -> int:
        raise SegclrError("no")

    def burst(_: int) -> None:
        raise ZeroDivisionError

    jobs.ask("a", fail, said.append, failed.append)
    jobs.ask("b", lambda: 1, burst, failed.append)
    jobs.ask("c", lambda: 2, said.append, failed.append)
    thread.run()
    with pytest.raises(ZeroDivisionError):
        thread.run()
    thread.run()
    assert [str(error) for error in failed] == ["no"]
    assert said == [2]
