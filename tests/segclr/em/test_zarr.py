"""Zarr and N5: axes, resolutions and offsets from the metadata that people write."""

import json

import numpy as np
import pytest
import tensorstore as ts

from segclr.em.geometry import Box
from segclr.em.volume import open_volume
from segclr.errors import VolumeUnavailable

EM = np.random.default_rng(5).integers(1, 255, (7, 9, 13)).astype(np.uint8)  # z, y, x
IDS = EM.astype(np.uint64) + np.uint64(2**63)


def write_array(folder, driver, array, order="zyx", attributes=None):
    """Write a (z, y, x) array with the dimensions in the order given; other letters are dimensions of one entry."""
    extra = [letter for letter in order if letter not in "xyz"]
    axes = [*extra, "z", "y", "x"]
    stored = array.reshape(*[1] * len(extra), *array.shape).transpose([axes.index(letter) for letter in order])
    chunks = [1 if letter in extra else 4 for letter in order]
    kvstore = {"driver": "file", "path": f"{folder}/"}
    name = array.dtype.name
    if driver == "zarr":
        metadata = {"shape": stored.shape, "chunks": chunks, "dtype": array.dtype.str, "compressor": {"id": "zlib"}}
    elif driver == "zarr3":
        grid = {"name": "regular", "configuration": {"chunk_shape": chunks}}
        metadata = {"shape": stored.shape, "chunk_grid": grid, "data_type": name}
    else:
        compression = {"type": "gzip"}
        metadata = {"dimensions": stored.shape, "blockSize": chunks, "dataType": name, "compression": compression}
    spec = {"driver": driver, "kvstore": kvstore, "metadata": metadata, "create": True}
    ts.open(spec).result().write(stored).result()
    if attributes is not None:
        add_attributes(folder, driver, attributes)


def add_attributes(folder, driver, attributes):
    folder.mkdir(parents=True, exist_ok=True)
    if driver == "zarr3":
        path = folder / "zarr.json"
        known = json.loads(path.read_text()) if path.exists() else {"zarr_format": 3, "node_type": "group"}
        attributes = known | {"attributes": attributes}
    elif driver == "n5":
        path = folder / "attributes.json"
        attributes = (json.loads(path.read_text()) if path.exists() else {"n5": "2.0.0"}) | attributes
    else:
        path = folder / ".zattrs"
        if not (folder / ".zarray").exists():
            (folder / ".zgroup").write_text('{"zarr_format": 2}')
    path.write_text(json.dumps(attributes))


def all_of(volume, mip=0):
    return volume.read(volume.mips[mip].box, mip)


NATIVE = {"zarr": "zyx", "zarr3": "zyx", "n5": "xyz"}
PREFIX = {"zarr": "zarr://", "zarr3": "zarr3://", "n5": "n5://"}
DRIVERS = list(NATIVE)


@pytest.mark.parametrize("driver", DRIVERS)
@pytest.mark.parametrize("bare", [False, True])
def test_an_array_without_a_word_is_in_its_formats_own_order_and_needs_a_resolution(tmp_path, driver, bare):
    write_array(tmp_path / "a", driver, EM, NATIVE[driver])
    url = f"file://{tmp_path}/a" if bare else f"{PREFIX[driver]}file://{tmp_path}/a"
    with pytest.raises(VolumeUnavailable, match="does not say how large its voxels are; give its resolution_nm"):
        open_volume(url, "em")
    em = open_volume(url, "em", resolution_nm=(8, 10, 33))
    assert em.mips[0].resolution_nm == (8, 10, 33)
    assert em.mips[0].box == Box((0, 0, 0), (13, 9, 7))
    assert np.array_equal(all_of(em), EM)


@pytest.mark.parametrize("driver", DRIVERS)
def test_ids_above_int64_come_back_exactly(tmp_path, driver):
    write_array(tmp_path / "a", driver, IDS, NATIVE[driver])
    segmentation = open_volume(str(tmp_path / "a"), "segmentation", resolution_nm=(8, 10, 33))
    assert np.array_equal(all_of(segmentation), IDS)
    assert segmentation.segment_at((12 * 8 + 7, 8 * 10 + 9, 6 * 33 + 32)) == int(IDS[6, 8, 12])


