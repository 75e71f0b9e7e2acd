"""Places that every annotator is asked, without seeing what the others said there."""

from typing import Any

import numpy as np

from segclr_viewer.labels.double_places import DoublePlaces
from segclr_viewer.wire.answers import KnownPlaces, QueueReady
from segclr_viewer.wire.messages import QueueRequest
from tests.segclr_viewer.session.annotators import TASK, ask, mark, skip


def test_double_places_are_a_share_of_all_whatever_the_labels_and_both_kinds_of_task(desk: Any) -> None:
    node, segment = desk.world.tasks
    rows = np.arange(len(desk.table))
    assert not DoublePlaces(desk.table, node, 0.0).has(3)
    assert DoublePlaces(desk.table, node, 1.0).among(rows).all()
    half, more = DoublePlaces(desk.table, node, 0.5), DoublePlaces(desk.table, node, 0.75)
    assert 0 < half.among(rows).sum() < more.among(rows).sum() < len(rows)
    assert not (half.among(rows) & ~more.among(rows)).any()
    assert sorted(half.order().tolist()) == np.flatnonzero(half.among(rows)).tolist()
    cells = DoublePlaces(desk.table, segment, 0.5).among(rows)
    for segment_id in desk.table.segment_ids:
        assert len(set(cells[desk.table.rows_of(int(segment_id))].tolist())) == 1


def test_what_others_say_of_a_double_place_is_hidden_until_one_has_answered(blind: Any) -> None:
    ben = blind.neighbour("ben")
    blind.label_all_looks()
    assert blind.labels() == {0: 0, 5: 1, 13: 2}
    assert ben.labels() == {}
    assert ben.points().labels == 3  # they train all the same
    ben.label(5, 1)
    assert ben.labels() == {5: 1}
    ben.label(13, 1)
    assert 13 not in ben.labels()  # no majority
    mark(ben, 0)
    assert ben.labels() == {5: 1, 0: 0}
    ben.undo()
    assert ben.labels() == {5: 1}
    assert ben.labels_now() == {5: 1}


def test_cards_and_points_of_clicked_places_keep_the_secret_too(blind: Any) -> None:
    ben = blind.neighbour("ben")
    blind.label_all_looks()
    place = ben.click((1500.0, 9000.0, 40.5))  # the node of row 5
    assert place.labelled is None
    assert ben.page.last(KnownPlaces).places == []
    blind.label(6, 1)
    assert [summary.labelled for summary in ben.page.last(KnownPlaces).places] == [None]
    assert [summary.labelled for summary in blind.page.last(KnownPlaces).places] == [1]


def test_taking_back_at_a_hidden_label_does_not_tell_of_it(blind: Any) -> None:
    ben = blind.neighbour("ben")
    blind.label(0, 0)
    ben.label(0, None)
    assert ben.failed().text == "there is no label here to take back"


def test_in_a_task_on_cells_a_hidden_cell_is_hidden_at_all_its_nodes(blind: Any) -> None:
    ben = blind.neighbour("ben")
    blind.label(0, 0, "cell type")
    for desk in (blind, ben):
        desk.switch("cell type")
    assert (blind.labels(), ben.labels()) == ({0: 0}, {})
    ben.label(3, 1, "cell type")
    assert [ben.session.active.hides("ben", row) for row in (0, 3, 5)] == [False, False, True]
    ben.undo()
    blind.label(2, None, "cell type")
    ben.label(3, 1, "cell type")
    assert ben.labels() == blind.labels_now() | {3: 1}


def test_every_annotator_is_asked_the_same_double_items_without_the_models_belief(blind: Any) -> None:
    ben = blind.neighbour("ben")
    blind.label_all_looks()
    first = ask(blind)
    assert {item.strategy for item in first} == {"double"}
    assert not {0, 5, 13} & {item.row for item in first}
    assert all(item.probabilities is None for item in first)
    everything = [item.row for item in ask(ben)]
    assert sorted(everything) == list(range(18))
    assert [row for row in everything if row not in {0, 5, 13}] == [item.row for item in first]
    ben.label(everything[0], 0, provenance="queue")
    assert everything[0] not in [item.row for item in ask(ben)]


def test_no_belief_is_told_of_a_double_place_that_is_held_or_was_skipped(blind: Any) -> None:
    blind.label_all_looks()
    first, second, *_ = ask(blind)
    message = QueueRequest(blind.request(), "page", TASK, 20, [first.row], [first.row, 0], None)
    blind.session.receive(message)
    blind.chooser.run()
    told = {belief.row: belief.probabilities for belief in blind.page.last(QueueReady).renewed}
    assert told[first.row] is None
    assert told[0] is not None, "one's own answer is there already"
    for item in ask(blind):
        skip(blind, item.row)
    again = {item.row: item for item in ask(blind)}
    assert again[second.row].strategy == "double"
    assert again[second.row].probabilities is None


def test_a_share_of_the_queue_is_double_and_strategies_keep_away_from_those_places(make_desk: Any) -> None:
    ana = make_desk(double_share=0.4).start()
    doubles = set(ana.session.active.doubles.order().tolist())
    assert 2 <= len(doubles) < 16
    items = ask(ana, 5)
    assert [item.row for item in items if item.strategy == "double"] == [
        *ana.session.active.doubles.order()[: sum(item.strategy == "double" for item in items)]
    ]
    assert sum(item.strategy == "double" for item in items) == 2
    assert not any(item.row in doubles for item in items if item.strategy not in ("double", "audit"))


def test_two_annotators_are_not_asked_the_same_but_for_double_items(ana: Any, ben: Any) -> None:
    ana.label_all_looks()
    anas = {item.row for item in ask(ana, 5)}
    bens = {item.row for item in ask(ben, 5)}
    assert len(anas) == len(bens) == 5
    assert not anas & bens
    again = {item.row for item in ask(ben, 5, held=tuple(bens))}
    assert not again & (anas | bens)


def test_what_one_skips_is_still_asked_of_another(ana: Any, ben: Any) -> None:
    ana.label_all_looks()
    skipped = ask(ana, 1)[0].row
    skip(ana, skipped)
    assert skipped not in {item.row for item in ask(ana, 20)}
    ana.session._state.workspace.queues.course(ana.session.active, "ana").out.clear()
    assert skipped in {item.row for item in ask(ben, 20)}


def test_what_an_annotator_was_asked_may_be_asked_of_others_when_the_pages_have_gone(ana: Any, ben: Any) -> None:
    ana.label_all_looks()
    anas = {item.row for item in ask(ana, 5)}
    assert not anas & {item.row for item in ask(ben, 10)}
    ana.session.pages_gone()
    assert anas <= {item.row for item in ask(ben, 20)}


def test_what_is_chosen_for_a_page_that_has_gone_meanwhile_is_not_kept_from_others(ana: Any, ben: Any) -> None:
    ana.label_all_looks()
    told = len(ana.page.all(QueueReady))
    ana.session.receive(QueueRequest(ana.request(), "page", TASK, 5, [], [], None))
    ana.session.pages_gone()
    assert len(ask(ben, 20)) == 15
    assert len(ana.page.all(QueueReady)) == told
