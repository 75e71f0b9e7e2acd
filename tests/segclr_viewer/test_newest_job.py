import multiprocessing
import os
import queue
from collections.abc import Callable
from multiprocessing.connection import Connection

import pytest

from segclr.errors import ProjectError, SegclrError, WorkerDied
from segclr_viewer.newest_job import NewestJob, reporting


def counts(pipe: Connection, first: int) -> None:
    pipe.send(float(first))
    pipe.send(str(first + 1))


def ends(pipe: Connection) -> None:
    os._exit(3)


def test_news_come_in_order_until_the_last_and_of_the_newest_job_alone() -> None:
    posted: queue.Queue[Callable[[], None]] = queue.Queue()
    heard: list[object] = []
    job = NewestJob(posted.put)
    job.start(counts, (1,), float, "it ended", heard.append)
    earlier = posted.get(timeout=60)
    job.start(counts, (5,), float, "it ended", heard.append)
    earlier()
    while not heard or heard[-1] != "6":
        posted.get(timeout=60)()
    assert heard == [5.0, "6"]


def test_a_process_that_ends_without_a_word_is_told() -> None:
    posted: queue.Queue[Callable[[], None]] = queue.Queue()
    heard: list[object] = []
    NewestJob(posted.put).start(ends, (), float, "it ended", heard.append)
    posted.get(timeout=60)()
    (error,) = heard
    assert isinstance(error, WorkerDied)
    assert str(error) == "it ended"


@pytest.mark.parametrize(
    ("error", "told"),
    [(ProjectError("name a {folder}"), "name a {folder}"), (KeyError("{a}"), "not found (KeyError: '{a}')")],
)
def test_what_goes_wrong_is_a_sentence(error: Exception, told: str) -> None:
    ours, theirs = multiprocessing.Pipe(duplex=False)
    with reporting(theirs, "not found ({})"):
        raise error
    news = ours.recv()
    assert isinstance(news, SegclrError)
    assert str(news) == told
    ours.close()
    theirs.close()
