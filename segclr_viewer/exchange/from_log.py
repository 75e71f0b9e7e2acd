"""What a project's log says now, for export: its labels, and the predictions that follow from them."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from segclr.embeddings.table import EmbeddingTable, open_table
from segclr.errors import TooFewLabels
from segclr_viewer.exchange.errors import ExchangeError
from segclr_viewer.exchange.labels import CurrentLabel
from segclr_viewer.exchange.predictions import PredictionStamp
from segclr_viewer.heads.fitting import FitJob
from segclr_viewer.heads.task_state import TaskState
from segclr_viewer.labels.label_sites import LabelSites
from segclr_viewer.log.events import LabelEvent, SavedPlace
from segclr_viewer.log.fold import fold
from segclr_viewer.log.segment_reading import segments_at
from segclr_viewer.log.store import LabelStore
from segclr_viewer.log.training_file import TrainingFile
from segclr_viewer.opening import open_segmentation
from segclr_viewer.points import Points
from segclr_viewer.project import Project, Task
from segclr_viewer.world import choice_of


@dataclass(frozen=True, slots=True, eq=False)
class LogContent:
    """Everything in a log at one moment."""

    events: list[LabelEvent]
    places: list[SavedPlace]


@dataclass(frozen=True, slots=True, eq=False)
class AttachedLabels:
    """Labels by the segments that are at their positions now.

    Attributes:
        classes: all names that a label may have, those of the task first.
        lost: how many lie where there is no segment any more.
    """

    labels: list[CurrentLabel]
    classes: tuple[str, ...]
    lost: int


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """What the app would show with the log as it is."""

    table: EmbeddingTable
    points: Points
    stamp: PredictionStamp


def read_log(path: Path) -> LogContent:
    """Read a log, which may be open in an app meanwhile.

    Raises:
        LabelStoreError: it cannot be read.
    """
    log = LabelStore.open(path, reader=True)
    try:
        return LogContent(log.events(), log.places())
    finally:
        log.close()


def task_named(project: Project, name: str | None) -> Task:
    """The project's task of that name; without a name its only one.

    Raises:
        ExchangeError: there is no such task, or several and no name.
    """
    known = ", ".join(repr(task.name) for task in project.tasks)
    if name is None and len(project.tasks) > 1:
        raise ExchangeError(f"the project has the tasks {known}: say which (--task)")
    found = next((task for task in project.tasks if name in (None, task.name)), None)
    if found is None:
        raise ExchangeError(f"the project has no task {name!r}: it has {known}")
    return found


def labels_as_given(log: LogContent, task: Task) -> list[CurrentLabel]:
    """The labels that hold, in the order of the log, with segmentation and segment as they were when given."""
    history = fold(log.events, task.name, task.unit, task.classes)
    events = sorted(history.current().values(), key=lambda event: event.seq)
    return [_label(event, history.name_now(event), event.segmentation, event.segment_id) for event in events]


def labels_as_attached(project: Project, log: LogContent, task: Task) -> AttachedLabels:
    """The labels that hold, with the segments that are at their positions in the project's segmentation.

    Raises:
        VolumeUnavailable: labels of another version of the segmentation are there, and it cannot be read.
    """
    table = open_table(Path(project.table.folder))
    state, sites = _task_state(project, log, task, table)
    labels, lost = [], 0
    for event in sorted(state.history.current().values(), key=lambda event: event.seq):
        segment = sites.segment_of(event)
        if segment:
            labels.append(_label(event, state.history.name_now(event), project.segmentation.version, segment))
        else:
            lost += 1
    known = state.history.classes
    names = [spec.name for spec in (*known.specs, *known.retired)]
    names += [label.class_name for label in labels]  # the project file may have lost a class that the log knows
    return AttachedLabels(labels, tuple(dict.fromkeys(names)), lost)


def predict(project: Project, log: LogContent, task: Task, now: Callable[[], str]) -> Predictions:
    """Fit the task's head on the labels, as the app does, and predict every row of the table.

    Raises:
        TooFewLabels: fewer than two classes have labels.
        SegclrError: the table or the segmentation cannot be read.
    """
    job = fit_job(project, log, task, now)
    table, points = job.vectors.table, job.run().points
    stamp = PredictionStamp(
        project=project.name,
        task=job.task.name,
        unit=job.task.unit,
        classes=tuple(spec.name for spec in job.task.classes),
        segmentation=project.segmentation.version,
        head=points.stamp,
        log_position=job.seq,
        table_version=table.version,
        encoder_hash=table.provenance.encoder_hash,
    )
    return Predictions(table, points, stamp)


def fit_job(project: Project, log: LogContent, task: Task, now: Callable[[], str]) -> FitJob:
    """What the app would fit and predict with the log as it is.

    Raises:
        TooFewLabels: fewer than two classes have labels.
        SegclrError: the table or the segmentation cannot be read.
    """
    table = open_table(Path(project.table.folder))
    table.check_finite()
    job = _task_state(project, log, task, table)[0].job(now)
    if not job.has_two_classes():
        raise TooFewLabels(f"there are no predictions of {task.name!r}: label two classes first")
    return job


def _task_state(project: Project, log: LogContent, task: Task, table: EmbeddingTable) -> tuple[TaskState, LabelSites]:
    """The task as the app holds it after the whole log."""

    def segment_at(positions_nm: NDArray[np.float64]) -> NDArray[np.uint64]:
        return segments_at(open_segmentation(project), positions_nm)  # opened only where a label needs it

    sites = LabelSites(table, project.segmentation.version, segment_at)
    sites.save(log.places)
    sites.attach([event for event in log.events if event.task == task.name])
    state = TaskState(task, sites, choice=choice_of(project.train_on))
    chosen = TrainingFile(Path(project.labels.file)).read().get(task.name)
    if chosen is not None:
        state.choose(chosen.choice)
    for event in log.events:
        state.apply(event)
    return state, sites


def _label(event: LabelEvent, class_name: str, segmentation: str, segment_id: int) -> CurrentLabel:
    return CurrentLabel(
        task=event.task,
        class_name=class_name,
        segment_id=segment_id,
        position_nm=event.place_nm,
        segmentation=segmentation,
        annotator=event.annotator,
        provenance=event.provenance,
        at=event.at,
        uuid=event.uuid,
    )
