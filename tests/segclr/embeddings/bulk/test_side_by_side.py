"""Blocks of one process, two at a time: the same table, one batch in the encoder at a time, and stopped soon."""

import threading
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from segclr.embeddings.bulk.blocks import EmbeddingWork
from segclr.embeddings.bulk.engine import ThisProcess
from segclr.embeddings.bulk.running import run_job
from segclr.embeddings.bulk.settings import BulkSettings
from segclr.embeddings.bulk.side_by_side import SideBySide
from segclr.embeddings.table import open_table
from segclr.errors import TableError, VolumeUnavailable
from tests.segclr.embeddings.bulk.job_of_sums import Spec, Sums


def settings_of(world, folder: Path) -> BulkSettings:
    urls = (world.em_url, world.segmentation_url, world.skeletons_url)
    return BulkSettings(*urls, "none", str(folder / "table"), spacing_nm=0.0, block_um=0.3)


class Watched(Sums):
    """Counts its batches, and fails if two come at once or the count is one of some."""

    def __init__(self, failing: frozenset[int] = frozenset()) -> None:
        super().__init__()
        self.batches = 0
        self._failing = failing
        self._busy = threading.Lock()

    def embed(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        assert self._busy.acquire(blocking=False), "two batches at once"
        try:
            self.batches += 1
            if self.batches in self._failing:
                raise VolumeUnavailable("the encoder is not well")
            return super().embed(images)
        finally:
            self._busy.release()


def test_the_table_is_the_one_of_one_block_after_the_other(world, tmp_path: Path) -> None:
    versions = []
    for kind, workers in (("one", ThisProcess), ("two", SideBySide)):
        encoder = Watched(frozenset({2, 5}) if kind == "two" else frozenset())
        work = EmbeddingWork(settings_of(world, tmp_path / kind), lambda _, e=encoder: e, batch=5)
        (tmp_path / kind).mkdir()
        finished = run_job(work, Spec(), workers(work))
        assert finished.failed == {}
        versions.append(open_table(tmp_path / kind / "table").version)
    assert versions[0] == versions[1]


def interrupt(text: str) -> None:
    """Stop the job when its first block is done."""
    if text.startswith("1 of "):
        raise KeyboardInterrupt


def test_a_block_is_given_up_after_its_batch_and_leaves_nothing(world, tmp_path: Path) -> None:
    settings, encoder = settings_of(world, tmp_path), Watched()
    work = EmbeddingWork(settings, lambda _: encoder, batch=1)
    with pytest.raises(KeyboardInterrupt):
        run_job(work, Spec(), SideBySide(work), report=interrupt)
    doer = work.open()
    left = [block for block in range(len(doer.plan)) if not doer.folder.block(block).exists()]
    block = max(left, key=lambda block: len(doer.plan.block(block).segment_ids))
    doer.stop()
    with pytest.raises(TableError, match="stopped after 1 of "):
        doer.do(block)
    assert not doer.folder.block(block).exists()


def test_who_stops_does_not_wait_for_blocks_and_can_go_on(world, tmp_path: Path) -> None:
    settings, encoder = settings_of(world, tmp_path), Watched()
    work = EmbeddingWork(settings, lambda _: encoder, batch=1)
    workers = SideBySide(work)

    with pytest.raises(KeyboardInterrupt):
        run_job(work, Spec(), workers, report=interrupt)
    stopped_at = encoder.batches
    finished = run_job(work, Spec(), workers)
    assert finished.failed == {}
    assert len(open_table(Path(settings.table_folder))) == finished.rows > stopped_at
