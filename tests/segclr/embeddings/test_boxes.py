"""Boxes of blocks of rows."""

import numpy as np
import pytest

from segclr.embeddings.boxes import BLOCK_ROWS, block_boxes, blocks_meeting


@pytest.mark.parametrize("rows", [0, 1, BLOCK_ROWS - 1, BLOCK_ROWS, 70 * BLOCK_ROWS + 3])
def test_each_block_has_the_box_of_its_rows(rows: int) -> None:
    positions = np.random.default_rng(rows).uniform(-1e6, 1e6, (rows, 3))
    boxes = block_boxes(positions)
    assert boxes.shape == (-(-rows // BLOCK_ROWS), 2, 3)
    for block, box in enumerate(boxes):
        some = positions[block * BLOCK_ROWS : (block + 1) * BLOCK_ROWS]
        np.testing.assert_array_equal(box, [some.min(axis=0), some.max(axis=0)])


def test_blocks_that_meet_a_box_come_in_runs() -> None:
    boxes = np.zeros((6, 2, 3))
    boxes[:, 0, 0], boxes[:, 1, 0] = [0, 5, 9, 20, 21, 3], [4, 6, 12, 30, 22, 10]
    assert list(blocks_meeting(boxes, (4.0, 0.0, 0.0), (9.0, 1.0, 1.0))) == [(0, 2), (5, 6)]
    assert list(blocks_meeting(boxes, (4.0, 0.0, 0.0), (4.5, 1.0, 1.0))) == [(0, 1), (5, 6)]
    assert list(blocks_meeting(boxes, (4.0 + 1e-9, 0.0, 0.0), (4.5, 1.0, 1.0))) == [(5, 6)]
    assert list(blocks_meeting(boxes, (50.0, 0.0, 0.0), (51.0, 1.0, 1.0))) == []
    assert list(blocks_meeting(boxes[:0], (50.0, 0.0, 0.0), (51.0, 1.0, 1.0))) == []
