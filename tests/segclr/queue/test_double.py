"""Double items: a uniform share, the same whatever else is in the table, and in one order."""

import numpy as np
import pytest

from segclr.queue.audit import audit_order, place_keys
from segclr.queue.double import double_order, is_double

N = 4000
SEGMENTS = np.concatenate([np.arange(1, N, dtype=np.uint64), np.array([2**63 + 5], np.uint64)])
POSITIONS = np.random.default_rng(0).random((N, 3)) * (90_000.0, 60_000.0, 40_000.0)


@pytest.mark.parametrize("positions", [POSITIONS, None], ids=["nodes", "segments"])
@pytest.mark.parametrize("share", [0.05, 0.3])
def test_the_share_is_kept_and_a_larger_one_contains_the_smaller(positions: object, share: float) -> None:
    chosen = is_double(SEGMENTS, positions, share, 7)  # type: ignore[arg-type]
    assert abs(chosen.mean() - share) < 4 * np.sqrt(share * (1 - share) / N)
    assert not (chosen & ~is_double(SEGMENTS, positions, 2 * share, 7)).any()  # type: ignore[arg-type]


def test_nothing_and_everything() -> None:
    assert not is_double(SEGMENTS, POSITIONS, 0.0, 7).any()
    assert is_double(SEGMENTS, POSITIONS, 1.0, 7).all()


def test_whether_a_place_is_double_depends_on_no_other_place() -> None:
    some = np.random.default_rng(1).permutation(N)[:100]
    assert np.array_equal(
        is_double(SEGMENTS[some], POSITIONS[some], 0.2, 7), is_double(SEGMENTS, POSITIONS, 0.2, 7)[some]
    )


def test_the_order_is_that_of_the_keys_and_every_double_place_is_in_it_once() -> None:
    order = double_order(SEGMENTS, POSITIONS, 0.2, 7)
    assert sorted(order.tolist()) == np.flatnonzero(is_double(SEGMENTS, POSITIONS, 0.2, 7)).tolist()
    keys = place_keys(SEGMENTS, POSITIONS, 7)[order]
    assert (np.diff(keys.astype(np.float64)) >= 0).all()
    assert len(double_order(SEGMENTS[:0], POSITIONS[:0], 0.2, 7)) == 0


def test_another_seed_gives_other_places_and_the_audit_is_apart() -> None:
    first, second = is_double(SEGMENTS, POSITIONS, 0.2, 7), is_double(SEGMENTS, POSITIONS, 0.2, 8)
    assert (first & second).mean() == pytest.approx(0.04, abs=0.015)
    audited = audit_order(SEGMENTS, POSITIONS, 8)[: N // 5]
    assert first[audited].mean() == pytest.approx(0.2, abs=0.06)
