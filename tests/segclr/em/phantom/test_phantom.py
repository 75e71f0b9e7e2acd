import cc3d
import numpy as np
from scipy.ndimage import gaussian_filter

from segclr.em.phantom.phantom import Phantom, make_phantom
from segclr.em.phantom.pieces import CRUMB_VOXELS
from segclr.em.phantom.raster import noise_tile
from segclr.em.phantom.recipes import LOOKS, type_code
from segclr.em.phantom.render import render

TINY = (72, 88, 56)


def digest(phantom: Phantom) -> tuple[object, ...]:
    arrays = (phantom.em, phantom.segmentation, phantom.supervoxels, phantom.skeletons.voxel, phantom.synapses.pre)
    return tuple(array.tobytes() for array in arrays)


def test_a_phantom_is_a_pure_function_of_seed_and_size_whatever_the_threads() -> None:
    first = digest(make_phantom(5, TINY, threads=1))
    assert digest(make_phantom(5, TINY, threads=3)) == first
    assert digest(make_phantom(6, TINY)) != first


def test_arrays_are_z_y_x_and_filled(phantom: Phantom) -> None:
    assert phantom.em.shape == phantom.segmentation.shape == phantom.supervoxels.shape == (80, 144, 112)
    assert 0.9 < (phantom.segmentation > 0).mean() < 1.0
    assert phantom.em.std() > 15


def test_every_segment_is_one_piece(phantom: Phantom) -> None:
    segmentation = phantom.segmentation
    pieces = cc3d.connected_components(segmentation, connectivity=6)
    numbers = np.unique(np.stack([segmentation.ravel(), pieces.ravel()], 1)[segmentation.ravel() > 0], axis=0)
    _, pieces_of = np.unique(numbers[:, 0], return_counts=True)
    assert len(pieces_of) > 50
    assert (pieces_of == 1).mean() > 0.99
    assert np.bincount(segmentation.ravel())[1:][np.unique(segmentation)[1:] - 1].min() >= CRUMB_VOXELS


def test_progress_rises_to_its_end() -> None:
    shares: list[float] = []
    make_phantom(7, (40, 56, 32), lambda text, share: shares.append(share))
    assert shares == sorted(shares)
    assert shares[0] == 0
    assert shares[-1] <= 1
    assert len(shares) > 4


def test_supervoxels_refine_segments_except_for_the_recorded_mergers(phantom: Phantom) -> None:
    inside = phantom.segmentation > 0
    found = np.unique(np.stack([phantom.supervoxels[inside], phantom.segmentation[inside]], 1), axis=0)
    np.testing.assert_array_equal(found, phantom.agglomeration)
    assert (phantom.supervoxels[~inside] == 0).all()
    _, segments = np.unique(found[:, 0], return_counts=True)
    assert segments.max() <= 2
    assert 0 < (segments == 2).mean() < 0.05
    _, supervoxels = np.unique(found[:, 1], return_counts=True)
    assert supervoxels.max() > 2


def test_membranes_are_darker_than_cytoplasm(phantom: Phantom) -> None:
    s = phantom.segmentation
    border = np.zeros(s.shape, bool)
    border[:, :, 1:] = (s[:, :, 1:] != s[:, :, :-1]) & (s[:, :, 1:] > 0) & (s[:, :, :-1] > 0)
    assert phantom.em[border].mean() < phantom.em[s > 0].mean() - 15


def test_types_differ_in_texture_where_their_brightness_is_alike() -> None:
    fine, coarse = "exc_l23", "thalamocortical"
    assert abs(LOOKS[fine].cytoplasm - LOOKS[coarse].cytoplasm) < 5
    phantom = make_phantom(5, TINY)
    inside = np.ones((12, 64, 64), np.int64)
    shares: list[float] = []
    for name in (fine, coarse):
        forest = phantom.fine.take(np.flatnonzero(phantom.fine.recipe >= 0)[:1])
        forest.cell_type[:] = type_code(name)
        forest.segment[:] = 1
        rng = np.random.default_rng(3)
        tile = noise_tile(np.random.default_rng(4), 64, 3.2)
        far = np.full(inside.shape, 200, np.uint8)
        em = render(rng, forest, forest.cell_type, inside, far, np.zeros(inside.shape, np.uint8), tile).astype(float)
        smooth = gaussian_filter(em, (0, 2, 2))
        shares.append(float((em - smooth).std() / smooth.std()))
    assert shares[0] > 1.3 * shares[1]


def test_synapses_lie_at_a_border_of_both_partners(phantom: Phantom) -> None:
    synapses = phantom.synapses
    assert len(synapses.pre) > 10
    voxels = (synapses.synapse_nm / (32, 32, 40)).astype(int)
    for pre, post, (x, y, z) in zip(synapses.pre, synapses.post, voxels, strict=True):
        near = phantom.segmentation[max(0, z - 6) : z + 7, max(0, y - 7) : y + 8, max(0, x - 7) : x + 8]
        assert pre != post
        assert (near == pre).any()
        assert (near == post).any()
