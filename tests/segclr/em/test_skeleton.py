"""Skeletons: lengths, distances, spacing, and nodes in their own segment."""

import numpy as np
import pytest
from scipy.sparse.csgraph import connected_components

from segclr.em.geometry import centre_nm
from segclr.em.skeleton import Skeleton
from segclr.em.skeleton_fit import onto_segment
from segclr.em.volume import open_volume

BIG_ID = 2**63 + 5


def skeleton(nodes, edges, **attributes):
    values = {name: np.array(value, np.float32) for name, value in attributes.items()}
    return Skeleton(BIG_ID, np.array(nodes, float).reshape(-1, 3), np.array(edges, np.int32).reshape(-1, 2), values)


def line(count, step, start=(0, 0, 0), direction=(1, 0, 0)):
    nodes = np.array(start) + np.arange(count)[:, None] * step * np.array(direction)
    return skeleton(nodes, [(i, i + 1) for i in range(count - 1)], number=np.arange(count))


def fork():
    """Three arms of 10, 4.5 and 0.3 um from a common node, nodes every 100 nm."""
    nodes, edges = [(0, 0, 0)], []
    for direction, count in (((1, 0, 0), 100), ((0, 1, 0), 45), ((0, 0, 1), 3)):
        before = 0
        for i in range(1, count + 1):
            edges.append((before, len(nodes)))
            before = len(nodes)
            nodes.append(np.array(direction) * 100.0 * i)
    return skeleton(nodes, edges)


def test_path_length_is_the_sum_of_the_edges():
    assert line(11, 100).path_length_nm() == pytest.approx(1000)
    assert fork().path_length_nm() == pytest.approx(14_800)
    assert skeleton([(1, 2, 3)], []).path_length_nm() == 0


def test_distances_run_along_the_edges_and_not_through_the_air():
    y = skeleton([(0, 0, 0), (300, 0, 0), (300, 400, 0), (9, 9, 9)], [(0, 1), (1, 2)])
    assert y.distances_from(0).tolist() == pytest.approx([0, 300, 700, np.inf])


def test_nodes_on_the_same_spot_are_connected():
    same = skeleton([(5, 5, 5), (5, 5, 5), (105, 5, 5)], [(0, 1), (1, 2)])
    assert same.distances_from(0)[2] == pytest.approx(100, abs=1e-3)


def test_spaced_nodes_are_about_as_far_apart_as_asked():
    spaced = fork().spaced(1500)
    lengths = sorted(spaced.edge_lengths_nm())
    # 10 um in 7 steps, 4.5 um in 3, and the short arm as it is
    assert len(lengths) == 11
    assert lengths[0] == pytest.approx(300)
    assert all(1300 <= length <= 1600 for length in lengths[1:])
    assert spaced.path_length_nm() == pytest.approx(14_800)


def test_end_and_branch_points_stay_where_they_are():
    spaced = fork().spaced(1500)
    kept = {tuple(node) for node in spaced.nodes_nm}
    assert {(0, 0, 0), (10_000, 0, 0), (0, 4500, 0), (0, 0, 300)} <= kept
    degree = np.bincount(spaced.edges.ravel())
    assert sorted(degree[degree != 2].tolist()) == [1, 1, 1, 3]


def test_dense_skeletons_keep_their_own_nodes_which_are_in_the_segment():
    dense = fork()
    own = {tuple(node) for node in dense.nodes_nm}
    assert {tuple(node) for node in dense.spaced(1500).nodes_nm} <= own


def test_sparse_skeletons_get_nodes_in_between():
    spaced = line(2, 6000.0).spaced(1500)
    assert sorted(spaced.nodes_nm[:, 0].tolist()) == pytest.approx([0, 1500, 3000, 4500, 6000])
    assert len(spaced.edges) == 4


def test_spaced_attributes_are_those_of_the_nearest_node():
    spaced = line(31, 100.0).spaced(1500)
    assert dict(zip(spaced.nodes_nm[:, 0].tolist(), spaced.attributes["number"].tolist(), strict=True)) == {
        0: 0,
        1500: 15,
        3000: 30,
    }


def test_pieces_stay_apart_and_lone_nodes_stay():
    a = line(40, 100)
    nodes = np.concatenate([a.nodes_nm, a.nodes_nm + np.array([0, 50, 0]), [(0, 0, 9000)]])
    spaced = skeleton(nodes, np.concatenate([a.edges, a.edges + 40])).spaced(1500)
    assert connected_components(spaced.graph(), directed=False)[0] == 3
    assert (0, 0, 9000) in {tuple(node) for node in spaced.nodes_nm}


