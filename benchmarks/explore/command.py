"""``python -m benchmarks explore``: what exploring costs on the server, beside umap-learn and exact search.

Embeddings are the demo encoder's, of blocks that it has never seen (``benchmarks.explore.data``): as they are where
faithfulness is judged, and scaled up to tables of 10^5 and 10^6 rows where time is. A part is a function of real rows,
sizes and haste that returns rows of the table; another part is another line of `PARTS`.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path

from benchmarks import report
from benchmarks.explore import clusters, layouts, neighbours
from benchmarks.explore.data import Sample, real

Part = Callable[[Sample, tuple[int, ...], bool], list[report.Row]]

PARTS: dict[str, Part] = {
    "layout": layouts.measure,
    "neighbours": neighbours.measure,
    "clusters": clusters.measure,
}
SIZES = (100_000, 1_000_000)
QUICK_SIZES = (20_000,)


def main(arguments: list[str]) -> None:
    """Measure, print the table, and write it as JSON if asked."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks explore", description=__doc__)
    parser.add_argument("--json", type=Path, help="also write the table to this file")
    parser.add_argument("--folder", type=Path, default=report.ROOT / "runs" / "science", help="for blocks and features")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--sizes", type=int, nargs="+", help="rows of the tables")
    parser.add_argument("--quick", action="store_true", help="small tables, to see that everything runs")
    options = parser.parse_args(arguments)
    sizes = tuple(options.sizes or (QUICK_SIZES if options.quick else SIZES))
    rows = real(options.folder)
    print(f"{len(rows):,} real rows; load of the machine {os.getloadavg()[0]:.1f}", flush=True)
    found = []
    for name in options.parts:
        part = PARTS[name](rows, sizes, options.quick)
        print(f"\n{name}, load of the machine {os.getloadavg()[0]:.1f}", flush=True)
        report.print_table(part)
        found += part
    if options.json:
        report.write_json(found, options.json)
