"""Clusters are found in a process of their own: who asks anew ends what the same annotator has asked before."""

from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

from segclr.embeddings.table import open_table
from segclr.errors import SegclrError
from segclr_viewer.child_process import begin_child
from segclr_viewer.clusters import ClusterOrder, ClusterProgress, FoundClusters, find_clusters
from segclr_viewer.newest_job import NewestJob, Post, reporting

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
        self._job = NewestJob(post)

    def start(self, order: ClusterOrder, done: Done, failed: Failed, progress: Progress) -> None:
        """Find clusters; what was being found is given up without a word."""

        def hear(news: object) -> None:
            if isinstance(news, ClusterProgress):
                progress(news)
            elif isinstance(news, FoundClusters):
                done(news)
            elif isinstance(news, SegclrError):
                failed(news)

        died = "the process that looked for clusters ended; is there memory left?"
        self._job.start(_find, (self._folder, order), ClusterProgress, died, hear)

    def stop(self) -> None:
        """End what is being done; nothing more is told of it."""
        self._job.stop()


def _find(pipe: Connection, folder: Path, order: ClusterOrder) -> None:
    """Body of the process: how far it is, then what was found, or what went wrong."""
    begin_child(niceness=10)  # clicks and repaints come first
    with reporting(pipe, "no clusters could be found ({})"):
        pipe.send(find_clusters(order.table or open_table(folder), order, pipe.send))
