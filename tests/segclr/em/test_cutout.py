"""Cutouts: the voxels an encoder sees."""

import numpy as np
import pytest

from segclr.em.cutout import CutoutSpec, cutout_as_float, read_cutout, segment_mask
from segclr.em.geometry import Box, centre_nm
from segclr.em.precomputed import PrecomputedWriter
from segclr.em.volume import open_volume
from segclr.errors import NoSegment, VolumeUnavailable

BIG_ID = 2**63 + 5


@pytest.fixture(scope="module")
def em(world):
    return open_volume(world.em_url, "em")


@pytest.fixture(scope="module")
def segmentation(world):
    return open_volume(world.segmentation_url, "segmentation")


def spec_of(world, size=17, content="masked_em"):
    return CutoutSpec(size, world.resolution_nm, content)


def expected(world, centre, size, segment_id):
    """The oracle: voxel by voxel, with centre in voxels of mip 0 (offset included)."""
    image = np.zeros((size, size, size), np.uint8)
    half = size // 2
    for z, y, x in np.ndindex(image.shape):
        i, j, k = (c + d - half - o for c, d, o in zip(centre[::-1], (z, y, x), world.voxel_offset[::-1], strict=True))
        inside = all(0 <= v < n for v, n in zip((i, j, k), world.em.shape, strict=True))
        if inside and world.segmentation[i, j, k] == np.uint64(segment_id):
            image[z, y, x] = world.em[i, j, k]
    return image


