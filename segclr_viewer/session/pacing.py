"""Doing something again and again, but only so often that the session's thread stays free for the keys."""

import time
from collections.abc import Callable

from segclr_viewer.ports import Later

_REST = 3.0  # times as long as the work itself took: it gets a quarter of the thread at most


class Pacer:
    """Does the newest of what it is asked: at once after a rest, else when the rest is over.

    So one label is answered at once, and forty in a second from twenty annotators are answered together.
    """

    def __init__(self, later: Later, clock: Callable[[], float] = time.perf_counter) -> None:
        self._later = later
        self._clock = clock
        self._wanted: Callable[[], None] | None = None
        self._rests = False
        self._least_rest_s = 0.0

    def ask(self, do: Callable[[], None], least_rest_s: float = 0.0) -> None:
        """Have `do` done soon, in the stead of what still waits; after it there is a rest of that time at least."""
        self._wanted = do
        self._least_rest_s = least_rest_s
        if not self._rests:
            self._serve()

    def _serve(self) -> None:
        do, self._wanted = self._wanted, None
        if do is None:
            return
        started = self._clock()
        self._rests = True
        try:
            do()
        finally:
            self._later(max(self._least_rest_s, _REST * (self._clock() - started)), self._rested)

    def _rested(self) -> None:
        self._rests = False
        self._serve()
