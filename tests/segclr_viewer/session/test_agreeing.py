"""How far the annotators agree."""

from typing import Any

import numpy as np
import pytest

from segclr.evaluation.agreement import cohen
from segclr_viewer.session.agreeing import meaning
from segclr_viewer.session.conflicts import NO_SHARE, NOTHING_YET
from segclr_viewer.wire.answers import AgreementReady, Status
from tests.segclr_viewer.session.annotators import TASK, agreement, mark


def test_agreement_of_double_labels_is_told_while_one_labels_and_on_request(blind: Any) -> None:
    ben = blind.neighbour("ben")
    assert agreement(ben).text == NOTHING_YET
    given = {0: 0, 1: 0, 5: 1, 6: 1, 13: 2, 14: 2, 9: 0, 10: 1}
    for row, class_index in given.items():
        blind.label(row, class_index)
        ben.label(row, 2 if row == 10 else class_index)
    found = agreement(ben)
    assert (found.method, found.places, found.annotators) == ("Cohen", 8, 2)
    # observed 7/8; chance (3*3 + 3*2 + 2*3) / 64 = 21/64
    assert found.kappa == pytest.approx((7 / 8 - 21 / 64) / (1 - 21 / 64))
    assert found.low < found.kappa < found.high
    for desk in (blind, ben):
        assert desk.page.last(Status).text == f"agreement on {TASK}: {found.text}"


def test_three_annotators_are_compared_by_fleiss_and_marks_are_no_ratings(blind: Any) -> None:
    ben, kim = blind.neighbour("ben"), blind.neighbour("kim")
    for row, class_index in ((0, 0), (5, 1), (13, 2)):
        for desk in (blind, ben, kim):
            desk.label(row, class_index)
    mark(kim, 6)
    blind.label(6, 1)
    found = agreement(kim)
    assert (found.method, found.places, found.annotators) == ("Fleiss", 3, 3)
    assert found.kappa == pytest.approx(1)


def test_without_double_places_agreement_says_what_to_set(ana: Any) -> None:
    ana.label(0, 0)
    assert agreement(ana).text == NO_SHARE


def test_a_change_of_the_agreement_is_told_to_all_with_what_it_means(blind: Any) -> None:
    ben = blind.neighbour("ben")
    for row, class_index in ((0, 0), (5, 1), (13, 2)):
        for desk in (blind, ben):
            desk.label(row, class_index)
    while blind.chooser.held:
        blind.chooser.run()
    for desk in (blind, ben):
        told = desk.page.last(AgreementReady)
        assert (told.request, told.places) == ("", 3)
        assert told.meaning.startswith("too few places to tell")
        assert told.pairs == []


def test_of_three_annotators_each_pair_is_told_too(blind: Any) -> None:
    ben, kim = blind.neighbour("ben"), blind.neighbour("kim")
    given = {0: 0, 1: 0, 5: 1, 6: 1, 13: 2, 14: 2}
    for row, class_index in given.items():
        blind.label(row, class_index)
        ben.label(row, class_index)
    for row in (0, 5, 13):
        kim.label(row, 1)
    pairs = {(pair.one, pair.other): (pair.places, pair.kappa) for pair in agreement(kim).pairs}
    assert pairs == {("ana", "ben"): (6, pytest.approx(1)), ("ana", "kim"): (3, 0), ("ben", "kim"): (3, 0)}


def test_what_kappa_means_is_said_by_its_degree_where_there_are_places_enough() -> None:
    rng = np.random.default_rng(0)
    first = rng.integers(0, 3, 200)
    cells = np.arange(200, dtype=np.uint64) + np.uint64(2**63)
    for wrong, said in (
        (0.0, "almost full"),
        (0.2, "substantial"),
        (0.35, "moderate"),
        (1.0, "less agreement than chance"),
    ):
        second = np.where(rng.random(200) < wrong, (first + 1) % 3, first)
        assert meaning(cohen(first, second, cells, 3)).startswith(said)
    assert meaning(cohen(first[:0], first[:0], cells[:0], 3)) == ""
