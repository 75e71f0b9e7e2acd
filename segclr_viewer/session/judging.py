"""The evaluation panel's use cases: how good the head is, and labels looked at again and kept."""

from functools import partial

from segclr.em.geometry import XYZ
from segclr_viewer.heads.judgement import Evaluation
from segclr_viewer.heads.task_state import TaskState
from segclr_viewer.heads.timeline import Sited
from segclr_viewer.log.events import STATEMENTS, LabelEvent
from segclr_viewer.project import Task
from segclr_viewer.session.app_state import AppState
from segclr_viewer.session.one_by_one import OneByOne
from segclr_viewer.wire.evaluation import EvaluateRequest, EvaluationReady


class Judging:
    """Answers the pages' question how good a task's head is. The figures are made off the session's thread."""

    def __init__(self, state: AppState, errands: OneByOne) -> None:
        self._state = state
        self._errands = errands
        self._sited: dict[str, list[Sited]] = {}
        self._newest: dict[str, EvaluationReady] = {}

    def ask(self, message: EvaluateRequest) -> None:
        """Judge the head that the task's labels give."""
        task = self._state.task_named(message.task)
        known = self._newest.get(message.task)
        job = task.job(self._state.now)
        if known is not None and known.stamp == job.stamp:
            self._state.ports.page.send(known.answering(message.request))
            return
        evaluation = Evaluation(
            base=self._base(message.task),
            job=job,
            sited=tuple(self._all_sited(task)),
            place_ids={place.position_nm: place.place_id for place in self._state.places},
            hidden=frozenset(task.hidden_rows(self._state.world.annotator)),
        )
        self._errands.ask(
            message.page,
            evaluation.run,
            partial(self._judged, message, task.classes.ids),
            partial(self._state.fail, message.request),
        )

    def _judged(self, message: EvaluateRequest, class_ids: tuple[str, ...], evaluation: EvaluationReady) -> None:
        """Tell the figures, unless they are of other classes: then judge again."""
        if self._state.task_named(message.task).classes.ids != class_ids:
            self.ask(message)
            return
        self._newest[evaluation.task] = evaluation
        self._state.ports.page.send(evaluation.answering(message.request))

    def _base(self, name: str) -> Task:
        return next(task for task in self._state.world.tasks if task.name == name)

    def _all_sited(self, task: TaskState) -> list[Sited]:
        """All events of the task with what they are for; that never changes, and is kept."""
        sited = self._sited.setdefault(task.task.name, [])
        sited += [self._site(task, event) for event in task.history.events[len(sited) :]]
        return sited

    def _site(self, task: TaskState, event: LabelEvent) -> Sited:
        sites = self._state.sites
        segment = sites.segment_of(event) if event.kind in STATEMENTS else None
        if not segment:
            return Sited(event, None, None)
        row = sites.row(segment, event.place_nm)
        where: int | XYZ = event.place_nm if row is None else row
        here = event.segmentation == self._state.world.segmentation
        saved = sites.saved(event.place_nm) if row is None and here else None
        return Sited(event, segment if task.task.unit == "segment" else where, saved if row is None else row)
