"""What all questions share: the places, the features, the splits, and scores that are computed once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

import segclr.embeddings
import segclr.heads
from benchmarks.science import scores, splits
from benchmarks.science.features import Features
from benchmarks.science.places import Places
from benchmarks.science.scores import Classifier, Labelled
from benchmarks.science.splits import Split
from benchmarks.science.store import Store, key, source_key
from segclr.em.phantom.files import CELL_TYPE_NAMES, SUBCOMPARTMENT_NAMES
from segclr.encoder.checkpoint import CheckpointSpec
from segclr.encoder.inference import Encoder
from segclr.heads.evaluation import macro_f1

SUBCOMPARTMENT, CELL_TYPE = "subcompartment", "cell type"

_DECIDED_BY = source_key(splits, scores, segclr.heads, segclr.embeddings)


@dataclass(frozen=True, slots=True)
class Settings:
    """How much is measured.

    Attributes:
        label_counts: for the linear head on embeddings, drawn anew for every split.
        supervised_counts: of these, for the network trained from scratch.
        supervised_cpu_s: processor time for all of these networks; every count gets an equal share of it.
        fewest_supervised: repeats of a count even if they take more than its share.
        radii_um: of the mean embedding, for cell types.
        changed_places: whose EM is changed to see what the embedding does.
    """

    seeds: tuple[int, ...]
    size_voxels: tuple[int, int, int] = (256, 384, 192)
    splits: int = 20
    label_counts: tuple[int, ...] = (4, 10, 30, 100, 300, 1000, 3000, 10_000)
    supervised_counts: tuple[int, ...] = (10, 30, 100, 300, 1000, 3000, 10_000)
    supervised_cpu_s: float = 720.0
    fewest_supervised: int = 2
    radii_um: tuple[float, ...] = (0.0, 2.5, 5.0, 10.0, 25.0)
    deep_heads: int = 4  # splits on which heads that are trained by gradient descent are fitted
    changed_places: int = 1500
    quick: bool = False


def quick_settings(seeds: tuple[int, ...]) -> Settings:
    """About a minute, to see that everything runs; its figures mean little."""
    return Settings(
        seeds=seeds[:1],
        splits=3,
        label_counts=(4, 30, 300, 3000),
        supervised_counts=(30,),
        supervised_cpu_s=1.0,
        fewest_supervised=1,
        deep_heads=1,
        changed_places=300,
        quick=True,
    )


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """What is told apart: (n,) classes, 0 to C - 1, of all places."""

    name: str
    class_names: tuple[str, ...]
    classes: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Study:
    """The encoder comes first among the features."""

    settings: Settings
    store: Store
    model: Encoder
    places: Places
    tasks: dict[str, Task]
    features: tuple[Features, ...]
    splits: tuple[Split, ...]
    threads: int

    @property
    def spec(self) -> CheckpointSpec:
        return self.model.spec

    @property
    def encoder(self) -> Features:
        return self.features[0]

    def key(self, found: Features, *parts: object) -> str:
        """Names a result in the store that depends on features, the places, the splits and the heads' code."""
        return key(self.places_key(), found.source, len(self.splits), _DECIDED_BY, *parts)

    def places_key(self) -> str:
        """Names what was cut out of which blocks."""
        return key(*[(block.name, len(block)) for block in self.places.blocks])

    def labelled(self, values: NDArray[np.float32], task: str) -> Labelled:
        """All places with a task's classes; values: (n, d)."""
        asked = self.tasks[task]
        return Labelled(values, asked.classes, self.places.cell.astype(np.uint64), len(asked.class_names))

    def f1s(self, found: Features, classifier: Classifier, task: str, radius_um: float = 0.0) -> list[float]:
        """Macro F1 on every split, of a classifier fitted to all places on the split's train side."""

        def compute() -> list[float]:
            known = self.labelled(found.averaged(self.places, radius_um), task)

            def one(split: Split) -> float:
                predicted = classifier(known.at(split.train), known.features[split.test])
                return macro_f1(predicted, known.classes[split.test])

            return scores.in_parallel(one, self.splits, self.threads)

        return self.store.floats(f"scores/{self.key(found, classifier.__name__, task, radius_um)}", compute)


def tasks_of(places: Places) -> dict[str, Task]:
    """The two tasks of a phantom."""
    return {
        SUBCOMPARTMENT: Task(SUBCOMPARTMENT, SUBCOMPARTMENT_NAMES, places.subcompartment),
        CELL_TYPE: Task(CELL_TYPE, CELL_TYPE_NAMES, places.cell_type),
    }


def classifiers_of(found: Features) -> Sequence[Classifier]:
    """Features made by hand get what suits them, logistic regression and a forest; embeddings the forest as well."""
    first = scores.logistic if found.name == "hand-made" else scores.linear
    return (first, scores.forest) if found.name in ("hand-made", "encoder") else (first,)
