"""A small table that was predicted."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from segclr.embeddings.bulk.engine import ThisProcess
from segclr.embeddings.growing import append_table
from segclr.embeddings.table import EmbeddingTable, open_table
from segclr.predictions.blocks import PredictionWork
from segclr.predictions.running import run_prediction
from segclr.predictions.settings import PredictionSettings
from segclr.predictions.stored import NO_CLASS, StoredPredictions, open_predictions
from tests.segclr.embeddings.made_tables import BIG, made_table
from tests.segclr.predictions.made_heads import made_head

SIZES = {7: 3, 2**53 + 1: 90, 2**53 + 3: 1, BIG: 75, BIG + 9: 12, **{BIG + 100 + i: 5 + i % 7 for i in range(60)}}


@dataclass(frozen=True, eq=False)
class PredictedTable:
    table: EmbeddingTable
    folder: Path
    predictions: Path

    def open(self) -> StoredPredictions:
        return open_predictions(self.predictions)


@pytest.fixture(params=["one shard", "two shards"])
def predicted(request, tmp_path: Path) -> PredictedTable:
    """All rows of segment `BIG + 9` and every 20th row are without a class."""
    folder, out = tmp_path / "table", tmp_path / "predictions"
    made_table(SIZES).save(folder)
    if request.param == "two shards":
        append_table(folder, made_table({BIG: 4, 8: 6}, 1, first_node=100))
    made_head().save(tmp_path / "head.npz")
    settings = PredictionSettings(str(folder), str(tmp_path / "head.npz"), str(out), 70)
    run_prediction(settings, ThisProcess(PredictionWork(settings)))
    found, table = open_predictions(out), open_table(folder)
    file = next(out.glob("classes-*.npy"))
    classes = np.array(found.classes)
    classes[::20] = NO_CLASS
    classes[table.rows_of(BIG + 9)] = NO_CLASS
    np.save(file, classes)
    return PredictedTable(table, folder, out)
