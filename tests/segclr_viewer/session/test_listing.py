"""The labelled places as a list: newest first, filtered, in parts, with comments and reviews, blind where asked."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from segclr_viewer.wire.answers import Failed, Labels, PointsReady
from segclr_viewer.wire.evaluation import ReviewRequest
from segclr_viewer.wire.labelling import MarkRequest, Target
from segclr_viewer.wire.listing import CommentRequest, Listed, ListedInfo, ListRequest, LookRequest, Seen

BIG = 2**63 + 5
NODES, CELLS = "subcompartment", "cell type"


def list_places(desk: Any, task: str = NODES, **more: Any) -> Listed:
    asked = {
        "mine": False,
        "classes": [],
        "states": [],
        "text": "",
        "below": None,
        "count": 50,
        "renew": [],
    } | more
    desk.session.receive(ListRequest(request=desk.request(), task=task, **asked))
    found: Listed = desk.page.last(Listed)
    return found


def rows(listed: Listed) -> list[int | None]:
    return [place.row for place in listed.places]


def comment(desk: Any, row: int, text: str, task: str = NODES) -> None:
    desk.session.receive(CommentRequest(desk.request(), task, text, Target(row=row), None))


def mark(desk: Any, row: int, kind: Any) -> None:
    desk.session.receive(MarkRequest(desk.request(), NODES, kind, Target(row=row), "key"))
    desk.fitter.run_newest()


def review(desk: Any, about: str, verdict: Any) -> None:
    desk.session.receive(ReviewRequest(desk.request(), NODES, about, verdict))


def look(desk: Any, row: int, task: str = NODES) -> ListedInfo | None:
    desk.session.receive(LookRequest(desk.request(), task, Target(row=row)))
    found: Seen = desk.page.last(Seen)
    return found.place


@pytest.fixture
def ben(desk: Any) -> Any:
    return desk.neighbour("ben")


def test_labels_and_marks_are_listed_the_newest_first_with_who_and_how(desk: Any, ben: Any) -> None:
    desk.label(0, 0)
    ben.label(14, 2, provenance="queue")
    mark(desk, 7, "unsure")
    desk.label(0, 1)
    listed = list_places(desk)
    assert rows(listed) == [0, 7, 14]
    first, marked, last = listed.places
    assert (first.class_index, first.statements[0].class_name, len(first.statements)) == (1, "dendrite", 1)
    assert (marked.class_index, marked.statements[0].kind) == (None, "unsure")
    assert (last.statements[0].annotator, last.statements[0].provenance) == ("ben", "queue")
    assert last.segment_id == str(BIG)
    assert (listed.total, listed.below) == (3, None)
    assert (listed.counts.everyone, listed.counts.mine, listed.counts.classes) == (3, 2, [0, 1, 1])


def test_a_long_list_comes_in_parts_that_later_labels_do_not_shift(desk: Any) -> None:
    for row in range(12):
        desk.label(row, row % 3, fit=False)
    first = list_places(desk, count=5)
    assert (rows(first), first.total) == ([11, 10, 9, 8, 7], 12)
    desk.label(13, 0, fit=False)
    desk.label(6, 0, fit=False)  # was 6 % 3 == 0 already: nothing new
    desk.label(5, 0, fit=False)  # moves to the front, and is not missed by who has the front
    second = list_places(desk, count=5, below=first.below)
    assert rows(second) == [6, 4, 3, 2, 1]
    last = list_places(desk, count=5, below=second.below)
    assert (rows(last), last.below) == ([0], None)


def test_filters_narrow_the_list_and_are_counted(desk: Any, ben: Any) -> None:
    desk.label(0, 0)
    desk.label(1, 1)
    mark(desk, 2, "unsure")
    ben.label(3, 0)
    mark(ben, 4, "bad_segmentation")
    assert rows(list_places(desk, classes=["project/axon"])) == [3, 0]
    assert rows(list_places(desk, classes=["project/axon", "project/dendrite"])) == [3, 1, 0]
    assert rows(list_places(desk, mine=True)) == [2, 1, 0]
    assert rows(list_places(desk, mine=True, classes=["project/axon"])) == [0]
    assert rows(list_places(desk, states=["unsure", "bad_segmentation"])) == [4, 2]
    listed = list_places(desk, classes=["project/unheard"])
    assert (rows(listed), listed.total) == ([], 0)
    assert listed.counts.states["unsure"] == listed.counts.states["bad_segmentation"] == 1


def test_text_is_sought_in_comments_and_at_the_head_of_segment_ids(desk: Any) -> None:
    desk.label(0, 0)
    desk.label(6, 1)
    desk.label(13, 2)
    comment(desk, 6, "a Branched spine?")
    assert rows(list_places(desk, text="branched")) == [6]
    assert rows(list_places(desk, text=str(BIG)[:6])) == [13]
    assert rows(list_places(desk, text=str(BIG))) == [13]
    assert rows(list_places(desk, text="500", classes=["project/axon"])) == []
    assert rows(list_places(desk, text="nothing")) == []


def test_comments_of_several_annotators_make_a_thread_and_a_lone_one_a_place(desk: Any, ben: Any) -> None:
    desk.label(6, 1)
    comment(desk, 6, "  is this\n a spine? ")
    comment(ben, 6, "no")
    comment(ben, 16, "look here")
    place = look(desk, 6)
    assert place is not None
    assert [(said.annotator, said.text) for said in place.comments] == [("ana", "is this a spine?"), ("ben", "no")]
    listed = list_places(desk, states=["commented"])
    assert rows(listed) == [16, 6]
    assert listed.places[0].statements == []
    desk.undo()
    assert desk.saved().text == "saved 5: undone: a comment at (3000, 9000, 81) nm"
    assert desk.saved().rows == [6]
    assert [said.text for said in look(desk, 6).comments] == ["no"]  # type: ignore[union-attr]
    desk.redo()
    assert len(look(desk, 6).comments) == 2  # type: ignore[union-attr]


def test_a_comment_changes_no_label_and_asks_for_no_head(desk: Any) -> None:
    desk.label_all_looks()
    points, labels = len(desk.page.all(PointsReady)), desk.page.last(Labels)
    comment(desk, 0, "why not")
    assert desk.fitter.held == []
    assert len(desk.page.all(PointsReady)) == points
    assert desk.page.last(Labels) == labels
    assert desk.saved().text == "saved 4: comment"


def test_an_empty_comment_is_refused_in_a_sentence(desk: Any) -> None:
    comment(desk, 0, "  \n ")
    assert desk.page.last(Failed).text.startswith("the comment is empty")
    assert desk.log.stored == []


def test_a_comment_asked_for_twice_is_stored_once(desk: Any) -> None:
    message = CommentRequest("again", NODES, "hm", Target(row=3), None)
    desk.session.receive(message)
    desk.session.receive(message)
    assert len(desk.log.stored) == 1
    assert len(look(desk, 3).comments) == 1  # type: ignore[union-attr]


def test_a_disagreement_is_a_state_that_the_list_shows_and_undo_takes_back(desk: Any, ben: Any) -> None:
    request = desk.label(6, 1)
    review(ben, request, "disagree")
    (place,) = list_places(ben, states=["disputed"]).places
    assert (place.statements[0].disagree, place.statements[0].verdict) == (1, "disagree")
    assert list_places(desk).places[0].statements[0].verdict is None
    assert desk.session.active.history.reviews(request).state == "disputed"
    ben.undo()
    assert rows(list_places(ben, states=["disputed"])) == []
    assert (ben.saved().rows, ben.saved().text) == ([6], "saved 3: undone: disagreeing with a label")
    ben.redo()
    assert rows(list_places(ben, states=["disputed"])) == [6]
    review(ben, request, "agree")
    assert rows(list_places(ben, states=["disputed"])) == []


def test_what_a_page_holds_is_renewed_by_anything_that_was_said_there(desk: Any) -> None:
    first = desk.label(6, 1)
    second = desk.label(0, 0)
    desk.label(6, 2)
    desk.label(0, None)
    renewed = list_places(desk, count=0, renew=[first, second, "unknown"]).renewed
    assert [place and place.class_index for place in renewed] == [2, None, None]
    assert renewed[0] is not None
    assert renewed[1:] == [None, None]


def test_a_renamed_class_is_found_under_its_new_name(desk: Any, make_desk: Callable[..., Any]) -> None:
    desk.label(6, 1)
    label = desk.log.stored[0]
    renamed = replace(
        label,
        uuid="r",
        group="r",
        seq=2,
        kind="class_renamed",
        class_name="dendrite",
        new_name="twig",
        position_nm=None,
        segmentation="",
        segment_id=0,
    )
    after = make_desk(type(desk.log)([label, renamed])).start()
    assert rows(list_places(after, classes=["project/dendrite"])) == [6]
    assert list_places(after).places[0].statements[0].class_name == "twig"
    after.undo()
    assert rows(list_places(after, classes=["project/dendrite"])) == [6]
    assert list_places(after).counts.classes == [0, 1, 0]


def test_in_a_task_of_cells_a_cell_is_listed_once(desk: Any, ben: Any) -> None:
    desk.label(13, 0, CELLS)
    ben.label(16, 1, CELLS)
    comment(ben, 14, "two nuclei", CELLS)
    listed = list_places(desk, CELLS)
    (place,) = listed.places
    assert place.segment_id == str(BIG)
    assert place.class_index is None
    assert [said.class_name for said in place.statements] == ["astrocyte", "microglia"]
    assert [said.text for said in place.comments] == ["two nuclei"]
    assert (
        rows(list_places(desk, CELLS, classes=["project/astrocyte"]))
        == rows(list_places(desk, CELLS, classes=["project/microglia"]))
        != []
    )


def test_what_others_said_of_a_double_place_is_listed_only_after_ones_own_answer(make_desk: Callable[..., Any]) -> None:
    ana = make_desk(double_share=1.0).start()
    ben = ana.neighbour("ben")
    request = ana.label(6, 1)
    comment(ana, 6, "surely a dendrite")
    mark(ana, 7, "unsure")
    listed = list_places(ben, renew=[request])
    assert (listed.places, listed.total, listed.renewed) == ([], 0, [None])
    assert (listed.counts.everyone, listed.counts.classes) == (0, [0, 0, 0])
    assert sum(listed.counts.states.values()) == 0
    assert list_places(ben, text="surely").total == list_places(ben, text="500").total == 0
    assert look(ben, 6) is None
    comment(ben, 6, "a spine I think")
    assert [said.text for said in look(ben, 6).comments] == ["a spine I think"]  # type: ignore[union-attr]
    assert look(ben, 6).statements == []  # type: ignore[union-attr]
    ben.label(6, 2)
    place = look(ben, 6)
    assert place is not None
    assert [said.annotator for said in place.statements] == ["ana", "ben"]
    assert [said.annotator for said in place.comments] == ["ana", "ben"]
    assert rows(list_places(ben)) == [6]
    ben.undo()
    assert list_places(ben).total == 0
