"""``python -m benchmarks.encoder_probe CHECKPOINT...``: what a linear classifier can tell from embeddings.

The block is generated from a seed that no encoder has seen; the figure is macro F1 on cells that the fold's classifier
has not seen. Beside it, with ``--baselines``: the same network untrained, and hand-made features of the same cutouts
(size, surface, principal axes, grey histogram), also under a random forest, as a sceptic would ask for.
"""

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from segclr.em.cutout import CutoutSpec, read_cutout
from segclr.em.phantom.files import PhantomFolder, PhantomTruth, find_phantom, open_phantom
from segclr.em.skeleton_source import open_skeletons
from segclr.em.volume import open_volume
from segclr.embeddings.aggregation import aggregate
from segclr.embeddings.embed import EncoderLike, embed_volume
from segclr.embeddings.table import EmbeddingTable
from segclr.encoder.inference import Encoder, load_encoder, make_encoder
from segclr.encoder.resnet import SegclrResNet
from segclr.encoder.weights import load_network

RADIUS_UM = 10.0
Score = Callable[[NDArray[np.float32], NDArray[np.int64], NDArray[np.int64]], float]


@dataclass(frozen=True, slots=True)
class HandMadeSpec:
    """What a table wants to know of its encoder."""

    cutout: CutoutSpec
    embedding_dim: int = 21
    hash: str = "hand-made"


class HandMade:
    """Measured features in the place of an encoder."""

    def __init__(self, cutout: CutoutSpec) -> None:
        self.spec = HandMadeSpec(cutout)

    def embed(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        return np.stack([hand_made(image) for image in images]).astype(np.float32)


def hand_made(image: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Size, surface, principal axes, mean and spread of grey, its histogram and percentiles."""
    mask = image > 0
    voxels = np.argwhere(mask)
    grey = image[mask].astype(float)
    if len(voxels) < 5:
        return np.zeros(21)
    axes = np.sort(np.linalg.eigvalsh(np.cov(voxels.T)))[::-1]
    surface = sum(int(np.diff(mask, axis=axis).sum()) for axis in range(3))
    histogram = np.histogram(grey, np.linspace(0, 256, 9))[0] / len(grey)
    shape = [len(voxels), surface, surface / len(voxels), *axes, axes[1] / axes[0], axes[2] / axes[0]]
    return np.array([*shape, grey.mean(), grey.std(), *histogram, *np.percentile(grey, [10, 50, 90])])


def untrained(path: Path, images: NDArray[np.uint8]) -> Encoder:
    """The checkpoint's network as initialised; its BatchNorms take their statistics from the images."""
    _, spec = load_network(path)
    torch.manual_seed(0)
    network = SegclrResNet(spec.encoder).train()
    with torch.no_grad():
        for start in range(0, len(images), 128):
            network(torch.from_numpy(images[start : start + 128]).unsqueeze(1).float() / 255)
    return make_encoder(network.eval(), spec)


def some_cutouts(block: PhantomFolder, truth: PhantomTruth, spec: CutoutSpec) -> NDArray[np.uint8]:
    """Every third node's cutout."""
    em, segmentation = open_volume(block.em_url, "em"), open_volume(block.segmentation_url, "segmentation")
    rows = range(0, len(truth.node_id), 3)
    places = [(truth.position_nm[row].tolist(), int(truth.node_segment_id[row])) for row in rows]
    return np.stack([read_cutout(em, segmentation, (x, y, z), spec, i).image for (x, y, z), i in places])


def embed(block: PhantomFolder, encoder: EncoderLike) -> EmbeddingTable:
    source = open_skeletons(block.skeletons_url)
    skeletons = (source.skeleton(int(segment)) for segment in source.segment_ids())
    em, segmentation = open_volume(block.em_url, "em"), open_volume(block.segmentation_url, "segmentation")
    return embed_volume(em, segmentation, [found for found in skeletons if found is not None], encoder)


def truth_of(table: EmbeddingTable, truth: PhantomTruth) -> NDArray[np.int64]:
    """Row of the truth for every row of the table."""
    row_of = {
        (int(segment), int(node)): row
        for row, (segment, node) in enumerate(zip(truth.node_segment_id, truth.node_id, strict=True))
    }
    segments = table.segment_of_rows(np.arange(len(table)))
    return np.array([row_of[int(s), int(n)] for s, n in zip(segments, table.node_ids, strict=True)])


def linear_f1(features: NDArray[np.float32], classes: NDArray[np.int64], cells: NDArray[np.int64]) -> float:
    return _held_out_f1(make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)), features, classes, cells)


