"""How far the annotators agree."""

from typing import Any

import pytest

from segclr_viewer.session.conflicts import NO_SHARE, NOTHING_YET
from segclr_viewer.wire.answers import Status
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
