"""Clusters are found in a process of their own: who asks anew ends what the same annotator has asked before."""

import logging
import multiprocessing
import threading
import traceback
from collections.abc import Callable
from functools import partial
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

from segclr.embeddings.table import open_table
from segclr.errors import SegclrError, WorkerDied
from segclr_viewer.child_process import begin_child
from segclr_viewer.clusters import ClusterOrder, ClusterProgress, FoundClusters, find_clusters

log = logging.getLogger(__name__)

Post = Callable[[Callable[[], None]], None]
Done = Callable[[FoundClusters], None]
Failed = Callable[[SegclrError], None]
Progress = Callable[[ClusterProgress], None]


class ClusterJobs:
    """The `Clusterer` port: the newest order counts.

    Args:
        folder: the table's.
        post: runs a callback on the session's thread.
    """

    def __init__(self, folder: Path, post: Post) -> None:
        self._folder = folder
        self._post = post
        self._number = 0
        self._process: BaseProcess | None = None

    def start(self, order: ClusterOrder, done: Done, failed: Failed, progress: Progress) -> None:
        """Find clusters; what was being found is given up without a word."""
        self.stop()
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe(duplex=False)
        self._process = context.Process(target=_find, args=(theirs, self._folder, order), daemon=True)
        self._process.start()
        theirs.close()
        listener = partial(self._listen, self._number, ours, done, failed, progress)
        threading.Thread(target=listener, daemon=True).start()

    def stop(self) -> None:
        """End what is being done; nothing more is told of it."""
        self._number += 1
        if self._process is not None:
            self._process.terminate()
            self._process = None

    def _listen(self, number: int, pipe: Connection, done: Done, failed: Failed, progress: Progress) -> None:
        over = False
        while not over:
            try:
                news = pipe.recv()
            except (EOFError, OSError):
                news = WorkerDied("the process that looked for clusters ended; is there memory left?")
            over = not isinstance(news, ClusterProgress)
            if isinstance(news, ClusterProgress):
                self._tell(number, partial(progress, news))
            elif isinstance(news, FoundClusters):
                self._tell(number, partial(done, news))
            else:
                self._tell(number, partial(failed, news))
        pipe.close()

    def _tell(self, number: int, what: Callable[[], None]) -> None:
        if number == self._number:  # else the session's thread has perhaps ended
            self._post(lambda: what() if number == self._number else None)


def _find(pipe: Connection, folder: Path, order: ClusterOrder) -> None:
    """Body of the process: how far it is, then what was found, or what went wrong."""
    begin_child(niceness=10)  # clicks and repaints come first
    try:
        pipe.send(find_clusters(order.table or open_table(folder), order, pipe.send))
    except SegclrError as error:
        pipe.send(error)
    except Exception as error:
        traceback.print_exc()
        pipe.send(SegclrError(f"no clusters could be found ({type(error).__name__}: {error})"))
