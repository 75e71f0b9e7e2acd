import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from segclr.em.phantom.files import (
    CELL_TYPE_NAMES,
    LAYER_NAMES,
    SEGMENT_BASE,
    SUBCOMPARTMENT_NAMES,
    PhantomTruth,
    segment_id_of,
)
from segclr.em.phantom.phantom import Phantom
from segclr.em.phantom.recipes import LAYER_TOPS
from segclr.em.phantom.tables import skeleton_list
from segclr.em.phantom.writing import LEAST_VOXELS


def voxels_of(truth: PhantomTruth) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    x, y, z = (truth.position_nm / (32, 32, 40)).astype(int).T
    return z, y, x


def test_segment_ids_are_beyond_exact_doubles_and_the_background_stays_0() -> None:
    ids = segment_id_of(np.array([0, 1, 2], np.uint32))
    assert ids.tolist() == [0, SEGMENT_BASE + 977, SEGMENT_BASE + 2 * 977]
    assert SEGMENT_BASE > 2**53


def test_every_node_lies_in_its_own_segment(phantom: Phantom, truth: PhantomTruth) -> None:
    assert len(truth.node_id) > 100
    np.testing.assert_array_equal(segment_id_of(phantom.segmentation[voxels_of(truth)]), truth.node_segment_id)


def test_node_labels_are_those_of_their_voxels(phantom: Phantom, truth: PhantomTruth) -> None:
    owner = phantom.owner[voxels_of(truth)].astype(int) - 1
    np.testing.assert_array_equal(phantom.fine.compartment[owner] - 1, truth.subcompartment)
    np.testing.assert_array_equal(phantom.fine.cell_type[owner] - 1, truth.cell_type)
    assert truth.subcompartment.max() < len(SUBCOMPARTMENT_NAMES)
    assert truth.cell_type.max() < len(CELL_TYPE_NAMES)


def test_a_segment_has_one_cell_and_one_type(truth: PhantomTruth) -> None:
    for values in (truth.cell_type, truth.cell):
        pairs = np.unique(np.stack([truth.node_segment_id.astype(np.int64), values.astype(np.int64)], 1), axis=0)
        assert len(pairs) == len(np.unique(truth.node_segment_id))
    assert len(truth.segment_id) == len(np.unique(truth.segment_id))
    row = np.searchsorted(truth.segment_id, truth.node_segment_id)
    np.testing.assert_array_equal(truth.segment_cell_type[row], truth.cell_type)
    np.testing.assert_array_equal(truth.segment_cell[row], truth.cell)
    assert (truth.segment_voxels[row] >= LEAST_VOXELS).all()


def test_a_cell_has_one_type_in_all_its_segments(truth: PhantomTruth) -> None:
    pairs = np.unique(np.stack([truth.segment_cell, truth.segment_cell_type], 1), axis=0)
    assert len(pairs) == len(np.unique(truth.segment_cell))


def test_skeletons_are_evenly_spaced_trees_and_match_the_table(phantom: Phantom, truth: PhantomTruth) -> None:
    skeletons = skeleton_list(phantom, LEAST_VOXELS)
    assert [s.segment_id for s in skeletons] == np.unique(truth.node_segment_id).tolist()
    lengths = []
    for skeleton in skeletons:
        mine = truth.node_segment_id == np.uint64(skeleton.segment_id)
        np.testing.assert_array_equal(truth.position_nm[mine], skeleton.nodes_nm)
        np.testing.assert_array_equal(truth.node_id[mine], np.arange(len(skeleton.nodes_nm)))
        np.testing.assert_array_equal(truth.radius_nm[mine], skeleton.attributes["radius"])
        n = len(skeleton.nodes_nm)
        assert len(skeleton.edges) == n - 1
        graph = coo_array((np.ones(n - 1), tuple(skeleton.edges.T)), (n, n))
        assert connected_components(graph, directed=False)[0] == 1
        lengths.append(np.linalg.norm(np.diff(skeleton.nodes_nm[skeleton.edges], axis=1)[:, 0], axis=1))
    quarter, middle, most = np.percentile(np.concatenate(lengths), [25, 50, 95])
    assert quarter > 700
    assert 1000 < middle < 1500
    assert most < 2500


def test_layers_follow_depth_along_y(truth: PhantomTruth) -> None:
    share = truth.position_nm[:, 1] / (144 * 32)
    for layer, top in enumerate(LAYER_TOPS):
        bottom = LAYER_TOPS[layer + 1] if layer + 1 < len(LAYER_NAMES) else 1.0
        assert ((share >= top) & (share < bottom) <= (truth.layer == layer)).all()


def test_synapses_name_existing_segments(truth: PhantomTruth) -> None:
    assert np.isin(truth.synapse_pre, truth.segment_id).all()
    assert np.isin(truth.synapse_post, truth.segment_id).all()
    type_of = dict(zip(truth.segment_id.tolist(), truth.segment_cell_type.tolist(), strict=True))
    inhibitory = {CELL_TYPE_NAMES.index("basket"), CELL_TYPE_NAMES.index("martinotti")}
    assert [type_of[s] in inhibitory for s in truth.synapse_pre.tolist()] == truth.synapse_symmetric.tolist()


def test_the_agglomeration_covers_all_segments(truth: PhantomTruth) -> None:
    np.testing.assert_array_equal(np.unique(truth.agglomeration_segment), truth.segment_id)
