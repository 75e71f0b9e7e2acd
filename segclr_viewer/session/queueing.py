"""The labelling queue of a task: what a page should ask next, chosen off the session's thread.

Where a page is in its queue is the page's own business; here are the labels, which all annotators share, and what each
of them skipped. Two annotators are not asked the same, but for the double items. A skipped place comes again to who
skipped it when nothing else is left, in this run or a later one: one skips to think about it later, not for ever.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from segclr.em.geometry import XYZ
from segclr.queue.audit import Audit, audit_due
from segclr.queue.candidates import Answered, Candidates
from segclr.queue.picking import QueueItem as Chosen
from segclr.queue.picking import propose
from segclr.queue.settings import default_for
from segclr_viewer.heads.fitting import Fitted, predicted_where_finite
from segclr_viewer.heads.task_state import TaskState
from segclr_viewer.log.events import LabelEvent
from segclr_viewer.session.app_state import AppState
from segclr_viewer.session.queue_memory import DOUBLE, Course, Places
from segclr_viewer.wire.messages import QueueRequest
from segclr_viewer.wire.queue_answers import Belief, QueueItem, QueueReady

NO_ROWS = "this project has no embeddings yet, so the queue has nothing to ask: Alt + click places to label them"
ALL_DONE = "everything is labelled, answered or skipped: the queue has nothing left to ask"
DOUBLE_REASON = "asked of everyone, blind: what others say, and the head's colours, are hidden until you have answered"
SKIPPED_REASON = "you skipped it before, and nothing else is left"
NO_HEAD = "chosen without a model: label two classes and the queue will follow what it believes"


@dataclass(frozen=True, slots=True)
class Described:
    """A row to ask, what chose it, and why in words."""

    row: int
    strategy: str
    reason: str


@dataclass(frozen=True, slots=True)
class Choice:
    """The answer to a question."""

    items: list[QueueItem]
    renewed: list[Belief]


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """All that the next items follow from; `run` is a pure function of it.

    Attributes:
        fitted: the newest predictions, None before the first.
        row_classes: labelled rows, in a segment task one per labelled segment.
        answered: all rows with an answer of any kind, skipped ones too.
        own: those answered or skipped by who asks.
        skipped: those of them that have no answer, and whether they were asked as audit, the first skipped first.
        held: rows that the page has already and wants no more.
        taken: rows that other annotators are just asked.
        renew: rows of which the page wants to know what the head believes now.
        asked, audited, doubled: answers given in the queue up to now, and how many of them were to audit items and to
            double items.
    """

    places: Places
    fitted: Fitted | None
    row_classes: dict[int, int]
    answered: NDArray[np.int64]
    own: NDArray[np.int64]
    skipped: tuple[tuple[int, bool], ...]
    held: NDArray[np.int64]
    taken: NDArray[np.int64]
    renew: NDArray[np.int64]
    asked: int
    audited: int
    doubled: int
    seed: int
    count: int
    near_nm: XYZ | None

    def run(self) -> Choice:
        """Choose, and say what the head believes of what was chosen."""
        table, matrix = self.places.vectors.table, self.places.vectors.matrix()
        head = None if self.fitted is None else self.fitted.head
        rows = self.places.rows(None if self.fitted is None or head is None else self.fitted.points.classes, self.seed)
        rows, embeddings = self._finite(rows, matrix[rows])
        due, doubles = self._doubles(self.count + len(self.held))
        closed = self.places.closed(np.union1d(np.union1d(self.answered, self.held), self.taken))
        chosen = propose(
            Candidates(
                rows=rows,
                embeddings=embeddings,
                positions_nm=table.positions_nm[rows],
                segment_ids=table.segment_of_rows(rows),
                closed=(closed | self.places.is_double())[rows],
                probabilities=self._probabilities(rows),
                novelty=None if head is None else head.novelty.score(embeddings),
            ),
            self._labels(),
            default_for(self.places.task.unit),
            seed=self.seed,
            count=len(due) - len(doubles),
            at_nm=None if self.near_nm is None else np.array(self.near_nm),
            audit=Audit(
                self.places.next_audits(np.union1d(self.answered, self.taken), len(due)), self.asked, self.audited
            ),
        )
        held = set(self.held.tolist())
        fresh = [item for item in _merged(due, doubles, chosen) if item.row not in held]
        fresh = (fresh or self._again(held | set(self.taken.tolist())))[: self.count]
        renewed = map(Belief, self.renew.tolist(), self._beliefs(self.renew))
        return Choice(self._described(fresh), list(renewed))

    def _finite(
        self, rows: NDArray[np.int64], embeddings: NDArray[np.float32]
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Those that are numbers; of a table that is not large all are, or it is not opened."""
        if not self.places.vectors.is_large:
            return rows, embeddings
        finite = np.isfinite(embeddings).all(axis=1)
        return rows[finite], embeddings[finite]

    def _blind(self) -> NDArray[np.bool_]:
        """(n,) rows that everybody is asked and this annotator has not answered: of these no belief is told."""
        answered = np.setdiff1d(self.own, [row for row, _ in self.skipped]).astype(np.int64)
        return self.places.is_double() & ~self.places.closed(answered)

    def _again(self, closed: set[int]) -> list[Described]:
        """What was skipped."""
        blind = self._blind()
        return [
            Described(row, DOUBLE if blind[row] else "audit" if is_audit else "skipped", SKIPPED_REASON)
            for row, is_audit in self.skipped
            if row not in closed
        ]

    def _doubles(self, count: int) -> tuple[NDArray[np.bool_], list[int]]:
        """(count,) which of the next items are double ones, and their rows."""
        upcoming = self.places.next_doubles(self.own, count)
        due = audit_due(Audit(upcoming, self.asked, self.doubled), self.places.double_share, count)
        return due, upcoming[: int(due.sum())].tolist()

    def _labels(self) -> Answered:
        rows = np.array(sorted(self.row_classes), np.int64)
        vectors = self.places.vectors
        rows, embeddings = self._finite(rows, vectors.matrix()[rows])
        return Answered(
            embeddings=embeddings,
            classes=np.array([self.row_classes[row] for row in rows.tolist()], np.int64),
            positions_nm=vectors.table.positions_nm[rows],
            segment_ids=vectors.table.segment_of_rows(rows),
            class_names=tuple(spec.name for spec in self.places.task.classes),
        )

    def _probabilities(self, rows: NDArray[np.int64]) -> NDArray[np.float32] | None:
        """(k, C), NaN of rows that are no numbers; None without a head."""
        if self.fitted is None or self.fitted.head is None:
            return None
        vectors = self.places.vectors
        if self.fitted.segment_probabilities is None:
            return predicted_where_finite(self.fitted.head, vectors.matrix()[rows])
        return self.fitted.probabilities_of_segments(np.searchsorted(vectors.table.first_row, rows, side="right") - 1)

    def _described(self, chosen: list[Described]) -> list[QueueItem]:
        table = self.places.vectors.table
        rows = np.array([item.row for item in chosen], np.int64)
        return [
            QueueItem(item.row, item.strategy, item.reason, (x, y, z), str(segment), belief)
            for item, (x, y, z), segment, belief in zip(
                chosen,
                table.positions_nm[rows].tolist(),
                table.segment_of_rows(rows).tolist(),
                self._beliefs(rows),
                strict=True,
            )
        ]

    def _beliefs(self, rows: NDArray[np.int64]) -> list[list[float] | None]:
        probabilities = self._probabilities(rows) if len(rows) else None
        if probabilities is None:
            return [None] * len(rows)
        # what the head believes at a blind place may come from what another annotator said of the very place
        untold = (self._blind()[rows] | np.isnan(probabilities[:, 0])).tolist()
        return [None if hidden else belief for hidden, belief in zip(untold, probabilities.tolist(), strict=True)]


