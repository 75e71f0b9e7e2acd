"""How good the head of a task is: one job, run off the session's thread, a pure function of what it is given."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segclr.embeddings.table import EmbeddingTable
from segclr.evaluation.audit import Audit, audit
from segclr.evaluation.held_out import HeldOutLabels, predict_held_out
from segclr.evaluation.intervals import Estimate
from segclr.evaluation.learning_curve import CurvePoint as Point
from segclr.evaluation.learning_curve import learning_curve
from segclr.evaluation.report import Report, evaluate
from segclr.evaluation.suspects import Suspect, find_suspects
from segclr.heads.evaluation import FEWEST_TESTED
from segclr.wording import counted, counted_are
from segclr_viewer.heads.fitting import FitJob
from segclr_viewer.heads.settling import stopping
from segclr_viewer.heads.timeline import Sited, Stand, Timeline, course_of, key_of, replay
from segclr_viewer.log.attach import Site
from segclr_viewer.log.events import LabelEvent
from segclr_viewer.log.fold import TaskHistory
from segclr_viewer.project import Task
from segclr_viewer.wire.evaluation import (
    AuditFigures,
    ClassFigures,
    ConfidenceBin,
    ConfusionCell,
    CurvePoint,
    EstimateInfo,
    EvaluationReady,
    Example,
    Figures,
    JudgedLabel,
    LabelInfo,
    SuspectInfo,
)
from segclr_viewer.wire.types import XYZ

MOST_PLACES = 50  # of one cell of the confusion matrix
MOST_SUSPECTS = 50
MOST_EXAMPLES = 6

NO_LABELS = "nothing is labelled yet: label places of two classes, and there will be a head to judge"
ONE_CLASS = "all labels are of one class: label places of another one, and there will be a head to judge"


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """All that the figures follow from.

    Attributes:
        base: the task as the project file has it.
        job: what the session's head is fitted on; its task has the classes that the log has made.
        sited: all events of the task, in order.
        place_ids: remembered places, by position.
        hidden: rows whose labels are kept from who asks: they count, but are not named.
        seed: of folds and draws; 0 makes the figures agree with the head's own.
    """

    base: Task
    job: FitJob
    sited: tuple[Sited, ...]
    place_ids: dict[XYZ, int]
    hidden: frozenset[int] = frozenset()
    seed: int = 0

    def run(self) -> EvaluationReady:
        """Judge the head."""
        started = time.perf_counter()
        task, table = self.job.task, self.job.vectors.table
        stamp = self.job.stamp
        stands = self.job.sites()
        embeddings, classes, cells = self.job.training_set()
        count, count_cells = len(classes), len(np.unique(cells))
        if len(np.unique(classes)) < 2:
            note = ONE_CLASS if count else NO_LABELS
            return EvaluationReady("", task.name, self.job.seq, stamp, note, given=count, given_cells=count_cells)
        names = [spec.name for spec in task.classes]
        timeline = replay(self.base, self.sited, self.job.choice)
        events = _events_of(timeline, self.job, stands, classes)
        kept_from = frozenset(at for at, stand in enumerate(stands) if isinstance(stand, int) and stand in self.hidden)
        teller = Teller(table, stands, classes, events, self.place_ids, kept_from)
        held_out = predict_held_out(embeddings, classes, cells, len(names), self.seed)
        report = evaluate(held_out, self.seed)
        used = {key_of(stand): code for stand, code in zip(stands, classes.tolist(), strict=True)}
        course = course_of(timeline, task, self.job.vectors, used)
        curve = learning_curve(course.embeddings, course.history, len(names), self.seed)
        kept = np.array([timeline.history.reviews(event.uuid).agree > 0 for event in events], np.bool_)
        suspects = find_suspects(embeddings, np.arange(count), cells, held_out, names, kept, most=count)
        suspects = tuple(each for each in suspects if each.label not in teller.hidden)
        told = [_suspect(each, teller) for each in suspects[:MOST_SUSPECTS]]
        figures = None if report is None else _figures(report, teller)
        return EvaluationReady(
            request="",
            task=task.name,
            seq=self.job.seq,
            stamp=stamp,
            note="" if report else _too_few(held_out),
            meaning=_meaning(report) if report else "",
            given=count,
            given_cells=count_cells,
            labels=teller.told,
            figures=figures,
            curve=[_point(point) for point in (curve.points if curve else ())],
            audit=_audit(held_out, events, timeline.history),
            stopping=stopping(course, self.job, names, self.seed),
            suspects=told,
            suspects_total=len(suspects),
            ms=1e3 * (time.perf_counter() - started),
        )


class Teller:
    """Tells of labels, each once. `told` grows as they are named; `hidden` ones are not to be named."""

    def __init__(
        self,
        table: EmbeddingTable,
        stands: Sequence[Stand],
        classes: NDArray[np.int64],
        events: Sequence[LabelEvent],
        place_ids: dict[XYZ, int],
        hidden: frozenset[int],
    ) -> None:
        self.told: list[LabelInfo] = []
        self.hidden = hidden
        self._table = table
        self._stands = stands
        self._classes = classes
        self._events = events
        self._place_ids = place_ids
        self._index: dict[int, int] = {}

    def name(self, label: int) -> int:
        """The index in `told` of the k-th label that the head is fitted on."""
        if label not in self._index:
            self._index[label] = len(self.told)
            self.told.append(self._info(label))
        return self._index[label]

    def _info(self, label: int) -> LabelInfo:
        stand, event = self._stands[label], self._events[label]
        if isinstance(stand, int):
            x, y, z = self._table.positions_nm[stand].tolist()
            row, place, segment_id = stand, None, int(self._table.segment_of_rows(np.array([stand]))[0])
        else:
            x, y, z = stand.position_nm
            row, place, segment_id = None, self._place_ids.get(stand.position_nm), stand.segment_id
        return LabelInfo(
            uuid=event.uuid,
            row=row,
            place=place,
            position_nm=(x, y, z),
            segment_id=str(segment_id),
            class_index=int(self._classes[label]),
            annotator=event.annotator,
            provenance=event.provenance,
        )


def _events_of(
    timeline: Timeline, job: FitJob, stands: Sequence[Stand], classes: NDArray[np.int64]
) -> list[LabelEvent]:
    """The event behind each label that the head is fitted on: the newest that gives its site that class."""
    index = {spec.name: at for at, spec in enumerate(job.task.classes)}
    found: dict[tuple[Site, int], LabelEvent] = {}
    for event in sorted(timeline.history.consensus(job.choice).labels.values(), key=lambda each: each.seq):
        stand, code = timeline.stands.get(event.uuid), index.get(timeline.history.name_now(event))
        if stand is not None and code is not None:
            found[key_of(stand), code] = event
    return [found[key_of(stand), code] for stand, code in zip(stands, classes.tolist(), strict=True)]


def _too_few(held_out: HeldOutLabels) -> str:
    tested = int(held_out.known.sum())
    return (
        f"too few labels for figures: {tested} of {held_out.asked} can be tested on cells that the head has not seen, "
        f"and {FEWEST_TESTED} of at least two classes are needed: label each class on several cells"
    )


def _meaning(report: Report) -> str:
    said = (
        f"Each of {counted(report.labels, 'label')} on {counted(report.cells, 'cell')} was predicted by a head that "
        "has not seen its cell; brackets are 95 % intervals over cells. The figures speak of places like the "
        "labelled ones"
    )
    if report.untested:
        said += f". {counted_are(report.untested, 'label')} left out: their class has none on other cells"
    return f"{said}."


def _figures(report: Report, teller: Teller) -> Figures:
    counts = report.confusion
    confusion = [
        ConfusionCell(given, said, int(counts[given, said]), _judged(report, given, said, teller))
        for given, said in np.argwhere(counts).tolist()
    ]
    return Figures(
        macro_f1=_estimate(report.macro_f1),
        accuracy=_estimate(report.accuracy),
        tested=report.labels,
        cells=report.cells,
        untested=report.untested,
        classes=[
            ClassFigures(
                labels=score.labels,
                cells=score.cells,
                untested=score.untested,
                predicted=score.predicted,
                precision=_maybe(score.precision),
                recall=_maybe(score.recall),
                f1=_maybe(score.f1),
            )
            for score in report.classes
        ],
        confusion=confusion,
        bins=[
            ConfidenceBin(each.low, each.high, each.count, each.confidence, _maybe(each.accuracy))
            for each in report.reliability.bins
        ],
        ece=report.reliability.ece,
        ece_by_chance=report.reliability.ece_by_chance,
    )


def _judged(report: Report, given: int, predicted: int, teller: Teller) -> list[JudgedLabel]:
    confidence = dict(zip(report.held_out.label.tolist(), report.held_out.confidence.tolist(), strict=True))
    labels = [label for label in report.labels_in(given, predicted).tolist() if label not in teller.hidden]
    return [JudgedLabel(teller.name(label), confidence[label]) for label in labels[:MOST_PLACES]]


def _audit(held_out: HeldOutLabels, events: Sequence[LabelEvent], history: TaskHistory) -> AuditFigures:
    """Without a class are the places that somebody skipped or marked, and that nobody gave one."""
    is_audit = np.array([event.provenance == "audit" for event in events], np.bool_)
    marks = {
        anchor
        for annotator in history.annotators()
        for anchor, event in history.statements(annotator).items()
        if event.provenance == "audit" and event.kind in ("unsure", "bad_segmentation")
    }
    marked = marks - history.current().keys()
    passed = {
        event.anchor(history.unit)
        for annotator in history.annotators()
        for event in history.skips(annotator)
        if event.provenance == "audit"
    }
    skipped = passed - marks - history.current().keys()
    found: Audit = audit(held_out, is_audit, skipped=len(skipped), marked=len(marked))
    return AuditFigures(_maybe(found.accuracy), found.labels, found.sentence)


def _suspect(suspect: Suspect, teller: Teller) -> SuspectInfo:
    seen = [near for near in suspect.evidence if near.label not in teller.hidden]
    return SuspectInfo(
        label=teller.name(suspect.label),
        suggested=suspect.suggested,
        doubt=suspect.doubt,
        reason=suspect.reason,
        evidence=[Example(teller.name(near.label), near.distance) for near in seen[:MOST_EXAMPLES]],
    )


def _point(point: Point) -> CurvePoint:
    return CurvePoint(point.events, point.labels, _estimate(point.macro_f1))


def _estimate(estimate: Estimate) -> EstimateInfo:
    return EstimateInfo(estimate.value, estimate.low, estimate.high)


def _maybe(estimate: Estimate | None) -> EstimateInfo | None:
    return None if estimate is None else _estimate(estimate)