def forest_f1(features: NDArray[np.float32], classes: NDArray[np.int64], cells: NDArray[np.int64]) -> float:
    forest = RandomForestClassifier(150, min_samples_leaf=3, random_state=0, class_weight="balanced_subsample")
    return _held_out_f1(forest, features, classes, cells)


def _held_out_f1(
    classifier: BaseEstimator, features: NDArray[np.float32], classes: NDArray[np.int64], cells: NDArray[np.int64]
) -> float:
    predicted = cross_val_predict(classifier, features, classes, groups=cells, cv=GroupKFold(5))
    return float(f1_score(classes, predicted, average="macro"))


def print_line(name: str, table: EmbeddingTable, truth: PhantomTruth, score: Score) -> None:
    """Score embeddings for subcompartments and cell types, these with and without their neighbours' mean."""
    rows = truth_of(table, truth)
    cells, types = truth.cell[rows], truth.cell_type[rows].astype(np.int64)
    compartments = truth.subcompartment[rows].astype(np.int64)
    figures = (
        score(table.embeddings, compartments, cells),
        score(table.embeddings, types, cells),
        score(aggregate(table, RADIUS_UM), types, cells),
    )
    print(f"{name:36s}" + "".join(f"{figure:<16.3f}" for figure in figures), flush=True)


def block_of(folder: Path, seed: int, size_voxels: tuple[int, int, int]) -> PhantomFolder:
    """The held-out block, made if it is not there."""
    found = find_phantom(folder)
    if found is None or (found.seed, found.size_voxels) != (seed, size_voxels):
        from segclr.em.phantom.writing import write_phantom

        found = write_phantom(folder, seed, size_voxels)
    return found


def main(arguments: list[str] | None = None) -> int:
    """Print one line per checkpoint, and one for the hand-made features."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.encoder_probe", description=__doc__)
    parser.add_argument("checkpoints", nargs="+", type=Path)
    parser.add_argument("--block", type=Path, default=Path("runs/held-out"), help="folder of the held-out block")
    parser.add_argument("--seed", type=int, default=201)
    parser.add_argument("--baselines", action="store_true", help="also untrained and hand-made features")
    parser.add_argument("--size", type=int, nargs=3, default=(256, 384, 192), metavar=("X", "Y", "Z"))
    options = parser.parse_args(arguments)
    x, y, z = options.size
    block = block_of(options.block, options.seed, (x, y, z))
    truth = open_phantom(block.folder)
    print(f"macro F1 on held-out cells, {len(truth.node_id)} places, seed {options.seed}")
    print(f"{'':36s}{'subcompartment':16s}{'cell type':16s}{'cell type, 10 um':16s}")
    for path in options.checkpoints:
        encoder = load_encoder(path, threads=1)
        cutout, steps = encoder.spec.cutout, encoder.spec.training.steps
        print_line(f"{path.name[:20]}, {steps} steps", embed(block, encoder), truth, linear_f1)
        if options.baselines:
            fresh = untrained(path, some_cutouts(block, truth, cutout))
            print_line("the same network, untrained", embed(block, fresh), truth, linear_f1)
            by_hand = embed(block, HandMade(cutout))
            print_line("hand-made features, linear", by_hand, truth, linear_f1)
            print_line("hand-made features, forest", by_hand, truth, forest_f1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
