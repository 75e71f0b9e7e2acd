"""What several annotators together say of a place."""

from segclr_viewer.log.consensus import Choice
from segclr_viewer.log.events import NewEvent
from segclr_viewer.log.fold import TaskHistory, fold
from tests.segclr_viewer.log.logs import TASK, in_log, other, statement


def history(*events: NewEvent) -> TaskHistory:
    return fold(in_log(*events), TASK, "node")


def labels(folded: TaskHistory, choice: Choice | None = None) -> list[str | None]:
    found = folded.consensus() if choice is None else folded.consensus(choice)
    return [label.class_name for label in found.labels.values()]


ANA, BEN = statement("a", class_name="axon"), statement("b", class_name="dendrite", annotator="ben")
CLEO = statement("c", class_name="dendrite", annotator="cleo")


def test_of_one_annotator_the_newest_label_holds() -> None:
    assert labels(history(ANA, statement("2", class_name="spine"))) == ["spine"]


def test_a_tie_is_a_conflict_that_overwrites_nothing() -> None:
    folded = history(ANA, BEN)
    assert labels(folded) == []
    (conflict,) = folded.conflicts()
    assert [event.uuid for event in conflict.statements] == ["a", "b"]
    assert folded.current() == {}
    assert [event.class_name for event in folded.statements("ana").values()] == ["axon"]


def test_the_majority_decides_and_its_newest_label_stands_for_it() -> None:
    folded = history(BEN, ANA, CLEO)
    assert [label.uuid for label in folded.current().values()] == ["c"]
    assert folded.conflicts() == []
    three = history(ANA, BEN, CLEO, statement("d", class_name="spine", annotator="dan"))
    assert labels(three) == []  # two of four are no majority
    assert len(three.conflicts()[0].statements) == 4


def test_an_adjudication_decides_and_covers_not_even_the_adjudicators_own_answer() -> None:
    verdict = statement("v", class_name="axon", annotator="ben", provenance="adjudication")
    folded = history(ANA, BEN, CLEO, verdict)
    assert labels(folded) == ["axon"]
    assert [event.uuid for event in folded.statements("ben").values()] == ["b"]
    assert len(folded.statements_at(("v1", ANA.place_nm))) == 4
    later = history(ANA, BEN, verdict, statement("e", class_name="spine"))
    assert labels(later) == ["axon"]


def test_an_adjudication_that_is_taken_back_leaves_what_was_there() -> None:
    verdict = statement("v", class_name="axon", annotator="ben", provenance="adjudication")
    withdrawn = statement("w", "unlabel", annotator="ben", provenance="adjudication")
    assert labels(history(ANA, BEN, CLEO, verdict, withdrawn)) == ["dendrite"]
    undone = other("u", "undo", annotator="ben", target="action v")
    assert labels(history(ANA, BEN, CLEO, verdict, undone)) == ["dendrite"]


def test_an_adjudicator_may_be_unsure_and_then_nothing_is_trained_on() -> None:
    verdict = statement("v", "unsure", annotator="ben", provenance="adjudication")
    folded = history(ANA, BEN, verdict)
    assert labels(folded) == []
    assert folded.conflicts() == []
    assert [event.uuid for event in folded.consensus().unsure] == ["v"]


def test_unsure_and_bad_segmentation_train_nothing_and_are_listed() -> None:
    folded = history(
        statement("1", "unsure"),
        statement("2", "bad_segmentation", x_nm=5.0),
        statement("3", x_nm=9.0),
        statement("4", "unsure", x_nm=9.0, annotator="ben"),
    )
    found = folded.consensus()
    assert [label.uuid for label in found.labels.values()] == ["3"]
    assert [event.uuid for event in found.unsure] == ["1", "4"]
    assert [event.uuid for event in found.bad_segmentation] == ["2"]


def test_taking_back_a_label_silences_only_who_takes_it_back() -> None:
    assert labels(history(ANA, BEN, statement("u", "unlabel", annotator="ben"))) == ["axon"]
    assert labels(history(ANA, statement("u", "unlabel", annotator="ben"))) == ["axon"]


def test_an_imported_label_counts_until_somebody_has_looked() -> None:
    brought = statement("i", class_name="spine", annotator="file", provenance="import")
    assert labels(history(brought)) == ["spine"]
    assert labels(history(ANA, brought)) == ["axon"]
    assert labels(history(brought, statement("u", "unlabel"))) == []
    assert labels(history(brought, statement("u", "unlabel"), other("z", "undo", target="action u"))) == ["spine"]
    another = statement("j", class_name="axon", annotator="other file", provenance="import")
    assert len(history(brought, another).conflicts()) == 1


def test_statements_are_chosen_by_annotator_provenance_and_review() -> None:
    lasso = statement("l", class_name="spine", annotator="ben", provenance="lasso", x_nm=5.0)
    disagree = other("r", "review", annotator="cleo", about="l", verdict="disagree")
    folded = history(ANA, BEN, lasso, disagree)
    assert labels(folded, Choice(annotators=frozenset({"ana"}))) == ["axon"]
    assert labels(folded, Choice(provenances=frozenset({"lasso"}))) == ["spine"]
    assert labels(folded, Choice(reviews=frozenset({"disputed"}))) == ["spine"]
    assert labels(folded, Choice(reviews=frozenset({"agreed"}))) == []
    assert labels(folded, Choice(frozenset({"ben"}), reviews=frozenset({"unreviewed"}))) == ["dendrite"]


def test_for_a_statement_that_was_not_chosen_no_older_one_steps_in() -> None:
    folded = history(ANA, statement("2", class_name="spine", provenance="lasso"))
    assert labels(folded, Choice(provenances=frozenset({"key"}))) == []


def test_reviews_count_the_newest_word_of_each_reviewer() -> None:
    folded = history(
        ANA,
        other("1", "review", annotator="ben", about="a", verdict="disagree"),
        other("2", "review", annotator="cleo", about="a", verdict="agree"),
        other("3", "review", annotator="ben", about="a", verdict="agree"),
    )
    count = folded.reviews("a")
    assert (count.agree, count.disagree, count.state) == (2, 0, "agreed")
    folded.apply(in_log(*[ANA] * 4, other("4", "undo", annotator="ben", target="action 3"))[-1])
    assert (folded.reviews("a").agree, folded.reviews("a").disagree) == (1, 1)
    assert folded.reviews("a").state == "disputed"
    assert folded.reviews("nothing").state == "unreviewed"


def test_a_comment_changes_nothing_about_the_labels_and_can_be_undone() -> None:
    folded = history(ANA, other("k", "comment", annotator="ben", text="myelin?"))
    assert folded.seq == 1
    assert [event.text for event in folded.comments()] == ["myelin?"]
    folded.apply(in_log(ANA, ANA, other("u", "undo", annotator="ben", target="action k"))[-1])
    assert folded.comments() == []


def test_everybody_undoes_their_own_action() -> None:
    folded = history(ANA, BEN, other("u", "undo", target="action a"))
    assert labels(folded) == ["dendrite"]
    foreign = history(ANA, BEN, other("u", "undo", target="action b"))
    assert len(foreign.conflicts()) == 1
