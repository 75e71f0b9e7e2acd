"""A task's head as a file, with which whole tables are predicted (`segclr.predictions`)."""

from collections.abc import Callable
from pathlib import Path

from segclr.heads.linear import fit_head
from segclr.heads.task_head import HeadOrigin, TaskHead
from segclr_viewer.exchange.from_log import fit_job, read_log, task_named
from segclr_viewer.project import Project


def export_head(project: Project, out: Path, task_name: str | None, now: Callable[[], str]) -> str:
    """Fit the task's head on the labels, as the app does, and write it; returns a sentence that says what was written.

    Args:
        task_name: None is the project's only one.

    Raises:
        TooFewLabels: fewer than two classes have labels.
        SegclrError: log, table or segmentation cannot be read, or the file not be written.
    """
    task = task_named(project, task_name)
    job = fit_job(project, read_log(Path(project.labels.file)), task, now)
    embeddings, classes, segments = job.training_set()
    fitted = fit_head(embeddings, classes, segments, len(job.task.classes))
    made = job.vectors.table.provenance
    origin = HeadOrigin(
        stamp=job.stamp,
        task=job.task.name,
        unit=job.task.unit,
        classes=tuple(spec.name for spec in job.task.classes),
        colors=tuple(spec.color for spec in job.task.classes),
        aggregation_radius_um=job.task.aggregation_radius_um,
        encoder_hash=made.encoder_hash,
        cutout=made.cutout,
        segmentation=project.segmentation.version,
        project=project.name,
        log_position=job.seq,
        labels=len(classes),
        fitted_at=now(),
    )
    TaskHead(fitted.head, origin).save(out)
    score = fitted.held_out
    judged = "" if score is None else f", macro F1 {score.macro_f1:.2f} on segments it was not fitted on"
    return f"the head {job.stamp} of {job.task.name}, fitted on {len(classes)} places{judged}, is in {out}"
