"""``python -m benchmarks.encoder_probe CHECKPOINT...``: what a linear head can tell from embeddings, in two minutes.

The short form of ``python -m benchmarks science``, for choosing among encoders: the same held-out blocks, splits by
cell and features, two questions, and no page. It keeps what it has generated and embedded in the same folder.
"""

import argparse
import sys
from pathlib import Path

import numpy as np

from benchmarks.report import ROOT
from benchmarks.science import features, places, scores, splits
from benchmarks.science.features import Features
from benchmarks.science.places import Places
from benchmarks.science.scores import Classifier, Labelled
from benchmarks.science.splits import Split
from benchmarks.science.store import Store
from segclr.encoder.inference import load_encoder
from segclr.errors import SegclrError
from segclr.heads.evaluation import macro_f1

RADIUS_UM = 10.0
SPLITS = 10
RUNS = ROOT / "runs" / "science"


def print_line(name: str, found: Features, at: Places, dealt: list[Split], classifier: Classifier) -> None:
    """Score features for subcompartments and cell types, these with and without their neighbours' mean."""
    asked = (
        (found.values, at.subcompartment),
        (found.values, at.cell_type),
        (found.averaged(at, RADIUS_UM), at.cell_type),
    )
    figures = []
    for values, classes in asked:
        known = Labelled(values, classes, at.cell.astype(np.uint64), int(classes.max()) + 1)
        f1s = [macro_f1(classifier(known.at(split.train), values[split.test]), classes[split.test]) for split in dealt]
        figures.append(str(scores.spread(f1s)))
    print(f"{name:36s}" + "".join(f"{figure:18s}" for figure in figures), flush=True)


def probe(checkpoint: Path, seeds: tuple[int, ...], size: tuple[int, int, int], folder: Path, baselines: bool) -> None:
    """Print one line for a checkpoint, and those of what it is compared with."""
    store, encoder = Store(folder / "cache"), load_encoder(checkpoint)
    at = places.gather(store, folder / "blocks", seeds, size, encoder.spec.cutout)
    dealt = splits.splits_by_cell(at.cell, at.cell_type, at.subcompartment, SPLITS)
    print(f"{encoder.spec}; {len(at)} places")
    steps = encoder.spec.training.steps
    print_line(
        f"{checkpoint.name[:20]}, {steps} steps", features.embedded(store, at, encoder), at, dealt, scores.linear
    )
    if not baselines:
        return
    fresh = features.untrained(store, at, encoder.spec)
    print_line("the same network, untrained", fresh, at, dealt, scores.linear)
    by_hand = features.measured_by_hand(store, at)
    print_line("hand-made features, logistic", by_hand, at, dealt, scores.logistic)
    print_line("hand-made features, forest", by_hand, at, dealt, scores.forest)


def main(arguments: list[str] | None = None) -> int:
    """Print a few lines per checkpoint."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.encoder_probe", description=__doc__)
    parser.add_argument("checkpoints", nargs="+", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=[201], help="of the held-out blocks")
    parser.add_argument("--size", type=int, nargs=3, default=(256, 384, 192), metavar=("X", "Y", "Z"))
    parser.add_argument("--baselines", action="store_true", help="also untrained and hand-made features")
    parser.add_argument("--folder", type=Path, default=RUNS, help="for blocks and embeddings that are kept")
    options = parser.parse_args(arguments)
    x, y, z = options.size
    print(f"macro F1 on held-out cells, {SPLITS} splits, seeds {', '.join(map(str, options.seeds))}")
    print(f"{'':36s}{'subcompartment':18s}{'cell type':18s}{'cell type, 10 um':18s}")
    try:
        for path in options.checkpoints:
            probe(path, tuple(options.seeds), (x, y, z), options.folder, options.baselines)
    except SegclrError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
