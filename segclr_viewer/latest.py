"""Jobs on a thread of their own, of which only the newest counts."""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from segclr.errors import SegclrError

log = logging.getLogger(__name__)

T = TypeVar("T")


class LatestThread:
    """Runs one job at a time; one that was overtaken is skipped, or its answer dropped.

    Args:
        post: hands a function to the session's thread; `submit` is called and answers arrive there.
    """

    def __init__(self, post: Callable[[Callable[[], None]], None]) -> None:
        self._post = post
        self._pool = ThreadPoolExecutor(1)
        self._newest = 0

    def submit(self, job: Callable[[], T], done: Callable[[T], None], failed: Callable[[SegclrError], None]) -> None:
        """Run `job` on the thread and hand its result to `done`, unless something is submitted before that."""
        self._newest += 1
        self._pool.submit(self._run, self._newest, job, done, failed)

    def close(self) -> None:
        """Answer nothing any more; a job under way ends by itself."""
        self._newest += 1
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _run(
        self, number: int, job: Callable[[], T], done: Callable[[T], None], failed: Callable[[SegclrError], None]
    ) -> None:
        if number != self._newest:
            return
        try:
            answer = partial(done, job())
        except SegclrError as error:
            answer = partial(failed, error)
        except Exception as error:
            log.exception("a job failed")
            answer = partial(failed, SegclrError(f"something went wrong ({type(error).__name__}: {error})"))
        self._post(partial(self._answer, number, answer))

    def _answer(self, number: int, answer: Callable[[], None]) -> None:
        if number == self._newest:
            answer()
