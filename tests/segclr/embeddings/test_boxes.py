"""Boxes of pieces of cells."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segclr.embeddings.boxes import PIECE_ROWS, first_rows_of_pieces, inside, piece_boxes, rows_near_box


def first_row_of(sizes: list[int]) -> np.ndarray:  # type: ignore[type-arg]
    return np.cumsum([0, *sizes]).astype(np.int64)


def test_segments_are_cut_into_pieces_and_none_has_rows_of_two() -> None:
    sizes = [1, PIECE_ROWS, PIECE_ROWS + 1, 3, 2 * PIECE_ROWS]
    expected = [0, 1, 257, 513, 514, 517, 773, 1029]
    assert first_rows_of_pieces(first_row_of(sizes)).tolist() == expected
    assert first_rows_of_pieces(first_row_of([])).tolist() == [0]


@pytest.mark.parametrize("at_once", [1, 7, 255, 256, 1000, 5000])
def test_each_piece_has_the_box_of_its_rows_however_these_come(at_once: int) -> None:
    first_row = first_row_of([3, 600, 1, 256, 40])
    positions = np.random.default_rng(0).uniform(-1e6, 1e6, (900, 3))
    boxes = piece_boxes(first_row, [positions[start : start + at_once] for start in range(0, 900, at_once)])
    firsts = first_rows_of_pieces(first_row)
    assert len(boxes) == len(firsts) - 1 == 7
    for piece, box in enumerate(boxes):
        some = positions[firsts[piece] : firsts[piece + 1]]
        np.testing.assert_array_equal(box, [some.min(axis=0), some.max(axis=0)])


def test_a_table_without_rows_has_no_boxes() -> None:
    boxes = piece_boxes(first_row_of([]), [np.empty((0, 3))])
    assert boxes.shape == (0, 2, 3)
    assert len(rows_near_box(boxes, first_row_of([]), (0.0, 0.0, 0.0), (1.0, 1.0, 1.0))) == 0


@settings(deadline=None)
@given(
    st.lists(st.integers(1, 600), min_size=1, max_size=6),
    st.integers(0, 1000),
    st.tuples(*[st.integers(0, 8)] * 3),
    st.tuples(*[st.integers(1, 6)] * 3),
)
def test_a_box_has_all_its_rows_those_on_its_low_sides_too(
    sizes: list[int], seed: int, low: tuple[int, int, int], width: tuple[int, int, int]
) -> None:
    first_row = first_row_of(sizes)
    rng = np.random.default_rng(seed)
    centres = np.repeat(rng.integers(0, 9, (len(sizes), 3)), sizes, axis=0)
    positions = (centres + rng.integers(0, 3, (sum(sizes), 3))).astype(np.float64)
    high = tuple(a + b for a, b in zip(low, width, strict=True))
    boxes = piece_boxes(first_row, [positions])
    near = rows_near_box(boxes, first_row, low, high)  # type: ignore[arg-type]
    found = near[inside(positions[near], low, high)]  # type: ignore[arg-type]
    expected = ((positions >= low) & (positions < high)).all(axis=1)
    assert found.tolist() == np.flatnonzero(expected).tolist()


def test_pieces_far_from_a_box_are_not_looked_at() -> None:
    first_row = first_row_of([300, 300])
    positions = np.column_stack([np.arange(600.0), np.zeros(600), np.zeros(600)])
    boxes = piece_boxes(first_row, [positions])
    assert rows_near_box(boxes, first_row, (255.0, 0.0, 0.0), (256.0, 1.0, 1.0)).tolist() == list(range(256))
    assert rows_near_box(boxes, first_row, (255.5, 0.0, 0.0), (256.0, 1.0, 1.0)).tolist() == []
    assert rows_near_box(boxes, first_row, (256.0, 0.0, 0.0), (301.0, 1.0, 1.0)).tolist() == list(range(256, 556))
