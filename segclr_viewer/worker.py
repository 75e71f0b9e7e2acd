"""The encoder in a process of its own: a crash, a kill or a slow forward pass never touches the app.

Questions are answered one by one, in order, on the session's thread. What is in the process: `embedder.py`.
"""

import logging
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from typing import Protocol, TypeVar

from segclr.em.geometry import XYZ
from segclr.errors import ProjectError, SegclrError, WorkerDied
from segclr_viewer.child_process import end_child, new_child
from segclr_viewer.ports import Embedded

log = logging.getLogger(__name__)

T = TypeVar("T")

Post = Callable[[Callable[[], None]], None]


class Embedder(Protocol):
    """What the process holds."""

    @property
    def device(self) -> str:
        """Where it runs, in words for the status line."""

    def embed(self, position_nm: XYZ, segment_id: int | None) -> Embedded:
        """Cut out, mask and embed a place."""


@dataclass(frozen=True, slots=True)
class NoEncoder:
    """The worker of a project that names no encoder; `advice` is what to do instead."""

    advice: str = "add [encoder] with a checkpoint to embed places"

    def embed(
        self,
        position_nm: XYZ,
        segment_id: int | None,
        done: Callable[[Embedded], None],
        failed: Callable[[SegclrError], None],
    ) -> None:
        """Say that nothing can be embedded."""
        failed(ProjectError(f"the project names no encoder: {self.advice}"))


class EncoderWorker:
    """Owns the process. A process that ends is replaced; all that it had been asked fails with the same WorkerDied.

    Args:
        load: makes the embedder; pickled, called in the process.
        post: hands a function to the session's thread; all callbacks go that way.
        ready: told the device when an encoder has been loaded.
        failed: told why none could be loaded.
    """

    def __init__(
        self,
        load: Callable[[], Embedder],
        post: Post,
        ready: Callable[[str], None],
        failed: Callable[[SegclrError], None],
    ) -> None:
        self._load = load
        self._post = post
        self._ready = ready
        self._failed = failed
        self._pool = new_child()
        self._is_loaded = False
        self._closed = False
        self._death = WorkerDied()
        self._warm_up()

    def embed(
        self,
        position_nm: XYZ,
        segment_id: int | None,
        done: Callable[[Embedded], None],
        failed: Callable[[SegclrError], None],
    ) -> None:
        """Embed a place; exactly one of the callbacks is called, on the session's thread."""
        self._submit(partial(_embed, self._load, position_nm, segment_id), done, failed)

    def close(self) -> None:
        """End the process; what it had been asked is not answered any more."""
        self._closed = True
        end_child(self._pool)

    def _warm_up(self) -> None:
        self._submit(partial(_device, self._load), self._loaded, self._failed)

    def _loaded(self, device: str) -> None:
        self._is_loaded = True
        self._ready(device)

    def _submit(self, work: Callable[[], T], done: Callable[[T], None], failed: Callable[[SegclrError], None]) -> None:
        try:
            future = self._pool.submit(work)
        except BrokenProcessPool:  # it ended while it had nothing to do
            self._replace(self._pool)
            future = self._pool.submit(work)
        pool = self._pool

        def over(future: Future[T]) -> None:
            if not self._closed:  # else the session's thread has perhaps ended
                self._post(partial(self._answer, pool, future, done, failed))

        future.add_done_callback(over)

    def _answer(
        self,
        pool: ProcessPoolExecutor,
        future: Future[T],
        done: Callable[[T], None],
        failed: Callable[[SegclrError], None],
    ) -> None:
        if self._closed:
            return
        error = future.exception()
        if error is None:
            done(future.result())
        elif isinstance(error, SegclrError):
            failed(error)
        elif isinstance(error, BrokenProcessPool):
            failed(self._replace(pool))
        else:
            log.error("the encoder's answer was lost", exc_info=error)
            failed(SegclrError(f"the encoder's answer was lost ({error}): click again"))

    def _replace(self, dead: ProcessPoolExecutor) -> WorkerDied:
        """Start a new process unless that is done already; the error for whoever waited for the dead one."""
        if dead is self._pool:
            log.warning("the encoder's process ended; starting another")
            self._death = WorkerDied("the encoder's process ended; it was restarted: click again")
            self._pool = new_child()
            if self._is_loaded:  # one that died while loading is tried again on the next click, not for ever
                self._is_loaded = False
                self._warm_up()
        return self._death


@cache
def _embedder(load: Callable[[], Embedder]) -> Embedder:
    """The process's embedder, made once."""
    return load()


def _device(load: Callable[[], Embedder]) -> str:
    with _in_words("the encoder could not be loaded"):
        return _embedder(load).device


def _embed(load: Callable[[], Embedder], position_nm: XYZ, segment_id: int | None) -> Embedded:
    with _in_words("the place could not be embedded"):
        return _embedder(load).embed(position_nm, segment_id)


@contextmanager
def _in_words(what: str) -> Iterator[None]:
    try:
        yield
    except SegclrError:
        raise
    except Exception as error:
        traceback.print_exc()
        raise SegclrError(f"{what} ({type(error).__name__}: {error}); the terminal has the details") from None
