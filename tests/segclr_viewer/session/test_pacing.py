"""What is asked again and again is done at once, then only after a rest, and the newest of it always."""

from collections.abc import Callable
from functools import partial

import pytest

from segclr_viewer.session.pacing import Pacer


class Time:
    """A clock that goes on when the test says so."""

    def __init__(self) -> None:
        self.now = 0.0
        self.held: list[tuple[float, Callable[[], None]]] = []

    def later(self, seconds: float, function: Callable[[], None]) -> None:
        self.held.append((self.now + seconds, function))

    def pass_until(self, moment: float) -> None:
        self.now = moment
        due = [function for at, function in self.held if at <= moment]
        self.held = [(at, function) for at, function in self.held if at > moment]
        for function in due:
            function()


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def pacer(time: Time) -> Pacer:
    return Pacer(time.later, lambda: time.now)


def work(time: Time, said: list[str], what: str, seconds: float = 0.0) -> None:
    time.now += seconds
    said.append(what)


def test_the_first_is_done_at_once_and_of_many_the_newest_after_a_rest(time: Time, pacer: Pacer) -> None:
    said: list[str] = []
    for name in ("a", "b", "c"):
        pacer.ask(partial(work, time, said, name, 1.0))
    assert said == ["a"]
    time.pass_until(3.9)
    assert said == ["a"]
    time.pass_until(4.0)  # three times the second that it took
    assert said == ["a", "c"]
    time.pass_until(100.0)
    assert said == ["a", "c"]
    pacer.ask(partial(work, time, said, "d"))
    assert said == ["a", "c", "d"]


def test_the_rest_has_a_least_length_where_one_is_asked_for(time: Time, pacer: Pacer) -> None:
    said: list[str] = []
    for name in ("a", "b"):
        pacer.ask(partial(work, time, said, name), 0.15)
    time.pass_until(0.1)
    assert said == ["a"]
    time.pass_until(0.15)
    assert said == ["a", "b"]


def test_work_that_fails_does_not_stop_the_next(time: Time, pacer: Pacer) -> None:
    def fail() -> None:
        raise ZeroDivisionError

    said: list[str] = []
    with pytest.raises(ZeroDivisionError):
        pacer.ask(fail)
    pacer.ask(partial(work, time, said, "a"))
    time.pass_until(1.0)
    assert said == ["a"]
