"""The map from voxels to table rows, against a slow loop over all voxels and nodes."""

from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from segclr.em.geometry import Box
from segclr_viewer.overlay.nearest import NearestNodes

RESOLUTION_NM = (8.0, 10.0, 33.0)
IDS = np.array([7, 720575940600000977, 720575940600001954, 2**63 + 5], np.uint64)
STRANGER = 2**53 + 1  # a segment without nodes; as a float it would be 2**53


@dataclass(frozen=True)
class SmallTable:
    segment_ids: NDArray[np.uint64]
    first_row: NDArray[np.int64]
    positions_nm: NDArray[np.float64]


def blobs(box: Box, seed: int) -> NDArray[np.uint64]:
    """(z, y, x) blocks of 3 x 2 x 2 voxels of random segments, some background, some without nodes."""
    rng = np.random.default_rng(seed)
    choices = np.array([0, *IDS.tolist(), STRANGER], np.uint64)
    coarse = rng.integers(0, len(choices), [n // 2 + 2 for n in box.size[::-1]])
    fine = coarse.repeat(2, 0).repeat(2, 1).repeat(3, 2)
    x, y, z = box.size
    return choices[fine[1 : z + 1, :y, 1 : x + 1]]


def table_in(box: Box, counts: tuple[int, ...], seed: int) -> SmallTable:
    """Random nodes in and around a box, whichever segment the voxel there is of."""
    rng = np.random.default_rng(seed)
    low, high = np.array(box.start) * RESOLUTION_NM - 50, np.array(box.stop) * RESOLUTION_NM + 50
    first_row = np.concatenate([[0], np.cumsum(counts)])
    return SmallTable(IDS, first_row, rng.uniform(low, high, (int(first_row[-1]), 3)))


@pytest.mark.parametrize("stop", [(33, 24, 19), (34, 23, 18), (21, 15, 13)])
def test_a_voxel_gets_the_nearest_node_of_its_own_segment(stop: tuple[int, int, int]) -> None:
    box = Box((20, 14, 12), stop)
    segments, table = blobs(box, seed=1), table_in(box, (5, 1, 9, 30), seed=2)
    rows = NearestNodes(table).rows_of_voxels(segments, box, RESOLUTION_NM)
    assert rows.shape == segments.shape
    assert rows.dtype == np.int32
    slack_nm = np.linalg.norm(RESOLUTION_NM)  # voxels of a block of two share the answer for its middle
    for z, y, x in np.ndindex(segments.shape):
        segment = segments[z, y, x]
        if segment in (0, STRANGER):
            assert rows[z, y, x] == 0
            continue
        index = int(np.flatnonzero(segment == IDS)[0])
        own = np.arange(table.first_row[index], table.first_row[index + 1])
        assert rows[z, y, x] - 1 in own
        here = (np.array([x, y, z]) + 0.5 + box.start) * RESOLUTION_NM
        distances = np.linalg.norm(table.positions_nm - here, axis=1)
        assert distances[rows[z, y, x] - 1] <= distances[own].min() + slack_nm


def test_the_answer_is_exact_where_nodes_are_far_apart() -> None:
    box = Box((0, 0, 0), (40, 4, 6))
    segments = np.full((6, 4, 40), IDS[3])
    table = SmallTable(IDS[3:], np.array([0, 2]), np.array([[0.0, 20.0, 100.0], [320.0, 20.0, 100.0]]))
    rows = NearestNodes(table).rows_of_voxels(segments, box, RESOLUTION_NM)
    assert np.array_equal(rows, np.broadcast_to(np.where(np.arange(40) < 20, 1, 2), segments.shape))


def test_ids_that_are_equal_as_floats_are_told_apart() -> None:
    ids = np.array([2**53, 2**53 + 1, 2**53 + 4], np.uint64)
    table = SmallTable(ids, np.array([0, 1, 2, 3]), np.zeros((3, 3)))
    segments = np.array([[[2**53, 2**53 + 1, 2**53 + 2, 2**53 + 3, 2**53 + 4, 0]]], np.uint64)
    rows = NearestNodes(table).rows_of_voxels(segments, Box((0, 0, 0), (6, 1, 1)), RESOLUTION_NM)
    assert rows.tolist() == [[[1, 2, 0, 0, 3, 0]]]


def test_a_table_without_rows_paints_nothing() -> None:
    table = SmallTable(np.zeros(0, np.uint64), np.zeros(1, np.int64), np.zeros((0, 3)))
    box = Box((0, 0, 0), (6, 4, 2))
    rows = NearestNodes(table).rows_of_voxels(blobs(box, seed=3), box, RESOLUTION_NM)
    assert not rows.any()


def test_points_get_the_nearest_row_of_the_segment_asked_for() -> None:
    box = Box((20, 14, 12), (33, 24, 19))
    table = table_in(box, (5, 1, 9, 30), seed=4)
    points = np.random.default_rng(5).uniform(100, 600, (50, 3))
    for index in range(len(IDS)):
        own = np.arange(table.first_row[index], table.first_row[index + 1])
        expected = [own[np.argmin(np.linalg.norm(table.positions_nm[own] - point, axis=1))] for point in points]
        assert NearestNodes(table).rows_of_points(index, points).tolist() == expected
