"""The search tree gives the rows that measuring every way gives."""

import numpy as np
import pytest

from segclr.em.cutout import CutoutSpec
from segclr.embeddings.provenance import Provenance
from segclr.embeddings.table import EmbeddingTable, build_table
from segclr_viewer.labels.nearest_row import NearestRow

BIG = 2**63 + 5


@pytest.fixture
def large() -> EmbeddingTable:
    """A cell of 500 rows, of which the last ten lie where the first ten do, and one of three rows."""
    rng = np.random.default_rng(4)
    positions = rng.uniform(0, 90_000, (503, 3))
    positions[490:500] = positions[:10]
    segments = np.repeat(np.array([BIG, 2**53 + 1], np.uint64), [500, 3])
    nodes = np.concatenate([np.arange(500), np.arange(3)])
    provenance = Provenance("9f86", CutoutSpec(33, (32.0, 32.0, 40.0)), "/em", "/seg", "test", "0")
    embeddings = rng.standard_normal((503, 4)).astype(np.float32)
    return build_table(segments, nodes, positions, embeddings, np.zeros((0, 2), np.int64), provenance)


def test_a_tree_finds_what_measuring_every_way_finds(large: EmbeddingTable) -> None:
    nearest = NearestRow(large)
    asked = [*np.random.default_rng(5).uniform(-1000, 91_000, (200, 3)).tolist(), *large.positions_nm.tolist()]
    for segment in (BIG, 2**53 + 1):
        for x, y, z in asked:
            row, distance = nearest.find(segment, (x, y, z)) or (-1, -1.0)
            expected, far = large.nearest_row(segment, (x, y, z)) or (-1, -1.0)
            assert row == expected
            assert distance == pytest.approx(far)


def test_a_segment_without_rows_has_none(large: EmbeddingTable) -> None:
    assert NearestRow(large).find(7, (0.0, 0.0, 0.0)) is None
