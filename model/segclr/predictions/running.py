"""A bulk prediction from begin to end: what is missing is predicted, what fails tried again, what is there joined."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segclr.embeddings.bulk.engine import Report, Workers, do_blocks
from segclr.embeddings.bulk.job import JobFolder
from segclr.embeddings.parts import segments_of
from segclr.embeddings.storage.lock import writing_alone
from segclr.embeddings.storage.stored_table import StoredTable
from segclr.errors import TableError
from segclr.heads.task_head import TaskHead, hash_of_head
from segclr.predictions.blocks import file_of, read_block
from segclr.predictions.plan import PredictionPlan, open_plan
from segclr.predictions.settings import PredictionSettings
from segclr.predictions.stored import (
    NO_CLASS,
    PredictionOrigin,
    open_predictions,
    predictions_exist,
    write_predictions,
)
from segclr.wording import counted


@dataclass(frozen=True, slots=True)
class Predicted:
    """What a job came to.

    Attributes:
        rows: of the table.
        without: rows that have no prediction.
        failed: their blocks, each with one sentence.
    """

    rows: int
    without: int
    failed: dict[int, str]


def run_prediction(
    settings: PredictionSettings, workers: Workers, retries: int = 2, report: Report = lambda text: None
) -> Predicted:
    """Do what is missing of a job, and write its predictions.

    Args:
        workers: do the blocks.
        retries: how often a block that fails is tried again, after all others.
        report: is told in words what goes on.

    Raises:
        TableError: There are other predictions already, the job was begun with another table or head, another program
            is at it, the table is damaged or without rows, or the disk is full.
        CheckpointMismatch: The head cannot be read, or is for other embeddings.
    """
    out = Path(settings.out)
    folder = JobFolder.beside(out)
    stored = settings.open_table()
    head = settings.open_head(stored)
    origin = _origin(settings, stored, head)
    if predictions_exist(out):
        found = open_predictions(out)
        if found.origin.head_file != origin.head_file or found.origin.shards != origin.shards:
            raise TableError(
                f"there are predictions by the head {found.origin.head.stamp} ({found.origin.head.task}) in {out} "
                "already, of another head or table: delete them, or name another folder"
            )
        if not folder.path.exists():
            return Predicted(len(found), int((found.classes == NO_CLASS).sum()), {})
    folder.make()
    with writing_alone(folder.path):
        plan = _plan(settings, stored, folder)
        done = folder.done(len(plan), lambda place: place.with_suffix(".npz").exists())
        report(
            f"{counted(int(plan.segments.first_row[-1]), 'row')} in {counted(len(plan), 'block')}"
            + (f", {len(done)} done" if done else "")
        )
        failed = do_blocks(folder, workers, len(plan), done, retries, report, "rows")
        if len(failed) == len(plan):
            raise TableError(f"all of {counted(len(plan), 'block')} failed, the first because {failed[min(failed)]}")
        report("putting the blocks together")
        _put_together(out, origin, plan, folder, failed)
        if not failed:
            folder.remove()
    rows = int(plan.segments.first_row[-1])
    return Predicted(rows, sum(plan.rows(block) for block in failed), failed)


def _origin(settings: PredictionSettings, stored: StoredTable, head: TaskHead) -> PredictionOrigin:
    try:
        code_version = version("segclr-viewer")
    except PackageNotFoundError:
        code_version = "not installed"
    return PredictionOrigin(
        head=head.origin,
        head_file=hash_of_head(Path(settings.head)),
        table=settings.table,
        shards=tuple(shard.name for shard in stored.manifest.shards),
        segmentation_url=stored.provenance.segmentation_url,
        code_version=code_version,
    )


def _plan(settings: PredictionSettings, stored: StoredTable, folder: JobFolder) -> PredictionPlan:
    """Cut the table into blocks, unless that was done before."""
    described = settings.describe(stored)
    if not folder.has_plan(described):
        segments = segments_of(stored)
        if len(segments.ids) == 0:
            raise TableError(f"there are no rows to predict in the table {settings.table}")
        folder.begin(PredictionPlan(segments, segments.cut(settings.rows_at_once)), described)
    return open_plan(folder.path)


def _put_together(
    out: Path, origin: PredictionOrigin, plan: PredictionPlan, folder: JobFolder, failed: dict[int, str]
) -> None:
    def blocks(name: str) -> Iterator[NDArray[Any]]:
        for block in range(len(plan)):
            yield _nothing(plan, block, name, origin) if block in failed else read_block(file_of(folder, block), name)

    ids, first_row = plan.segments.ids, plan.segments.first_row
    columns = {name: blocks(name) for name in ("classes", "confidence", "shares")}
    write_predictions(
        out, origin, int(first_row[-1]), len(ids), {"segment_ids": (ids,), "first_row": (first_row,), **columns}
    )


def _nothing(plan: PredictionPlan, block: int, name: str, origin: PredictionOrigin) -> NDArray[Any]:
    """What stands for a block that failed."""
    if name == "shares":
        return np.zeros((plan.segment_count(block), len(origin.head.classes)), np.float32)
    return np.full(plan.rows(block), NO_CLASS if name == "classes" else 0, np.uint8)
