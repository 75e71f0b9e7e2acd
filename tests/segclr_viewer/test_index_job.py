"""The process that builds the index of neighbours: what it keeps is the table's, or it says why there is none."""

import queue
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from segclr.embeddings.table import EmbeddingTable, open_table
from segclr.errors import SegclrError
from segclr.explore.faiss_index import faiss_installed
from segclr_viewer.index_job import IndexJobs
from tests.segclr_viewer.small_world import small_table

if not faiss_installed():
    pytest.skip("faiss is not installed", allow_module_level=True)


class Told:
    """What the jobs have told, by the session's thread."""

    def __init__(self, folder: Path, table: EmbeddingTable) -> None:
        self.posted: queue.Queue[Callable[[], None]] = queue.Queue()
        self.over: list[SegclrError | None] = []
        self.shares: list[float] = []
        self.jobs = IndexJobs(folder, table, self.posted.put)

    def build(self, radius_um: float) -> None:
        self.jobs.build(radius_um, lambda: self.over.append(None), self.over.append, self.shares.append)
        while not self.over:
            self.posted.get(timeout=60)()
        self.jobs.stop()


@pytest.mark.parametrize("radius_um", [0.0, 5.0])
def test_an_index_is_built_elsewhere_and_found_again(tmp_path: Path, radius_um: float) -> None:
    small_table().save(tmp_path)
    told = Told(tmp_path, open_table(tmp_path))
    assert told.jobs.kept(radius_um) is None
    told.build(radius_um)
    assert told.over == [None]
    assert told.shares == [1.0]
    later = IndexJobs(tmp_path, open_table(tmp_path), told.posted.put)
    index = later.kept(radius_um)
    assert index is not None
    assert sorted(index.candidates(np.ones(small_table().dimensions, np.float32), 18).tolist()) == list(range(18))


def test_a_table_that_has_changed_since_has_none(tmp_path: Path) -> None:
    small_table().save(tmp_path)
    told = Told(tmp_path, replace(small_table(), version="before"))
    told.build(0.0)
    assert "has changed since it was opened" in str(told.over[0])
    assert told.jobs.kept(0.0) is None
