"""What is timed of one table; run in a process of its own, so that its memory is its own."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from benchmarks.report import Row
from benchmarks.table.formats import Format, Opened, PlainColumns, touched
from benchmarks.table.rows import FIRST_SEGMENT, LARGEST_CELL, sizes_of
from segclr.embeddings.storage.precision import ROWS_AT_ONCE
from segclr.embeddings.table import open_table

SAMPLE = 100_000
LOOK_UPS = 200
REMOTE_LOOK_UPS = 40
BOX_NM = 20_000.0


def local(kind: Format, folder: Path, rows: int, repeats: int) -> list[Row]:
    """Read parts of a table on this machine, whose files are in memory already if they fit."""
    size = sum(path.stat().st_size for path in folder.iterdir())
    is_app = isinstance(kind, PlainColumns) and kind.storage == "float32"
    opened_at = _times(lambda: kind.open(str(folder)), 20)
    table = kind.open(str(folder))
    ids = _some_segments(rows, LOOK_UPS)
    for segment_id in ids:
        table.segment(segment_id)  # the first time reads the disk
    look_ups = [_watched(lambda s=s: table.segment(s)) for s in ids]  # type: ignore[misc]
    waited, worked, interrupted, read = (np.array(each) for each in zip(*look_ups, strict=True))
    unlucky = (
        f"{np.count_nonzero(interrupted)} of {LOOK_UPS} lost the core meanwhile, {np.count_nonzero(read)} read a disk"
    )
    largest = _times(lambda: table.segment(FIRST_SEGMENT), 10)
    before_scan = _resident()
    sample = _times(lambda: touched(table.sample(SAMPLE)), repeats)
    found = [
        Row("on the disk", size / 1e9, "GB"),
        Row("open", _ms(opened_at), "ms", "<= 50 ms", "median of 20; index of segments read"),
        Row("one segment, warm", 1e3 * float(np.median(waited)), "ms", "<= 5 ms", f"median of {LOOK_UPS} segments"),
        Row("one segment, 99th percentile", 1e3 * float(np.percentile(waited, 99)), "ms", "<= 5 ms", unlucky),
        Row("- of processor time, 99th percentile", 1e3 * float(np.percentile(worked, 99)), "ms", "<= 5 ms"),
        Row(f"the largest segment, {LARGEST_CELL:,} rows", _ms(largest), "ms"),
        Row(f"stratified sample of {SAMPLE:,}", _ms(sample), "ms", "", f"median of {repeats}"),
        Row("memory of its own, before a scan", before_scan, "MiB", "", "not counting mapped files"),
        *_scan(table, folder, kind, repeats),
    ]
    if isinstance(kind, PlainColumns):
        boxes = [_once(lambda c=c: table.box(c, _plus(c)), 3) for c in _corners(rows)]  # type: ignore[misc]
        found.append(Row("box of 20 um", _ms(boxes), "ms", "", "median of 20"))
    if is_app:
        found.append(Row("open_table, as the app does", _ms(_times(lambda: open_table(folder), 20)), "ms", "<= 50 ms"))
    return found


def remote(kind: Format, url: str, rows: int, latency_ms: float) -> list[Row]:
    """Read parts of a table over HTTP."""
    what = f"over HTTP with {latency_ms:g} ms to every answer"
    opened_at = _times(lambda: kind.open(url), 5)
    table = kind.open(url)
    ids = _some_segments(rows, REMOTE_LOOK_UPS)
    table.segment(ids[-1])  # opens the connections
    look_ups = [_once(lambda s=s: table.segment(s)) for s in ids]  # type: ignore[misc]
    largest = _times(lambda: table.segment(FIRST_SEGMENT), 3)
    return [
        Row(f"{what}: open", _ms(opened_at), "ms", "", "index of segments read"),
        Row(f"{what}: one segment", _ms(look_ups), "ms", "<= 200 ms", f"median of {REMOTE_LOOK_UPS}"),
        Row(f"{what}: one segment, 95th percentile", 1e3 * float(np.percentile(look_ups, 95)), "ms", "<= 200 ms"),
        Row(f"{what}: the largest segment", _ms(largest), "ms"),
    ]


def _scan(table: Opened, folder: Path, kind: Format, repeats: int) -> Iterator[Row]:
    """Sum all embeddings; beside it, what the same numbers cost as a plain file that is mapped, and being copied."""
    bytes_read = sum(block.nbytes for block in table.blocks())
    seconds = min(_times(lambda: [block.sum() for block in table.blocks()], repeats))
    peak = _peak()  # before the same file is mapped once more
    as_app = isinstance(kind, PlainColumns) and kind.storage == "float32"
    bare = copied = float("inf")
    if as_app:
        plain = np.load(next(folder.glob("embeddings-*.npy")), mmap_mode="r").view(np.ndarray)
        into = np.empty((ROWS_AT_ONCE, plain.shape[1]), np.float32)
        cuts = [slice(start, start + ROWS_AT_ONCE) for start in range(0, len(plain), ROWS_AT_ONCE)]
        for _ in range(repeats):  # in turns, for others use the machine as well
            seconds = min(seconds, _once(lambda: [block.sum() for block in table.blocks()]))
            bare = min(bare, _once(lambda: [plain[cut].sum() for cut in cuts]))
            copied = min(copied, _once(lambda: [into.__setitem__(slice(len(plain[cut])), plain[cut]) for cut in cuts]))
    yield Row("sum of all embeddings, as float32", bytes_read / seconds / 1e9, "GB/s", "", f"best of {repeats}")
    if as_app:
        yield Row("sum of a bare np.memmap", bytes_read / bare / 1e9, "GB/s", "", f"best of {repeats}")
        yield Row("copy of it into a buffer (memcpy)", bytes_read / copied / 1e9, "GB/s", "", f"best of {repeats}")
    yield Row("peak resident memory, mapped files too", peak, "MiB", "<= 4096 MiB", "after the scan")


def _some_segments(rows: int, count: int) -> list[int]:
    numbers = np.random.default_rng(5).integers(1, len(sizes_of(rows)), count)
    return [FIRST_SEGMENT + int(number) for number in numbers]


def _corners(rows: int) -> list[tuple[float, float, float]]:
    corners = np.random.default_rng(6).uniform(0, 1e6, (20, 3)) - BOX_NM / 2
    return [(float(x), float(y), float(z)) for x, y, z in corners]


def _plus(corner: tuple[float, float, float]) -> tuple[float, float, float]:
    x, y, z = corner
    return (x + BOX_NM, y + BOX_NM, z + BOX_NM)


def _times(action: Callable[[], object], repeats: int) -> list[float]:
    return [_once(action) for _ in range(repeats)]


def _once(action: Callable[[], object], repeats: int = 1) -> float:
    """Seconds of the last of some repeats."""
    for _ in range(repeats):
        started = time.perf_counter()
        action()
        passed = time.perf_counter() - started
    return passed


def _watched(action: Callable[[], object]) -> tuple[float, float, int, int]:
    """Seconds by the clock and of the processor, how often another program got the core, and pages read from a disk."""
    before = resource.getrusage(resource.RUSAGE_SELF)
    clock, own = time.perf_counter(), time.process_time()
    action()
    clock, own = time.perf_counter() - clock, time.process_time() - own
    after = resource.getrusage(resource.RUSAGE_SELF)
    return clock, own, after.ru_nivcsw - before.ru_nivcsw, after.ru_majflt - before.ru_majflt


def _ms(seconds: list[float]) -> float:
    return 1e3 * float(np.median(seconds))


def _status(name: str) -> float:
    for line in Path(f"/proc/{os.getpid()}/status").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1]) / 1024
    return float("nan")


def _resident() -> float:
    """MiB that are this process's alone."""
    return _status("RssAnon")


def _peak() -> float:
    """MiB that were resident at most, mapped files included."""
    return _status("VmHWM")
