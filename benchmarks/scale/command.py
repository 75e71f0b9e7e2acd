"""``python -m benchmarks scale``: see ``benchmarks.scale``."""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import benchmarks.scale
from benchmarks import report
from benchmarks.report import Row

Part = Callable[[Path, argparse.Namespace], list[Row]]
"""Measures in a folder of its own, which is removed afterwards."""


def _table(folder: Path, options: argparse.Namespace) -> list[Row]:
    from benchmarks.scale import tables_read

    return tables_read.measure(folder, options.rows)


def _bits(folder: Path, options: argparse.Namespace) -> list[Row]:
    from benchmarks.table import heads  # it loads torch

    return heads.measured(options.runs)


def _embed(folder: Path, options: argparse.Namespace) -> list[Row]:
    from benchmarks.scale import embed  # it loads torch and Dask

    return embed.measure(folder, options.size, tuple(options.voxels))


def _predict(folder: Path, options: argparse.Namespace) -> list[Row]:
    from benchmarks.scale import predict

    return predict.measure(folder, options.rows)


def _export(folder: Path, options: argparse.Namespace) -> list[Row]:
    from benchmarks.scale import export

    return export.measure(folder, options.rows)


def _cost(folder: Path, options: argparse.Namespace) -> list[Row]:
    from benchmarks.scale import cost  # it loads torch

    return cost.measure(folder, options.gpu_cutouts)


def _app(folder: Path, options: argparse.Namespace) -> list[Row]:
    from benchmarks.scale import app

    return app.measure(folder, options.rows, "float16")


PARTS: dict[str, Part] = {
    "table": _table,
    "bits": _bits,
    "embed": _embed,
    "predict": _predict,
    "export": _export,
    "cost": _cost,
    "app": _app,
}


def main(arguments: list[str]) -> None:
    """Measure part after part, print a table of each, and write all as JSON if asked."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks scale",
        description=benchmarks.scale.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--parts", nargs="+", choices=list(PARTS), default=list(PARTS))
    parser.add_argument("--json", type=Path, help="also write the table to this file")
    parser.add_argument("--folder", type=Path, help="on a disk with room (default: the system's for such files)")
    parser.add_argument("--size", type=int, default=65, help="embed: edge of the view in voxels (%(default)s)")
    parser.add_argument(
        "--voxels", type=int, nargs=3, default=(128, 160, 96), metavar=("X", "Y", "Z"),
        help="embed: size of the generated volume (%(default)s)",
    )  # fmt: skip
    parser.add_argument("--rows", type=int, default=4_000_000, help="of made-up tables (%(default)s)")
    parser.add_argument("--gpu-cutouts", type=float, help="cost: 129^3 cutouts/s of a GPU, if they were measured")
    parser.add_argument("--runs", type=Path, help="bits: the folder of `benchmarks science`")
    options = parser.parse_args(arguments)
    load = os.getloadavg()[0]
    print(f"load of the machine at the start: {load:.1f} on {os.cpu_count()} cores")
    rows = []
    for name in options.parts:
        with tempfile.TemporaryDirectory(prefix="segclr-scale-", dir=options.folder) as folder:
            found = PARTS[name](Path(folder), options)
        print(f"\n{name}\n")
        report.print_table(found)
        rows += found
    if options.json:
        report.write_json(rows, options.json)
