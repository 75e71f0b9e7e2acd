"""Where the annotators disagree, and who decides."""

from typing import Any

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
    assert "no class number 10" in ana.failed().text
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
