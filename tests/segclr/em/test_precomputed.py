"""Writing precomputed volumes: another reader finds what was written."""

import json

import numpy as np
import pytest
from cloudvolume import CloudVolume

from segclr.em.precomputed import PrecomputedWriter, downsampled

EM = np.random.default_rng(6).integers(0, 256, (7, 9, 13)).astype(np.uint8)  # z, y, x


def writer(folder, **changes):
    settings = {"voxel_offset": (20, 30, 40), "chunk": (8, 4, 4), "mips": 2} | changes
    return PrecomputedWriter(folder, "em", np.uint8, (8, 10, 33), (13, 9, 7), **settings)


def test_cloudvolume_reads_what_was_written(tmp_path):
    out = writer(tmp_path)
    out.write(EM)
    out.write(downsampled(EM, "em"), mip=1)
    first = CloudVolume(f"file://{tmp_path}", mip=0, progress=False)
    assert first.bounds.minpt.tolist() == [20, 30, 40]
    assert np.array_equal(np.asarray(first[:])[..., 0], EM.T)
    second = CloudVolume(f"file://{tmp_path}", mip=1, progress=False)
    assert second.resolution.tolist() == [16, 20, 66]
    assert second.bounds.minpt.tolist() == [10, 15, 20]
    assert second.shape[:3] == (7, 5, 4)
    assert np.array_equal(np.asarray(second[:])[..., 0], downsampled(EM, "em").T)


def test_slabs_of_whole_chunks_make_the_same_files_as_one_array(tmp_path):
    writer(tmp_path / "whole").write(EM)
    slabs = writer(tmp_path / "slabs")
    for z in (0, 4):
        slabs.write(EM[z : z + 4], (20, 30, 40 + z))
    names = sorted(path.name for path in (tmp_path / "whole" / "8_10_33").iterdir())
    assert names == sorted(path.name for path in (tmp_path / "slabs" / "8_10_33").iterdir())
    assert len(names) == 2 * 3 * 2
    for name in names:
        assert (tmp_path / "whole/8_10_33" / name).read_bytes() == (tmp_path / "slabs/8_10_33" / name).read_bytes()


@pytest.mark.parametrize(
    ("part", "start"),
    [
        ((slice(0, 3), slice(None), slice(None)), (20, 30, 40)),
        ((slice(2, 7), slice(None), slice(None)), (20, 30, 42)),
        ((slice(0, 4), slice(None), slice(None)), (20, 30, 48)),
        ((slice(0, 4), slice(None), slice(0, 8)), (12, 30, 40)),
    ],
)
def test_half_chunks_and_voxels_outside_are_refused(tmp_path, part, start):
    with pytest.raises(ValueError, match="does not consist of whole chunks"):
        writer(tmp_path).write(EM[part], start)


def test_an_offset_that_a_mip_cannot_have_is_refused(tmp_path):
    with pytest.raises(ValueError, match="no multiple of"):
        writer(tmp_path, voxel_offset=(21, 30, 40))


def test_the_skeleton_folder_is_told_in_the_info(tmp_path):
    writer(tmp_path, skeletons="skeletons")
    assert json.loads((tmp_path / "info").read_text())["skeletons"] == "skeletons"


def test_downsampled_em_is_the_mean_of_its_blocks_with_borders_repeated():
    array = np.array([[[10, 20, 30]], [[30, 40, 50]]], np.uint8)
    assert downsampled(array, "em", (2, 2, 2)).tolist() == [[[25, 40]]]
    assert downsampled(array, "em", (2, 1, 1)).tolist() == [[[15, 30]], [[35, 50]]]


def test_downsampled_ids_are_ids_that_are_there():
    ids = np.array([[[0, 2**63 + 5, 7]]], np.uint64)
    small = downsampled(ids, "segmentation", (2, 1, 1))
    assert small.dtype == np.uint64
    assert small.tolist() == [[[0, 7]]]
