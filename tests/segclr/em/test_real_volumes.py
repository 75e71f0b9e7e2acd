"""Real EM: a fly medulla with its bodies, and a mouse cortex segmentation in compressed, gzipped chunks."""

import fastremap
import numpy as np
import pytest

from segclr.em.cutout import CutoutSpec, read_cutout
from segclr.em.geometry import Box, centre_nm
from segclr.em.mesh import mesh_segment
from segclr.em.skeletonize import skeletonize
from segclr.em.volume import open_volume


@pytest.fixture(scope="module")
def fly(shared_data):
    em = open_volume(f"precomputed://file://{shared_data}/fib25/em", "em")
    return em, open_volume(f"precomputed://file://{shared_data}/fib25/bodies", "segmentation")


@pytest.fixture(scope="module")
def cortex(shared_data):
    pytest.importorskip("compresso", reason="the decoder compresso is not installed")
    return open_volume(f"precomputed://file://{shared_data}/pinky40", "segmentation")


def test_fly_em_is_there_and_not_zeros(fly):
    em, bodies = fly
    voxels = em.read(em.mips[0].box)
    assert voxels.shape == (250, 250, 250)
    assert (voxels.min(), voxels.max()) == (26, 217)
    assert len(fastremap.unique(bodies.read(bodies.mips[0].box))) == 526


def test_a_fly_cutout_shows_the_body_under_the_position(fly):
    em, bodies = fly
    position = centre_nm((120, 130, 110), (10, 10, 10))
    body = bodies.segment_at(position)
    cutout = read_cutout(em, bodies, position, CutoutSpec(129, (10, 10, 10)))
    box = Box.around((120, 130, 110), 129)
    assert cutout.segment_id == body != 0
    assert np.array_equal(cutout.image, em.read(box) * (bodies.read(box) == np.uint64(body)))


def test_fly_membranes_lie_between_bodies(fly):
    # EM and bodies fit together: voxels at the border of two bodies are darker than those inside, only if axes agree
    em, bodies = fly
    box = Box((20, 30, 40), (180, 160, 150))
    voxels, ids = em.read(box).astype(float), bodies.read(box)
    border = np.zeros(ids.shape, bool)
    border[:, :, 1:] |= ids[:, :, 1:] != ids[:, :, :-1]
    border[:, 1:, :] |= ids[:, 1:, :] != ids[:, :-1, :]
    assert voxels[border].mean() < voxels[~border].mean() - 10


def test_fly_bodies_get_skeletons_inside_them(fly):
    _, bodies = fly
    wanted = {bodies.segment_at((x, 1200.0, 900.0)) for x in (300.0, 1200.0, 2100.0)} - {0}
    skeletons = skeletonize(bodies, wanted)
    assert {skeleton.segment_id for skeleton in skeletons} == wanted
    for skeleton in skeletons:
        spaced = skeleton.spaced(1500)
        assert {bodies.segment_at(tuple(node)) for node in spaced.nodes_nm} == {skeleton.segment_id}


def test_compresso_chunks_are_read_at_both_mips(cortex):
    assert [mip.resolution_nm for mip in cortex.mips] == [(16, 16, 40), (32, 32, 40)]
    fine = cortex.read(Box((200, 220, 60), (320, 330, 80)), 0)
    coarse = cortex.read(Box((100, 110, 60), (160, 165, 80)), 1)
    assert fine.dtype == np.uint64
    assert len(np.unique(fine)) > 20
    # the second mip is the first, halved: nearly every voxel of it is one of the four it was made of
    four = np.stack([fine[:, y::2, x::2] for y in (0, 1) for x in (0, 1)])
    assert (four == coarse).any(0).mean() > 0.99


def test_a_cortex_cutout_is_the_mask_of_its_segment(cortex):
    position = centre_nm((256, 256, 300), (16, 16, 40))
    cutout = read_cutout(None, cortex, position, CutoutSpec(129, (32, 32, 40), "mask"))
    box = Box.around((128, 128, 300), 129)
    assert np.array_equal(cutout.image == 255, cortex.read(box, 1) == np.uint64(cutout.segment_id))
    assert 0 < (cutout.image > 0).mean() < 0.9


def test_a_cortex_segment_is_meshed_at_the_mip_that_fits(cortex):
    segment = cortex.segment_at(centre_nm((256, 256, 300), (16, 16, 40)))
    mesh = mesh_segment(cortex, segment, (2000, 2000, 8000), (6000, 6000, 16_000), max_voxels=4_000_000)
    assert len(mesh.faces) > 1000
    assert (mesh.vertices_nm.min(0) >= (2000 - 32, 2000 - 32, 8000 - 40)).all()
    assert (mesh.vertices_nm.max(0) <= (6000 + 32, 6000 + 32, 16_000 + 40)).all()
