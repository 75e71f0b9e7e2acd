"""``python -m benchmarks scale``: see ``benchmarks.scale``."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import benchmarks.scale
from benchmarks import report
from benchmarks.scale import embed


def main(arguments: list[str]) -> None:
    """Measure, print the table, and write it as JSON if asked."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks scale", description=benchmarks.scale.__doc__)
    parser.add_argument("--parts", nargs="+", choices=["embed"], default=["embed"])
    parser.add_argument("--json", type=Path, help="also write the table to this file")
    parser.add_argument("--size", type=int, default=65, help="edge of the view in voxels")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="segclr-scale-") as folder:
        rows = embed.measure(Path(folder), options.size)
    report.print_table(rows)
    if options.json:
        report.write_json(rows, options.json)
