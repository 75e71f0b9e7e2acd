"""``python -m benchmarks.heads``: the heads beside each other, on embeddings of generated blocks.

Labels are drawn on one block and asked for on another, whose cells nobody has seen; then the other way round. Each task
leaves out a class: how well do scores find its places (AUROC), and how well are the other places classified (macro F1,
calibration error)? Beside that the processor time for a million embeddings, on one thread.

No setting of a head was chosen on these blocks.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from benchmarks import report
from benchmarks.science import features, places
from benchmarks.science.store import Store
from segclr.em.phantom.files import CELL_TYPE_NAMES, SUBCOMPARTMENT_NAMES
from segclr.encoder.checkpoint import DEMO_CHECKPOINT
from segclr.encoder.inference import load_encoder
from segclr.heads.calibration import calibration_error
from segclr.heads.evaluation import macro_f1
from segclr.heads.gaussian_process import PUBLISHED
from segclr.heads.laplace import fit_laplace
from segclr.heads.linear import LinearHead, fit_head
from segclr.heads.resnet import fit_resnet
from segclr.heads.sngp import fit_sngp

SIZE_VOXELS = (256, 384, 192)
RADIUS_UM = 10.0
NEURONS = ("exc_l23", "exc_l5", "basket", "martinotti", "thalamocortical")
TYPES_LEFT_OUT = ("exc_l5", "basket", "astrocyte", "oligodendrocyte")
TIMED = 1_000_000
TIMED_BY_NETWORKS = 50_000

Embeddings = NDArray[np.float32]
Classes = NDArray[np.int64]
Scores = dict[str, Callable[[Embeddings], NDArray[np.floating]]]


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """What a head is fitted to: (k, d) embeddings, (k,) classes 0 to C - 1, (k,) cells."""

    embeddings: Embeddings
    classes: Classes
    cells: NDArray[np.uint64]

    @property
    def class_count(self) -> int:
        return int(self.classes.max()) + 1


@dataclass(frozen=True, slots=True)
class Contender:
    """A fitted head: its probabilities, and what it offers to find the unknown with, higher for what is less known."""

    predict: Callable[[Embeddings], NDArray[np.floating]]
    scores: Scores


def linear(labels: Labels) -> Contender:
    head = fit_head(labels.embeddings, labels.classes, labels.cells, labels.class_count).head
    laplace = fit_laplace(head, labels.embeddings)
    scores = {"1 - probability": doubt(head.predict), "Mahalanobis": head.novelty.score, "Laplace": laplace.score}
    return Contender(head.predict, scores)


def resnet(labels: Labels) -> Contender:
    head = fit_resnet(labels.embeddings, labels.classes, labels.cells, labels.class_count).head
    return Contender(head.predict, {"1 - probability": doubt(head.predict)})


def sngp(labels: Labels) -> Contender:
    head = fit_sngp(labels.embeddings, labels.classes, labels.cells, labels.class_count).head
    return Contender(head.predict, {"variance": head.variance, "Dempster-Shafer": head.dempster_shafer})


def published_sngp(labels: Labels) -> Contender:
    head = fit_sngp(labels.embeddings, labels.classes, labels.cells, labels.class_count, settings=PUBLISHED).head
    return Contender(head.predict, {"variance": head.variance, "Dempster-Shafer": head.dempster_shafer})


def plain(labels: Labels) -> Contender:
    """The rival: scikit-learn's logistic regression as it comes."""
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
    model.fit(labels.embeddings, labels.classes)
    return Contender(model.predict_proba, {"1 - probability": doubt(model.predict_proba)})


CONTENDERS: dict[str, Callable[[Labels], Contender]] = {
    "scikit-learn logistic regression": plain,
    "linear": linear,
    "ResNet-2": resnet,
    "SNGP": sngp,
    "SNGP, layer norm and joint training as published": published_sngp,
}


def doubt(predict: Callable[[Embeddings], NDArray[np.floating]]) -> Callable[[Embeddings], NDArray[np.floating]]:
    return lambda embeddings: 1 - predict(embeddings).max(axis=1)


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """(n, d) features, (n,) classes and cells of all places, and the classes that are left out in turn."""

    name: str
    class_names: tuple[str, ...]
    left_out: tuple[tuple[int, ...], ...]
    features: Embeddings
    classes: Classes
    cells: NDArray[np.uint64]
    block: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """One choice of labels: what is learnt, what is asked; -1 are places of the class left out."""

    labels: Labels
    ask: Embeddings
    truth: Classes


def trials(task: Task, count: int) -> Iterator[Trial]:
    """Every class left out, with the labels on either block."""
    for index, out in enumerate(task.left_out):
        known = np.setdiff1d(np.unique(task.classes), out)
        compact = np.full(task.classes.max() + 1, -1)
        compact[known] = np.arange(len(known))
        classes = compact[task.classes]
        for block in np.unique(task.block):
            rng = np.random.default_rng(index)
            own = np.flatnonzero((task.block == block) & (classes >= 0))
            learn = rng.permutation(own)[:count]
            labels = Labels(task.features[learn], classes[learn], task.cells[learn])
            asked = task.block != block
            yield Trial(labels, task.features[asked], classes[asked])