@pytest.mark.parametrize(
    ("driver", "order", "attributes"),
    [
        ("zarr", "zyx", {"resolution": [33, 10, 8], "offset": [66, 30, 40]}),
        ("zarr3", "zyx", {"voxel_size": [0.033, 0.01, 0.008], "units": "um", "offset": [0.066, 0.03, 0.04]}),
        ("zarr", "xyz", {"_ARRAY_DIMENSIONS": ["x", "y", "z"], "resolution": [8, 10, 33], "offset": [40, 30, 66]}),
        ("zarr", "czyx", {"resolution": [33, 10, 8], "units": ["nm", "nm", "nm"], "offset": [66, 30, 40]}),
        ("n5", "xyz", {"resolution": [8, 10, 33], "offset": [40, 30, 66]}),
        ("n5", "xyzc", {"resolution": [8, 10, 33, 1], "offset": [40, 30, 66, 0]}),
        ("n5", "xyz", {"pixelResolution": {"dimensions": [8, 10, 33], "unit": "nm"}, "offset": [40, 30, 66]}),
        ("n5", "zyx", {"axes": ["z", "y", "x"], "resolution": [33, 10, 8], "offset": [66, 30, 40]}),
        (
            "n5",
            "xyz",
            {
                "transform": {
                    "axes": ["z", "y", "x"],
                    "scale": [33, 10, 8],
                    "translate": [66, 30, 40],
                    "units": ["nm"] * 3,
                }
            },
        ),
    ],
)
def test_single_arrays_say_their_resolution_and_offset_in_many_ways(tmp_path, driver, order, attributes):
    write_array(tmp_path / "a", driver, EM, order, attributes)
    em = open_volume(str(tmp_path / "a"), "em")
    assert em.mips[0].resolution_nm == pytest.approx((8, 10, 33))
    assert em.mips[0].box == Box((5, 3, 2), (18, 12, 9))
    assert np.array_equal(all_of(em), EM)


def ome(axes, levels):
    return {
        "multiscales": [
            {
                "version": "0.4",
                "axes": axes,
                "datasets": [
                    {
                        "path": path,
                        "coordinateTransformations": [
                            {"type": "scale", "scale": scale},
                            {"type": "translation", "translation": translation},
                        ],
                    }
                    for path, scale, translation in levels
                ],
            }
        ]
    }


SPACE = [{"name": name, "type": "space", "unit": "micrometer"} for name in "zyx"]


@pytest.mark.parametrize("driver", ["zarr", "zarr3"])
@pytest.mark.parametrize("second", [[0.066, 0.035, 0.044], [0.066, 0.03, 0.04]], ids=["from centres", "from corners"])
def test_ome_levels_begin_at_the_same_corner_whichever_way_their_translation_counts(tmp_path, driver, second):
    metadata = ome(SPACE, [("s0", [0.033, 0.01, 0.008], [0.066, 0.03, 0.04]), ("s1", [0.033, 0.02, 0.016], second)])
    add_attributes(tmp_path / "v", driver, metadata if driver == "zarr" else {"ome": metadata})
    write_array(tmp_path / "v" / "s0", driver, EM)
    write_array(tmp_path / "v" / "s1", driver, EM[:, ::2, ::2])
    em = open_volume(f"zarr://file://{tmp_path}/v", "em")
    assert [mip.resolution_nm for mip in em.mips] == [pytest.approx((8, 10, 33)), pytest.approx((16, 20, 33))]
    assert em.mips[0].box.start == (5, 3, 2)
    # 40 nm is 2.5 voxels of 16 nm, 30 nm is 1.5 of 20 nm: in x and y, level 1 begins within half a voxel of there
    assert em.mips[1].box.start in {(x, y, 2) for x in (2, 3) for y in (1, 2)}
    assert np.array_equal(all_of(em, 1), EM[:, ::2, ::2])


def test_ome_axes_may_have_time_and_one_channel(tmp_path):
    axes = [{"name": "t", "type": "time"}, {"name": "c", "type": "channel"}, *SPACE]
    write_array(tmp_path / "v" / "0", "zarr", EM, "tczyx")
    add_attributes(tmp_path / "v", "zarr", ome(axes, [("0", [1, 1, 0.033, 0.01, 0.008], [0, 0, 0, 0, 0])]))
    em = open_volume(str(tmp_path / "v"), "em")
    assert em.mips[0].resolution_nm == pytest.approx((8, 10, 33))
    assert np.array_equal(all_of(em), EM)


