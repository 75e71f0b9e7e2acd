"""Bulk prediction on one core, against what the same core takes to read the same embeddings."""

from __future__ import annotations

import multiprocessing
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from benchmarks.report import Row
from benchmarks.scale.tables import forget, memory_of_its_own, stay_on_one_core, write_head, write_table
from segclr.embeddings.bulk.engine import ThisProcess
from segclr.embeddings.storage.precision import ROWS_AT_ONCE
from segclr.embeddings.storage.stored_table import open_stored
from segclr.heads.task_head import open_task_head
from segclr.predictions.blocks import PredictionWork
from segclr.predictions.running import run_prediction
from segclr.predictions.settings import PredictionSettings
from segclr.predictions.stored import StoredPredictions, open_predictions

TIMES = 3
RADIUS_UM = 10.0
MANY = 100_000_000


def measure(folder: Path, rows: int) -> list[Row]:
    """Write a table, predict it on one core and after being killed, and tell what 10^8 rows would take."""
    table = folder / "table"
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        pool.submit(write_table, table, rows).result()
        write_head(folder / "head.npz")
        write_head(folder / "head-10um.npz", RADIUS_UM)
        found = pool.submit(on_one_core, folder, rows).result()
    return [*found, _killed(folder)]


def on_one_core(folder: Path, rows: int) -> list[Row]:
    """What is timed, in a process of its own."""
    stay_on_one_core()
    table = folder / "table"
    (reader,) = open_stored(table).readers()
    embeddings = reader.read("embeddings", 0, rows)
    head = open_task_head(folder / "head.npz").head
    cuts = [slice(start, start + ROWS_AT_ONCE) for start in range(0, rows, ROWS_AT_ONCE)]
    scan, bare, job, memory = [], [], [], []
    for turn in range(TIMES):  # in turns, for others use the machine as well
        scan.append(_took(lambda: [embeddings[cut].sum() for cut in cuts]))
        bare.append(_took(lambda: [head.predict_codes(embeddings[cut]) for cut in cuts]))
        job.append(_took(lambda turn=turn: _predict(folder, "head.npz", f"out-{turn}", memory)))  # type: ignore[misc]
    averaged = _took(lambda: _predict(folder, "head-10um.npz", "out-10um", []))
    forget(table)
    reread = next(table.glob("embeddings-*.npy"))
    cold = _took(lambda: _read(reread))
    size = embeddings.nbytes
    scan_s, bare_s, job_s = (min(one.own for one in times) for times in (scan, bare, job))
    clock_s = min(one.clock for one in job)
    return [
        Row("sum of all embeddings, one core", size / scan_s / 1e9, "GB/s", "", f"{rows:,} rows of 64, in memory"),
        Row("- rows", rows / scan_s / 1e6, "million rows/s", "", "the limit of reading"),
        Row("the head alone, one core", rows / bare_s / 1e6, "million rows/s", "", "13 classes"),
        Row("bulk prediction, one core", rows / job_s / 1e6, "million rows/s", "", "the job from begin to end"),
        Row("- against reading alone", scan_s / job_s, "ratio", "", "of processor time, like all the above"),
        Row("- by the clock", rows / clock_s / 1e6, "million rows/s", "", "with the waiting for the disk"),
        Row("- averaged within 10 um", rows / averaged.own / 1e6, "million rows/s", "", "along skeletons"),
        Row("- memory of its own", max(memory), "MiB", "", "not counting mapped files"),
        Row("the disk, read anew", size / cold.clock / 1e9, "GB/s", "", "by the clock"),
        Row("10^8 rows, 26 GB in memory, one core", MANY / rows * job_s, "s", "", "extrapolated, processor time"),
        Row(
            "10^8 rows from this disk",
            MANY / rows * max(cold.clock, job_s),
            "s",
            "",
            "extrapolated: the slower of both",
        ),
    ]


def _predict(folder: Path, head: str, out: str, memory: list[float]) -> None:
    settings = _settings(folder, head, out)
    run_prediction(settings, ThisProcess(PredictionWork(settings)), report=lambda _: memory.append(memory_of_its_own()))


def _killed(folder: Path) -> Row:
    """Kill the command with SIGKILL three times, let it end, and compare with the job that was not killed."""
    settings = _settings(folder, "head.npz", "out-killed")
    command = [sys.executable, "-m", "segclr.predictions.predict", settings.table, settings.head, settings.out]
    kills = 0
    for blocks in (2, 3, 4):
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            for _ in range(blocks):
                process.stdout.readline()
            process.kill()
            process.wait()
            kills += process.returncode == -9
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    differing = _differences(open_predictions(folder / "out-0"), open_predictions(Path(settings.out)))
    return Row("rows that differ after SIGKILL and restart", differing, "", "0", f"killed {kills} times")


def _differences(one: StoredPredictions, other: StoredPredictions) -> int:
    return int(((one.classes != other.classes) | (one.confidence != other.confidence)).sum()) + int(
        (one.shares != other.shares).any(axis=1).sum()
    )


def _settings(folder: Path, head: str, out: str) -> PredictionSettings:
    return PredictionSettings(str(folder / "table"), str(folder / head), str(folder / out))


def _read(path: Path) -> int:
    size, buffer = 0, bytearray(1 << 24)
    with path.open("rb", buffering=0) as file:
        while count := file.readinto(buffer):
            size += count
    return size


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds by the clock, and of this process's own time, which other work moves little."""

    clock: float
    own: float


def _took(action: Callable[[], object]) -> Took:
    clock, own = time.perf_counter(), time.process_time()
    action()
    return Took(time.perf_counter() - clock, time.process_time() - own)
