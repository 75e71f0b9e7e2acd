"""The encoder of segment ids: both libraries that read volumes get the same ids back."""

import numpy as np
import pytest
from cloudvolume import CloudVolume

from segclr.em.compressed_segmentation import encode_chunk
from segclr.em.precomputed import PrecomputedWriter
from segclr.em.volume import open_volume


def random_ids(shape, kinds, dtype=np.uint64, seed=0):
    """Blobs of a few voxels, so that blocks hold from one id to many."""
    rng = np.random.default_rng(seed)
    ids = rng.integers(0, np.iinfo(dtype).max, kinds, dtype, endpoint=True)
    coarse = rng.integers(0, kinds, [-(-n // 5) for n in shape])
    blobs = coarse.repeat(5, 0).repeat(5, 1).repeat(5, 2)[: shape[0], : shape[1], : shape[2]]
    return ids[blobs]


@pytest.mark.parametrize("dtype", [np.uint32, np.uint64])
@pytest.mark.parametrize("kinds", [1, 2, 3, 16, 300])
def test_ids_come_back_through_tensorstore_and_cloudvolume(tmp_path, dtype, kinds):
    ids = random_ids((21, 35, 50), kinds, dtype)
    writer = PrecomputedWriter(
        tmp_path,
        "segmentation",
        dtype,
        (8, 10, 33),
        (50, 35, 21),
        (2, 4, 6),
        (32, 16, 16),
        mips=1,
        encoding="compressed_segmentation",
    )
    writer.write(ids)
    volume = open_volume(str(tmp_path), "segmentation")
    assert np.array_equal(volume.read(volume.mips[0].box), ids)
    assert np.array_equal(np.asarray(CloudVolume(f"file://{tmp_path}", progress=False)[:])[..., 0], ids.T)


def test_every_voxel_may_have_its_own_id(tmp_path):
    ids = np.random.default_rng(1).permutation(24 * 16 * 16).reshape(24, 16, 16).astype(np.uint64) + np.uint64(2**63)
    writer = PrecomputedWriter(
        tmp_path, "segmentation", np.uint64, (8, 10, 33), (16, 16, 24), mips=1, encoding="compressed_segmentation"
    )
    writer.write(ids)
    volume = open_volume(str(tmp_path), "segmentation")
    assert np.array_equal(volume.read(volume.mips[0].box), ids)


def test_segments_take_a_small_part_of_their_raw_size(world):
    assert len(encode_chunk(world.segmentation)) < world.segmentation.nbytes / 30


def test_other_types_are_refused():
    with pytest.raises(ValueError, match="must be uint32 or uint64"):
        encode_chunk(np.zeros((8, 8, 8), np.uint8))
