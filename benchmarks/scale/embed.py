"""Bulk embedding against the bare encoder, and two workers against one, each worker on a core of its own."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.report import Row
from segclr.em.cutout import CutoutSpec
from segclr.em.phantom.writing import write_phantom
from segclr.embeddings.bulk.blocks import EmbeddingWork, Load
from segclr.embeddings.bulk.distributed import DaskWorkers, local_workers
from segclr.embeddings.bulk.engine import Workers
from segclr.embeddings.bulk.running import run_job
from segclr.embeddings.bulk.settings import BulkSettings
from segclr.embeddings.bulk.side_by_side import SideBySide
from segclr.embeddings.embed import EncoderLike
from segclr.encoder.checkpoint import TrainingRecord, read_spec
from segclr.encoder.config import EncoderConfig
from segclr.encoder.resnet import SegclrResNet
from segclr.encoder.weights import save_checkpoint

SEED = 201
RESOLUTION_NM = (32.0, 32.0, 40.0)
BATCH = 32


@dataclass(frozen=True, slots=True)
class LoadPinned:
    """Loads an encoder of one thread in a process that stays on one core: worker by worker the next one.

    Attributes:
        cores: a folder in which workers say which core they have taken.
    """

    cores: Path

    def __call__(self, checkpoint: Path) -> EncoderLike:
        for core in sorted(os.sched_getaffinity(0)):
            try:
                (self.cores / str(core)).open("x").close()
            except FileExistsError:
                continue
            for task in Path("/proc/self/task").iterdir():  # threads that run already, too
                os.sched_setaffinity(int(task.name), {core})
            break
        return Load(1)(checkpoint)


@dataclass(slots=True)
class Course:
    """When a job told what, by the clock and by the processor time of what does it.

    Attributes:
        own: that processor time, asked for at each sentence with one of these words.
    """

    own: Callable[[], float] = time.process_time
    asked_at: tuple[str, ...] = ("",)
    told: list[tuple[str, float, float]] = field(default_factory=list)

    def report(self, text: str) -> None:
        own = self.own() if any(words in text for words in self.asked_at) else 0.0
        self.told.append((text, time.perf_counter(), own))

    def seconds(self, begin: str) -> tuple[float, float]:
        """From the first sentence with these words to the merging: by the clock, and of the processor."""
        (_, wall, own), *_ = (entry for entry in self.told if begin in entry[0])
        (_, wall_end, own_end), *_ = (entry for entry in self.told if entry[0].startswith("merging"))
        return wall_end - wall, own_end - own


def measure(folder: Path, size: int, voxels: tuple[int, int, int]) -> list[Row]:
    """Run the same job bare, in one process, and by one and two pinned workers.

    Args:
        size: edge of the view in voxels.
        voxels: (x, y, z) size of the generated volume.
    """
    settings = _settings(folder, size, voxels)
    spec = read_spec(Path(settings.checkpoint))
    encoder = Load()(Path(settings.checkpoint))
    images = np.random.default_rng(0).integers(1, 255, (BATCH, size, size, size), dtype=np.uint8)
    encoder.embed(images)

    def run(
        work: EmbeddingWork, workers: Workers, begin: str, own: Callable[[], float] = time.process_time
    ) -> tuple[int, float, float]:
        course = Course(own, (begin, "merging"))
        rows = run_job(work, spec, workers, report=course.report).rows
        return rows, *course.seconds(begin)

    before = _bare(encoder, images)
    alone = EmbeddingWork(settings, lambda _: encoder, BATCH)
    count, wall, own = run(alone, SideBySide(alone), "nodes in")
    bare_wall, bare_own = np.mean([before, _bare(encoder, images)], axis=0).tolist()
    rows = [
        Row("the bare encoder", 1 / bare_wall, "cutouts/s", note=f"{size}^3 voxels, {encoder_name(encoder)}"),
        Row("the job in one process", count / wall, "cutouts/s", note=f"{count} nodes, from plan to merging"),
        Row("job against bare, by the clock", bare_wall * count / wall, "ratio", ">= 0.9"),
        Row("job against bare, processor time", bare_own * count / own, "ratio", note="other work moves it little"),
    ]
    rates, costs = [], []
    for number in (1, 2):
        cores = folder / f"cores-{number}"
        cores.mkdir()
        table = replace(settings, table_folder=str(folder / f"table-{number}"))
        work = EmbeddingWork(table, LoadPinned(cores), BATCH, readers=1)
        with local_workers(work, number, dashboard=":0") as workers:
            # each worker has done a block, or nearly: it is warm
            done, wall, own = run(work, workers, f"{number} of ", partial(_worked, workers))
        rates.append(done / wall)
        costs.append(own / done)
        rows.append(Row(f"{number} workers, a core each", rates[-1], "cutouts/s", note="without their first block"))
    rows.append(Row("2 workers against 1, by the clock", rates[1] / rates[0], "ratio", ">= 1.8"))
    note = "2 x processor time of a cutout with 1, over that with 2"
    rows.append(
        Row("2 workers against 1, each with a core to itself", 2 * costs[0] / costs[1], "ratio", ">= 1.8", note)
    )
    return rows


def _worked(workers: DaskWorkers) -> float:
    """Processor time of all workers."""
    times: dict[str, float] = workers.client.run(time.process_time)
    return sum(times.values())


def encoder_name(encoder: EncoderLike) -> str:
    """What computes."""
    return str(getattr(encoder, "device", ""))


def _settings(folder: Path, size: int, voxels: tuple[int, int, int]) -> BulkSettings:
    """Blocks as wide as the job's own, or narrower, so that two of them lie side by side."""
    phantom = write_phantom(folder / "phantom", SEED, voxels)
    edges_nm = [count * nm for count, nm in zip(voxels, RESOLUTION_NM, strict=True)]
    torch.manual_seed(0)
    checkpoint = folder / "encoder.safetensors"
    network, cutout = SegclrResNet(EncoderConfig()).eval(), CutoutSpec(size, RESOLUTION_NM)
    save_checkpoint(checkpoint, network, cutout, TrainingRecord("nothing", 0))
    return BulkSettings(
        phantom.em_url,
        phantom.segmentation_url,
        phantom.skeletons_url,
        str(checkpoint),
        str(folder / "table"),
        block_um=min(4 * size * RESOLUTION_NM[2], min(edges_nm) / 2) / 1000,
    )


def _bare(encoder: EncoderLike, images: NDArray[np.uint8], times: int = 4) -> tuple[float, float]:
    """Seconds a cutout, by the clock and of the processor."""
    wall, own = time.perf_counter(), time.process_time()
    for _ in range(times):
        encoder.embed(images)
    count = times * len(images)
    return (time.perf_counter() - wall) / count, (time.process_time() - own) / count