class Queueing:
    """Answers the pages' requests for what to ask next."""

    def __init__(self, state: AppState) -> None:
        self._state = state
        self._times_gone = 0

    def release(self) -> None:
        """The annotator's pages are gone: what they were, or would be asked now, may be asked of others."""
        self._times_gone += 1
        self._state.workspace.queues.release(self._state.world.annotator)

    def ask(self, message: QueueRequest) -> None:
        """Choose what the page should ask next, and tell it."""
        task, annotator = self._state.task_named(message.task), self._state.world.annotator
        total = len(self._state.world.table)
        rows = task.labelled().rows.keys() - task.hidden_rows(annotator)
        course = self._state.workspace.queues.course(task, annotator)
        held = {row for row in message.held if row < total}
        fitted = None if task.predicted is None else task.predicted.fitted
        if not total:
            self._tell(message, course, fitted, Choice([], []))
            return
        own = task.own(annotator)
        skips = _skips(task, annotator)
        given = [event.provenance for event in (*own, *skips.values())]
        answered = {row for row in map(task.row_of, own) if row is not None} | skips.keys()
        doubled = [
            event for event in (*own, *skips.values()) if event.provenance == "queue" and _is_double(task, event)
        ]
        question = Question(
            places=self._state.workspace.queues.places(task),
            fitted=fitted,
            row_classes=task.labelled().rows,
            answered=_rows(rows | answered),
            own=_rows(answered),
            skipped=tuple((row, event.provenance == "audit") for row, event in skips.items() if row not in rows),
            held=_rows(held),
            taken=_rows(self._state.workspace.queues.out_with_others(task, annotator)),
            renew=_rows({row for row in message.renew if row < total}),
            asked=given.count("queue") + given.count("audit"),
            audited=given.count("audit"),
            doubled=len(doubled),
            seed=task.history.seq,
            count=message.count,
            near_nm=message.near_nm,
        )
        course.out = held
        self._state.workspace.errands.ask(
            f"queue {annotator} {message.page}",
            question.run,
            partial(self._chosen, message, course, fitted, task.classes.ids, self._times_gone),
            partial(self._state.fail, message.request),
        )

    def _chosen(
        self,
        message: QueueRequest,
        course: Course,
        fitted: Fitted | None,
        class_ids: tuple[str, ...],
        times_gone: int,
        choice: Choice,
    ) -> None:
        """Tell what was chosen, unless the beliefs in it are of other classes: then choose again."""
        if times_gone != self._times_gone:
            return  # nobody waits for it any more
        if self._state.task_named(message.task).classes.ids != class_ids:
            self.ask(message)
            return
        self._tell(message, course, fitted, choice)

    def _tell(self, message: QueueRequest, course: Course, fitted: Fitted | None, choice: Choice) -> None:
        course.take(choice.items)
        note = ""
        if not choice.items:
            note = ALL_DONE if len(self._state.world.table) else NO_ROWS
        elif fitted is None or fitted.head is None:
            note = NO_HEAD
        stamp = "" if fitted is None else fitted.points.stamp
        answer = QueueReady(message.request, message.task, stamp, choice.items, choice.renewed, note)
        self._state.ports.page.send(answer)


def _rows(rows: set[int]) -> NDArray[np.int64]:
    return np.array(sorted(rows), np.int64)


def _skips(task: TaskState, annotator: str) -> dict[int, LabelEvent]:
    """What the annotator skipped and has not answered since, by row, the first skipped first."""
    answered = {task.row_of(event) for event in task.own(annotator)}
    skips = ((task.row_of(event), event) for event in task.history.skips(annotator))
    return {row: event for row, event in skips if row is not None and row not in answered}


def _is_double(task: TaskState, event: LabelEvent) -> bool:
    row = task.row_of(event)
    return row is not None and task.doubles.has(row)


def _merged(due: NDArray[np.bool_], doubles: list[int], chosen: list[Chosen]) -> list[Described]:
    """Double items where they are due, and what the strategies chose in between."""
    blind = [Described(row, DOUBLE, DOUBLE_REASON) for row in doubles]
    others = [Described(item.row, item.strategy, item.reason) for item in chosen if item.row not in doubles]
    items: list[Described] = []
    for is_double in due.tolist():
        source = blind if is_double else others
        if source:
            items.append(source.pop(0))
    return items + others + blind
