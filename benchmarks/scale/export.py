"""Writing predictions as a layer for Neuroglancer."""

from __future__ import annotations

import multiprocessing
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from benchmarks.report import Row
from benchmarks.scale.tables import memory_of_its_own, write_head, write_table
from segclr.embeddings.bulk.engine import ThisProcess
from segclr.predictions import export
from segclr.predictions.blocks import PredictionWork
from segclr.predictions.running import run_prediction
from segclr.predictions.settings import PredictionSettings


def measure(folder: Path, rows: int) -> list[Row]:
    """Predict a made-up table and export it, in a process of its own."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        pool.submit(_predict, folder, rows).result()
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_export, folder, rows).result()


def _predict(folder: Path, rows: int) -> None:
    write_table(folder / "table", rows)
    write_head(folder / "head.npz")
    settings = PredictionSettings(str(folder / "table"), str(folder / "head.npz"), str(folder / "predictions"))
    run_prediction(settings, ThisProcess(PredictionWork(settings)))


def _export(folder: Path, rows: int) -> list[Row]:
    layers, before = folder / "layers", memory_of_its_own()
    memory, done = [before], threading.Event()

    def watch() -> None:
        while not done.wait(0.05):
            memory.append(memory_of_its_own())

    watching = threading.Thread(target=watch)
    watching.start()
    clock, own = time.perf_counter(), time.process_time()
    status = export.main([str(folder / "predictions"), str(layers)])
    clock, own = time.perf_counter() - clock, time.process_time() - own
    done.set()
    watching.join()
    assert status == 0
    files = [path for path in (layers / "points").rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in files)
    return [
        Row("export as layers", rows / own / 1e6, "million points/s", "", "of processor time, one thread"),
        Row("- by the clock", rows / clock / 1e6, "million points/s"),
        Row("- files of points", len(files), "files", "", f"{rows:,} points"),
        Row("- on the disk", size / rows, "byte a point"),
        Row("- memory of its own", (max(memory) - before) * 2**20 / rows, "byte a point", "", "at most, while it ran"),
        Row("- properties of segments", (layers / "segments" / "info").stat().st_size / 2**20, "MiB"),
    ]
