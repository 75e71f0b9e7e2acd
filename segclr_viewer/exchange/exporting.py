"""One export: a project's labels or predictions, in one of the formats."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from segclr.wording import counted, counted_are, verb
from segclr_viewer.exchange.annotation_writer import points_of_labels, points_of_predictions, write_annotations
from segclr_viewer.exchange.cave import CaveTable, write_cave_csv, write_cave_json
from segclr_viewer.exchange.errors import ExchangeError
from segclr_viewer.exchange.from_log import (
    AttachedLabels,
    LogContent,
    labels_as_attached,
    labels_as_given,
    predict,
    read_log,
    task_named,
)
from segclr_viewer.exchange.label_csv import write_labels_csv
from segclr_viewer.exchange.parquet import write_labels_parquet, write_predictions_parquet
from segclr_viewer.exchange.prediction_csv import stamp_path, write_predictions_csv
from segclr_viewer.exchange.predictions import PredictionStamp, prediction_chunks
from segclr_viewer.exchange.segment_properties import write_segment_properties
from segclr_viewer.exchange.segments import labelled_segments, predicted_segments
from segclr_viewer.project import Project, Task

What = Literal["labels", "predictions"]
Format = Literal["csv", "parquet", "segment_properties", "annotations", "cave"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportRequest:
    """What to write where; `task` None is the only one, or all of them where the format can hold several."""

    what: What
    format: Format
    out: Path
    task: str | None = None
    cave: CaveTable | None = None


def export(project: Project, request: ExportRequest, now: Callable[[], str]) -> str:
    """Write what is asked for, from the log as it is; returns a sentence that says what was written.

    The log may be open in an app meanwhile.

    Raises:
        SegclrError: there is nothing to export, or something cannot be read or written.
    """
    log = read_log(Path(project.labels.file))
    if request.what == "predictions":
        return _export_predictions(project, log, request, now)
    if request.format in ("csv", "parquet"):
        return _export_label_table(project, log, request)
    task = task_named(project, request.task)
    attached = labels_as_attached(project, log, task)
    origin: dict[str, object] = {
        "project": project.name,
        "task": task.name,
        "segmentation": project.segmentation.version,
        "log_position": len(log.events),
        "exported_at": now(),
    }
    return _export_label_layer(request, attached, origin) + _lost(attached)


def _export_label_table(project: Project, log: LogContent, request: ExportRequest) -> str:
    tasks = project.tasks if request.task is None else (task_named(project, request.task),)
    labels = [label for task in tasks for label in labels_as_given(log, task)]
    write = write_labels_csv if request.format == "csv" else write_labels_parquet
    return f"{counted_are(write(request.out, labels), 'label')} in {request.out}"


def _export_label_layer(request: ExportRequest, attached: AttachedLabels, origin: dict[str, object]) -> str:
    out, labels, classes = request.out, attached.labels, attached.classes
    if request.format == "segment_properties":
        count = write_segment_properties(out, labelled_segments(labels, classes), classes, origin)
        return f"the classes of {counted(count, 'segment')} are in {out}"
    if request.format == "annotations":
        count = write_annotations(out, points_of_labels(labels, classes), classes, origin)
        return f"{counted_are(count, 'point')} in {out}"
    if request.cave is None:
        raise ExchangeError("CAVE's tables count voxels: say of what size (--resolution-nm 4 4 40)")
    write = write_cave_json if out.suffix == ".json" else write_cave_csv
    return f"{write(out, labels, request.cave)} rows for CAVE are in {out}"


def _export_predictions(project: Project, log: LogContent, request: ExportRequest, now: Callable[[], str]) -> str:
    out = request.out
    if request.format == "cave":
        raise ExchangeError("predictions are not exported for CAVE, whose rows are for what somebody has seen: use csv")
    task: Task = task_named(project, request.task)
    predictions = predict(project, log, task, now)
    table, points, stamp = predictions.table, predictions.points, predictions.stamp
    if request.format == "csv":
        count = write_predictions_csv(out, prediction_chunks(table, points), stamp)
        return f"{_predictions(count, stamp)} in {out}, and what they follow from in {stamp_path(out)}"
    if request.format == "parquet":
        count = write_predictions_parquet(out, prediction_chunks(table, points), stamp)
        return f"{_predictions(count, stamp)} in {out}"
    if request.format == "annotations":
        count = write_annotations(
            out, points_of_predictions(prediction_chunks(table, points)), stamp.classes, asdict(stamp)
        )
        return f"{counted_are(count, 'predicted point')} in {out}"
    attached = labels_as_attached(project, log, task)
    segments = predicted_segments(table, points, len(stamp.classes), attached.labels)
    count = write_segment_properties(out, segments, stamp.classes, asdict(stamp))
    return f"the predicted classes of {counted(count, 'segment')} are in {out}"


def _predictions(count: int, stamp: PredictionStamp) -> str:
    return f"{counted(count, 'row')} of predictions {stamp.head} {verb(count, 'is', 'are')}"


def _lost(attached: AttachedLabels) -> str:
    if not attached.lost:
        return ""
    return f"; {counted_are(attached.lost, 'label')} left out: there is no segment at that position any more"
