"""Volumes: what is read is what was written, wherever the box lies."""

import numpy as np
import pytest

from segclr.em.geometry import Box
from segclr.em.volume import open_volume


@pytest.fixture
def em(world):
    return open_volume(world.em_url, "em")


@pytest.fixture
def segmentation(world):
    return open_volume(world.segmentation_url, "segmentation")


def whole(world):
    stop = tuple(o + n for o, n in zip(world.voxel_offset, world.size, strict=True))
    return Box(world.voxel_offset, stop)


def test_a_whole_volume_comes_back_in_zyx_order(world, em, segmentation):
    assert np.array_equal(em.read(whole(world)), world.em)
    assert np.array_equal(segmentation.read(whole(world)), world.segmentation)


def test_skeleton_nodes_of_the_world_lie_in_their_segment(world, segmentation):
    for segment_id, skeleton in world.skeletons.items():
        assert {segmentation.segment_at(tuple(node)) for node in skeleton.nodes_nm} == {segment_id}
