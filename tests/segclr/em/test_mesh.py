"""Meshes: closed, in place, of the right volume."""

from collections import Counter

import numpy as np
import pytest

from segclr.em.mesh import mesh_segment
from segclr.em.volume import open_volume

BIG_ID = 2**63 + 5
EVERYWHERE = ((-1e6, -1e6, -1e6), (1e6, 1e6, 1e6))


@pytest.fixture(scope="module")
def segmentation(world):
    return open_volume(world.segmentation_url, "segmentation")


def enclosed_nm3(mesh):
    """Volume by the divergence theorem: positive where faces turn outwards."""
    a, b, c = (mesh.vertices_nm[mesh.faces[:, i]].astype(np.float64) for i in range(3))
    return float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6)


def is_closed(mesh):
    edges = Counter(
        frozenset(edge) for face in mesh.faces.tolist() for edge in zip(face, face[1:] + face[:1], strict=True)
    )
    return bool(edges) and all(count % 2 == 0 for count in edges.values())


@pytest.mark.parametrize("segment_id", [7, BIG_ID])
def test_a_mesh_encloses_its_voxels(world, segmentation, segment_id):
    mesh = mesh_segment(segmentation, segment_id, *EVERYWHERE)
    assert mesh.vertices_nm.dtype == np.float32
    assert mesh.faces.dtype == np.uint32
    assert is_closed(mesh)
    voxels = np.argwhere(world.segmentation == np.uint64(segment_id))[:, ::-1] + world.voxel_offset
    low, high = voxels.min(0) * world.resolution_nm, (voxels.max(0) + 1) * world.resolution_nm
    assert (mesh.vertices_nm >= low - 1e-3).all()
    assert (mesh.vertices_nm <= high + 1e-3).all()
    # marching cubes cuts the corners of voxels, no more than half a voxel deep
    assert np.allclose(
        mesh.vertices_nm.min(0), low + np.array(world.resolution_nm) / 2, atol=np.array(world.resolution_nm) / 2
    )
    assert 0.75 < enclosed_nm3(mesh) / (len(voxels) * np.prod(world.resolution_nm)) < 1.02


def test_a_segment_cut_by_the_box_is_closed_there(world, segmentation):
    middle = world.skeletons[7].nodes_nm[5]
    mesh = mesh_segment(segmentation, 7, tuple(middle - 100), tuple(middle + 100))
    assert is_closed(mesh)
    assert (np.abs(mesh.vertices_nm - middle) <= 100 + np.array(world.resolution_nm)).all()


def test_a_segment_that_fills_the_volume_is_closed_at_its_borders(world, tmp_path):
    from segclr.em.precomputed import PrecomputedWriter

    full = np.full((5, 6, 7), 9, np.uint64)
    PrecomputedWriter(tmp_path, "segmentation", np.uint64, (8, 10, 33), (7, 6, 5), (2, 4, 6), mips=1).write(full)
    mesh = mesh_segment(open_volume(str(tmp_path), "segmentation"), 9, *EVERYWHERE)
    assert is_closed(mesh)
    assert np.allclose(mesh.vertices_nm.min(0), (16, 40, 198))
    assert np.allclose(mesh.vertices_nm.max(0), (9 * 8, 10 * 10, 11 * 33))


@pytest.mark.parametrize(
    ("segment_id", "low", "high"),
    [
        (12345, *EVERYWHERE),
        (7, (0, 0, 0), (10, 10, 10)),
        (7, (500, 500, 500), (500, 500, 500)),
        (7, (9, 9, 9), (1, 1, 1)),
    ],
)
def test_where_the_segment_is_not_the_mesh_is_empty(segmentation, segment_id, low, high):
    mesh = mesh_segment(segmentation, segment_id, low, high)
    assert mesh.vertices_nm.shape == (0, 3)
    assert mesh.faces.shape == (0, 3)


@pytest.mark.parametrize("max_voxels", [200_000, 15_000])
def test_a_large_box_is_meshed_coarser_and_in_the_same_place(world, segmentation, max_voxels):
    # 430,080 voxels at mip 0, 107,520 at mip 1: the first limit leads to mip 1, the second to every second voxel of it
    fine = mesh_segment(segmentation, BIG_ID, *EVERYWHERE)
    coarse = mesh_segment(segmentation, BIG_ID, *EVERYWHERE, max_voxels=max_voxels)
    assert is_closed(coarse)
    assert len(coarse.faces) < len(fine.faces) / 2
    assert np.allclose(coarse.vertices_nm.mean(0), fine.vertices_nm.mean(0), atol=60)
    assert 0.6 < enclosed_nm3(coarse) / enclosed_nm3(fine) < 1.3


def test_fewer_triangles_on_request(segmentation):
    fine = mesh_segment(segmentation, BIG_ID, *EVERYWHERE)
    simple = mesh_segment(segmentation, BIG_ID, *EVERYWHERE, reduction_factor=20)
    assert len(simple.faces) < len(fine.faces) / 3
    assert 0.9 < enclosed_nm3(simple) / enclosed_nm3(fine) < 1.1
