"""Volumes: what is read is what was written, wherever the box lies, whatever the format."""

import gzip
import json
from concurrent.futures import ThreadPoolExecutor
from shutil import copytree, rmtree

import numpy as np
import pytest
from cloudvolume import CloudVolume

from segclr.em.geometry import Box, centre_nm
from segclr.em.precomputed import PrecomputedWriter, downsampled
from segclr.em.volume import open_volume
from segclr.errors import VolumeUnavailable

BIG_ID = 2**63 + 5


@pytest.fixture
def em(world):
    return open_volume(world.em_url, "em")


@pytest.fixture
def segmentation(world):
    return open_volume(world.segmentation_url, "segmentation")


def whole(world):
    stop = tuple(o + n for o, n in zip(world.voxel_offset, world.size, strict=True))
    return Box(world.voxel_offset, stop)


def padded(array, box, bounds):
    """The oracle of `read`: look up every voxel on its own axes, zero where an index leaves the array."""
    indices = [np.arange(a, b) - o for a, b, o in zip(box.start, box.stop, bounds.start, strict=True)][::-1]
    inside = [(index >= 0) & (index < n) for index, n in zip(indices, array.shape, strict=True)]
    clipped = [np.clip(index, 0, n - 1) for index, n in zip(indices, array.shape, strict=True)]
    z, y, x = inside
    return np.where(z[:, None, None] & y[:, None] & x, array[np.ix_(*clipped)], 0)


def test_a_whole_volume_comes_back_in_zyx_order(world, em, segmentation):
    read = em.read(whole(world))
    assert read.shape == (56, 80, 96)
    assert read.dtype == np.uint8
    assert np.array_equal(read, world.em)
    ids = segmentation.read(whole(world))
    assert ids.dtype == np.uint64
    assert np.array_equal(ids, world.segmentation)


def test_bounds_and_resolutions_of_the_mips_are_xyz_with_the_offset(em):
    assert [mip.resolution_nm for mip in em.mips] == [(8, 10, 33), (16, 20, 33)]
    assert em.mips[0].box == Box((40, 24, 12), (136, 104, 68))
    assert em.mips[1].box == Box((20, 12, 12), (68, 52, 68))


def test_any_box_inside_across_or_outside_the_border_is_zero_padded(world, em, segmentation):
    rng = np.random.default_rng(3)
    for _ in range(60):
        size = rng.integers(1, 40, 3)
        x, y, z = (int(v) for v in rng.integers(-30, 150, 3))
        box = Box((x, y, z), (x + int(size[0]), y + int(size[1]), z + int(size[2])))
        assert np.array_equal(em.read(box), padded(world.em, box, whole(world)))
        assert np.array_equal(segmentation.read(box), padded(world.segmentation, box, whole(world)))


def test_a_mip_is_read_in_its_own_voxels(world, em, segmentation):
    assert np.array_equal(em.read(em.mips[1].box, 1), downsampled(world.em, "em", (2, 2, 1)))
    assert np.array_equal(segmentation.read(segmentation.mips[1].box, 1), world.segmentation[:, ::2, ::2])


def test_a_mask_is_where_the_ids_are_equal(world, segmentation):
    box = Box((30, 30, 5), (110, 90, 60))
    for segment_id in (*world.segment_ids, 12345):
        assert np.array_equal(segmentation.mask(box, segment_id), segmentation.read(box) == np.uint64(segment_id))
    assert segmentation.mask(box, BIG_ID).any()


def test_the_segment_at_a_position_is_exact_above_int64(world, segmentation):
    z, y, x = np.argwhere(world.segmentation == BIG_ID)[0]
    ox, oy, oz = world.voxel_offset
    position = centre_nm((ox + x, oy + y, oz + z), world.resolution_nm)
    assert segmentation.segment_at(position) == 9223372036854775813
    assert segmentation.segment_at((0.0, 0.0, 0.0)) == 0
    assert segmentation.segment_at((1e9, 1e9, 1e9)) == 0


def test_skeleton_nodes_of_the_world_lie_in_their_segment(world, segmentation):
    for segment_id, skeleton in world.skeletons.items():
        assert {segmentation.segment_at(tuple(node)) for node in skeleton.nodes_nm} == {segment_id}


def test_a_mip_is_found_by_its_resolution_or_those_there_are_are_named(em):
    assert em.mip_for((16, 20, 33)) == 1
    assert em.mip_for((16.1, 20, 33)) == 1
    with pytest.raises(VolumeUnavailable, match=r"no mip of 32 x 32 x 40 nm; it has 8 x 10 x 33, 16 x 20 x 33"):
        em.mip_for((32, 32, 40))
    with pytest.raises(VolumeUnavailable, match="no mip 2; it has 2"):
        em.read(Box((0, 0, 0), (1, 1, 1)), 2)


