"""From labels to what is seen: refit the active task's head, swap its points, repaint viewer and page."""

import time
from functools import partial

from segclr.errors import SegclrError
from segclr_viewer.answers import HeadInfo, HeldOutInfo, Labels, PointsReady
from segclr_viewer.app_state import AppState
from segclr_viewer.clicking import Clicking
from segclr_viewer.fitting import Fitted
from segclr_viewer.progress import progress
from segclr_viewer.task_state import Predicted, TaskState


class Painting:
    """Keeps predictions in step with the labels."""

    def __init__(self, state: AppState, clicking: Clicking) -> None:
        self._state = state
        self._clicking = clicking

    def refresh(self) -> None:
        """Bring the active task's predictions up to its labels, and show them."""
        task = self._state.active
        predicted = task.current_prediction()
        if predicted is not None:
            self._state.ports.view.repaint(predicted.fitted.points)
            self._announce(predicted)
            return
        job = task.job(self._state.now)
        started = time.perf_counter()
        if job.has_two_classes():
            self._state.ports.fitter.submit(job.run, partial(self._fitted, task, started), partial(self._failed, task))
        else:  # what the old predictions derive from is gone, and so are they; work under way will come too late
            self._fitted(task, started, job.without_head("label two classes to see predictions"))

    def labels(self) -> Labels:
        """The current labels of the active task."""
        task = self._state.active
        labelled = task.labelled()
        place_ids = {place.position_nm: place.place_id for place in self._state.places}
        known = {place_ids[at]: given for at, given in labelled.places.items() if at in place_ids}
        world = self._state.world
        marked = task.marked(world.annotator)
        own = [event for event in task.history.statements(world.annotator).values() if event.kind == "label"]
        done = progress(own, world.annotator, self._state.now())
        return Labels(
            task=task.task.name,
            rows=list(labelled.rows),
            classes=list(labelled.rows.values()),
            places=list(known),
            place_classes=list(known.values()),
            unsure=marked.unsure,
            bad_segmentation=marked.bad_segmentation,
            today=done.today,
            per_minute=done.per_minute,
        )

    def _fitted(self, task: TaskState, started: float, fitted: Fitted) -> None:
        if fitted.seq != task.history.seq:
            return  # a label came after it
        active = task is self._state.active
        if active:
            self._state.ports.view.repaint(fitted.points)
        elapsed_ms = 1e3 * (time.perf_counter() - started)
        task.predicted = Predicted(fitted, _message(fitted, elapsed_ms))
        if active:
            self._announce(task.predicted)

    def _failed(self, task: TaskState, error: SegclrError) -> None:
        self._state.fail(None, SegclrError(f"{task.task.name} could not be predicted: {error}"))

    def _announce(self, predicted: Predicted) -> None:
        send = self._state.ports.page.send
        send(predicted.message)
        send(self._clicking.known())
        self._clicking.show_newest(send)


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
        url=f"/columns/prediction/{points.stamp}.bin",
        rows=len(points.classes),
        predicted=list(points.predicted),
        labelled=list(points.labelled),
        labels=sum(points.labelled),
        head=head,
        note=points.note,
    )
