"""A table that grows while it is looked at: what was there stays where it was."""

import numpy as np

from segclr.embeddings.averaged import part_of
from segclr_viewer.growing_table import GrowingTable
from segclr_viewer.overlay.nearest import NearestNodes
from tests.segclr.embeddings.test_aggregation import BIG, random_table


def test_rows_keep_their_numbers_and_new_segments_come_last() -> None:
    whole = random_table(0)
    last, first = part_of(whole, np.array([3, 4])), part_of(whole, np.array([0, 2]))
    table = GrowingTable.begin(last)
    before = {int(each): table.rows_of(int(each)) for each in table.segment_ids}
    assert table.grow(first) == first.segment_ids.tolist()
    assert table.segment_ids.tolist() == [*last.segment_ids.tolist(), *first.segment_ids.tolist()]
    assert all(table.rows_of(each) == rows for each, rows in before.items())
    for segment_id in table.segment_ids.tolist():
        here, there = table.rows_of(segment_id), whole.rows_of(segment_id)
        assert np.array_equal(table.embeddings[here], whole.embeddings[there])
        assert np.array_equal(table.positions_nm[here], whole.positions_nm[there])
        assert np.array_equal(table.edges_of(segment_id) - here.start, whole.edges_of(segment_id) - there.start)
        assert set(table.segment_of_rows(np.arange(here.start, here.stop)).tolist()) == {segment_id}
    assert table.version == last.version
    assert BIG in table.segment_ids


def test_a_segment_that_is_there_is_not_added_again() -> None:
    whole = random_table(1)
    table = GrowingTable.begin(part_of(whole, np.array([1, 2])))
    rows = len(table)
    assert table.grow(part_of(whole, np.array([1, 2]))) == []
    assert table.grow(part_of(whole, np.array([0, 1]))) == [int(whole.segment_ids[0])]
    assert len(table) == rows + whole.rows_of(int(whole.segment_ids[0])).stop


def test_voxels_find_the_nodes_of_segments_that_came_later() -> None:
    whole = random_table(2)
    table = GrowingTable.begin(part_of(whole, np.array([4])))
    nearest = NearestNodes(table)
    assert nearest.place_of(7) is None
    table.grow(part_of(whole, np.array([0])))
    assert (nearest.place_of(7), nearest.place_of(int(whole.segment_ids[4]))) == (1, 0)
    position = table.positions_nm[table.rows_of(7)][3]
    assert nearest.rows_of_points(1, position[None]).tolist() == [table.rows_of(7).start + 3]
