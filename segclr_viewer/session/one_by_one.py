"""Jobs off the session's thread, one at a time, of which each asker's newest is done: none takes another's place."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from segclr.errors import SegclrError
from segclr_viewer.ports import Latest

T = TypeVar("T")
A = TypeVar("A")


class OneByOne:
    """Hands a `Latest` port one job after the other, so that the pages' jobs do not overtake each other."""

    def __init__(self, thread: Latest) -> None:
        self._thread = thread
        self._waiting: dict[str, Callable[[], None]] = {}
        self._busy = False

    def ask(
        self, who: str, job: Callable[[], T], done: Callable[[T], None], failed: Callable[[SegclrError], None]
    ) -> None:
        """Run `job` when its turn comes; a job of the same asker that still waits is dropped."""
        self._waiting.pop(who, None)
        self._waiting[who] = partial(self._thread.submit, job, partial(self._over, done), partial(self._over, failed))
        self._next()

    @property
    def is_free(self) -> bool:
        """Whether nothing waits for what is being done; from any thread."""
        return not self._waiting

    @property
    def is_idle(self) -> bool:
        """Whether nothing is done, and nothing waits."""
        return not self._busy and not self._waiting

    def _next(self) -> None:
        if self._waiting and not self._busy:
            self._busy = True
            self._waiting.pop(next(iter(self._waiting)))()

    def _over(self, tell: Callable[[A], None], answer: A) -> None:
        self._busy = False
        try:
            tell(answer)
        finally:
            self._next()
