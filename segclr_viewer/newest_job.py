"""Jobs in processes of their own, one at a time: who orders anew gives up what was ordered before."""

import multiprocessing
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from segclr.errors import SegclrError, WorkerDied

Post = Callable[[Callable[[], None]], None]
Hear = Callable[[object], None]


class NewestJob:
    """The job that was ordered last, and the thread that listens to its process.

    Args:
        post: runs a callback on the session's thread.
    """

    def __init__(self, post: Post) -> None:
        self._post = post
        self._number = 0
        self._process: BaseProcess | None = None

    def start(
        self, body: Callable[..., None], order: tuple[object, ...], progress: type, died: str, hear: Hear
    ) -> None:
        """Run a job; what was being done is given up without a word.

        Args:
            body: of the process, called with the end of a pipe that it sends its news into, and with the order.
            progress: of news after which others come; all else is the last.
            died: what is said if the process ends without a last word.
            hear: takes each of the news, on the session's thread; the last may be a `SegclrError`.
        """
        self.stop()
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe(duplex=False)
        self._process = context.Process(target=body, args=(theirs, *order), daemon=True)
        self._process.start()
        theirs.close()
        threading.Thread(target=self._listen, args=(self._number, ours, progress, died, hear), daemon=True).start()

    def stop(self) -> None:
        """Give up what is being done; nothing more is told of it."""
        self._number += 1
        if self._process is not None:
            self._process.terminate()
            self._process = None

    def _listen(self, number: int, pipe: Connection, progress: type, died: str, hear: Hear) -> None:
        over = False
        while not over:
            try:
                news = pipe.recv()
            except (EOFError, OSError):
                news = WorkerDied(died)
            over = not isinstance(news, progress)
            self._tell(number, partial(hear, news))
        pipe.close()

    def _tell(self, number: int, what: Callable[[], None]) -> None:
        if number == self._number:  # else the session's thread has perhaps ended
            self._post(lambda: what() if number == self._number else None)


@contextmanager
def reporting(pipe: Connection, sentence: str = "{}") -> Iterator[None]:
    """Send what goes wrong into the pipe; what nobody foresaw is printed, too, and told within the sentence."""
    try:
        yield
    except SegclrError as error:
        pipe.send(error)
    except Exception as error:
        traceback.print_exc()
        pipe.send(SegclrError(sentence.format(f"{type(error).__name__}: {error}")))
