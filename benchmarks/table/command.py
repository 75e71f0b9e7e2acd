"""``python -m benchmarks table``: see ``benchmarks.table``."""

from __future__ import annotations

import argparse
import multiprocessing
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

import benchmarks.table
from benchmarks import report
from benchmarks.table import measure
from benchmarks.table.arrow import ArrowFile
from benchmarks.table.formats import Format, PlainColumns
from benchmarks.table.rows import content_of

LATENCY_MS = 40.0
FORMATS: tuple[Format, ...] = (
    PlainColumns("float32"),
    PlainColumns("float16"),
    PlainColumns("int8"),
    ArrowFile(65536),
    ArrowFile(4096),
)


def main(arguments: list[str]) -> None:
    """Measure, print the table, and write it as JSON if asked."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks table", description=benchmarks.table.__doc__)
    parser.add_argument("--json", type=Path, help="also write the table to this file")
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--latency-ms", type=float, default=LATENCY_MS, help="of every answer over HTTP")
    parser.add_argument(
        "--folder", type=Path, help="on a disk with 4 GB of room (default: the system's for such files)"
    )
    parser.add_argument("--heads", action="store_true", help="also what fewer bits cost a classifier; needs torch")
    parser.add_argument("--runs", type=Path, help="for --heads: the folder of `benchmarks science`")
    options = parser.parse_args(arguments)
    print("; ".join(f"{key} {value}" for key, value in report.machine().items()))
    kept = []
    for count in options.rows:
        by_format = {}
        for kind in FORMATS:
            with tempfile.TemporaryDirectory(prefix="segclr-table-", dir=options.folder) as folder:
                found = measured(kind, Path(folder) / "table", count, options.repeats, options.latency_ms)
            by_format[kind.name] = found
            kept += [replace(row, what=f"{count:,} rows, {kind.name}: {row.what}") for row in found]
        _print_side_by_side(f"{count:,} rows", by_format)
    if options.heads:
        from benchmarks.table import heads  # loads torch

        in_fewer_bits = heads.measured(options.runs)
        report.print_table(in_fewer_bits)
        kept += in_fewer_bits
    if options.json:
        report.write_json(kept, options.json)


def _print_side_by_side(title: str, by_format: dict[str, list[report.Row]]) -> None:
    """Print a line for each figure, with a column for each format, as Markdown."""
    print(f"\n| {title} | {' | '.join(by_format)} | budget |")
    print(f"|---|{'--:|' * len(by_format)}---|")
    lines = {row.what: row for rows in by_format.values() for row in reversed(rows)}
    longest = max(by_format.values(), key=len)
    for what in dict.fromkeys([*(row.what for row in longest), *lines]):
        found = [next((row for row in rows if row.what == what), None) for rows in by_format.values()]
        cells = ["" if row is None else f"{_short(row.value)} {row.unit}" for row in found]
        print(f"| {what} | {' | '.join(cells)} | {lines[what].budget} |")


def _short(value: float) -> str:
    return f"{value:.{0 if value >= 100 else 1 if value >= 10 else 2}f}"


def measured(kind: Format, folder: Path, count: int, repeats: int, latency_ms: float) -> list[report.Row]:
    """Write a table and read it, each in a process of its own."""
    print(f"{count:,} rows, {kind.name}", file=sys.stderr, flush=True)
    written = _in_a_process(_write, kind, folder, count)
    rows = _in_a_process(measure.local, kind, folder, count, repeats)
    server = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.table.server", str(folder), str(latency_ms / 1000)],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stdout is not None
        url = f"http://127.0.0.1:{int(server.stdout.readline())}"
        rows += _in_a_process(measure.remote, kind, url, count, latency_ms)
    finally:
        server.kill()
        server.wait()
        shutil.rmtree(folder)
    return rows + written


def _write(kind: Format, folder: Path, count: int) -> list[report.Row]:
    passed = measure._once(lambda: kind.write(folder, content_of(count)))
    return [report.Row("writing it", passed, "s", "", "the making of the rows included")]


def _in_a_process(action: object, *arguments: object) -> list[report.Row]:
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        rows: list[report.Row] = pool.submit(action, *arguments).result()  # type: ignore[arg-type]
    return rows
