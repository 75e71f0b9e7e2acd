"""Neuroglancer's precomputed format: what is said, and which requests are understood."""

import struct

import compressed_segmentation
import numpy as np
import pytest

from segclr.em.geometry import Box, Mip
from segclr.em.mesh import Mesh
from segclr_viewer.overlay.precomputed import chunk_body, chunk_box, mesh_fragment, mesh_manifest, volume_info

MIP = Mip((8.0, 10.0, 33.0), Box((40, -24, 12), (136, 56, 68)))


def test_the_info_tells_every_mip_with_its_offset() -> None:
    coarse = Mip((16.0, 20.0, 33.0), Box((20, -12, 12), (68, 28, 68)))
    assert volume_info((MIP, coarse), "segmentation", "uint64") == {
        "@type": "neuroglancer_multiscale_volume",
        "type": "segmentation",
        "data_type": "uint64",
        "num_channels": 1,
        "scales": [
            {
                "key": "0",
                "resolution": [8.0, 10.0, 33.0],
                "size": [96, 80, 56],
                "voxel_offset": [40, -24, 12],
                "chunk_sizes": [[64, 64, 64]],
                "encoding": "compressed_segmentation",
                "compressed_segmentation_block_size": [8, 8, 8],
            },
            {
                "key": "1",
                "resolution": [16.0, 20.0, 33.0],
                "size": [48, 40, 56],
                "voxel_offset": [20, -12, 12],
                "chunk_sizes": [[64, 64, 64]],
                "encoding": "compressed_segmentation",
                "compressed_segmentation_block_size": [8, 8, 8],
            },
        ],
    }


@pytest.mark.parametrize(
    ("name", "box"),
    [
        ("40-104_-24-40_12-68", Box((40, -24, 12), (104, 40, 68))),
        ("104-136_40-56_12-68", Box((104, 40, 12), (136, 56, 68))),
    ],
)
def test_chunks_of_the_grid_are_understood(name: str, box: Box) -> None:
    assert chunk_box(name, MIP) == box


@pytest.mark.parametrize(
    "name",
    [
        "40-105_-24-40_12-68",  # too long
        "41-104_-24-40_12-68",  # not on the grid
        "40-104_40-104_12-68",  # beyond the end
        "136-136_40-56_12-68",  # outside
        "-24-40_-24-40_12-68",  # before the beginning, on the grid
        "40-999999999_-24-40_12-68",
        "40-104_-24-40",
        "40-104_-24-40_12-68_",
        " 40-104_-24-40_12-68",
        "40-104_-24-40_12-68\n",
        "４0-104_-24-40_12-68",  # noqa: RUF001 (a digit, but not one of ours)
        "",
    ],
)
def test_other_boxes_are_not_chunks(name: str) -> None:
    assert chunk_box(name, MIP) is None


@pytest.mark.parametrize("data_type", ["uint8", "int64"])
def test_only_wide_segment_ids_are_told_as_compressed(data_type: str) -> None:
    for kind in ("image", "segmentation"):
        (scale,) = volume_info((MIP,), kind, data_type)["scales"]  # type: ignore[misc, arg-type]
        assert scale["encoding"] == "raw"


def test_a_raw_chunk_runs_along_x_first() -> None:
    voxels = np.arange(24, dtype=np.uint16).reshape(2, 3, 4)  # (z, y, x)
    body = chunk_body(np.asfortranarray(voxels), "segmentation")
    assert np.frombuffer(body, "<u2").tolist() == list(range(24))
    assert chunk_body(voxels.astype(">u2"), "image") == body


@pytest.mark.parametrize("data_type", ["<u4", "<u8", ">u8"])
def test_a_chunk_of_segment_ids_is_compressed_without_loss(data_type: str) -> None:
    ids = np.array([0, 7, 2**32 - 2] if data_type == "<u4" else [0, 2**53 + 1, 2**63 + 5], data_type)
    voxels = np.random.default_rng(0).choice(ids, (13, 64, 21))  # (z, y, x), no multiple of a block
    body = chunk_body(voxels, "segmentation")
    again = compressed_segmentation.decompress(
        body, (21, 64, 13, 1), voxels.dtype.newbyteorder("<"), (8, 8, 8), order="F"
    )
    assert np.array_equal(again[..., 0].T, voxels)


def test_a_mesh_is_counted_vertices_then_triangles() -> None:
    mesh = Mesh(np.array([[1, 2, 3], [4, 5, 6], [7, 8, 9]], np.float32), np.array([[0, 1, 2]], np.uint32))
    assert mesh_fragment(mesh) == struct.pack("<I9f3I", 3, *range(1, 10), 0, 1, 2)
    assert mesh_manifest(77, 2**31) == {"fragments": ["part_77_2147483648"]}
