"""Positive pairs along skeletons."""

from dataclasses import replace

import numpy as np
import pytest

from segclr.em.skeleton import Skeleton
from segclr.errors import ProjectError
from segclr.training.pairs import PairTable, find_pairs
from segclr.training.volumes import TrainingVolume

BORDERS_UM = (0.0, 0.1, 0.3, 2.0)


@pytest.fixture
def table(volume: TrainingVolume, world) -> PairTable:
    return find_pairs([volume, volume], world.resolution_nm, BORDERS_UM, np.random.default_rng(0))


def test_both_places_lie_on_the_same_segment_of_the_same_volume(table: PairTable) -> None:
    for pairs in table.pairs:
        a, b = pairs.T
        assert np.array_equal(table.segment_key[a], table.segment_key[b])
        assert np.array_equal(table.volume[a], table.volume[b])
        assert np.array_equal(table.segment[a], table.segment[b])
        assert (a != b).all()
    assert set(table.volume) == {0, 1}
    assert len(set(table.segment_key)) == 8  # four segments in each volume are eight different ones


def test_a_pair_is_in_the_bucket_of_the_path_between_its_places(
    table: PairTable,
    volume: TrainingVolume,
    world,
) -> None:
    first_place: dict[int, int] = {}
    for place, key in enumerate(table.segment_key):
        first_place.setdefault(int(key), place)
    for bucket, (pairs, distances_nm) in enumerate(zip(table.pairs, table.distances_nm, strict=True)):
        assert (distances_nm > BORDERS_UM[bucket] * 1000).all()
        assert (distances_nm <= BORDERS_UM[bucket + 1] * 1000).all()
        for (a, b), distance_nm in zip(pairs[:40], distances_nm[:40], strict=True):
            segment_id = int(volume.segment_ids[table.segment[a] - 1])
            start = first_place[int(table.segment_key[a])]
            path_nm = world.skeletons[segment_id].distances_from(int(a) - start)[int(b) - start]
            assert distance_nm == pytest.approx(path_nm)


def test_a_place_lies_on_its_segment(table: PairTable, volume: TrainingVolume) -> None:
    on = 0
    for (x, y, z), segment in zip(table.voxel - volume.box.start, table.segment, strict=True):
        on += volume.segments[z, y, x] == segment
    assert on == len(table.segment)


def test_buckets_have_equal_weight_and_the_two_places_no_order(table: PairTable) -> None:
    chosen = table.draw(3000, np.random.default_rng(1))
    distance_of = {}
    for pairs, distances_nm in zip(table.pairs, table.distances_nm, strict=True):
        for (a, b), distance_nm in zip(pairs, distances_nm, strict=True):
            distance_of[int(a), int(b)] = distance_of[int(b), int(a)] = distance_nm
    distances_um = np.array([distance_of[int(a), int(b)] for a, b in chosen]) / 1000
    share = np.histogram(distances_um, BORDERS_UM)[0] / 3000
    np.testing.assert_allclose(share, 1 / 3, atol=0.04)
    assert 0.4 < (chosen[:, 0] < chosen[:, 1]).mean() < 0.6


def test_nodes_outside_the_box_are_left_out(volume: TrainingVolume, world) -> None:
    nodes_nm = world.skeletons[7].nodes_nm
    stretched = Skeleton(7, np.concatenate([nodes_nm, [[1e6, 1e6, 1e6]]]), world.skeletons[7].edges)
    other = world.skeletons[2**63 + 5]
    two = replace(volume, skeletons=(stretched, other))
    table = find_pairs([two], world.resolution_nm, BORDERS_UM, np.random.default_rng(0))
    assert len(table.voxel) == len(nodes_nm) + len(other.nodes_nm)


def test_a_skeleton_without_voxels_has_no_pairs(volume: TrainingVolume, world) -> None:
    stranger = Skeleton(2**63 + 4, world.skeletons[7].nodes_nm, world.skeletons[7].edges)
    one = TrainingVolume(volume.em, volume.segments, volume.segment_ids, volume.box, (stranger,))
    with pytest.raises(ProjectError, match="no skeleton has two nodes between 0 and 2 um"):
        find_pairs([one], world.resolution_nm, BORDERS_UM, np.random.default_rng(0))


def test_empty_buckets_are_left_out(volume: TrainingVolume, world) -> None:
    table = find_pairs([volume], world.resolution_nm, (0.0, 0.3, 50.0, 90.0), np.random.default_rng(0))
    assert len(table.pairs) == 2


def test_pairs_of_one_segment_alone_are_refused(volume: TrainingVolume, world) -> None:
    alone = replace(volume, skeletons=volume.skeletons[:1])
    with pytest.raises(ProjectError, match="all pairs lie on one segment"):
        find_pairs([alone], world.resolution_nm, BORDERS_UM, np.random.default_rng(0))


def test_a_draw_never_holds_one_segment_alone(table: PairTable) -> None:
    for seed in range(60):  # of two pairs, one draw in eight would
        chosen = table.draw(2, np.random.default_rng(seed))
        assert len(set(table.segment_key[chosen[:, 0]])) == 2
