"""``python -m benchmarks science``: measure everything, write docs/science.md and its figures."""

from __future__ import annotations

import argparse
import os
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import torch
from threadpoolctl import threadpool_limits

from benchmarks import report
from benchmarks.science import (
    calibration,
    curves,
    features,
    figures,
    ood,
    places,
    retrieval,
    robustness,
    splits,
    tables,
)
from benchmarks.science.store import Store
from benchmarks.science.study import Settings, Study, quick_settings, tasks_of
from segclr.encoder.checkpoint import DEMO_CHECKPOINT
from segclr.encoder.inference import Encoder, load_encoder
from segclr.errors import SegclrError

DOCS = report.ROOT / "docs"
RUNS = report.ROOT / "runs" / "science"


def main(arguments: list[str]) -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks science", description=__doc__)
    parser.add_argument("--checkpoint", type=Path, default=DEMO_CHECKPOINT)
    parser.add_argument("--seeds", type=int, nargs="+", default=[203, 204, 205], help="of the held-out blocks")
    parser.add_argument("--quick", action="store_true", help="a minute's trial, written into --folder alone")
    parser.add_argument("--folder", type=Path, default=RUNS, help="for blocks and figures that are kept")
    parser.add_argument("--supervised-minutes", type=float, help="processor time for the network trained from scratch")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args(arguments)
    seeds = tuple(options.seeds)
    settings = quick_settings(seeds) if options.quick else Settings(seeds)
    if options.supervised_minutes is not None:
        settings = replace(settings, supervised_cpu_s=60 * options.supervised_minutes)
    out = options.folder / "quick" if options.quick else DOCS
    try:
        study = prepare(settings, options.checkpoint, options.folder, options.threads)
    except SegclrError as error:
        sys.exit(str(error))
    torch.set_num_threads(1)  # of each thread that computes
    with threadpool_limits(1):
        findings = measure(study)
    write(study, findings, out)
    print((out / "science.md").read_text())


def prepare(settings: Settings, checkpoint: Path, folder: Path, threads: int) -> Study:
    """Generate and cut the blocks, and compute all features."""
    store, encoder = Store(folder / "cache"), load_encoder(checkpoint)
    clock = Clock()
    found = places.gather(store, folder / "blocks", settings.seeds, settings.size_voxels, encoder.spec.cutout)
    clock.say("blocks and cutouts")
    compared = (
        features.embedded(store, found, encoder),
        features.untrained(store, found, encoder.spec),
        features.measured_by_hand(store, found),
        features.components(store, found),
    )
    clock.say("features")
    dealt = splits.splits_by_cell(found.cell, found.cell_type, found.subcompartment, settings.splits)
    return Study(settings, store, encoder, found, tasks_of(found), compared, tuple(dealt), threads)


def measure(study: Study) -> tables.Findings:
    """Ask every question, and say on the way how long it took."""
    clock = Clock()
    linear = curves.linear_points(study)
    clock.say("labels, linear head")
    supervised = curves.supervised_points(study)
    clock.say("labels, supervised network")
    all_labels = curves.all_labels(study, "subcompartment")
    clock.say("baselines")
    by_class = curves.by_class(study, "subcompartment")
    clock.say("classes")
    radius = curves.radius_curve(study)
    clock.say("radius")
    detection = ood.detection(study)
    clock.say("unknown types")
    calibrated = calibration.calibration(study)
    clock.say("calibration")
    retrieved = retrieval.retrieval(study)
    clock.say("retrieval")
    robust = robustness.robustness(study)
    clock.say("robustness")
    return tables.Findings(linear, supervised, all_labels, by_class, radius, detection, calibrated, retrieved, robust)


def write(study: Study, findings: tables.Findings, out: Path) -> None:
    """Write the page and its figures into a folder."""
    images = out / "images"
    best = curves.best_rival(findings.all_labels)
    names = study.tasks["cell type"].class_names
    with figures.style():
        figures.draw_labels_curve(images / "science_labels.png", findings.linear, findings.supervised, best)
        figures.draw_radius_curve(images / "science_radius.png", findings.radius)
        figures.draw_confusion(images / "science_confusion.png", findings.radius.confusion, names)
        figures.draw_roc(
            images / "science_unknown.png", [(one.name, ood.ROC_GRID, one.roc) for one in findings.detection]
        )
        figures.draw_robustness(images / "science_robustness.png", findings.robustness)
    (out / "science.md").write_text(tables.document(study, findings, header(study.model)), "utf-8")


def header(encoder: Encoder) -> list[str]:
    """Where the figures come from."""
    machine = "; ".join(f"{name} {value}" for name, value in report.machine().items())
    return [f"{datetime.now(UTC):%Y-%m-%d}; {machine}", f"encoder: {encoder.spec}", f"computed by: {encoder.device}"]


class Clock:
    """Says on the terminal how long each part took."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.monotonic(), time.process_time()

    def say(self, what: str) -> None:
        wall, cpu = time.monotonic(), time.process_time()
        print(f"{what}: {wall - self._wall:.0f} s, {cpu - self._cpu:.0f} s of processor time", flush=True)
        self._wall, self._cpu = wall, cpu
