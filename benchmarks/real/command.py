"""``python -m benchmarks real``: train on half of each volume, ask about the other half, write docs/real_data.md."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import torch
from threadpoolctl import threadpool_limits

from benchmarks import report
from benchmarks.real import fib25, pinky40
from benchmarks.real.items import Items, features_of
from benchmarks.real.tables import Study, document
from benchmarks.real.training import trained
from benchmarks.real.volumes import Halves
from segclr.encoder.inference import load_encoder
from segclr.errors import SegclrError
from segclr.training.memory import keep_freed_memory
from segclr.training.settings_file import load_config

DOCS = report.ROOT / "docs"
QUICK = report.ROOT / "runs" / "real" / "quick"
_QUICK_STEPS = 5

_FIB25 = (
    "Adult *Drosophila* medulla (FIB-25, Janelia FlyEM, CC-BY), 250 x 250 x 250 voxels of 10 nm. Trained at "
    "x < 1.25 µm (`docs/fib25_encoder.toml`).",
    "Pairs come from skeletons of the **automatic supervoxels**, not of the proofread bodies: training without labels "
    "means that nobody has to proofread first. The price: supervoxels are small, so pairs lie at most 2 µm apart, and "
    "two supervoxels of one neuron count as different in the loss, the very opposite of what is asked here.",
    f"Supervoxels under {fib25.FEWEST_VOXELS:,} voxels are left out. Each is masked by itself alone; its features are "
    "the mean over places 150 nm apart.",
)
_PINKY40 = (
    "Mouse visual cortex (pinky40, MICrONS), 256 x 256 x 512 voxels of 32 x 32 x 40 nm, an automatic segmentation and "
    "no grey values: the encoder sees **shapes alone**. Trained at z < 10.24 µm (`docs/pinky40_encoder.toml`).",
    "There are no classes to be asked about. What can be asked is whether a place finds others of its own segment, "
    "more than 5 µm of path and 3 µm of straight line away, so that no two views overlap (and nearness in space, by "
    "construction, points elsewhere).",
    f"Segments under {pinky40.FEWEST_VOXELS:,} voxels are left out.",
)


def main(arguments: list[str]) -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks real", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="five steps of training, written into runs/real/quick")
    quick = parser.parse_args(arguments).quick
    keep_freed_memory()
    torch.set_num_threads(1)
    out = QUICK if quick else DOCS
    try:
        with threadpool_limits(1):
            studies = [
                study("FIB-SEM of the fly", _FIB25, "fib25", fib25.held_out_supervoxels, fib25.FEWEST_VOXELS, quick),
                study("Mouse cortex", _PINKY40, "pinky40", pinky40.held_out_places, pinky40.FEWEST_VOXELS, quick),
            ]
            page = document(studies, header(), quick)
    except SegclrError as error:
        sys.exit(str(error))
    out.mkdir(parents=True, exist_ok=True)
    (out / "real_data.md").write_text(page, "utf-8")
    print(page)


def study(
    title: str,
    words: tuple[str, ...],
    name: str,
    held_out: Callable[[Halves, Callable[[str], None]], Items],
    fewest_voxels: int,
    quick: bool,
) -> Study:
    """Train on one half of a volume and compute features of the other.

    Args:
        title: For the page; so are ``words``.
        words: How it was done.
        name: Of the training file.
        held_out: What is asked about.
        fewest_voxels: Of a segment with a skeleton.
        quick: Train five steps, elsewhere.

    Raises:
        SegclrError: A volume or the training file cannot be used, or the training fails.
    """
    config = load_config(DOCS / f"{name}_encoder.toml")
    if quick:
        config = replace(config, steps=_QUICK_STEPS, output=str(QUICK / name))
    halves = Halves.of(config)
    halves.skeletons(fewest_voxels, print)  # training reads them
    encoder = trained(config)
    items = held_out(halves, print)
    return Study(title, words, config, encoder, items, features_of(items, load_encoder(encoder.spec.path, threads=1)))


def header() -> list[str]:
    """Where the figures come from."""
    machine = "; ".join(f"{key} {value}" for key, value in report.machine().items())
    return [f"{datetime.now(UTC):%Y-%m-%d}; {machine}"]
