"""Computed skeletons: one per segment, in the segment, as long as it is."""

import numpy as np
import pytest
from scipy.sparse.csgraph import connected_components

from segclr.em import skeletonize as skeletonize_module
from segclr.em.geometry import Box
from segclr.em.precomputed import PrecomputedWriter
from segclr.em.sampled_grid import SampledGrid
from segclr.em.skeletonize import skeletonize
from segclr.em.volume import open_volume

BIG_ID = 2**63 + 5


@pytest.fixture(scope="module")
def segmentation(world):
    return open_volume(world.segmentation_url, "segmentation")


@pytest.fixture(scope="module")
def computed(segmentation):
    return {skeleton.segment_id: skeleton for skeleton in skeletonize(segmentation)}


def test_every_segment_gets_one_in_one_piece(world, computed):
    assert list(computed) == list(world.segment_ids)
    for skeleton in computed.values():
        assert connected_components(skeleton.graph(), directed=False)[0] == 1
        assert (skeleton.attributes["radius"] > 0).all()


def test_all_nodes_are_in_their_segment(segmentation, computed):
    for segment_id, skeleton in computed.items():
        assert {segmentation.segment_at(tuple(node)) for node in skeleton.nodes_nm} == {segment_id}


def test_a_skeleton_reaches_both_ends_of_its_tube_and_is_about_as_long(world, computed):
    for segment_id, skeleton in computed.items():
        drawn = world.skeletons[segment_id]
        assert skeleton.path_length_nm() == pytest.approx(drawn.path_length_nm(), rel=0.35)
        for end in (drawn.nodes_nm[0], drawn.nodes_nm[np.argmax(drawn.distances_from(0))]):
            assert np.linalg.norm(skeleton.nodes_nm - end, axis=1).min() < 120


def test_blocks_are_joined_where_they_touch(world, segmentation, monkeypatch):
    monkeypatch.setattr(skeletonize_module, "_BLOCK", 30)
    steps = []
    blockwise = skeletonize(segmentation, progress=lambda done, total: steps.append((done, total)))
    assert steps[-1][0] == steps[-1][1] >= 8
    for skeleton in blockwise:
        assert connected_components(skeleton.graph(), directed=False)[0] == 1
        assert {segmentation.segment_at(tuple(node)) for node in skeleton.nodes_nm} == {skeleton.segment_id}
        if skeleton.segment_id != 720575940600001954:  # runs along the face of two blocks: a path on either side of it
            drawn = world.skeletons[skeleton.segment_id]
            assert skeleton.path_length_nm() == pytest.approx(drawn.path_length_nm(), rel=0.35)


def test_only_the_segments_asked_for_are_done(segmentation):
    assert [s.segment_id for s in skeletonize(segmentation, [BIG_ID, 12345, 0])] == [BIG_ID]
    assert skeletonize(segmentation, []) == []


@pytest.mark.parametrize("easy_voxels", [10**7, 20_000])
def test_small_segments_are_left_out_unless_asked_for(tmp_path, monkeypatch, easy_voxels):
    # the second limit makes the grid coarser: every second voxel in x and y
    monkeypatch.setattr(skeletonize_module, "_EASY_VOXELS", easy_voxels)
    ids = np.zeros((30, 40, 50), np.uint64)
    ids[:10, :12, :12] = 5  # 1,440 voxels
    ids[20:28, 20:28, 20:34] = 6  # 896
    ids[29, 39, 49] = 7
    PrecomputedWriter(tmp_path, "segmentation", np.uint64, (20, 20, 40), (50, 40, 30), mips=1).write(ids)
    segmentation = open_volume(str(tmp_path), "segmentation")
    assert [s.segment_id for s in skeletonize(segmentation)] == [5]
    assert [s.segment_id for s in skeletonize(segmentation, min_voxels=800)] == [5, 6]
    crumb = skeletonize(segmentation, [7])[0]
    assert crumb.nodes_nm.tolist() == [[49.5 * 20, 39.5 * 20, 29.5 * 40]]


def test_a_coarser_mip_still_gives_nodes_in_their_segment_at_the_finest(segmentation):
    for skeleton in skeletonize(segmentation, mip=1):
        assert {segmentation.segment_at(tuple(node)) for node in skeleton.nodes_nm} == {skeleton.segment_id}


def test_the_grid_takes_the_middle_voxel_of_every_group(world, segmentation):
    grid = SampledGrid(segmentation, 0, easy_voxels=20_000)
    assert grid.step == (6, 4, 1)  # 48 nm
    ids = grid.read(grid.bounds)
    assert np.array_equal(ids, world.segmentation[:, 2::4, 3::6])
    part = Box((3, 2, 10), (11, 17, 40))
    assert np.array_equal(grid.read(part), ids[part.slices_in(grid.bounds)])
    voxels = np.argwhere(ids == BIG_ID)[:, ::-1]
    assert {segmentation.segment_at(tuple(centre)) for centre in grid.centres_nm(voxels)} == {BIG_ID}


def test_blocks_cover_the_grid_once(segmentation):
    grid = SampledGrid(segmentation, 0, easy_voxels=10**9)
    seen = np.zeros(grid.bounds.size[::-1], int)
    for block in grid.blocks(30):
        assert max(block.size) <= 30
        seen[block.slices_in(grid.bounds)] += 1
    assert (seen == 1).all()
