"""Audit items: a uniform sample in an order that nothing moves."""

from typing import Any

import numpy as np
import pytest

from segclr.heads.evaluation import wilson_interval
from segclr.queue.audit import Audit, audit_due, audit_order, upcoming_audits
from segclr.queue.picking import propose
from segclr.queue.settings import QueueSettings

BIG = 2**63 + 5


def places(count: int) -> tuple[Any, Any]:
    rng = np.random.default_rng(1)
    return rng.integers(2**53, BIG, count, np.uint64), rng.random((count, 3)) * [9e4, 5e4, 2e4]


def test_the_audit_sequence_is_the_same_whatever_has_been_labelled(place: Any) -> None:
    """Two annotators who label quite different places are audited on the same ones in the same order."""
    order = audit_order(place.segment_ids, place.positions_nm, seed=5)
    told = []
    for settings, first in ((QueueSettings(), 0), (QueueSettings(uncertainty=0, random=1.0, balance=0), 100)):
        answered = np.zeros(len(place.classes), np.bool_)
        rows: list[int] = [first, first + 12, 84]
        answered[rows] = True
        asked = audited = 0
        sequence = []
        for _ in range(12):
            audit = Audit(upcoming_audits(order, answered, 10), asked, audited)
            candidates = place.candidates(rows, place.head(rows))
            items = propose(candidates, place.answered(rows), settings, seed=first, count=10, audit=audit)
            sequence += [item.row for item in items if item.strategy == "audit"]
            asked, audited = asked + len(items), len(sequence)
            rows += [item.row for item in items]
            answered[rows] = True
        told.append((sequence, order[: order.tolist().index(sequence[-1]) + 1], set(rows)))
    for sequence, prefix, rows in told:
        assert len(sequence) >= 11
        assert set(prefix.tolist()) <= rows  # the sample is the order's prefix: audited, or labelled before its turn
        assert [row for row in prefix.tolist() if row in set(sequence)] == sequence
    assert told[0][2] != told[1][2]


def test_a_place_keeps_its_turn_when_others_join_the_table() -> None:
    segments, positions = places(500)
    order = audit_order(segments, positions, seed=3)
    fewer = audit_order(segments[100:], positions[100:], seed=3) + 100
    assert order[order >= 100].tolist() == fewer.tolist()


def test_another_seed_gives_another_order_and_rounding_none() -> None:
    segments, positions = places(300)
    order = audit_order(segments, positions, seed=3).tolist()
    assert order != audit_order(segments, positions, seed=4).tolist()
    assert order == audit_order(segments, np.rint(positions) + 1e-7, seed=3).tolist()
    assert sorted(order) == list(range(300))


def test_every_place_is_as_likely_to_come_early() -> None:
    """Of rows along a line, the first tenth of 200 orders lies anywhere on it."""
    count, orders = 400, 200
    segments = np.repeat(np.arange(40, dtype=np.uint64) + np.uint64(BIG), 10)
    positions = np.column_stack([np.arange(count) * 750.0, np.zeros(count), np.zeros(count)])
    early = np.zeros(count)
    for seed in range(orders):
        early[audit_order(segments, positions, seed)[: count // 10]] += 1
    expected = orders / 10
    chi_square = float(((early - expected) ** 2 / (expected * 0.9)).sum())
    assert abs(chi_square - count) < 5 * np.sqrt(2 * count)


def test_segments_are_drawn_whole_whatever_their_position() -> None:
    segments, _ = places(50)
    assert audit_order(segments, seed=1).tolist() == audit_order(segments.copy(), None, seed=1).tolist()
    pairs = np.arange(40, dtype=np.uint64) + np.uint64(BIG)
    assert audit_order(pairs, seed=1).tolist() != list(range(40))


@pytest.mark.parametrize(("share", "batch"), [(0.1, 1), (0.1, 7), (0.33, 5), (1.0, 4), (0.0, 6)])
def test_the_share_holds_throughout_whatever_the_size_of_batches(share: float, batch: int) -> None:
    asked = audited = 0
    upcoming = np.arange(1000)
    for _ in range(60):
        due = audit_due(Audit(upcoming, asked, audited), share, batch)
        asked, audited = asked + batch, audited + int(due.sum())
        assert audited == int(share * asked + 1e-9)


def test_what_was_missed_is_made_up_and_no_more_than_there_is_comes_due() -> None:
    assert audit_due(Audit(np.arange(9), asked=40, audited=1), 0.1, 4).tolist() == [True, True, True, False]
    assert audit_due(Audit(np.arange(2), asked=40, audited=0), 0.1, 4).tolist() == [True, True, False, False]


def test_upcoming_audits_leave_out_what_is_answered() -> None:
    order, answered = np.array([3, 0, 4, 1, 2]), np.array([True, False, False, True, False])
    assert upcoming_audits(order, answered, 2).tolist() == [4, 1]
    assert upcoming_audits(order, np.ones(5, np.bool_), 2).tolist() == []


def test_accuracy_on_audit_items_is_unbiased_where_picked_items_mislead() -> None:
    """Right on 80 % of all places: intervals of 60 audit items cover that in about 95 of 100 orders."""
    segments, positions = places(2000)
    right = np.random.default_rng(2).random(2000) < 0.8
    covered = 0
    for seed in range(200):
        low, high = wilson_interval(float(right[audit_order(segments, positions, seed)[:60]].mean()), 60)
        covered += low <= right.mean() <= high
    assert covered >= 180
