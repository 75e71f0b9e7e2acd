"""Boxes and positions."""

import pytest

from segclr.em.geometry import Box, centre_nm, voxel_of


def test_a_position_belongs_to_the_voxel_it_is_in_however_near_the_next_one():
    assert voxel_of((15.99, 19.99, 98.9), (8, 10, 33)) == (1, 1, 2)
    assert voxel_of((16.0, 20.0, 99.0), (8, 10, 33)) == (2, 2, 3)


def test_voxels_below_zero_are_as_long_as_all_others():
    assert [voxel_of((x, 0, 0), (8, 10, 33))[0] for x in (-9, -8, -1, 0, 7)] == [-2, -1, -1, 0, 0]


def test_the_centre_of_a_voxel_is_in_it():
    assert centre_nm((2, 3, 4), (8, 10, 33)) == (20, 35, 148.5)
    assert voxel_of(centre_nm((2, 3, 4), (8, 10, 33)), (8, 10, 33)) == (2, 3, 4)


def test_a_cube_of_129_reaches_64_voxels_to_each_side():
    box = Box.around((100, 20, 3), 129)
    assert (box.start, box.stop) == ((36, -44, -61), (165, 85, 68))
    assert box.size == (129, 129, 129)


@pytest.mark.parametrize("size", [0, 2, 128, -1])
def test_a_cube_without_a_middle_voxel_is_refused(size):
    with pytest.raises(ValueError, match="odd"):
        Box.around((0, 0, 0), size)


def test_boxes_that_only_touch_share_nothing():
    a = Box((0, 0, 0), (4, 5, 6))
    assert a.intersect(Box((4, 0, 0), (8, 5, 6))) is None
    assert a.intersect(Box((3, -2, 5), (8, 1, 9))) == Box((3, 0, 5), (4, 1, 6))


def test_the_stop_is_outside():
    box = Box((1, 2, 3), (4, 6, 8))
    assert box.contains((1, 2, 3))
    assert box.contains((3, 5, 7))
    assert not box.contains((4, 5, 7))
    assert not box.contains((3, 5, 8))


def test_a_box_that_ends_before_it_starts_is_refused():
    with pytest.raises(ValueError, match="ends before"):
        Box((0, 3, 0), (1, 2, 1))


def test_slices_are_zyx_and_count_from_the_outer_box():
    assert Box((11, 22, 33), (12, 24, 36)).slices_in(Box((10, 20, 30), (50, 50, 50))) == (
        slice(3, 6),
        slice(2, 4),
        slice(1, 2),
    )
