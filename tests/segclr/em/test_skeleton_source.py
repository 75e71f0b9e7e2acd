"""Skeleton files: precomputed, in shards, SWC."""

import gzip
import json
import struct

import numpy as np
import pytest
import tensorstore as ts
from cloudvolume import CloudVolume

from segclr.em.precomputed_skeletons import write_skeletons
from segclr.em.skeleton import Skeleton
from segclr.em.skeleton_source import open_skeletons
from segclr.em.swc import read_swc
from segclr.errors import VolumeUnavailable

BIG_ID = 2**63 + 5


def test_skeletons_come_back_as_they_were_written(world):
    source = open_skeletons(world.skeletons_url)
    assert source.segment_ids().tolist() == list(world.segment_ids)
    assert source.segment_ids().dtype == np.uint64
    for segment_id, written in world.skeletons.items():
        read = source.skeleton(segment_id)
        assert read.segment_id == segment_id
        assert read.nodes_nm.dtype == np.float64
        assert np.allclose(read.nodes_nm, written.nodes_nm, atol=0.01)
        assert np.array_equal(read.edges, written.edges)
        assert np.array_equal(read.attributes["radius"], written.attributes["radius"])
    assert source.skeleton(8) is None


def test_the_segmentations_own_address_leads_to_its_skeletons(world):
    assert open_skeletons(world.segmentation_url).segment_ids().tolist() == list(world.segment_ids)
    with pytest.raises(VolumeUnavailable, match="has no skeletons"):
        open_skeletons(world.em_url)


def test_cloudvolume_reads_our_skeletons(world):
    volume = CloudVolume(world.segmentation_url, progress=False)
    read = volume.skeleton.get(BIG_ID)
    assert np.allclose(read.vertices, world.skeletons[BIG_ID].nodes_nm, atol=0.01)
    assert np.array_equal(read.edges, world.skeletons[BIG_ID].edges)


def test_a_transform_and_attributes_of_other_types_are_understood(tmp_path):
    nodes, edges = np.array([(1, 2, 3), (4, 5, 6)], "<f4"), np.array([(0, 1)], "<u4")
    compartment, colour = np.array([1, 3], "u1"), np.array([[1, 2, 3], [4, 5, 6]], "<i2")
    parts = [struct.pack("<II", 2, 1), nodes, edges, compartment, colour]
    (tmp_path / f"{BIG_ID}.gz").write_bytes(gzip.compress(b"".join(bytes(part) for part in parts)))
    info = {
        "@type": "neuroglancer_skeletons",
        "transform": [8, 0, 0, 100, 0, 10, 0, 200, 0, 0, 33, 300],
        "vertex_attributes": [
            {"id": "compartment", "data_type": "uint8", "num_components": 1},
            {"id": "colour", "data_type": "int16", "num_components": 3},
        ],
    }
    (tmp_path / "info").write_text(json.dumps(info))
    source = open_skeletons(str(tmp_path))
    read = source.skeleton(BIG_ID)
    assert source.segment_ids().tolist() == [BIG_ID]
    assert read.nodes_nm.tolist() == [[108, 220, 399], [132, 250, 498]]
    assert read.attributes["compartment"].tolist() == [1, 3]
    assert read.attributes["colour"].tolist() == colour.tolist()
    assert read.attributes["colour"].dtype == np.float32


def test_skeletons_in_shards_are_found_by_their_id(world, tmp_path):
    sharding = {
        "@type": "neuroglancer_uint64_sharded_v1",
        "preshift_bits": 2,
        "hash": "murmurhash3_x86_128",
        "minishard_bits": 2,
        "shard_bits": 3,
        "minishard_index_encoding": "gzip",
        "data_encoding": "gzip",
    }
    base = {"driver": "file", "path": f"{tmp_path}/"}
    spec = {"driver": "neuroglancer_uint64_sharded", "metadata": sharding, "base": base}
    shards = ts.KvStore.open(spec).result()
    files = world.folder / "segmentation" / "skeletons"
    for segment_id in world.segment_ids:
        shards.write(struct.pack(">Q", segment_id), (files / str(segment_id)).read_bytes()).result()
    info = json.loads((files / "info").read_text()) | {"sharding": sharding}
    (tmp_path / "info").write_text(json.dumps(info))
    source = open_skeletons(f"precomputed://file://{tmp_path}")
    assert source.segment_ids().tolist() == list(world.segment_ids)
    assert np.allclose(source.skeleton(BIG_ID).nodes_nm, world.skeletons[BIG_ID].nodes_nm, atol=0.01)
    assert source.skeleton(8) is None


