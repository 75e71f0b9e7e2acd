"""Jobs on a thread, of which only the newest counts."""

import queue
import threading
from collections.abc import Callable, Iterator

import pytest

from segclr.errors import SegclrError, TooFewLabels
from segclr_viewer.latest import LatestThread

PATIENCE_S = 30


@pytest.fixture
def posted() -> "queue.Queue[Callable[[], None]]":
    return queue.Queue()


@pytest.fixture
def thread(posted: "queue.Queue[Callable[[], None]]") -> Iterator[LatestThread]:
    thread = LatestThread(posted.put)
    yield thread
    thread.close()


def test_a_job_runs_elsewhere_and_answers_here(thread: LatestThread, posted: "queue.Queue[Callable[[], None]]") -> None:
    seen: list[int] = []
    thread.submit(threading.get_ident, seen.append, pytest.fail)
    answer = posted.get(timeout=PATIENCE_S)
    assert seen == []
    answer()
    assert len(seen) == 1
    assert seen[0] != threading.get_ident()


def test_only_the_newest_answer_arrives_and_overtaken_jobs_are_not_begun(
    thread: LatestThread, posted: "queue.Queue[Callable[[], None]]"
) -> None:
    begun, go = threading.Event(), threading.Event()
    ran: list[int] = []
    seen: list[int] = []

    def first() -> int:
        begun.set()
        assert go.wait(PATIENCE_S)
        return 1

    def job(number: int) -> int:
        ran.append(number)
        return number

    thread.submit(first, seen.append, pytest.fail)
    assert begun.wait(PATIENCE_S)
    thread.submit(lambda: job(2), seen.append, pytest.fail)
    thread.submit(lambda: job(3), seen.append, pytest.fail)
    go.set()
    for _ in range(2):  # the first's answer is posted too, and dropped
        posted.get(timeout=PATIENCE_S)()
    assert seen == [3]
    assert ran == [3]


def test_an_answer_that_is_overtaken_on_its_way_is_dropped(
    thread: LatestThread, posted: "queue.Queue[Callable[[], None]]"
) -> None:
    seen: list[int] = []
    thread.submit(lambda: 1, seen.append, pytest.fail)
    late = posted.get(timeout=PATIENCE_S)
    thread.submit(lambda: 2, seen.append, pytest.fail)
    late()
    assert seen == []
    posted.get(timeout=PATIENCE_S)()
    assert seen == [2]


def test_errors_are_handed_on_and_unexpected_ones_put_into_words(
    thread: LatestThread, posted: "queue.Queue[Callable[[], None]]"
) -> None:
    seen: list[SegclrError] = []

    def too_few() -> None:
        raise TooFewLabels("label another class")

    thread.submit(too_few, pytest.fail, seen.append)
    posted.get(timeout=PATIENCE_S)()
    thread.submit(lambda: 1 // 0, pytest.fail, seen.append)
    posted.get(timeout=PATIENCE_S)()
    assert isinstance(seen[0], TooFewLabels)
    assert "ZeroDivisionError" in str(seen[1])
