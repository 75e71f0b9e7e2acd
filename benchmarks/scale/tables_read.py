"""Reading parts of a table, here and over HTTP, and adding to one; see also ``python -m benchmarks table``."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from benchmarks.report import Row
from benchmarks.scale.tables import write_table
from benchmarks.table.command import LATENCY_MS, measured
from benchmarks.table.formats import PlainColumns
from benchmarks.table.rows import DIMENSIONS, MADE_BY
from segclr.embeddings.growing import append_table
from segclr.embeddings.storage.stored_table import open_stored
from segclr.embeddings.table import build_table

ADDED, ADDED_TO = 100_000, 1_000_000


def measure(folder: Path, rows: int) -> list[Row]:
    """Open, look segments up, sample, scan and cut a table of float32; then add to a smaller one."""
    found = measured(PlainColumns("float32"), folder / "table", rows, 3, LATENCY_MS)
    return [*found, *_append(folder / "growing")]


def _append(folder: Path) -> list[Row]:
    write_table(folder, ADDED_TO)
    rng = np.random.default_rng(8)
    more = build_table(
        np.repeat(np.arange(1, ADDED // 100 + 1, dtype=np.uint64), 100),
        np.tile(np.arange(100), ADDED // 100),
        rng.uniform(0, 1e6, (ADDED, 3)),
        rng.standard_normal((ADDED, DIMENSIONS), dtype=np.float32),
        np.empty((0, 2), np.int64),
        MADE_BY,
    )
    reader = open_stored(folder)
    before = sum(path.stat().st_size for path in folder.iterdir())
    clock, own = time.perf_counter(), time.process_time()
    append_table(folder, more)
    clock, own = time.perf_counter() - clock, time.process_time() - own
    written = sum(path.stat().st_size for path in folder.iterdir()) - before
    assert len(reader.rows_of_segment(1)) == 0  # who has opened it keeps what it was
    assert len(open_stored(folder).rows_of_segment(1)) == 100
    note = f"to {ADDED_TO:,}; {own:.2f} s of processor time; an open reader goes on"
    return [
        Row(f"add {ADDED:,} rows", clock, "s", "", note),
        Row("- written for that", written / ADDED, "byte a row", "", "rows that are there are not written again"),
    ]