def test_threads_read_the_same_as_one_alone_with_a_cache_that_holds_little(world):
    segmentation = open_volume(world.segmentation_url, "segmentation", cache_bytes=60_000)
    rng = np.random.default_rng(4)
    boxes = [Box((x, y, z), (x + 30, y + 25, z + 20)) for x, y, z in rng.integers(0, 100, (80, 3)).tolist()]
    with ThreadPoolExecutor(8) as pool:
        for box, read in zip(boxes, pool.map(segmentation.read, boxes), strict=True):
            assert np.array_equal(read, padded(world.segmentation, box, whole(world)))


def test_a_box_larger_than_the_cache_is_read_past_it(world):
    em = open_volume(world.em_url, "em", cache_bytes=100_000)
    corner = Box((40, 24, 12), (50, 30, 20))
    em.read(corner)
    held = em._cache.bytes_held
    assert np.array_equal(em.read(whole(world)), world.em)
    assert em._cache.bytes_held == held > 0


def write_with_cloudvolume(folder, array, compress, encoding="raw"):
    info = CloudVolume.create_new_info(
        1,
        "image" if array.dtype == np.uint8 else "segmentation",
        str(array.dtype),
        encoding,
        (8, 10, 33),
        (10, 20, 30),
        array.shape[::-1],
        chunk_size=(32, 16, 8),
    )
    volume = CloudVolume(f"file://{folder}", info=info, compress=compress, progress=False)
    volume.commit_info()
    volume[:] = array.T[..., None]


@pytest.mark.parametrize("compress", ["gzip", "br", False])
@pytest.mark.parametrize("kind", ["em", "segmentation"])
def test_compressed_local_chunks_are_not_read_as_silent_zeros(tmp_path, kind, compress):
    rng = np.random.default_rng(0)
    array = rng.integers(1, 255, (11, 19, 37)).astype(np.uint8 if kind == "em" else np.uint64)
    if kind == "segmentation":
        array[array > 100] += np.uint64(2**63)
    write_with_cloudvolume(tmp_path / "v", array, compress, "raw" if kind == "em" else "compressed_segmentation")
    chunks = [path.name for path in (tmp_path / "v" / "8_10_33").iterdir()]
    assert all(name.endswith({"gzip": ".gz", "br": ".br", False: ""}[compress]) for name in chunks)
    volume = open_volume(f"file://{tmp_path}/v", kind)
    assert np.array_equal(volume.read(Box((10, 20, 30), (47, 39, 41))), array)
    assert np.array_equal(volume.read(Box((8, 25, 28), (20, 33, 40)))[2:, :, 2:], array[:10, 5:13, :10])


def test_one_compressed_chunk_among_plain_ones_is_read_too(world, tmp_path):
    copytree(world.folder / "em", tmp_path / "em")
    chunk = next((tmp_path / "em" / "8_10_33").iterdir())
    chunk.with_name(chunk.name + ".gz").write_bytes(gzip.compress(chunk.read_bytes()))
    chunk.unlink()
    em = open_volume(str(tmp_path / "em"), "em")
    assert np.array_equal(em.read(whole(world)), world.em)


def test_a_mip_without_its_folder_is_left_out_rather_than_read_as_background(world, tmp_path):
    copytree(world.folder / "segmentation", tmp_path / "s")
    rmtree(tmp_path / "s" / "8_10_33")
    segmentation = open_volume(str(tmp_path / "s"), "segmentation")
    assert [mip.resolution_nm for mip in segmentation.mips] == [(16, 20, 33)]
    assert np.array_equal(segmentation.read(segmentation.mips[0].box), world.segmentation[:, ::2, ::2])
    rmtree(tmp_path / "s" / "16_20_33")
    with pytest.raises(VolumeUnavailable, match="none of the folders of chunks"):
        open_volume(str(tmp_path / "s"), "segmentation")


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.uint32, np.uint64])
def test_ids_of_any_width_come_as_uint64(tmp_path, dtype):
    ids = np.random.default_rng(1).integers(0, np.iinfo(dtype).max, (5, 6, 7), dtype, endpoint=True)
    PrecomputedWriter(tmp_path / "s", "segmentation", dtype, (8, 10, 33), (7, 6, 5), mips=1).write(ids)
    read = open_volume(f"precomputed://file://{tmp_path}/s", "segmentation").read(Box((0, 0, 0), (7, 6, 5)))
    assert read.dtype == np.uint64
    assert np.array_equal(read, ids)


