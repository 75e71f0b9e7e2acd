"""The labelling queue of the active task: what a page should ask next, chosen off the session's thread.

Where a page is in its queue is the page's own business; here are the labels, which all pages share, and what was
skipped in this run.
"""

import zlib
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from numpy.typing import NDArray

from segclr.em.geometry import XYZ
from segclr.queue.audit import Audit, audit_order, upcoming_audits
from segclr.queue.candidates import Answered, Candidates
from segclr.queue.picking import QueueItem as Chosen
from segclr.queue.picking import propose
from segclr.queue.pool import draw_pool, typical_rows
from segclr_viewer.app_state import AppState
from segclr_viewer.fitting import Fitted, RowVectors
from segclr_viewer.messages import QueueRequest
from segclr_viewer.one_by_one import OneByOne
from segclr_viewer.project import Task
from segclr_viewer.queue_answers import Belief, QueueItem, QueueReady

NO_ROWS = "this project has no embeddings yet, so the queue has nothing to ask: Alt + click places to label them"
ALL_DONE = "everything is labelled, answered or skipped: the queue has nothing left to ask"
NO_HEAD = "chosen without a model: label two classes and the queue will follow what it believes"


@dataclass(frozen=True, slots=True)
class Choice:
    """The answer to a question."""

    items: list[QueueItem]
    renewed: list[Belief]


class Places:
    """What a task can ask about: every row, or the typical row of each segment; and the order of its audit.

    Made at the first use, on the thread of the queue's jobs.
    """

    def __init__(self, task: Task, vectors: RowVectors) -> None:
        self.task = task
        self.vectors = vectors
        self._typical: NDArray[np.int64] | None = None
        self._audits: NDArray[np.int64] | None = None

    def rows(self, predicted: NDArray[np.uint8] | None, seed: int) -> NDArray[np.int64]:
        """Some thousands of rows to choose among, of all predicted classes; ascending."""
        if self.task.unit == "node":
            return draw_pool(len(self.vectors.table), predicted, seed=seed)
        typical = self._typical_rows()
        return typical[draw_pool(len(typical), None if predicted is None else predicted[typical], seed=seed)]

    def next_audits(self, answered: NDArray[np.int64], count: int) -> NDArray[np.int64]:
        """The rows whose turn it is to be audited."""
        if self._audits is None:
            table = self.vectors.table
            if self.task.unit == "node":
                segments = np.repeat(table.segment_ids, np.diff(table.first_row))
                self._audits = audit_order(segments, table.positions_nm, _seed(self.task))
            else:
                self._audits = self._typical_rows()[audit_order(table.segment_ids, None, _seed(self.task))]
        return upcoming_audits(self._audits, self.closed(answered), count)

    def closed(self, answered: NDArray[np.int64]) -> NDArray[np.bool_]:
        """(n,) which rows of the table have an answer: in a segment task all rows of a segment that has."""
        table = self.vectors.table
        closed = np.zeros(len(table), np.bool_)
        closed[answered] = True
        if self.task.unit == "segment":
            segments = np.searchsorted(table.first_row, answered, side="right") - 1
            some = np.zeros(len(table.segment_ids), np.bool_)
            some[segments] = True
            closed = np.repeat(some, np.diff(table.first_row))
        return closed

    def _typical_rows(self) -> NDArray[np.int64]:
        if self._typical is None:
            self._typical = typical_rows(self.vectors.matrix(), self.vectors.table.first_row)
        return self._typical


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """All that the next items follow from; `run` is a pure function of it.

    Attributes:
        fitted: the newest predictions, None before the first.
        row_classes: labelled rows, in a segment task one per labelled segment.
        answered: all rows with an answer of any kind, skipped ones too.
        held: rows that the page has already and wants no more.
        renew: rows of which the page wants to know what the head believes now.
        asked, audited: answers given in the queue up to now, and how many of them were to audit items.
    """

    places: Places
    fitted: Fitted | None
    row_classes: dict[int, int]
    answered: NDArray[np.int64]
    held: NDArray[np.int64]
    renew: NDArray[np.int64]
    asked: int
    audited: int
    seed: int
    count: int
    near_nm: XYZ | None

    def run(self) -> Choice:
        """Choose, and say what the head believes of what was chosen."""
        table, matrix = self.places.vectors.table, self.places.vectors.matrix()
        head = None if self.fitted is None else self.fitted.head
        rows = self.places.rows(None if self.fitted is None or head is None else self.fitted.points.classes, self.seed)
        embeddings = matrix[rows]
        count = self.count + len(self.held)
        chosen = propose(
            Candidates(
                rows=rows,
                embeddings=embeddings,
                positions_nm=table.positions_nm[rows],
                segment_ids=table.segment_of_rows(rows),
                closed=self.places.closed(np.union1d(self.answered, self.held))[rows],
                probabilities=self._probabilities(rows),
                novelty=None if head is None else head.novelty.score(embeddings),
            ),
            self._labels(),
            seed=self.seed,
            count=count,
            at_nm=None if self.near_nm is None else np.array(self.near_nm),
            audit=Audit(self.places.next_audits(self.answered, count), self.asked, self.audited),
        )
        held = set(self.held.tolist())
        fresh = [item for item in chosen if item.row not in held][: self.count]
        renewed = map(Belief, self.renew.tolist(), self._beliefs(self.renew))
        return Choice(self._described(fresh), list(renewed))

    def _labels(self) -> Answered:
        rows = np.array(sorted(self.row_classes), np.int64)
        vectors = self.places.vectors
        return Answered(
            embeddings=vectors.matrix()[rows],
            classes=np.array([self.row_classes[row] for row in rows.tolist()], np.int64),
            positions_nm=vectors.table.positions_nm[rows],
            segment_ids=vectors.table.segment_of_rows(rows),
            class_names=tuple(spec.name for spec in self.places.task.classes),
        )

    def _probabilities(self, rows: NDArray[np.int64]) -> NDArray[np.float32] | None:
        if self.fitted is None or self.fitted.head is None:
            return None
        vectors = self.places.vectors
        if self.fitted.segment_probabilities is None:
            return self.fitted.head.predict(vectors.matrix()[rows])
        segments = np.searchsorted(vectors.table.first_row, rows, side="right") - 1
        return self.fitted.segment_probabilities[segments]

    def _described(self, chosen: list[Chosen]) -> list[QueueItem]:
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
        return [None] * len(rows) if probabilities is None else probabilities.tolist()


