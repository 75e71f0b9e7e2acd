"""Bulk prediction by processes of a Dask cluster."""

import os
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from segclr.embeddings.bulk.engine import Doer, ThisProcess
from segclr.predictions.blocks import PredictionWork
from segclr.predictions.running import run_prediction
from segclr.predictions.settings import PredictionSettings
from segclr.predictions.stored import open_predictions
from tests.segclr.embeddings.made_tables import BIG, made_table
from tests.segclr.predictions.made_heads import made_head

distributed = pytest.importorskip("segclr.embeddings.bulk.distributed", reason="needs Dask")

# the cluster's own housekeeping when its processes end, nothing of this code
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")


@dataclass(frozen=True)
class Deadly:
    """Kills its process at its first block, once: the file says whether it has."""

    doer: Doer
    mark: Path

    def do(self, block: int) -> int:
        try:
            self.mark.open("x").close()
        except FileExistsError:
            return self.doer.do(block)
        os.kill(os.getpid(), 9)
        raise AssertionError


@dataclass(frozen=True)
class DeadlyWork:
    work: PredictionWork
    mark: Path

    def open(self) -> Doer:
        return Deadly(self.work.open(), self.mark)


def test_a_worker_that_dies_loses_only_its_block(tmp_path: Path) -> None:
    made_table({7: 30, 2**53 + 1: 90, BIG: 75, **{BIG + 1 + i: 9 for i in range(20)}}).save(tmp_path / "table")
    made_head().save(tmp_path / "head.npz")
    alone = PredictionSettings(str(tmp_path / "table"), str(tmp_path / "head.npz"), str(tmp_path / "alone"), 40)
    run_prediction(alone, ThisProcess(PredictionWork(alone)))
    settings = replace(alone, out=str(tmp_path / "many"))
    said: list[str] = []
    with distributed.local_workers(
        DeadlyWork(PredictionWork(settings), tmp_path / "dead"), 2, dashboard=":0"
    ) as workers:
        predicted = run_prediction(settings, workers, report=said.append)
    assert (tmp_path / "dead").exists()
    assert predicted.failed == {}
    assert not [text for text in said if "failed" in text]
    one, many = open_predictions(tmp_path / "alone"), open_predictions(tmp_path / "many")
    for name in ("segment_ids", "first_row", "classes", "confidence", "shares"):
        np.testing.assert_array_equal(getattr(one, name), getattr(many, name))
