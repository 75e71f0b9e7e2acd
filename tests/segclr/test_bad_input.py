"""EM without any structure, and segments far smaller than the view, through the whole of embedding."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from segclr.em.precomputed import PrecomputedWriter
from segclr.em.skeleton import Skeleton
from segclr.em.volume import Volume, open_volume
from segclr.embeddings.embed import embed_volume
from segclr.embeddings.table import EmbeddingTable

pytestmark = pytest.mark.torch

BIG = 2**63 + 5
RESOLUTION_NM = (64.0, 64.0, 80.0)
SHAPE = (44, 52, 60)  # z, y, x: the view is 33 voxels wide


def volume(folder: Path, kind: str, voxels: NDArray[np.generic]) -> Volume:
    writer = PrecomputedWriter(folder / kind, kind, voxels.dtype, RESOLUTION_NM, SHAPE[::-1], mips=1)  # type: ignore[arg-type]
    writer.write(voxels)
    return open_volume(str(folder / kind), kind)  # type: ignore[arg-type]


def embedded(folder: Path, em: NDArray[np.uint8], voxels_of: dict[int, list[tuple[int, int, int]]]) -> EmbeddingTable:
    """Embed every voxel (z, y, x) of these segments as a node, with the encoder of the demo."""
    from segclr.encoder.checkpoint import DEMO_CHECKPOINT
    from segclr.encoder.inference import load_encoder

    segmentation = np.zeros(SHAPE, np.uint64)
    skeletons = []
    for segment_id, voxels in voxels_of.items():
        segmentation[tuple(np.array(voxels).T)] = segment_id
        nodes_nm = (np.array(voxels)[:, ::-1] + 0.5) * RESOLUTION_NM
        skeletons.append(Skeleton(segment_id, nodes_nm, np.empty((0, 2), np.int32), {}))
    encoder = load_encoder(DEMO_CHECKPOINT, 1, "torch-float32")
    return embed_volume(volume(folder, "em", em), volume(folder, "segmentation", segmentation), skeletons, encoder)


def test_in_constant_em_segments_of_one_shape_have_one_embedding(tmp_path: Path) -> None:
    line = [(22, 26, x) for x in range(20, 23)]
    beside = [(24, 28, x) for x in range(24, 27)]
    table = embedded(tmp_path, np.full(SHAPE, 128, np.uint8), {977: line, BIG: beside})
    assert np.isfinite(table.embeddings).all()
    np.testing.assert_array_equal(table.embeddings[table.rows_of(977)], table.embeddings[table.rows_of(BIG)])


def test_a_segment_of_one_voxel_is_embedded_by_what_is_in_it(tmp_path: Path) -> None:
    em = np.random.default_rng(0).integers(1, 256, SHAPE, np.uint8)
    em[22, 26, 20], em[22, 26, 24] = 40, 220
    table = embedded(tmp_path, em, {977: [(22, 26, 20)], BIG: [(22, 26, 24)]})
    assert np.isfinite(table.embeddings).all()
    assert np.abs(table.embeddings[0] - table.embeddings[1]).max() > 0.01
