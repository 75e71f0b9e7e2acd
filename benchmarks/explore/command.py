"""``python -m benchmarks explore``: what exploring costs, beside umap-learn, exact search and regl-scatterplot.

Embeddings are the demo encoder's, of blocks that it has never seen (``benchmarks.explore.data``): as they are where
faithfulness is judged, and scaled up to tables of 10^5 and 10^6 rows where time is. A part is a function of real rows,
sizes and haste that returns rows of the table; another part is another line of `PARTS`. `BROWSER_PARTS` run in headless
Chromium, on generated points.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks import report
from benchmarks.explore import clusters, layouts, neighbours
from benchmarks.explore.browser import app, scatter
from benchmarks.explore.data import Sample, real

Part = Callable[[Sample, tuple[int, ...], bool], list[report.Row]]
BrowserPart = Callable[[tuple[int, ...], bool], list[report.Row]]

PARTS: dict[str, Part] = {
    "layout": layouts.measure,
    "neighbours": neighbours.measure,
    "clusters": clusters.measure,
}
BROWSER_PARTS: dict[str, BrowserPart] = {
    "scatter": scatter.measure,
    "app": app.measure,
}
SIZES = (100_000, 1_000_000)
BROWSER_SIZES = (*SIZES, 5_000_000)
QUICK_SIZES = (20_000,)


def main(arguments: list[str]) -> None:
    """Measure, print the table, and write it as JSON if asked."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks explore", description=__doc__)
    parser.add_argument("--json", type=Path, help="also write the table to this file")
    parser.add_argument("--folder", type=Path, default=report.ROOT / "runs" / "science", help="for blocks and features")
    parser.add_argument("--parts", nargs="+", choices=[*PARTS, *BROWSER_PARTS], default=[*PARTS, *BROWSER_PARTS])
    parser.add_argument("--sizes", type=int, nargs="+", help="rows of the tables")
    parser.add_argument("--quick", action="store_true", help="small tables, to see that everything runs")
    options = parser.parse_args(arguments)
    found = []
    for name, measure in _chosen(options.parts, options.folder):
        usual = BROWSER_SIZES if name == "scatter" else SIZES
        sizes = tuple(options.sizes or (QUICK_SIZES if options.quick else usual))
        part = measure(sizes, options.quick)
        print(f"\n{name}, load of the machine {os.getloadavg()[0]:.1f}", flush=True)
        report.print_table(part)
        found += part
    if options.json:
        report.write_json(found, options.json)


def _chosen(names: list[str], folder: Path) -> list[tuple[str, BrowserPart]]:
    """The parts, in the order of their names; the real rows are made only where one needs them."""
    chosen = [(name, BROWSER_PARTS[name]) for name in names if name in BROWSER_PARTS]
    of_rows = [name for name in names if name in PARTS]
    if not of_rows:
        return chosen
    rows = real(folder)
    print(f"{len(rows):,} real rows; load of the machine {os.getloadavg()[0]:.1f}", flush=True)
    return [(name, partial(PARTS[name], rows)) for name in of_rows] + chosen