@pytest.mark.parametrize(("radius", "nodes"), [(1000, 4), (100, 3)])
def test_a_loop_stays_a_loop(radius, nodes):
    angle = np.linspace(0, 2 * np.pi, 120, endpoint=False)
    ring = radius * np.stack([np.cos(angle), np.sin(angle), 0 * angle], 1)
    spaced = skeleton(ring, [(i, (i + 1) % 120) for i in range(120)]).spaced(1500)
    assert len(spaced.nodes_nm) == len(spaced.edges) == nodes
    assert set(np.bincount(spaced.edges.ravel())) == {2}


@pytest.mark.parametrize("seed", range(5))
def test_spacing_a_random_tree_keeps_it_one_tree(seed):
    rng = np.random.default_rng(seed)
    count = 400
    parents = [int(rng.integers(max(0, i - 4), i)) for i in range(1, count)]
    nodes = np.zeros((count, 3))
    for i, parent in enumerate(parents, 1):
        nodes[i] = nodes[parent] + rng.normal(0, 120, 3)
    spaced = skeleton(nodes, list(zip(range(1, count), parents, strict=True))).spaced(700)
    assert connected_components(spaced.graph(), directed=False)[0] == 1
    assert len(spaced.edges) == len(spaced.nodes_nm) - 1
    assert spaced.edges.dtype == np.int32


def test_nothing_spaces_to_nothing():
    empty = skeleton([], []).spaced()
    assert empty.nodes_nm.shape == (0, 3)
    assert empty.edges.shape == (0, 2)
    with pytest.raises(ValueError, match="above 0"):
        fork().spaced(0)


def test_edges_to_nowhere_are_refused():
    with pytest.raises(ValueError, match="beyond its 2"):
        skeleton([(0, 0, 0), (1, 1, 1)], [(0, 2)])
    with pytest.raises(ValueError, match="must be"):
        Skeleton(1, np.zeros((2, 2)), np.zeros((0, 2), np.int32))


def test_nodes_beside_their_segment_move_to_its_nearest_voxel(world):
    segmentation = open_volume(world.segmentation_url, "segmentation")
    own = world.skeletons[BIG_ID]
    off = own.nodes_nm.copy()
    off[4, 0] += 130  # out of a tube of radius 90
    off[6, 2] += 110
    assert segmentation.segment_at(tuple(off[4])) != BIG_ID
    assert segmentation.segment_at(tuple(off[6])) != BIG_ID
    fitted = onto_segment(Skeleton(BIG_ID, off, own.edges, own.attributes), segmentation)
    for node in fitted.nodes_nm:
        assert segmentation.segment_at(tuple(node)) == BIG_ID
    still = [row for row in range(len(off)) if row not in (4, 6)]
    assert np.array_equal(fitted.nodes_nm[still], off[still])
    voxels = np.argwhere(world.segmentation == BIG_ID)[:, ::-1] + world.voxel_offset
    centres = np.array([centre_nm(tuple(v), world.resolution_nm) for v in voxels])
    for row in (4, 6):
        nearest = np.linalg.norm(centres - off[row], axis=1).min()
        assert np.linalg.norm(fitted.nodes_nm[row] - off[row]) == pytest.approx(nearest)


def test_nodes_far_from_their_segment_stay(world):
    segmentation = open_volume(world.segmentation_url, "segmentation")
    lost = skeleton([(5000, 5000, 5000)], [])
    assert np.array_equal(onto_segment(lost, segmentation, 500).nodes_nm, lost.nodes_nm)
    voxels = np.argwhere(world.segmentation == BIG_ID)[:, ::-1] + world.voxel_offset
    centres = (voxels + 0.5) * world.resolution_nm
    # beyond the corner of the segment's box: the nearest voxel is nearer along every axis than it is in space
    beside = skeleton([centres.min(0) - 100], [])
    distance = np.linalg.norm(centres - beside.nodes_nm, axis=1).min()
    assert np.array_equal(onto_segment(beside, segmentation, distance - 1).nodes_nm, beside.nodes_nm)
    assert not np.array_equal(onto_segment(beside, segmentation, distance + 1).nodes_nm, beside.nodes_nm)
