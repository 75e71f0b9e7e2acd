"""Made-up tables and heads that the parts share."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from benchmarks.table.rows import DIMENSIONS, MADE_BY, content_of
from segclr.embeddings.storage.writer import open_writer
from segclr.heads.linear import LinearHead
from segclr.heads.mahalanobis import Mahalanobis
from segclr.heads.task_head import HeadOrigin, TaskHead

CLASSES = 13
_HUES = ("#56b4e9", "#e69f00", "#009e73", "#f0e442", "#0072b2", "#d55e00", "#cc79a7", "#999999")


def write_table(folder: Path, rows: int) -> None:
    """Write a table of made-up cells, in one shard of float32."""
    with open_writer(folder) as writer:
        writer.replace(content_of(rows), MADE_BY, "float32", "0" * 16)


def write_head(path: Path, radius_um: float = 0.0) -> None:
    """Write a linear head of 13 classes, whose weights are random."""
    rng = np.random.default_rng(7)
    d = DIMENSIONS
    novelty = Mahalanobis(np.zeros(d), np.eye(d), np.zeros((1, d)), None)
    weights = rng.normal(size=(CLASSES, d)) / 4
    head = LinearHead(CLASSES, np.zeros(d), np.ones(d), weights, np.zeros(CLASSES), 1.0, novelty)
    origin = HeadOrigin(
        stamp="0" * 16,
        task="made up",
        unit="node",
        classes=tuple(f"class {index + 1}" for index in range(CLASSES)),
        colors=tuple(_HUES[index % len(_HUES)] for index in range(CLASSES)),
        aggregation_radius_um=radius_um,
        encoder_hash=MADE_BY.encoder_hash,
        cutout=MADE_BY.cutout,
    )
    TaskHead(head, origin).save(path)


def stay_on_one_core() -> None:
    """Pin this process, with the threads that it has, to the first of its cores."""
    core = min(os.sched_getaffinity(0))
    for task in Path("/proc/self/task").iterdir():
        os.sched_setaffinity(int(task.name), {core})


def memory_of_its_own() -> float:
    """MiB of this process that are no mapped files."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssAnon"):
            return int(line.split()[1]) / 1024
    return float("nan")


def forget(folder: Path) -> None:
    """Let the files of a folder be read from the disk again."""
    os.sync()
    for path in folder.iterdir():
        with path.open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
