"""Keeping the predictions of every task in step with its labels, once for all annotators.

One fit is under way at a time; of each task the newest that waits comes next, so that no stream of labels, of however
many annotators, keeps the predictions from coming. What is shown is never older than what was shown before.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from segclr.errors import SegclrError
from segclr_viewer.heads.fitting import Fitted
from segclr_viewer.heads.task_state import Predicted, TaskState
from segclr_viewer.points import Points, Rest
from segclr_viewer.ports import Later, Latest
from segclr_viewer.project import Task
from segclr_viewer.session.one_by_one import OneByOne
from segclr_viewer.wire.answers import HeadInfo, HeldOutInfo, PointsReady

_PROGRESS_S = 0.5


class Predicting:
    """Fits heads.

    Args:
        now: the time in words.
        paint: show these predictions of a task in the viewers.
        tell: announce the newest predictions of a task to the pages.
        fail: tell that a task could not be predicted.
        say: tell a sentence to all who look at a task.
        later: the session's clock.
    """

    def __init__(
        self,
        fitter: Latest,
        now: Callable[[], str],
        paint: Callable[[TaskState, Points], None],
        tell: Callable[[TaskState, Predicted], None],
        fail: Callable[[TaskState, SegclrError], None],
        say: Callable[[TaskState, str], None],
        later: Later,
    ) -> None:
        self._fits = OneByOne(fitter)
        self._now = now
        self._paint = paint
        self._tell = tell
        self._fail = fail
        self._say = say
        self._later = later
        self._asked: dict[str, tuple[int, int]] = {}  # of each task the newest moment that is being predicted

    @property
    def is_idle(self) -> bool:
        """Whether nothing is being fitted or predicted."""
        return self._fits.is_idle

    def refresh(self, task: TaskState) -> None:
        """Bring a task's predictions up to its labels."""
        name, moment = task.task.name, task.moment
        if task.current_prediction() is not None or self._asked.get(name) == moment:
            return
        job = task.job(self._now)
        done = partial(self._fitted, task, task.task, time.perf_counter())
        if job.has_two_classes():
            self._asked[name] = moment
            self._fits.ask(name, job.run, done, partial(self._failed, task))
        else:  # what the old predictions derive from is gone, and so are they; work under way will come too late
            done(job.without_head("label two classes to see predictions"))

    def _fitted(self, task: TaskState, classes_of: Task, started: float, fitted: Fitted) -> None:
        shown = task.predicted
        if (shown is not None and fitted.moment <= shown.fitted.moment) or classes_of != task.task:
            return  # something newer is shown, or the classes are others now
        fitted = fitted.grown(task.vectors.table)
        self._paint(task, fitted.points)
        task.predicted = Predicted(fitted, _message(fitted, 1e3 * (time.perf_counter() - started)))
        self._tell(task, task.predicted)
        if fitted.points.rest is not None:
            self._go_on(task, fitted, fitted.points.rest)
            self._later(_PROGRESS_S, partial(self._say_share, task, fitted, fitted.points.rest))

    def _go_on(self, task: TaskState, fitted: Fitted, rest: Rest) -> None:
        """Predict what nobody has looked at yet, whenever there is nothing else to do."""
        if self._is_shown(task, fitted):
            work = partial(rest.go_on, lambda: self._fits.is_free)
            gone_on = partial(self._went_on, task, fitted, rest)
            self._fits.ask(f"rest of {task.task.name}", work, gone_on, partial(self._failed, task))

    def _went_on(self, task: TaskState, fitted: Fitted, rest: Rest, _: None) -> None:
        if not self._is_shown(task, fitted) or task.predicted is None:
            return
        if not rest.is_over:
            self._go_on(task, fitted, rest)
            return
        broken = rest.note()
        note = "; ".join(filter(None, (fitted.points.note, broken)))
        points = replace(fitted.points, predicted=rest.counts(), note=note)
        message = task.predicted.message.of_all(points.predicted, note)
        task.predicted = Predicted(replace(fitted, points=points), message)
        self._tell(task, task.predicted)
        self._say(task, broken or f"all {len(points.classes):,} points are predicted")

    def _say_share(self, task: TaskState, fitted: Fitted, rest: Rest) -> None:
        if self._is_shown(task, fitted) and not rest.is_over:
            total = len(fitted.points.classes)
            self._say(task, f"predicting {task.task.name}: {rest.share:.0%} of {total:,} points")
            self._later(_PROGRESS_S, partial(self._say_share, task, fitted, rest))

    def _is_shown(self, task: TaskState, fitted: Fitted) -> bool:
        return task.predicted is not None and task.predicted.fitted is fitted

    def _failed(self, task: TaskState, error: SegclrError) -> None:
        self._asked.pop(task.task.name, None)
        self._fail(task, SegclrError(f"{task.task.name} could not be predicted: {error}"))


def _message(fitted: Fitted, repaint_ms: float) -> PointsReady:
    points, head, held_out = fitted.points, None, None
    if fitted.held_out is not None:
        score = fitted.held_out
        held_out = HeldOutInfo(score.macro_f1, score.accuracy, score.accuracy_low, score.accuracy_high, score.count)
    if fitted.head is not None:
        head = HeadInfo(
            version=fitted.seq,
            labels=sum(points.labelled),
            fitted_at=fitted.fitted_at,
            fit_ms=fitted.fit_ms,
            repaint_ms=repaint_ms,
            held_out=held_out,
        )
    return PointsReady(
        stamp=points.stamp,
        task=points.task,
        url=f"/columns/prediction/{points.stamp}{'' if points.rest is None else '~-some'}.bin",
        rows=len(points.classes),
        predicted=list(points.predicted),
        labelled=list(points.labelled),
        labels=sum(points.labelled),
        head=head,
        note=points.note,
    )
