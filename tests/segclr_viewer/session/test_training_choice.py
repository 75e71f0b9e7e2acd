"""Which statements the head is fitted on."""

from typing import Any

from segclr_viewer.log.consensus import Choice
from segclr_viewer.log.events import NewEvent
from tests.segclr_viewer.session.annotators import TASK


def test_the_head_is_fitted_on_the_chosen_annotators_and_provenances(make_desk: Any, desk: Any) -> None:
    ben = desk.neighbour("ben")
    desk.label_all_looks()
    ben.label(0, 2)
    ben.label(6, 1, provenance="queue")
    chosen = make_desk(desk.log, train_on=Choice(annotators=frozenset({"ana"}))).start()
    assert chosen.points().labelled == [1, 1, 1]
    assert chosen.labels_now() == {5: 1, 13: 2, 6: 1}  # all see what all say
    of_queue = make_desk(desk.log, train_on=Choice(provenances=frozenset({"queue"}))).start()
    assert of_queue.points().note.startswith("label two classes")
    assert len({desk.points().stamp, chosen.points().stamp, of_queue.points().stamp}) == 3


def test_the_head_is_fitted_on_what_reviewers_agree_with(make_desk: Any, desk: Any) -> None:
    desk.label_all_looks()
    about = desk.log.stored[1].uuid
    review = NewEvent(
        uuid="r", group="r", at="now", annotator="ben", kind="review", task=TASK, provenance="page",
        verdict="disagree", about=about,
    )  # fmt: skip
    desk.log.append([review])
    chosen = make_desk(desk.log, train_on=Choice(reviews=frozenset({"agreed", "unreviewed"}))).start()
    assert chosen.points().labelled == [1, 0, 1]
