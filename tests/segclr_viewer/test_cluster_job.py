"""The process that finds clusters: it tells how far it is, fails in a sentence, and can be given up."""

import queue
from collections.abc import Callable
from pathlib import Path

import numpy as np

from segclr.errors import SegclrError
from segclr.explore.clustering import Method
from segclr_viewer.cluster_job import ClusterJobs
from segclr_viewer.clusters import ClusterOrder, ClusterProgress, FoundClusters
from tests.segclr_viewer.small_world import small_table


class Told:
    """What the jobs have told, by the session's thread."""

    def __init__(self, folder: Path) -> None:
        self.posted: queue.Queue[Callable[[], None]] = queue.Queue()
        self.found: list[FoundClusters] = []
        self.failed: list[SegclrError] = []
        self.progress: list[ClusterProgress] = []
        self.jobs = ClusterJobs(folder, self.posted.put)

    def start(self, method: Method) -> None:
        nothing = np.full(18, -1)
        order = ClusterOrder(method, 0.0, None, nothing, nothing, repeats=2)
        self.jobs.start(order, self.found.append, self.failed.append, self.progress.append)

    def wait(self) -> None:
        while not self.found and not self.failed:
            self.posted.get(timeout=60)()


def test_clusters_come_from_the_process_and_only_the_newest_are_told(tmp_path: Path) -> None:
    small_table().save(tmp_path)
    told = Told(tmp_path)
    told.start(Method("k-means", clusters=2))
    told.start(Method("k-means", clusters=3))
    told.wait()
    told.jobs.stop()
    (found,) = told.found
    assert found.clustering.count == 3
    assert [news.share for news in told.progress] == sorted(news.share for news in told.progress)


def test_what_cannot_be_found_is_said_in_one_sentence(tmp_path: Path) -> None:
    told = Told(tmp_path / "nowhere")
    told.start(Method("k-means"))
    told.wait()
    told.jobs.stop()
    assert told.found == []
    assert "nowhere" in str(told.failed[0])