@dataclass(slots=True, eq=False)
class _Course:
    """The queue of one task in this run of the app: what was skipped, and which rows were asked as audit items."""

    places: Places
    skipped: set[int] = field(default_factory=set)
    audits: set[int] = field(default_factory=set)


class Queueing:
    """Answers the pages' requests for what to ask next."""

    def __init__(self, state: AppState, errands: OneByOne) -> None:
        self._state = state
        self._errands = errands
        self._courses: dict[str, _Course] = {}

    def ask(self, message: QueueRequest) -> None:
        """Choose what the page should ask next, and tell it."""
        task = self._state.task_named(message.task)
        job = task.job(self._state.now)
        total = len(self._state.world.table)
        course = self._course(task.task, job.vectors)
        course.skipped.update(row for row in message.skipped if row < total)
        fitted = None if task.predicted is None else task.predicted.fitted
        if not total:
            self._tell(message, course, fitted, Choice([], []))
            return
        annotator = self._state.world.annotator
        marked = task.marked(annotator)
        given = [event.provenance for event in task.history.statements(annotator).values()]
        skipped_audits = len(course.skipped & course.audits)
        question = Question(
            places=course.places,
            fitted=fitted,
            row_classes=job.row_classes,
            answered=_rows({*job.row_classes, *course.skipped, *marked.unsure, *marked.bad_segmentation}),
            held=_rows({row for row in message.held if row < total}),
            renew=_rows({row for row in message.renew if row < total}),
            asked=given.count("queue") + given.count("audit") + len(course.skipped),
            audited=given.count("audit") + skipped_audits,
            seed=job.seq,
            count=message.count,
            near_nm=message.near_nm,
        )
        self._errands.ask(
            f"queue {message.page}",
            question.run,
            partial(self._tell, message, course, fitted),
            partial(self._state.fail, message.request),
        )

    def _course(self, task: Task, vectors: RowVectors) -> _Course:
        course = self._courses.get(task.name)
        if course is None or course.places.task != task:  # the log may have changed its classes
            skipped, audits = (course.skipped, course.audits) if course else (set[int](), set[int]())
            course = self._courses[task.name] = _Course(Places(task, vectors), skipped, audits)
        return course

    def _tell(self, message: QueueRequest, course: _Course, fitted: Fitted | None, choice: Choice) -> None:
        course.audits.update(item.row for item in choice.items if item.strategy == "audit")
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


def _seed(task: Task) -> int:
    """The task's own, the same in every run."""
    return zlib.crc32(task.name.encode())