def test_ome_axes_without_units_need_a_resolution_and_keep_the_ratios(tmp_path):
    axes = [{"name": name, "type": "space"} for name in "zyx"]
    write_array(tmp_path / "v" / "0", "zarr", EM)
    write_array(tmp_path / "v" / "1", "zarr", EM[:, ::2, ::2])
    add_attributes(tmp_path / "v", "zarr", ome(axes, [("0", [2, 1, 1], [4, 0, 0]), ("1", [2, 2, 2], [4, 0, 0])]))
    with pytest.raises(VolumeUnavailable, match="give its resolution_nm"):
        open_volume(str(tmp_path / "v"), "em")
    em = open_volume(str(tmp_path / "v"), "em", resolution_nm=(8, 10, 33))
    assert [mip.resolution_nm for mip in em.mips] == [(8, 10, 33), (16, 20, 33)]
    assert em.mips[0].box.start == (0, 0, 2)


@pytest.mark.parametrize(
    ("group", "level"),
    [
        ({"pixelResolution": {"dimensions": [8, 10, 33], "unit": "nm"}}, {"downsamplingFactors": [2, 2, 1]}),
        ({"resolution": [8, 10, 33]}, {"downsamplingFactors": [2, 2, 1]}),
        ({"resolution": [8, 10, 33]}, {}),
        (
            {},
            {
                "transform": {
                    "axes": ["z", "y", "x"],
                    "scale": [33, 20, 16],
                    "translate": [0, 5, 4],
                    "units": ["nm"] * 3,
                }
            },
        ),
        ({}, {"pixelResolution": {"dimensions": [16, 20, 33], "unit": "nm"}}),
    ],
)
def test_n5_levels_are_found_by_number(tmp_path, group, level):
    add_attributes(tmp_path / "v", "n5", group)
    write_array(tmp_path / "v" / "s0", "n5", EM, "xyz", {} if group else {"resolution": [8, 10, 33]})
    write_array(tmp_path / "v" / "s1", "n5", EM[:, ::2, ::2], "xyz", level)
    em = open_volume(f"n5://file://{tmp_path}/v", "em")
    assert [mip.resolution_nm for mip in em.mips] == [(8, 10, 33), (16, 20, 33)]
    assert [mip.box.start for mip in em.mips] == [(0, 0, 0), (0, 0, 0)]
    assert np.array_equal(all_of(em, 0), EM)
    assert np.array_equal(all_of(em, 1), EM[:, ::2, ::2])


def test_several_channels_are_refused(tmp_path):
    spec = {"driver": "zarr", "kvstore": {"driver": "file", "path": f"{tmp_path}/v/"}, "create": True}
    ts.open(spec | {"metadata": {"shape": [2, 4, 5, 6], "chunks": [1, 4, 4, 4], "dtype": "|u1"}}).result()
    with pytest.raises(VolumeUnavailable, match="has 2 entries along 'extra0'; a volume with one channel is needed"):
        open_volume(str(tmp_path / "v"), "em", resolution_nm=(8, 8, 33))


@pytest.mark.parametrize("driver", DRIVERS)
def test_floats_are_no_segment_ids(tmp_path, driver):
    write_array(tmp_path / "v", driver, EM.astype(np.float32), NATIVE[driver])
    with pytest.raises(VolumeUnavailable, match="holds float32, but segment ids must be integers"):
        open_volume(str(tmp_path / "v"), "segmentation", resolution_nm=(8, 8, 33))


def test_a_group_of_who_knows_what_is_refused(tmp_path):
    add_attributes(tmp_path / "v", "zarr", {"labels": ["a"]})
    with pytest.raises(VolumeUnavailable, match="group without multiscales"):
        open_volume(str(tmp_path / "v"), "em")


@pytest.mark.parametrize(
    "broken",
    [
        {"multiscales": [{"datasets": [{"path": "0"}], "axes": "zyx?"}]},
        {"multiscales": [{"datasets": [{}]}]},
        {
            "multiscales": [
                {"axes": SPACE, "datasets": [{"path": "0", "coordinateTransformations": [{"type": "scale"}]}]}
            ]
        },
        {"multiscales": [{"axes": SPACE, "datasets": [{"path": "nowhere"}]}]},
    ],
)
def test_broken_metadata_are_one_sentence(tmp_path, broken):
    write_array(tmp_path / "v" / "0", "zarr", EM)
    add_attributes(tmp_path / "v", "zarr", broken)
    with pytest.raises(VolumeUnavailable, match=r"damaged|not there|x, y and z|how large") as caught:
        open_volume(str(tmp_path / "v"), "em")
    assert "\n" not in str(caught.value)
