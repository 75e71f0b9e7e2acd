"""A refit is turned towards the layout that users know."""

import numpy as np
import pytest

from segclr.explore.procrustes import procrustes, shared_rows

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("d", [2, 3])
@pytest.mark.parametrize("mirrored", [1, -1])
def test_a_turned_mirrored_scaled_and_moved_layout_is_brought_back(d: int, mirrored: int) -> None:
    points = RNG.normal(size=(40, d)) * np.arange(1, d + 1)
    turn, _ = np.linalg.qr(RNG.normal(size=(d, d)))
    turn[:, 0] *= mirrored * np.sign(np.linalg.det(turn))
    moved = 3.5 * points @ turn + 7
    motion = procrustes(moved, points)
    assert motion is not None
    np.testing.assert_allclose(motion(moved), points, atol=1e-9)


def test_no_other_turn_comes_nearer() -> None:
    points, target = RNG.normal(size=(30, 2)), RNG.normal(size=(30, 2))
    motion = procrustes(points, target)
    assert motion is not None
    best = np.square(motion(points) - target).sum()
    for angle in np.linspace(0, 2 * np.pi, 73):
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        centred = points - points.mean(axis=0)
        for other in (centred @ turn, centred * [1, -1] @ turn):
            assert best <= np.square(motion.scale * other + target.mean(axis=0) - target).sum() + 1e-9


def test_rows_that_are_not_finite_say_nothing() -> None:
    points = RNG.normal(size=(10, 2))
    target = points * [1, -1]
    target[3] = np.nan
    motion = procrustes(points, target)
    assert motion is not None
    np.testing.assert_allclose(motion(points[:3]), target[:3], atol=1e-12)


def test_too_little_in_common_gives_no_direction() -> None:
    points = RNG.normal(size=(10, 2))
    assert procrustes(points[:2], points[:2]) is None
    assert procrustes(points[:0], points[:0]) is None
    assert procrustes(np.ones((10, 2)), points) is None
    assert procrustes(points, np.ones((10, 2))) is None


def test_shared_rows_are_known_by_segment_and_node() -> None:
    large = 2**63 + 2**53
    segments = np.array([large, large, large + 1, 5], np.uint64)
    nodes = np.array([1, 2, 1, -1])
    others = np.array([5, large + 1, large, 9], np.uint64)
    here, there = shared_rows(segments, nodes, others, np.array([-1, 2, 2, 1]))
    assert sorted(zip(here.tolist(), there.tolist(), strict=True)) == [(1, 2), (3, 0)]
