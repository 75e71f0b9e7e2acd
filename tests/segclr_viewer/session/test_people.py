"""Who labels, how much, and who is there."""

from typing import Any

from tests.segclr_viewer.session.annotators import adjudicate, mark, people


def test_annotators_of_the_project_and_of_the_log_are_counted(make_desk: Any, ana: Any, ben: Any) -> None:
    ana.label_all_looks()
    ana.label(1, 0, provenance="import")
    ben.label(0, 1)
    mark(ben, 6)
    adjudicate(ben, ana.log.stored[0].uuid, 0)
    later = make_desk(ana.log, annotator="kim").start()
    counts = {each.name: (each.labels, each.today, each.marks, each.decisions) for each in people(later).people}
    assert counts == {"kim": (0, 0, 0, 0), "ana": (4, 3, 0, 0), "ben": (1, 1, 1, 1)}


def test_who_has_a_page_open_is_told(ana: Any, ben: Any) -> None:
    ana.session.page_joined(ana.page.send)
    assert [(each.name, each.is_here) for each in people(ana).people] == [("ana", True), ("ben", False)]
    ben.session.page_joined(ben.page.send)
    ana.session.pages_gone()
    assert [(each.name, each.is_here) for each in people(ben).people] == [("ana", False), ("ben", True)]
