"""A small table with predictions, and labels on it."""

import numpy as np
import pytest

from segclr.em.cutout import CutoutSpec
from segclr.embeddings.provenance import Provenance
from segclr.embeddings.table import EmbeddingTable, build_table
from segclr_viewer.exchange.labels import CurrentLabel
from segclr_viewer.exchange.predictions import PredictionStamp
from segclr_viewer.points import NO_CLASS, Points

IDS = (7, 864691135000000001, 2**63 + 5)  # beyond 2^53 and 2^63, where floats and signed integers end
ROWS = 400
CLASSES = ("axon", "myelinated axon", "spine")


@pytest.fixture(scope="session")
def table() -> EmbeddingTable:
    """400 rows of three segments, in voxels of 4 x 5 x 40 nm, in no order along any axis."""
    rng = np.random.default_rng(1)
    segments = np.repeat(np.array(IDS, np.uint64), (40, 100, 260))
    positions = rng.integers((0, 0, 0), (90_000, 40_000, 3_000), (ROWS, 3)) * (4.0, 5.0, 40.0) + (2.0, 2.5, 20.0)
    provenance = Provenance("9f86", CutoutSpec(33, (32.0, 32.0, 40.0)), "/em", "/seg", "test", "0")
    return build_table(
        segments,
        np.arange(ROWS),
        positions,
        rng.standard_normal((ROWS, 3)).astype(np.float32),
        np.empty((0, 2), np.int64),
        provenance,
    )


@pytest.fixture(scope="session")
def points() -> Points:
    """Predictions of three classes; every tenth row has none."""
    rng = np.random.default_rng(2)
    classes = rng.integers(0, 3, ROWS).astype(np.uint8)
    classes[::10] = NO_CLASS
    confidence = rng.integers(85, 256, ROWS).astype(np.uint8)
    return Points("0123456789abcdef", "part", classes, confidence, (0, 0, 0), (0, 0, 0), "")


@pytest.fixture(scope="session")
def stamp(table: EmbeddingTable) -> PredictionStamp:
    return PredictionStamp(
        project="demo",
        task="part",
        unit="node",
        classes=CLASSES,
        segmentation="v117",
        head="0123456789abcdef",
        log_position=12,
        table_version=table.version,
        encoder_hash="9f86",
    )


@pytest.fixture(scope="session")
def labels(table: EmbeddingTable) -> list[CurrentLabel]:
    """A label on every fifth row."""
    found = []
    for row in range(0, ROWS, 5):
        x, y, z = table.positions_nm[row].tolist()
        found.append(
            CurrentLabel(
                task="part",
                class_name=CLASSES[row // 5 % 3],
                segment_id=int(table.segment_of_rows(np.array([row]))[0]),
                position_nm=(x, y, z),
                segmentation="v117",
                annotator="kim",
                provenance="key",
                at="2026-11-03T09:15:04.120+00:00",
                uuid=f"u{row}",
            )
        )
    return found
