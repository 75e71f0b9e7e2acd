"""``python -m benchmarks queue``: measure, write docs/queue.md and its figure."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from threadpoolctl import threadpool_limits

from benchmarks.queue import figures, measure, tables
from benchmarks.queue.cost import costs
from benchmarks.queue.field import Blocks
from benchmarks.queue.findings import Setting
from benchmarks.queue.measure import Amount, Ground, Volume
from benchmarks.queue.mixes import MIXES
from benchmarks.science import command as science
from benchmarks.science import features, places, splits
from benchmarks.science.figures import style
from benchmarks.science.store import Store
from benchmarks.science.study import Settings
from segclr.encoder.checkpoint import DEMO_CHECKPOINT
from segclr.encoder.inference import load_encoder
from segclr.errors import SegclrError

QUICK = Amount(
    repeats=2, most_nodes=150, most_segments=100, error_rates=(0.0,), rare_repeats=1, checked=20
)  # to see that everything runs
BLOCKS = 3  # in a volume
MEASURED_ON = [203, 204, 205, *range(224, 230)]  # nothing was chosen on these
TRIED_ON = list(range(206, 224))
LABEL_COUNTS = (100, 1000, 10_000)  # with which the cost is measured


def main(arguments: list[str]) -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks queue", description=__doc__)
    parser.add_argument("--checkpoint", type=Path, default=DEMO_CHECKPOINT)
    parser.add_argument("--seeds", type=int, nargs="+", default=MEASURED_ON, help=f"blocks, {BLOCKS} to a volume")
    parser.add_argument("--mix-seeds", type=int, nargs="+", default=TRIED_ON, help="those that mixes are tried on")
    parser.add_argument("--mixes", action="store_true", help="try other ways on --mix-seeds instead: queue_tried.md")
    parser.add_argument("--repeats", type=int, default=Amount().repeats)
    parser.add_argument("--quick", action="store_true", help="a minute's trial, written into --folder alone")
    parser.add_argument("--folder", type=Path, default=science.RUNS, help="where blocks are kept")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args(arguments)
    amount = replace(QUICK if options.quick else Amount(repeats=options.repeats), threads=options.threads)
    out = options.folder / "quick" if options.quick else science.DOCS
    out.mkdir(parents=True, exist_ok=True)
    seeds = options.mix_seeds if options.mixes else options.seeds
    try:
        with threadpool_limits(1):
            ground, header = prepare(seeds, options.checkpoint, options.folder)
            page = _tried(ground, amount, header) if options.mixes else _measured(ground, amount, header, out)
    except SegclrError as error:
        sys.exit(str(error))
    (out / ("queue_tried.md" if options.mixes else "queue.md")).write_text(page, "utf-8")
    print(page)


def _measured(ground: Ground, amount: Amount, header: list[str], out: Path) -> str:
    findings = examine(ground, amount)
    with style():
        figures.draw_curves(out / "images" / "queue_curves.png", findings.settings)
    return tables.document(findings, amount, header)


def _tried(ground: Ground, amount: Amount, header: list[str]) -> str:
    return tables.tried(try_mixes(ground, amount), header)


def prepare(seeds: Sequence[int], checkpoint: Path, folder: Path) -> tuple[Ground, list[str]]:
    """Generate, cut and embed the blocks; also says where the figures come from."""
    store, encoder, clock = Store(folder / "cache"), load_encoder(checkpoint), science.Clock()
    volumes, said = [], []
    for start in range(0, len(seeds), BLOCKS):
        own = tuple(seeds[start : start + BLOCKS])
        found = places.gather(store, folder / "blocks", own, Settings(own).size_voxels, encoder.spec.cutout)
        embedded = features.embedded(store, found, encoder)
        dealt = splits.splits_by_cell(found.cell, found.cell_type, found.subcompartment, Amount().repeats)
        classes = {"subcompartment": found.subcompartment, "cell type": found.cell_type}
        volumes.append(Volume(Blocks(found, embedded), classes, tuple(dealt)))
        cells = len(set(found.cell.tolist()))
        said.append(
            f"volume {len(volumes)}: blocks {', '.join(map(str, own))}; {len(found):,} places of {cells:,} cells"
        )
    clock.say("blocks and embeddings")
    return Ground(tuple(volumes)), [*science.header(encoder), *said]


def examine(ground: Ground, amount: Amount) -> tables.Findings:
    """Ask every question."""
    clock = science.Clock()
    settings = []
    for task in measure.TASKS:
        for error_rate in amount.error_rates:
            settings.append(measure.setting(ground, task, error_rate, amount, measure.WAYS))
            clock.say(f"{task.name}, {error_rate:.0%} wrong answers")
    rare = [one for task in measure.TASKS for one in measure.rare(ground, task, amount, measure.WAYS)]
    clock.say("rare classes")
    checks = [measure.check(ground, task, amount) for task in measure.TASKS]
    clock.say("through the session")
    cost = costs(LABEL_COUNTS)
    clock.say("cost")
    return tables.Findings(settings, rare, checks, cost)


def try_mixes(ground: Ground, amount: Amount) -> list[Setting]:
    """Other ways to choose, on other blocks than those that the queue is measured on."""
    clock = science.Clock()
    fewer = replace(
        amount,
        most_nodes=min(amount.most_nodes, 300),
        most_segments=min(amount.most_segments, 400),
    )
    tried = [measure.setting(ground, task, 0.0, fewer, MIXES) for task in measure.TASKS]
    clock.say("mixes")
    return tried
