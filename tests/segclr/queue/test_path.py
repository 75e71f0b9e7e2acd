"""A short way through a batch."""

from itertools import permutations

import numpy as np
import pytest

from segclr.queue.path import path_length_nm, short_path


def test_places_on_a_line_are_visited_in_their_order_from_the_near_end() -> None:
    at = np.array([5.0, 1.0, 9.0, 3.0, 7.0]) * 1e3
    positions = np.column_stack([at, 0 * at, 2 * at])
    assert short_path(positions, np.array([0.0, 0.0, 0.0])).tolist() == [1, 3, 0, 4, 2]
    assert short_path(positions, np.array([1e4, 0.0, 2e4])).tolist() == [2, 4, 0, 3, 1]


@pytest.mark.parametrize("seed", range(12))
def test_the_way_is_hardly_longer_than_the_shortest(seed: int) -> None:
    rng = np.random.default_rng(seed)
    start, positions = rng.random(3) * 4e4, rng.random((6, 3)) * [4e4, 4e4, 8e3]
    ways = [path_length_nm(np.vstack([start, positions[list(order)]])) for order in permutations(range(6))]
    found = short_path(positions, start)
    assert sorted(found.tolist()) == list(range(6))
    assert path_length_nm(np.vstack([start, positions[found]])) <= 1.15 * min(ways)


def test_turning_stretches_round_shortens_what_nearest_first_makes_long() -> None:
    """From the middle, nearest first zigzags: 0 to 1, back to -1.5, on to 4."""
    positions = np.array([[1.0, 0, 0], [-1.5, 0, 0], [4.0, 0, 0]])
    assert short_path(positions, np.zeros(3)).tolist() == [1, 0, 2]


def test_equal_places_no_places_and_no_start_are_fine() -> None:
    assert sorted(short_path(np.zeros((4, 3)), np.zeros(3)).tolist()) == [0, 1, 2, 3]
    assert short_path(np.empty((0, 3)), np.zeros(3)).tolist() == []
    assert short_path(np.array([[5.0, 0, 0], [0.0, 0, 0]]), None).tolist() == [0, 1]
    assert path_length_nm(np.empty((0, 3))) == 0