@pytest.mark.parametrize(
    "prefix", ["precomputed://file://", "file://", "", "{}|neuroglancer-precomputed:", "file://{}/|precomputed:"]
)
def test_every_way_of_writing_the_address_opens_the_volume(world, prefix):
    folder = str(world.folder / "em")
    url = prefix.format(folder) if "{}" in prefix else prefix + folder
    assert np.array_equal(open_volume(url, "em").read(whole(world)), world.em)


def test_a_folder_may_have_a_name_that_urls_would_escape(world, tmp_path):
    copytree(world.folder / "em", tmp_path / "50% of it #1")
    assert open_volume(f"file://{tmp_path}/50% of it #1", "em").read(whole(world)).any()


def one_sentence(caught, folder=""):
    """Whether it is short, however long the folder's name is."""
    text = str(caught.value).replace(str(folder), "") if folder else str(caught.value)
    return "\n" not in text and "Traceback" not in text and len(text) < 300


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("precomputed://file:///no/such/folder", "there is no folder /no/such/folder"),
        ("/no/such/folder", "there is no folder"),
        ("file://relative/folder", "three slashes"),
        ("relative/folder", "cannot tell where"),
        ("hdf5://file:///folder", "no known format"),
        ("ftp://host/folder", "cannot tell where"),
        ("precomputed://http://127.0.0.1:9/volume", "does not answer"),
    ],
)
def test_a_wrong_address_is_one_sentence(url, says):
    with pytest.raises(VolumeUnavailable, match=says) as caught:
        open_volume(url, "em")
    assert one_sentence(caught)


def test_a_folder_without_a_volume_is_named(tmp_path):
    with pytest.raises(VolumeUnavailable, match="there is no volume at"):
        open_volume(str(tmp_path), "em")
    with pytest.raises(VolumeUnavailable, match="no info file"):
        open_volume(f"precomputed://file://{tmp_path}", "em")
    with pytest.raises(VolumeUnavailable, match="no Zarr array"):
        open_volume(f"zarr://file://{tmp_path}", "em")


@pytest.mark.parametrize(
    ("info", "says"),
    [
        ("not json", "is not JSON"),
        ("[1]", "no JSON object"),
        (json.dumps({"@type": "neuroglancer_skeletons"}), "neuroglancer_skeletons"),
        (json.dumps({"data_type": "uint8", "num_channels": 3, "scales": [{}]}), "3 channels"),
        (json.dumps({"data_type": "uint8", "num_channels": 1, "scales": [{"key": "a"}]}), "damaged"),
    ],
)
def test_an_info_of_something_else_is_one_sentence(tmp_path, info, says):
    (tmp_path / "info").write_text(info)
    with pytest.raises(VolumeUnavailable, match=says) as caught:
        open_volume(f"precomputed://file://{tmp_path}", "em")
    assert one_sentence(caught)


def test_volumes_of_the_wrong_type_are_refused(world, tmp_path):
    with pytest.raises(VolumeUnavailable, match="holds uint64, but EM must be uint8"):
        open_volume(world.segmentation_url, "em")
    PrecomputedWriter(tmp_path, "segmentation", np.float32, (8, 8, 33), (4, 5, 6), mips=1)
    with pytest.raises(VolumeUnavailable, match="holds float32, but segment ids must be integers"):
        open_volume(str(tmp_path), "segmentation")


def test_a_resolution_that_contradicts_the_volume_is_refused(world):
    assert open_volume(world.em_url, "em", resolution_nm=(8, 10, 33)).mips
    with pytest.raises(VolumeUnavailable, match="says that its voxels are 8 x 10 x 33 nm, not the resolution_nm of 4"):
        open_volume(world.em_url, "em", resolution_nm=(4, 4, 40))


def test_a_damaged_chunk_is_one_sentence_and_the_others_are_still_read(world, tmp_path):
    copytree(world.folder / "em", tmp_path / "em")
    (tmp_path / "em" / "8_10_33" / "40-72_24-56_12-28").write_bytes(b"short")
    em = open_volume(str(tmp_path / "em"), "em")
    with pytest.raises(VolumeUnavailable, match="mip 0") as caught:
        em.read(Box((40, 24, 12), (50, 30, 20)))
    assert one_sentence(caught, tmp_path)
    assert em.read(Box((104, 24, 12), (136, 30, 20))).all()


def test_a_missing_chunk_is_background(world, tmp_path):
    copytree(world.folder / "segmentation", tmp_path / "s")
    (tmp_path / "s" / "8_10_33" / "40-72_24-56_28-44").unlink()
    segmentation = open_volume(str(tmp_path / "s"), "segmentation")
    expected = world.segmentation.copy()
    expected[16:32, :32, :32] = 0
    assert np.array_equal(segmentation.read(whole(world)), expected)
