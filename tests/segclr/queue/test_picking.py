"""What is asked next: a mix that says why, never one thing twice, never what is closed, the same for the same seed."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from segclr.errors import TableError
from segclr.queue.audit import Audit
from segclr.queue.candidates import Answered, Candidates
from segclr.queue.near import beside_labels
from segclr.queue.path import path_length_nm
from segclr.queue.picking import QueueItem, propose
from segclr.queue.settings import DEFAULT, QueueSettings, default_for
from segclr.queue.strategies import ambiguity, strategy_of

LABELLED = (0, 12, 84)  # an axon, a dendrite, a spine
HERE = np.array([0.0, 0.0, 0.0])


def only(strategy: str, **changes: float) -> QueueSettings:
    shares = dict.fromkeys(("uncertainty", "novelty", "balance", "diversity", "random"), 0.0)
    return QueueSettings(**{**shares, strategy: 1.0, "travel": 0.0, **changes})


def ask(place: Any, rows: tuple[int, ...] = LABELLED, count: int = 8, **arguments: Any) -> list[QueueItem]:
    head = place.head(rows) if len(set(place.answered(rows).classes.tolist())) > 1 else None
    return propose(place.candidates(rows, head), place.answered(rows), count=count, **arguments)


def test_the_default_mixes_strategies_and_every_item_says_why(place: Any) -> None:
    items = ask(place, count=40)
    assert {item.strategy for item in items} >= {"uncertainty", "novelty", "diversity"}
    for item in items:
        assert item.reason
        if item.strategy == "uncertainty":
            assert item.reason.startswith("between ")
            assert " and " in item.reason


def test_the_same_arguments_give_the_same_items_and_another_seed_others(place: Any) -> None:
    assert ask(place, seed=3, at_nm=HERE) == ask(place, seed=3, at_nm=HERE)
    assert ask(place, seed=3, settings=only("random")) != ask(place, seed=4, settings=only("random"))


def test_no_row_is_asked_twice_and_none_that_is_closed(place: Any) -> None:
    closed = np.flatnonzero(np.arange(len(place.classes)) % 3 > 0)
    candidates = place.candidates(closed, place.head(LABELLED))
    items = propose(candidates, place.answered(LABELLED), count=500)
    rows = [item.row for item in items]
    assert sorted(rows) == np.flatnonzero(~candidates.closed).tolist()


def test_rows_are_those_of_the_table_and_not_of_the_candidates(place: Any) -> None:
    everything = place.candidates(LABELLED)
    some = Candidates(
        np.arange(288) + 10**9,
        everything.embeddings,
        everything.positions_nm,
        everything.segment_ids,
        everything.closed,
    )
    assert all(item.row >= 10**9 for item in propose(some, place.answered(LABELLED), count=9))


def test_near_duplicates_are_not_asked_in_one_batch_nor_beside_a_label(place: Any) -> None:
    items = ask(place, count=20, settings=replace(QueueSettings(), apart_nm=4000.0))
    rows = [item.row for item in items]
    assert len(rows) == 20
    for at, row in enumerate(rows):
        for other in (*rows[:at], *LABELLED):
            same = place.segment_ids[row] == place.segment_ids[other]
            away = np.linalg.norm(place.positions_nm[row] - place.positions_nm[other])
            assert not same or away >= 4000.0


def test_near_duplicates_are_asked_when_nothing_else_is_left(place: Any) -> None:
    settings = replace(QueueSettings(), apart_nm=1e9)
    items = ask(place, count=1000, settings=settings)
    assert len({item.row for item in items}) == len(place.classes) - len(LABELLED)


def test_beside_a_label_is_only_what_lies_on_its_segment(place: Any) -> None:
    rows = (0, 5, 5 + 12)
    found = beside_labels(place.candidates(), place.answered(rows), 2000.0)
    assert np.flatnonzero(found).tolist() == [0, 1, 4, 5, 6, 16, 17, 18]


def test_with_nothing_labelled_diversity_asks_for_different_looks(place: Any) -> None:
    items = ask(place, rows=(), count=6, settings=replace(QueueSettings(), random=0.0))
    assert {item.strategy for item in items} == {"diversity"}

    def closest(chosen: list[QueueItem]) -> float:
        looks = place.embeddings[[item.row for item in chosen]]
        return float(np.linalg.norm(looks[:, None] - looks[None], axis=2)[np.triu_indices(6, 1)].min())

    blind = [closest(ask(place, rows=(), count=6, settings=only("random"), seed=seed)) for seed in range(20)]
    assert closest(items) > np.percentile(blind, 90)


def test_with_one_class_labelled_nothing_needs_a_head(place: Any) -> None:
    items = ask(place, rows=(0, 5), count=30)
    assert len(items) == 30
    assert {item.strategy for item in items} <= {"diversity", "random"}


def test_when_everything_is_closed_nothing_is_asked(place: Any) -> None:
    everything = tuple(range(len(place.classes)))
    assert ask(place, rows=everything) == []
    nothing = Candidates(
        np.empty(0, np.int64), np.empty((0, 5), np.float32), np.empty((0, 3)), np.empty(0, np.uint64), np.empty(0, bool)
    )
    assert propose(nothing, place.answered(LABELLED), at_nm=HERE) == []


def test_fewer_are_returned_when_fewer_are_left(place: Any) -> None:
    rows = tuple(range(3, len(place.classes)))
    assert sorted(item.row for item in ask(place, rows=rows, count=9)) == [0, 1, 2]


def test_uncertainty_names_the_two_classes_in_doubt(place: Any) -> None:
    head = place.head(LABELLED)
    candidates = place.candidates(LABELLED, head)
    assert candidates.probabilities is not None
    (item,) = propose(candidates, place.answered(LABELLED), only("uncertainty"), count=1)
    first, second = np.argsort(-candidates.probabilities[item.row])[:2]
    names = ("axon", "dendrite", "spine")
    assert item.reason == f"between {names[first]} and {names[second]}"
    doubt = 1 - abs(candidates.probabilities[item.row, first] - candidates.probabilities[item.row, second])
    everywhere = np.sort(candidates.probabilities, axis=1)
    assert doubt > np.median(1 - (everywhere[:, -1] - everywhere[:, -2]))


def test_uncertainty_asks_more_doubtful_places_than_diversity_does(place: Any) -> None:
    probabilities = place.head(LABELLED).predict(place.embeddings)
    doubt = {
        name: ambiguity(probabilities)[[item.row for item in ask(place, count=12, settings=only(name))]].mean()
        for name in ("uncertainty", "diversity")
    }
    assert doubt["uncertainty"] > doubt["diversity"] + 0.05


def test_novelty_asks_what_is_farthest_from_all_labels(place: Any) -> None:
    candidates = place.candidates(LABELLED, place.head(LABELLED))
    assert candidates.novelty is not None
    (item,) = propose(candidates, place.answered(LABELLED), only("novelty", apart_nm=0.0), count=1)
    assert (item.row, item.reason) == (int(candidates.novelty.argmax()), "unlike anything labelled")


def test_balance_asks_for_the_class_with_few_labels_until_it_has_enough(place: Any) -> None:
    rows = (*range(0, 72, 6), 84)
    items = ask(place, rows=rows, count=4, settings=only("balance", apart_nm=0.0))
    assert [item.reason for item in items if item.strategy == "balance"] == ["spine has few labels"] * 2
    assert (place.classes[[item.row for item in items if item.strategy == "balance"]] == 2).all()
    assert [item.strategy for item in items if item.strategy != "balance"] == ["uncertainty"] * 2


def test_diversity_keeps_away_from_labels_and_from_its_own_choices(place: Any) -> None:
    settings = only("diversity", apart_nm=0.0)
    rows = [item.row for item in ask(place, rows=(0,), count=6, settings=settings)]
    chosen = place.embeddings[[0, *rows]]
    apart = np.linalg.norm(chosen[:, None] - chosen[None], axis=2)[np.triu_indices(7, 1)]
    everything = np.linalg.norm(place.embeddings[:, None] - place.embeddings[None], axis=2)
    assert apart.min() > 0.8 * np.median(everything)


def test_where_travel_is_dear_what_is_nearby_is_asked(place: Any) -> None:
    far, near = (
        path_length_nm(
            np.vstack([HERE, *[place.positions_nm[item.row] for item in ask(place, at_nm=HERE, settings=settings)]])
        )
        for settings in (only("diversity"), only("diversity", travel=0.95))
    )
    assert near < 0.7 * far


def test_what_lies_beside_a_chosen_place_is_near_though_the_annotator_is_far(place: Any) -> None:
    """Best is a place far off, then two on the other side, then one beside the first: that one is taken second."""
    far, beside, elsewhere = (1e5, 0, 0), (1e5, 100, 0), (5e4, 8.66e4, 0)
    positions = np.array([far, elsewhere, elsewhere, beside, *[elsewhere] * 4, *[(0, 0, 0)] * 32], np.float64)
    some = Candidates(
        rows=np.arange(40),
        embeddings=place.embeddings[:40],
        positions_nm=positions,
        segment_ids=np.arange(40, dtype=np.uint64),
        closed=np.zeros(40, np.bool_),
        novelty=np.arange(40, 0, -1).astype(np.float32),
    )
    items = propose(some, place.answered(LABELLED), only("novelty", travel=0.1), count=2, at_nm=HERE)
    assert [item.row for item in items] == [0, 3]


def test_an_annotator_who_is_far_outside_is_asked_the_best_all_the_same(place: Any) -> None:
    outside = np.array([1e9, 0.0, -1e9])
    (item,) = ask(place, count=1, settings=only("novelty", travel=0.9), at_nm=outside)
    (best,) = ask(place, count=1, settings=only("novelty"))
    assert item.row == best.row


def test_the_first_item_lies_nearest_to_the_annotator(place: Any) -> None:
    items = ask(place, count=2, at_nm=place.positions_nm[-1], settings=only("random"))
    away = [np.linalg.norm(place.positions_nm[item.row] - place.positions_nm[-1]) for item in items]
    assert away[0] == min(away)


def test_audit_items_stand_where_they_are_due_and_are_never_asked_twice(place: Any) -> None:
    plain = ask(place, count=7, at_nm=HERE)
    clash = plain[2].row
    upcoming = np.array([200, clash, 250])
    settings = replace(QueueSettings(), audit=0.25)
    items = ask(place, count=9, at_nm=HERE, settings=settings, audit=Audit(upcoming, asked=10, audited=2))
    assert [at for at, item in enumerate(items) if item.strategy == "audit"] == [1, 5]
    assert [item.row for item in items if item.strategy == "audit"] == [200, clash]
    assert {item.reason for item in items if item.strategy == "audit"} == {"audit: chosen without the model"}
    rows = [item.row for item in items]
    assert len(set(rows)) == len(rows) == 8
    assert {item.row for item in items if item.strategy != "audit"} == {item.row for item in plain} - {clash}


def test_a_segment_above_2_63_is_told_from_its_neighbour(place: Any) -> None:
    assert int(place.segment_ids[12]) - int(place.segment_ids[0]) == 1
    items = ask(place, rows=(0,), count=23, settings=only("random", apart_nm=1e9))
    assert len({int(place.segment_ids[item.row]) for item in items}) == 23


@pytest.mark.parametrize("column", ["embeddings", "positions_nm"])
def test_nan_is_refused_and_never_asked(place: Any, column: str) -> None:
    values = getattr(place, column).copy()
    values[7, 1] = np.nan
    with pytest.raises(TableError, match="NaN or infinite"):
        replace(place, **{column: values}).candidates()
    with pytest.raises(TableError, match="NaN or infinite"):
        replace(place, **{column: values}).answered((7,))


@pytest.mark.parametrize("column", ["probabilities", "novelty"])
def test_a_head_that_answers_nan_is_refused(place: Any, column: str) -> None:
    good = place.candidates(LABELLED, place.head(LABELLED))
    broken = getattr(good, column).copy()
    broken[3] = np.nan
    with pytest.raises(ValueError, match="finite"):
        replace(good, **{column: broken})


def test_arrays_that_do_not_fit_each_other_are_refused(place: Any) -> None:
    good = place.candidates(LABELLED, place.head(LABELLED))
    with pytest.raises(ValueError, match="fit"):
        replace(good, closed=good.closed[:-1])
    with pytest.raises(ValueError, match="positions"):
        replace(good, positions_nm=good.positions_nm[:, :2])
    known = place.answered(LABELLED)
    with pytest.raises(ValueError, match="classes must be 0 to 1"):
        replace(known, class_names=("axon", "dendrite"))
    fewer = Answered(known.embeddings[:, :4], known.classes, known.positions_nm, known.segment_ids, known.class_names)
    with pytest.raises(ValueError, match="dimensions"):
        propose(good, fewer)
    with pytest.raises(ValueError, match="do not fit 4 names"):
        propose(good, replace(known, class_names=("axon", "dendrite", "spine", "soma")))


@pytest.mark.parametrize(
    "changes",
    [
        {"uncertainty": -0.1},
        {"novelty": float("inf")},
        {"audit": 1.5},
        {"travel": float("nan")},
        {"apart_nm": float("inf")},
    ],
)
def test_settings_that_make_no_sense_are_refused(changes: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"audit|shares"):
        replace(QueueSettings(), **changes)
    with pytest.raises(ValueError, match="not all 0"):
        only("random", random=0.0)


def test_where_segments_are_labelled_nearly_half_is_drawn_blindly_at_every_stage() -> None:
    assert default_for("node") == DEFAULT
    turns = [strategy_of(default_for("segment"), number) for number in range(400)]
    for stage in range(0, 400, 40):
        assert turns[stage : stage + 40].count("random") == pytest.approx(18, abs=1)