def test_a_cutout_holds_the_em_of_the_centre_segment_alone(world, em, segmentation):
    for segment_id, skeleton in world.skeletons.items():
        position = tuple(skeleton.nodes_nm[len(skeleton.nodes_nm) // 2])
        cutout = read_cutout(em, segmentation, position, spec_of(world))
        centre = tuple(int(p / r) for p, r in zip(position, world.resolution_nm, strict=True))
        assert cutout.segment_id == segment_id
        assert cutout.position_nm == position
        assert cutout.image.dtype == np.uint8
        assert np.array_equal(cutout.image, expected(world, centre, 17, segment_id))
        assert cutout.image[8, 8, 8] > 0
        assert (cutout.image == 0).any()


def test_the_centre_is_truncated_and_not_rounded(world, em, segmentation):
    x, y, z = np.argwhere(world.segmentation == 7)[0][::-1] + world.voxel_offset
    middle = centre_nm((int(x), int(y), int(z)), world.resolution_nm)
    almost_next = tuple(p + 0.49 * r for p, r in zip(middle, world.resolution_nm, strict=True))
    a = read_cutout(em, segmentation, middle, spec_of(world), 7)
    b = read_cutout(em, segmentation, almost_next, spec_of(world), 7)
    assert np.array_equal(a.image, b.image)
    just_over = (middle[0] + 0.51 * world.resolution_nm[0], middle[1], middle[2])
    c = read_cutout(em, segmentation, just_over, spec_of(world), 7)
    assert np.array_equal(c.image[:, :, :-1], a.image[:, :, 1:])
    assert not np.array_equal(c.image, a.image)


def test_beyond_the_border_there_are_zeros(world, em, segmentation):
    # the first node of segment 7 lies 5 % of the volume from its left border: fewer than 24 voxels
    position = tuple(world.skeletons[7].nodes_nm[0])
    cutout = read_cutout(em, segmentation, position, spec_of(world, 49, "em"))
    first = int(position[0] / 8) - 24
    missing = world.voxel_offset[0] - first
    assert 10 < missing < 24
    assert not cutout.image[:, :, :missing].any()
    depth = int(position[2] / 33) - 24 - world.voxel_offset[2]
    rows = int(position[1] / 10) - 24 - world.voxel_offset[1]
    assert cutout.image[max(0, -depth) :, max(0, -rows) :, missing:].all()


@pytest.mark.parametrize("content", ["masked_em", "em", "mask"])
def test_background_and_nowhere_have_no_segment(world, em, segmentation, content):
    z, y, x = np.argwhere(world.segmentation == 0)[0]
    ox, oy, oz = world.voxel_offset
    background = centre_nm((ox + int(x), oy + int(y), oz + int(z)), world.resolution_nm)
    for position in (background, (1e7, 0.0, 0.0)):
        with pytest.raises(NoSegment, match="no segment at") as caught:
            read_cutout(em, segmentation, position, spec_of(world, content=content))
        assert "\n" not in str(caught.value)


def test_a_named_segment_is_kept_whatever_is_under_the_position(world, em, segmentation):
    position = tuple(world.skeletons[7].nodes_nm[3])
    cutout = read_cutout(em, segmentation, position, spec_of(world, 61), BIG_ID)
    assert cutout.segment_id == BIG_ID
    centre = tuple(int(p / r) for p, r in zip(position, world.resolution_nm, strict=True))
    box = Box.around(centre, 61)
    assert np.array_equal(cutout.image > 0, segmentation.read(box) == np.uint64(BIG_ID))
    assert cutout.image.any()
    with pytest.raises(NoSegment):
        read_cutout(em, segmentation, position, spec_of(world), 0)


def test_the_mask_alone_needs_no_em(world, segmentation):
    position = tuple(world.skeletons[BIG_ID].nodes_nm[3])
    cutout = read_cutout(None, segmentation, position, spec_of(world, 33, "mask"))
    assert cutout.image.dtype == np.uint8
    assert set(np.unique(cutout.image)) == {0, 255}
    centre = tuple(int(p / r) for p, r in zip(position, world.resolution_nm, strict=True))
    assert np.array_equal(cutout.image == 255, segmentation.read(Box.around(centre, 33)) == np.uint64(BIG_ID))
    with pytest.raises(ValueError, match="needs an EM volume"):
        read_cutout(None, segmentation, position, spec_of(world, 33))


def test_em_at_a_coarser_mip_is_masked_with_the_same_mip_of_the_segmentation(world, em, segmentation):
    position = tuple(world.skeletons[BIG_ID].nodes_nm[5])
    spec = CutoutSpec(21, (16, 20, 33))
    cutout = read_cutout(em, segmentation, position, spec)
    x, y, z = (int(p / r) for p, r in zip(position, spec.resolution_nm, strict=True))
    box = Box.around((x, y, z), 21)
    assert np.array_equal(cutout.image, em.read(box, 1) * (segmentation.read(box, 1) == np.uint64(BIG_ID)))
    assert cutout.image.any()


def write_segmentation(folder, ids, resolution_nm, voxel_offset):
    size = ids.shape[::-1]
    PrecomputedWriter(folder, "segmentation", ids.dtype, resolution_nm, size, voxel_offset, mips=1).write(ids)
    return open_volume(str(folder), "segmentation")


@pytest.mark.parametrize("step", [(2, 1, 1), (2, 2, 3), (1, 3, 1)])
def test_a_finer_segmentation_with_another_offset_is_looked_up_at_the_centre_of_every_em_voxel(
    world, em, tmp_path, step
):
    fx, fy, fz = step
    fine = world.segmentation.repeat(fz, 0).repeat(fy, 1).repeat(fx, 2)[5:, 3:, 7:]
    offset = tuple(o * f + cut for o, f, cut in zip(world.voxel_offset, step, (7, 3, 5), strict=True))
    resolution_nm = tuple(r / f for r, f in zip(world.resolution_nm, step, strict=True))
    segmentation = write_segmentation(tmp_path / "fine", fine, resolution_nm, offset)
    position = tuple(world.skeletons[BIG_ID].nodes_nm[5])
    cutout = read_cutout(em, segmentation, position, spec_of(world, 25))
    centre = tuple(int(p / r) for p, r in zip(position, world.resolution_nm, strict=True))
    assert cutout.segment_id == BIG_ID
    assert np.array_equal(cutout.image, expected(world, centre, 25, BIG_ID))


def test_of_three_finer_voxels_the_middle_one_decides(world, tmp_path):
    fine = np.random.default_rng(8).choice(np.array([7, BIG_ID], np.uint64), (56 * 3, 80, 96))
    offset = (40, 24, 36)
    segmentation = write_segmentation(tmp_path / "fine", fine, (8, 10, 11), offset)
    box = Box((50, 30, 20), (70, 60, 40))
    mask = segment_mask(segmentation, box, world.resolution_nm, BIG_ID)
    assert np.array_equal(mask, fine[1::3][8:28, 6:36, 10:30] == np.uint64(BIG_ID))


def test_a_coarser_segmentation_is_looked_up_at_the_centre_of_every_em_voxel(world, em, tmp_path):
    coarse = world.segmentation[:, ::2, ::2]
    offset = (world.voxel_offset[0] // 2, world.voxel_offset[1] // 2, world.voxel_offset[2])
    segmentation = write_segmentation(tmp_path / "coarse", coarse, (16, 20, 33), offset)
    position = tuple(world.skeletons[BIG_ID].nodes_nm[5])
    cutout = read_cutout(em, segmentation, position, spec_of(world, 25))
    again = coarse.repeat(2, 1).repeat(2, 2)
    centre = tuple(int(p / r) for p, r in zip(position, world.resolution_nm, strict=True))
    box = Box.around(centre, 25)
    inside = box.intersect(em.mips[0].box)
    mask = np.zeros((25, 25, 25), bool)
    mask[inside.slices_in(box)] = again[inside.slices_in(em.mips[0].box)] == np.uint64(BIG_ID)
    assert np.array_equal(cutout.image, em.read(box) * mask)


def test_the_segment_is_that_of_the_finest_mip_whatever_the_cutouts_mip_says(world, em, tmp_path):
    # at mip 1 of this segmentation, everything is another segment
    writer = PrecomputedWriter(
        tmp_path,
        "segmentation",
        np.uint64,
        world.resolution_nm,
        world.size,
        world.voxel_offset,
        mips=2,
        factor=(2, 2, 1),
    )
    writer.write(world.segmentation)
    writer.write(np.full((56, 40, 48), 99, np.uint64), mip=1)
    segmentation = open_volume(str(tmp_path), "segmentation")
    cutout = read_cutout(em, segmentation, tuple(world.skeletons[7].nodes_nm[4]), CutoutSpec(9, (16, 20, 33)))
    assert cutout.segment_id == 7
    assert not cutout.image.any()


def test_em_without_the_wanted_resolution_is_one_sentence(world, em, segmentation):
    with pytest.raises(VolumeUnavailable, match="no mip of 32 x 32 x 40 nm"):
        read_cutout(em, segmentation, tuple(world.skeletons[7].nodes_nm[4]), CutoutSpec(9, (32, 32, 40)))


@pytest.mark.parametrize("size", [128, 0, -3])
def test_even_sizes_are_refused_with_the_reason(size):
    with pytest.raises(ValueError, match="no voxel in its middle; its size must be odd"):
        CutoutSpec(size, (8, 10, 33))


def test_intensities_reach_the_encoder_as_0_to_1_and_nothing_else_is_done_to_them():
    image = np.arange(256, dtype=np.uint8).reshape(4, 8, 8)
    scaled = cutout_as_float(image)
    assert scaled.dtype == np.float32
    assert scaled.max() == 1
    assert np.array_equal(scaled, (image / 255).astype(np.float32))
