"""How many labels are needed, and over how far one should average: the two curves of the SegCLR paper's figure 3."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import f1_score

import segclr.encoder.resnet
import segclr.training.augmentation
from benchmarks.science import scores, splits, supervised
from benchmarks.science.scores import Classifier, Labelled, Spread, spread
from benchmarks.science.splits import Split, draw_labels
from benchmarks.science.store import key, source_key
from benchmarks.science.study import CELL_TYPE, SUBCOMPARTMENT, Study, classifiers_of
from benchmarks.science.supervised import Outcome, Rival
from segclr.heads.evaluation import macro_f1

CONFUSION_RADIUS_UM = 10.0


@dataclass(frozen=True, slots=True)
class LinearPoint:
    """Macro F1 of the linear head at a number of labels (the mean over the splits where the places ran out)."""

    labels: float
    f1: Spread


@dataclass(frozen=True, slots=True)
class SupervisedPoint:
    """The same for the network trained from scratch; ``linear_f1`` is the linear head's on the same labels."""

    labels: float
    outcomes: tuple[Outcome, ...]
    linear_f1: Spread

    @property
    def f1(self) -> Spread:
        return spread([outcome.f1 for outcome in self.outcomes])


@dataclass(frozen=True, slots=True)
class Score:
    """One way to classify, and how well it does on every split."""

    features: str
    classifier: str
    f1s: tuple[float, ...]

    @property
    def name(self) -> str:
        return f"{self.features}, {self.classifier}"

    @property
    def f1(self) -> Spread:
        return spread(self.f1s)


@dataclass(frozen=True, slots=True)
class ClassF1s:
    """F1 of each class, over the splits, by one way to classify."""

    name: str
    f1s: tuple[Spread, ...]


@dataclass(frozen=True, slots=True)
class RadiusCurve:
    """Macro F1 of cell types by radius; `scores[i]` are those of the i-th radius, the encoder first.

    Attributes:
        confusion: (C, C) counts of the encoder at 10 um, summed over the splits: rows are the truth.
    """

    radii_um: tuple[float, ...]
    scores: tuple[tuple[Score, ...], ...]
    confusion: NDArray[np.int64]


def linear_points(study: Study) -> list[LinearPoint]:
    """The linear head on embeddings, for every number of labels and every split."""
    points = []
    for count in study.settings.label_counts:
        result = study.store.floats(
            f"scores/{study.key(study.encoder, 'labels', count)}", partial(_linear, study, count)
        )
        half = len(result) // 2
        points.append(LinearPoint(float(np.mean(result[:half])), spread(result[half:])))
    return points


def supervised_points(study: Study) -> list[SupervisedPoint]:
    """The rival, for every number of labels as often as its share of the processor time allows."""
    task = study.tasks[SUBCOMPARTMENT]
    rival = Rival(study.spec.encoder, study.spec.cutout, study.places, len(task.class_names))
    share_s = study.settings.supervised_cpu_s / len(study.settings.supervised_counts)
    code = source_key(supervised, splits, segclr.encoder.resnet, segclr.training.augmentation)

    def outcome(count: int, split: Split) -> Outcome:
        labelled = labels_of(study, split, count)
        name = f"supervised/{key(study.places_key(), study.spec.encoder, code, split.number, count)}"
        figures = study.store.floats(name, lambda: _figures(rival.learn(split, labelled, task.classes, split.number)))
        return Outcome(figures[0], int(figures[1]), bool(figures[2]), figures[3])

    points = []
    for count in study.settings.supervised_counts:
        outcomes: list[Outcome] = []
        while len(outcomes) < len(study.splits) and (
            len(outcomes) < study.settings.fewest_supervised or sum(done.cpu_s for done in outcomes) < share_s
        ):
            next_splits = study.splits[len(outcomes) : len(outcomes) + study.threads]
            outcomes += scores.in_parallel(partial(outcome, count), next_splits, study.threads)
        used = study.splits[: len(outcomes)]
        labels = float(np.mean([len(labels_of(study, split, count)) for split in used]))
        linear_f1 = spread(_linear(study, count)[len(study.splits) :][: len(used)])
        points.append(SupervisedPoint(labels, tuple(outcomes), linear_f1))
    return points


