"""Where the annotators disagree, and who decides."""

from typing import Any

from segclr_viewer.wire.answers import Labels
from tests.segclr_viewer.session.annotators import BIG, adjudicate, conflicts, mark


def test_conflicts_are_listed_with_all_that_was_said_and_settled_without_overwriting(ana: Any, ben: Any) -> None:
    kim = ana.neighbour("kim")
    ana.label_all_looks()
    ben.label(13, 1)
    mark(kim, 13)
    assert 13 not in ana.labels()
    (conflict,) = conflicts(kim).conflicts
    assert (conflict.row, int(conflict.segment_id)) == (13, BIG)
    said = [(one.annotator, one.kind, one.class_name) for one in conflict.statements]
    assert said == [("ana", "label", "spine"), ("ben", "label", "dendrite"), ("kim", "unsure", "unsure")]
    stored = list(ana.log.stored)
    adjudicate(kim, conflict.statements[0].uuid, 2)
    assert kim.saved().text.endswith("decided spine")
    assert ana.log.stored[:-1] == stored
    assert (ana.log.stored[-1].provenance, ana.log.stored[-1].annotator) == ("adjudication", "kim")
    assert ana.labels()[13] == ben.labels()[13] == 2
    assert conflicts(ana).conflicts == []
    kim.undo()
    assert len(conflicts(ana).conflicts) == 1
    assert 13 not in ana.labels()
    kim.redo()
    kim.label(13, None)
    assert len(conflicts(ana).conflicts) == 1


def test_a_retried_judgement_is_stored_once_and_a_stranger_one_refused(ana: Any, ben: Any) -> None:
    ana.label(0, 0)
    ben.label(0, 1)
    about = ana.log.stored[0].uuid
    adjudicate(ana, about, 1, request="once")
    adjudicate(ana, about, 1, request="once")
    assert len(ana.log.stored) == 3
    adjudicate(ana, "nobody's", 1)
    assert "not in the label log" in ana.failed().text
    adjudicate(ana, about, 9)
    assert "no class of subcompartment any more" in ana.failed().text
    assert len(ana.log.stored) == 3


def test_a_conflict_on_a_double_place_is_kept_from_those_who_have_not_answered(blind: Any) -> None:
    ben, kim = blind.neighbour("ben"), blind.neighbour("kim")
    blind.label(0, 0)
    ben.label(0, 1)
    assert (conflicts(kim).conflicts, conflicts(kim).total, conflicts(kim).hidden) == ([], 0, 1)
    adjudicate(kim, blind.log.stored[0].uuid, 1)
    assert "label the place before" in kim.failed().text
    assert len(conflicts(ben).conflicts) == 1
    mark(kim, 0)
    assert conflicts(kim).total == 1


def test_a_settled_conflict_can_be_looked_at_again_and_decided_otherwise(ana: Any, ben: Any) -> None:
    ana.label_all_looks()
    ben.label(13, 1)
    ben.label(5, 0)
    for conflict in conflicts(ben).conflicts:
        adjudicate(ben, conflict.statements[0].uuid, 2)
    found = conflicts(ana)
    assert ([one.row for one in found.settled], found.settled_total, found.total) == ([5, 13], 2, 0)
    said = [(one.annotator, one.class_name, one.provenance) for one in found.settled[1].statements]
    assert said == [("ana", "spine", "key"), ("ben", "dendrite", "key"), ("ben", "spine", "adjudication")]
    adjudicate(ana, found.settled[0].statements[0].uuid, 1)
    assert ben.labels()[5] == 1
    assert [one.row for one in conflicts(ben).settled] == [5, 13]
    ana.undo()
    assert ben.labels()[5] == 2


def test_a_settled_conflict_on_a_double_place_is_kept_from_those_who_have_not_answered(blind: Any) -> None:
    ben, kim = blind.neighbour("ben"), blind.neighbour("kim")
    blind.label(0, 0)
    ben.label(0, 1)
    adjudicate(ben, blind.log.stored[0].uuid, 1)
    assert conflicts(kim).settled == []
    assert conflicts(kim).settled_total == 0
    assert len(conflicts(blind).settled) == 1


def test_the_number_of_conflicts_is_told_with_the_labels(ana: Any, ben: Any) -> None:
    ana.label(0, 0)
    assert ana.page.last(Labels).conflicts == 0
    ben.label(0, 1)
    assert ana.page.last(Labels).conflicts == ben.page.last(Labels).conflicts == 1


def test_a_label_that_contradicts_another_annotators_is_not_saved_silently(ana: Any, ben: Any) -> None:
    ana.label(0, 0)
    ben.label(0, 0)
    assert ben.saved().text == "saved 2: label axon"
    ben.label(0, 1)
    assert ben.saved().text == "saved 3: label dendrite, where ana says axon"


def test_what_is_saved_tells_nothing_of_others_at_a_double_place_that_was_not_answered(blind: Any) -> None:
    ben = blind.neighbour("ben")
    blind.label(0, 0)
    ben.label(0, 1)
    assert ben.saved().text == "saved 2: label dendrite"
