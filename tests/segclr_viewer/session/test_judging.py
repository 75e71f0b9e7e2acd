"""The evaluation of a task's head: its figures, the labels behind them, and what a page may do with these."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from segclr.em.cutout import CutoutSpec
from segclr.embeddings.provenance import Provenance
from segclr.embeddings.table import EmbeddingTable, build_table
from segclr.explore.layout import pca_layout
from segclr_viewer.heads.judgement import MOST_PLACES, NO_LABELS, ONE_CLASS
from segclr_viewer.heads.settling import MOST_COMPARISONS
from segclr_viewer.log.consensus import Choice
from segclr_viewer.log.events import NewEvent
from segclr_viewer.wire.answers import EvaluationReady, Failed, Saved
from segclr_viewer.wire.evaluation import EvaluateRequest, ReviewRequest
from segclr_viewer.wire.labelling import MarkRequest, Target
from segclr_viewer.wire.messages import encode
from tests.segclr_viewer.log.logs import other

BIG = 2**63 + 5
CELLS, NODES = 20, 12
TRUE = np.arange(CELLS * NODES) % 3


def table_of_looks() -> EmbeddingTable:
    """Twenty cells whose nodes look, by turns, like an axon, a dendrite and a spine."""
    rng = np.random.default_rng(2)
    segments = np.repeat(np.uint64(BIG) + np.arange(CELLS, dtype=np.uint64), NODES)
    nodes = np.tile(np.arange(NODES), CELLS)
    positions = np.column_stack([1500.0 * nodes, np.repeat(9000.0 * np.arange(CELLS), NODES), 40.5 * nodes])
    embeddings = (0.45 * rng.standard_normal((CELLS * NODES, 5))).astype(np.float32)
    embeddings[:, :3] += 2 * np.eye(3, dtype=np.float32)[TRUE]
    same = np.flatnonzero(segments[1:] == segments[:-1])
    provenance = Provenance("9f86", CutoutSpec(33, (32.0, 32.0, 40.0)), "/em", "/seg", "test", "0")
    return build_table(segments, nodes, positions, embeddings, np.column_stack([same, same + 1]), provenance)


@pytest.fixture
def begin(make_desk: Callable[..., Any]) -> Callable[..., Any]:
    """Opens a session over the table of looks; its log may be given, and parts of its world."""
    table = table_of_looks()
    layout = pca_layout(table.embeddings)
    return lambda log=None, **changes: make_desk(log, table=table, layout=layout, **changes).start()


@pytest.fixture
def desk(begin: Callable[..., Any]) -> Any:
    return begin()


def ask(desk: Any, task: str = "subcompartment") -> EvaluationReady:
    request = desk.request()
    before = len(desk.page.all(EvaluationReady))
    desk.session.receive(EvaluateRequest(request, "page a", task))
    while desk.judge.held:
        assert len(desk.page.all(EvaluationReady)) == before, "judged on the session's thread"
        desk.judge.run()
    answer: EvaluationReady = desk.page.last(EvaluationReady)
    assert answer.request == request
    return answer


def label_truly(
    desk: Any, rows: Any, wrong: tuple[int, ...] = (), provenance: str = "key", annotator: str = "ana"
) -> None:
    """Label rows one after the other with the class they look like, or a wrong one; all at once, to be quick."""
    names = [spec.name for spec in desk.session.task.classes]
    events = []
    for row in rows:
        request = desk.request()
        x, y, z = desk.table.positions_nm[row].tolist()
        name = names[(TRUE[row] + (row in wrong)) % 3]
        events.append(
            NewEvent(
                uuid=request,
                group=request,
                at="2026-11-03T09:00:00Z",
                annotator=annotator,
                kind="label",
                task="subcompartment",
                provenance=provenance,
                class_name=name,
                position_nm=(x, y, z),
                segmentation="v1",
                segment_id=int(desk.table.segment_of_rows(np.array([row]))[0]),
            )
        )
    desk.workspace.append(events)
    desk.session._does.painting.refresh()
    desk.fitter.run_newest()


def test_before_any_label_there_is_a_sentence_and_no_figure(desk: Any) -> None:
    answer = ask(desk)
    assert (answer.note, answer.figures, answer.given) == (NO_LABELS, None, 0)


def test_one_class_makes_no_head(desk: Any) -> None:
    label_truly(desk, [0, 3])
    answer = ask(desk)
    assert (answer.note, answer.figures, answer.given) == (ONE_CLASS, None, 2)


def test_too_few_labels_are_told_with_what_is_needed(desk: Any) -> None:
    label_truly(desk, [0, 1, 12, 13])
    answer = ask(desk)
    assert answer.figures is None
    assert "10 of at least two classes are needed" in answer.note
    assert answer.stopping is not None
    assert "fewer than 50 labels" in answer.stopping.sentence


def test_the_figures_are_those_of_the_head_in_the_status_line(desk: Any) -> None:
    label_truly(desk, range(0, 240, 3))
    label_truly(desk, range(1, 240, 3))
    answer = ask(desk)
    held_out = desk.points().head.held_out
    figures = answer.figures
    assert figures is not None
    assert figures.macro_f1.value == pytest.approx(held_out.macro_f1)
    assert figures.accuracy.value == pytest.approx(held_out.accuracy)
    assert figures.macro_f1.low <= figures.macro_f1.value <= figures.macro_f1.high
    assert (answer.seq, answer.stamp) == (160, desk.points().stamp)
    assert answer.curve[-1].macro_f1.value == pytest.approx(figures.macro_f1.value)
    assert answer.curve[-1].labels == figures.tested == answer.given == 160
    assert [score.labels for score in figures.classes] == [80, 80, 0]
    assert figures.classes[2].f1 is None
    assert sum(cell.count for cell in figures.confusion) == 160
    assert "160 labels on 20 cells" in answer.meaning


def test_the_places_of_a_confusion_cell_are_the_most_confident_first_and_capped(desk: Any) -> None:
    label_truly(desk, range(240), wrong=(1, 13, 25, 37))
    figures, labels = ask(desk).figures, ask(desk).labels
    assert figures is not None
    for cell in figures.confusion:
        sure = [place.confidence for place in cell.places]
        assert sure == sorted(sure, reverse=True)
        assert len(cell.places) == min(cell.count, MOST_PLACES)
        assert {labels[place.label].class_index for place in cell.places} == {cell.given}
    mistaken = next(cell for cell in figures.confusion if (cell.given, cell.predicted) == (2, 1))
    rows = {labels[place.label].row for place in mistaken.places}
    assert rows >= {1, 13, 25, 37}
    at = next(labels[place.label] for place in mistaken.places if labels[place.label].row == 37)
    assert at.position_nm == tuple(desk.table.positions_nm[37])
    assert int(at.segment_id) == BIG + 3


def test_a_wrong_label_is_suspected_with_its_nearest_examples_and_who_gave_them(desk: Any) -> None:
    label_truly(desk, range(240), wrong=(40,))
    answer = ask(desk)
    first = next(each for each in answer.suspects if answer.labels[each.label].row == 40)
    suspect = answer.labels[first.label]
    assert (suspect.row, suspect.class_index, suspect.annotator) == (40, (TRUE[40] + 1) % 3, "ana")
    assert first.suggested == TRUE[40]
    assert "held-out head says" in first.reason
    near = [answer.labels[example.label] for example in first.evidence]
    assert near
    assert {label.class_index for label in near} == {TRUE[40]}
    assert suspect.segment_id not in {label.segment_id for label in near}


def suspects(answer: EvaluationReady) -> dict[int | None, str]:
    return {answer.labels[each.label].row: answer.labels[each.label].uuid for each in answer.suspects}


def test_a_confirmed_label_is_not_listed_again_until_that_is_undone(desk: Any) -> None:
    label_truly(desk, range(240), wrong=(40,))
    about = suspects(ask(desk))[40]
    review = ReviewRequest(desk.request(), "subcompartment", about, "agree")
    desk.session.receive(review)
    desk.session.receive(review)
    desk.fitter.run_newest()
    stored = [event for event in desk.log.stored if event.kind == "review"]
    assert [(event.about, event.verdict, event.annotator) for event in stored] == [(about, "agree", "ana")]
    assert "confirmed the label" in desk.page.all(Saved)[-2].text
    assert desk.labels()[40] == (TRUE[40] + 1) % 3
    assert 40 not in suspects(ask(desk))
    desk.undo()
    assert 40 in suspects(ask(desk))


def test_what_is_not_in_the_log_cannot_be_confirmed(desk: Any) -> None:
    label_truly(desk, [0, 1])
    for about in ("nothing", desk.log.stored[0].uuid):
        task = "subcompartment" if about == "nothing" else "cell type"
        desk.session.receive(ReviewRequest(desk.request(), task, about, "agree"))
        assert "recompute" in desk.page.last(Failed).text
    assert len(desk.log.stored) == 2


def test_a_relabelled_suspect_is_none_any_more(desk: Any) -> None:
    label_truly(desk, range(240), wrong=(40,))
    assert 40 in suspects(ask(desk))
    desk.label(40, int(TRUE[40]))
    assert 40 not in suspects(ask(desk))


def test_audit_labels_alone_give_the_accuracy_of_the_volume(desk: Any) -> None:
    label_truly(desk, range(120))
    few = ask(desk).audit
    assert few is not None
    assert (few.accuracy, few.labels) == (None, 0)
    label_truly(desk, range(120, 160), provenance="audit")
    desk.session.receive(MarkRequest(desk.request(), "subcompartment", "unsure", Target(row=200), "audit"))
    enough = ask(desk).audit
    assert enough is not None
    assert enough.labels == 40
    assert enough.accuracy is not None
    assert "0 audit places skipped and 1 marked" in enough.sentence


def test_the_stopping_gauge_compares_heads_fifty_labels_apart(desk: Any) -> None:
    label_truly(desk, range(60))
    early = ask(desk).stopping
    label_truly(desk, range(60, 240))
    late = ask(desk).stopping
    assert early is not None
    assert late is not None
    assert (len(early.shares), len(late.shares)) == (1, 4)
    assert len(late.shares) <= MOST_COMPARISONS
    assert late.sentence.startswith("the last 50 labels changed ")
    assert late.shares[-1] < 0.2


def test_the_share_that_changed_is_that_of_the_predictions_that_were_shown(desk: Any) -> None:
    label_truly(desk, range(60))
    before = np.array(desk.classes())
    label_truly(desk, range(60, 110), wrong=tuple(range(60, 110, 2)))
    gauge = ask(desk).stopping
    assert gauge is not None
    assert gauge.shares[-1] == pytest.approx(np.mean(before != np.array(desk.classes())))
    assert gauge.shares[-1] > 0


def test_in_a_task_on_cells_the_cells_that_changed_are_counted(desk: Any) -> None:
    desk.switch("cell type")
    first_rows = range(0, CELLS * NODES, NODES)
    for at, row in enumerate(first_rows[:10]):
        desk.label(row, at % 2, "cell type")
    before = np.array(desk.classes())[::NODES]
    for flip, rows in ((0, first_rows[10:]), (1, first_rows), (0, first_rows)):
        for row in rows:
            desk.label(row, (row // NODES + flip) % 2, "cell type", fit=False)
    desk.fitter.run_newest()
    gauge = ask(desk, "cell type").stopping
    assert gauge is not None
    assert gauge.shares[-1] == pytest.approx(np.mean(before != np.array(desk.classes())[::NODES]))
    assert gauge.shares[-1] > 0


def test_undone_and_unlabelled_history_still_ends_in_the_same_figures(desk: Any) -> None:
    label_truly(desk, range(120))
    desk.label(7, 0)
    desk.undo()
    desk.label(9, None)
    desk.session.receive(MarkRequest(desk.request(), "subcompartment", "unsure", Target(row=10), "key"))
    desk.undo()
    desk.redo()
    place = desk.click((700.0, 4000.0, 30.5), BIG, look=1)
    desk.label(0, 1, place=place.place_id)
    answer = ask(desk)
    assert answer.figures is not None
    assert answer.given == 119
    assert answer.curve[-1].macro_f1.value == pytest.approx(answer.figures.macro_f1.value)
    assert answer.curve[-1].labels == 119
    (told,) = [label for label in answer.labels if label.row is None]
    assert (told.place, told.position_nm) == (place.place_id, (700.0, 4000.0, 30.5))


def test_a_renamed_class_keeps_its_past(desk: Any, begin: Callable[..., Any]) -> None:
    label_truly(desk, range(120))
    before = ask(desk)
    desk.log.append([other("r", "class_renamed", class_name="spine", new_name="spine head")])
    after = ask(begin(desk.log))
    assert (after.figures, after.curve, after.suspects_total) == (before.figures, before.curve, before.suspects_total)


def test_the_answer_is_a_pure_function_of_the_log(desk: Any, begin: Callable[..., Any]) -> None:
    label_truly(desk, range(150), wrong=(40, 77))
    one, other = ask(desk), ask(begin(desk.log))
    texts = [json.loads(encode(answer)) for answer in (one, other)]
    for text in texts:
        del text["ms"], text["request"]
    assert texts[0] == texts[1]


def test_a_task_on_cells_is_judged_by_its_cells(desk: Any) -> None:
    desk.switch("cell type")
    for row in range(0, 240, NODES):
        desk.label(row + row // NODES % 3, row // NODES % 2, "cell type", fit=False)
    desk.label(5, 1, "cell type")
    desk.label(6, 0, "cell type")
    answer = ask(desk, "cell type")
    assert answer.figures is not None
    assert answer.given == answer.given_cells == 20
    assert answer.curve[-1].macro_f1.value == pytest.approx(answer.figures.macro_f1.value)
    assert answer.stopping is not None


def test_the_same_labels_are_judged_once(desk: Any) -> None:
    label_truly(desk, range(60))
    ask(desk)
    desk.session.receive(EvaluateRequest("again", "page a", "subcompartment"))
    assert not desk.judge.held
    assert desk.page.last(EvaluationReady).request == "again"


def test_a_question_that_was_asked_again_before_its_turn_is_dropped(desk: Any) -> None:
    label_truly(desk, range(60))
    for request in ("first", "second", "third"):
        desk.session.receive(EvaluateRequest(request, "page a", "subcompartment"))
    while desk.judge.held:
        desk.judge.run()
    assert [answer.request for answer in desk.page.all(EvaluationReady)] == ["first", "third"]


def test_labels_that_are_kept_from_an_annotator_count_but_are_not_named(begin: Callable[..., Any]) -> None:
    desk = begin(double_share=1.0)
    label_truly(desk, range(120), wrong=(40,))
    ben = desk.neighbour("ben")
    ben.label(3, 0)
    own, other = ask(desk), ask(ben)
    assert 40 in suspects(own)
    assert own.figures is not None
    assert other.figures is not None
    assert other.figures.macro_f1 == own.figures.macro_f1
    assert {label.row for label in own.labels} > {3, 40}
    assert {label.row for label in other.labels} <= {3}


def test_where_one_annotator_alone_trains_the_head_that_head_is_judged(begin: Callable[..., Any]) -> None:
    desk = begin(train_on=Choice(annotators=frozenset({"ben"})))
    label_truly(desk, range(120))
    label_truly(desk, range(60, 180), wrong=(70, 71), annotator="ben")
    answer = ask(desk)
    assert answer.figures is not None
    assert answer.given == answer.curve[-1].labels == 120
    assert answer.stamp == desk.points().stamp
    assert answer.curve[-1].macro_f1.value == pytest.approx(answer.figures.macro_f1.value)
    assert {label.annotator for label in answer.labels} == {"ben"}
    assert {70, 71} <= set(suspects(answer))


def test_where_only_reviewed_labels_train_the_review_is_what_counts(begin: Callable[..., Any]) -> None:
    desk = begin(train_on=Choice(reviews=frozenset({"agreed"})))
    label_truly(desk, range(60))
    assert ask(desk).note == NO_LABELS
    for event in list(desk.log.stored)[:40]:
        desk.session.receive(ReviewRequest(desk.request(), "subcompartment", event.uuid, "agree"))
    answer = ask(desk)
    assert answer.figures is not None
    assert answer.given == answer.curve[-1].labels == 40
    desk.undo()
    assert ask(desk).given == 39
