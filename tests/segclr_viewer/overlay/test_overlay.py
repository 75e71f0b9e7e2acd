"""The painted segmentation: codes, repaints, what is kept."""

import numpy as np
import pytest
from numpy.typing import NDArray

from segclr.em.geometry import Box
from segclr.em.volume import Volume, open_volume
from segclr_viewer.overlay.nearest import NearestNodes
from segclr_viewer.overlay.overlay import Overlay, Paint, RowMaps, code
from segclr_viewer.points import NO_CLASS, Points


class NodesOf:
    """The rows of a world's skeletons."""

    def __init__(self, world) -> None:  # type: ignore[no-untyped-def]
        nodes = [world.skeletons[segment].nodes_nm for segment in world.segment_ids]
        self.segment_ids = np.array(world.segment_ids, np.uint64)
        self.first_row = np.concatenate([[0], np.cumsum([len(n) for n in nodes])])
        self.positions_nm = np.concatenate(nodes)


def points(classes: NDArray[np.uint8], confidence: NDArray[np.uint8]) -> Points:
    return Points("stamp", "task", classes, confidence, (), (), "")


@pytest.fixture(scope="module")
def segmentation(world) -> Volume:  # type: ignore[no-untyped-def]
    return open_volume(world.segmentation_url, "segmentation")


def test_a_code_says_class_and_confidence() -> None:
    classes = np.array([0, 0, 2, 2, 30, NO_CLASS], np.uint8)
    paint = Paint(points(classes, np.array([0, 31, 32, 223, 255, 200], np.uint8)))
    assert paint.codes.tolist() == [0, code(0, 0), code(0, 0), code(2, 1), code(2, 6), code(30, 7), 0]
    parts = paint.parts_of(np.arange(7))
    assert parts.tolist() == [0, 1, 1, 3, 3, 31, 0]
    assert paint.codes.dtype == parts.dtype == np.uint8
    assert code(30, 7) == 248


def test_all_codes_differ_and_none_is_that_of_unpainted_voxels() -> None:
    codes = [code(c, b) for c in range(31) for b in range(8)]
    assert len({0, *codes}) == 1 + 31 * 8
    assert max(codes) < 256


@pytest.mark.parametrize("mip", [0, 1])
def test_voxels_take_the_code_of_the_nearest_node_of_their_segment(world, segmentation: Volume, mip: int) -> None:  # type: ignore[no-untyped-def]
    nodes = NodesOf(world)
    overlay = Overlay(RowMaps(segmentation, NearestNodes(nodes)))
    n = len(nodes.positions_nm)
    classes = (np.arange(n) % 5).astype(np.uint8)
    overlay.repaint(points(classes, np.full(n, 255, np.uint8)))
    box = segmentation.mips[mip].box
    painted, segments = overlay.chunk(box, mip), segmentation.read(box, mip)
    assert np.array_equal(painted == 0, segments == 0)
    resolution = np.array(segmentation.mips[mip].resolution_nm)
    slack_nm = np.linalg.norm(resolution)
    rng = np.random.default_rng(0)
    for z, y, x in rng.permutation(np.argwhere(segments))[:300]:
        index = int(np.flatnonzero(nodes.segment_ids == segments[z, y, x])[0])
        own = slice(nodes.first_row[index], nodes.first_row[index + 1])
        distances = np.linalg.norm(
            nodes.positions_nm[own] - (np.array([x, y, z]) + 0.5 + box.start) * resolution, axis=1
        )
        near = classes[own][distances <= distances.min() + slack_nm]
        assert painted[z, y, x] in [code(int(c), 7) for c in near]


def test_the_same_box_of_two_mips_is_two_things(world, segmentation: Volume) -> None:  # type: ignore[no-untyped-def]
    nodes = NodesOf(world)
    overlay = Overlay(RowMaps(segmentation, NearestNodes(nodes)))
    n = len(nodes.positions_nm)
    overlay.repaint(points(np.zeros(n, np.uint8), np.zeros(n, np.uint8)))
    box = Box((40, 24, 12), (68, 52, 68))
    for mip in (0, 1):
        assert np.array_equal(overlay.chunk(box, mip) > 0, segmentation.read(box, mip) > 0)


def test_nothing_is_painted_before_the_first_prediction(world, segmentation: Volume) -> None:  # type: ignore[no-untyped-def]
    overlay = Overlay(RowMaps(segmentation, NearestNodes(NodesOf(world))))
    assert not overlay.chunk(segmentation.mips[0].box, 0).any()


def test_a_repaint_changes_colours_without_reading_or_searching_again(world, segmentation: Volume) -> None:  # type: ignore[no-untyped-def]
    nodes = NodesOf(world)
    overlay = Overlay(RowMaps(segmentation, NearestNodes(nodes)))
    n, box = len(nodes.positions_nm), segmentation.mips[0].box
    overlay.repaint(points(np.zeros(n, np.uint8), np.full(n, 10, np.uint8)))
    before = overlay.chunk(box, 0)
    overlay.segmentation = None  # type: ignore[assignment]  # would fail if it were read
    overlay.repaint(points(np.full(n, 4, np.uint8), np.full(n, 255, np.uint8)))
    after = overlay.chunk(box, 0)
    assert np.array_equal(before > 0, after > 0)
    assert set(np.unique(before)) == {0, code(0, 0)}
    assert set(np.unique(after)) == {0, code(4, 7)}


def test_what_is_kept_is_bounded(world, segmentation: Volume) -> None:  # type: ignore[no-untyped-def]
    limit = 3 * 32 * 32 * 16 * 4
    overlay = Overlay(RowMaps(segmentation, NearestNodes(NodesOf(world)), limit_bytes=limit))
    x, y, z = segmentation.mips[0].box.start
    for step in range(5):
        overlay.chunk(Box((x, y, z + step), (x + 32, y + 32, z + step + 16)), 0)
    assert overlay._row_maps.bytes_held == limit