def labels_needed(points: list[LinearPoint], f1: float) -> float | None:
    """With how many labels the linear head reaches a macro F1, between two points on a line over log labels.

    None if it never does; the first point's labels if that is as good already.
    """
    for index, point in enumerate(points):
        if point.f1.mean >= f1:
            if index == 0:
                return point.labels
            before = points[index - 1]
            share = (f1 - before.f1.mean) / (point.f1.mean - before.f1.mean)
            return float(before.labels * (point.labels / before.labels) ** share)
    return None


def best_rival(found: Sequence[Score]) -> Score:
    """The best score of other features than the first one's, the encoder's."""
    return max((score for score in found if score.features != found[0].features), key=lambda score: score.f1.mean)


def all_labels(study: Study, task: str) -> list[Score]:
    """The encoder and what it is compared with, each with all places of the split's train side."""
    return [
        Score(found.name, classifier.__name__, tuple(study.f1s(found, classifier, task)))
        for found in study.features
        for classifier in classifiers_of(found)
    ]


def by_class(study: Study, task: str) -> list[ClassF1s]:
    """F1 of every class with all labels, of embeddings and hand-made features under each of their classifiers."""
    found = []
    for features in study.features:
        if features.name not in ("encoder", "hand-made"):
            continue
        for classifier in classifiers_of(features):
            name = f"scores/{study.key(features, classifier.__name__, task, 'by class')}"
            known = study.labelled(features.values, task)
            figures = np.array(study.store.floats(name, partial(_f1s_by_class, study, classifier, known)))
            of_class = figures.reshape(len(study.splits), -1).T
            found.append(ClassF1s(f"{features.name}, {classifier.__name__}", tuple(map(spread, of_class.tolist()))))
    return found


def _f1s_by_class(study: Study, classifier: Classifier, known: Labelled) -> list[float]:
    def one(split: Split) -> list[float]:
        predicted = classifier(known.at(split.train), known.features[split.test])
        classes = range(known.class_count)
        return [float(f1_score(known.classes[split.test] == index, predicted == index)) for index in classes]

    return [f1 for f1s in scores.in_parallel(one, study.splits, study.threads) for f1 in f1s]


def radius_curve(study: Study) -> RadiusCurve:
    """Cell types from the mean features within each radius."""
    by_radius = tuple(
        tuple(
            Score(found.name, classifier.__name__, tuple(study.f1s(found, classifier, CELL_TYPE, radius_um)))
            for found in study.features
            for classifier in classifiers_of(found)
        )
        for radius_um in study.settings.radii_um
    )
    return RadiusCurve(study.settings.radii_um, by_radius, _confusion(study))


def labels_of(study: Study, split: Split, count: int) -> NDArray[np.int64]:
    """The labels of a split, the same for everyone."""
    rng = np.random.default_rng([split.number, count])
    return draw_labels(split.train, study.tasks[SUBCOMPARTMENT].classes, count, rng)


def _linear(study: Study, count: int) -> list[float]:
    """Labels of every split, then macro F1 of every split."""
    known = study.labelled(study.encoder.values, SUBCOMPARTMENT)

    def one(split: Split) -> tuple[float, float]:
        labelled = labels_of(study, split, count)
        predicted = scores.linear(known.at(labelled), known.features[split.test])
        return float(len(labelled)), macro_f1(predicted, known.classes[split.test])

    found = scores.in_parallel(one, study.splits, study.threads)
    return [labels for labels, _ in found] + [f1 for _, f1 in found]


def _confusion(study: Study) -> NDArray[np.int64]:
    task = study.tasks[CELL_TYPE]
    count = len(task.class_names)
    known = study.labelled(study.encoder.averaged(study.places, CONFUSION_RADIUS_UM), CELL_TYPE)

    def one(split: Split) -> NDArray[np.int64]:
        predicted = scores.linear(known.at(split.train), known.features[split.test])
        return np.bincount(task.classes[split.test] * count + predicted, minlength=count * count)

    total = np.zeros(count * count, np.int64)
    for counts in scores.in_parallel(one, study.splits, study.threads):
        total += counts
    return total.reshape(count, count)


def _figures(outcome: Outcome) -> list[float]:
    return [outcome.f1, outcome.steps, outcome.stopped_early, outcome.cpu_s]