@pytest.mark.parametrize("data", [b"", b"abc", struct.pack("<II", 5, 0) + b"\0" * 20, struct.pack("<III", 0, 1, 9)])
def test_a_damaged_skeleton_is_one_sentence(tmp_path, data):
    write_skeletons(tmp_path, [])
    (tmp_path / "7").write_bytes(data)
    with pytest.raises(VolumeUnavailable, match=r"skeleton 7 in .* is damaged"):
        open_skeletons(str(tmp_path)).skeleton(7)


@pytest.mark.parametrize(
    ("url", "says"),
    [("/no/such", "there is no folder"), ("n5:///no/such", "cannot tell|no folder"), ("relative", "cannot tell")],
)
def test_a_wrong_address_is_one_sentence(url, says):
    with pytest.raises(VolumeUnavailable, match=says):
        open_skeletons(url)


def test_a_folder_without_skeletons_is_named(tmp_path):
    with pytest.raises(VolumeUnavailable, match=r"no skeletons at .*: it has no info file"):
        open_skeletons(str(tmp_path))
    with pytest.raises(VolumeUnavailable, match="cannot hold skeletons"):
        open_skeletons(f"n5://file://{tmp_path}")
    (tmp_path / "info").write_text('{"@type": "neuroglancer_legacy_mesh"}')
    with pytest.raises(VolumeUnavailable, match="neuroglancer_legacy_mesh"):
        open_skeletons(str(tmp_path))


def test_skeletons_written_together_have_the_same_attributes(tmp_path):
    a = Skeleton(1, np.zeros((1, 3)), np.zeros((0, 2), np.int32), {"radius": np.ones(1, np.float32)})
    b = Skeleton(2, np.zeros((1, 3)), np.zeros((0, 2), np.int32))
    with pytest.raises(ValueError, match="skeleton 2 has the attributes"):
        write_skeletons(tmp_path, [a, b])


SWC = """# made by hand
10 1 1.0 2.0 3.0 0.5 -1
12 3 2.0 2.0 3.0 0.25 10

7 2 2.0 4.0 3.0 0.25 12   # out of order
8 3 9 9 9 1 -1
"""


def test_swc_nodes_are_scaled_and_joined_to_their_parents(tmp_path):
    (tmp_path / f"{BIG_ID}.swc").write_text(SWC)
    read = read_swc(tmp_path / f"{BIG_ID}.swc", (8, 10, 33))
    assert read.segment_id == BIG_ID
    assert read.nodes_nm.tolist() == [[8, 20, 99], [16, 20, 99], [16, 40, 99], [72, 90, 297]]
    assert read.edges.tolist() == [[1, 0], [2, 1]]
    assert read.attributes["kind"].tolist() == [1, 3, 2, 3]
    assert read.attributes["radius"].tolist() == [8.5, 4.25, 4.25, 17]


def test_a_folder_of_swc_files_is_a_source(tmp_path):
    (tmp_path / f"{BIG_ID}.swc").write_text(SWC)
    (tmp_path / "notes.swc").write_text("not a skeleton")
    source = open_skeletons(f"swc://file://{tmp_path}", (1000, 1000, 1000))
    assert source.segment_ids().tolist() == [BIG_ID]
    assert source.skeleton(BIG_ID).nodes_nm[0].tolist() == [1000, 2000, 3000]
    assert source.skeleton(4) is None


@pytest.mark.parametrize(
    ("text", "says"),
    [("1 1 0 0 0 1", "line 1"), ("a 1 0 0 0 1 -1", "line 1"), ("1 1 0 0 0 1 5", "parent 5"), ("\x00\xff", "line 1")],
)
def test_a_broken_swc_is_one_sentence(tmp_path, text, says):
    (tmp_path / "5.swc").write_text(text)
    with pytest.raises(VolumeUnavailable, match=says) as caught:
        read_swc(tmp_path / "5.swc", (1, 1, 1))
    assert "\n" not in str(caught.value)


def test_an_swc_that_is_not_there_or_has_no_id_is_one_sentence(tmp_path):
    with pytest.raises(VolumeUnavailable, match="cannot be read"):
        read_swc(tmp_path / "5.swc", (1, 1, 1))
    with pytest.raises(VolumeUnavailable, match="not named by its segment"):
        read_swc(tmp_path / "cell.swc", (1, 1, 1))