def measure(name: str, found: list[Trial]) -> None:
    """Print a head's rows of the table: the mean over the trials."""
    auroc: dict[str, list[float]] = {}
    f1, error, fit_s = [], [], []
    for trial in found:
        begun = time.process_time()
        contender = CONTENDERS[name](trial.labels)
        fit_s.append(time.process_time() - begun)
        unknown = trial.truth < 0
        probabilities = np.asarray(contender.predict(trial.ask[~unknown]), np.float64)
        f1.append(macro_f1(probabilities.argmax(axis=1), trial.truth[~unknown]))
        error.append(calibration_error(probabilities, trial.truth[~unknown]))
        for score, of in contender.scores.items():
            auroc.setdefault(score, []).append(float(roc_auc_score(unknown, of(trial.ask))))
    head = f"{name} | {np.mean(f1):.3f} | {np.mean(error):.3f} | {np.mean(fit_s):.2f}"
    for score, values in auroc.items():
        print(
            f"| {head} | {score} | {np.mean(values):.3f} | {' '.join(f'{value:.2f}' for value in values)} |", flush=True
        )
        head = " | | | "


def print_times(labels: Labels) -> None:
    """Processor seconds for a million embeddings."""
    rng = np.random.default_rng(0)
    million = rng.normal(size=(TIMED, labels.embeddings.shape[1])).astype(np.float32)
    fitted: dict[str, Contender] = {name: CONTENDERS[name](labels) for name in ("linear", "ResNet-2", "SNGP")}
    print("\n| processor seconds for 1,000,000 embeddings, one thread | |\n|---|--:|")
    for name, contender in fitted.items():
        rows = million if name == "linear" else million[:TIMED_BY_NETWORKS]
        for what, work in ({"probabilities": contender.predict} | contender.scores).items():
            begun = time.process_time()
            work(rows)
            print(f"| {name}, {what} | {(time.process_time() - begun) * TIMED / len(rows):.2f} |", flush=True)


def print_fit_times(task: Task) -> None:
    """Processor milliseconds for the app's fit, held-out figures, calibration and novelty included."""
    print("\n| linear head, processor ms for a fit with all its figures | |\n|---|--:|")
    for count in (100, 1000, 4000):
        rows = np.random.default_rng(0).permutation(np.flatnonzero(task.block == task.block[0]))[:count]
        arguments = task.features[rows], task.classes[rows], task.cells[rows], len(task.class_names)
        times = []
        for _ in range(7):
            begun = time.process_time()
            head: LinearHead = fit_head(*arguments).head
            times.append(1e3 * (time.process_time() - begun))
        print(f"| {task.name}, {head.class_count} classes, {len(rows)} labels | {np.median(times):.0f} |", flush=True)


def tasks(folder: Path, seeds: tuple[int, ...]) -> list[Task]:
    """Subcompartments of places, and cell types of means within 10 um."""
    encoder = load_encoder(DEMO_CHECKPOINT, threads=1)
    store = Store(folder / "cache")
    found = places.gather(store, folder / "blocks", seeds, SIZE_VOXELS, encoder.spec.cutout)
    embedded = features.embedded(store, found, encoder)
    print(f"encoder {encoder.spec.hash}, blocks {seeds}, {len(found)} places\n")
    block = np.repeat(np.arange(len(seeds)), [len(block) for block in found.blocks])
    cells = found.cell.astype(np.uint64)
    neurons = tuple(index for index, name in enumerate(CELL_TYPE_NAMES) if name in NEURONS)
    types = tuple((CELL_TYPE_NAMES.index(name),) for name in TYPES_LEFT_OUT)
    compartments = tuple((index,) for index, name in enumerate(SUBCOMPARTMENT_NAMES) if name != "soma")
    averaged = embedded.averaged(found, RADIUS_UM)
    return [
        Task("subcompartment", SUBCOMPARTMENT_NAMES, compartments, embedded.values, found.subcompartment, cells, block),
        Task("cell type, 10 um", CELL_TYPE_NAMES, types, averaged, found.cell_type, cells, block),
        Task(
            "glia type, 10 um, neurons left out", CELL_TYPE_NAMES, (neurons,), averaged, found.cell_type, cells, block
        ),
    ]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.heads", description=__doc__)
    parser.add_argument("--folder", type=Path, default=report.ROOT / "runs" / "science", help="for blocks and features")
    parser.add_argument("--seeds", type=int, nargs=2, default=(203, 204), help="of the two blocks")
    parser.add_argument("--labels", type=int, nargs="+", default=(1000,))
    parser.add_argument("--heads", nargs="+", choices=CONTENDERS, default=list(CONTENDERS))
    parser.add_argument("--times-only", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(1)
    print("; ".join(f"{key} {value}" for key, value in report.machine().items()))
    with threadpool_limits(1):
        asked = tasks(options.folder, tuple(options.seeds))
        for task in () if options.times_only else asked:
            for count in options.labels:
                found = list(trials(task, count))
                print(f"\n**{task.name}**, {count} labels, mean of {len(found)} trials\n")
                print("| head | macro F1 | ECE | fit, CPU s | score | AUROC | each |\n|---|--:|--:|--:|---|--:|---|")
                for name in options.heads:
                    measure(name, found)
        print_times(next(trials(asked[0], 1000)).labels)
        for task in asked[:2]:
            print_fit_times(task)


if __name__ == "__main__":
    main()
