"""Is what lies near in the space of embeddings alike? No classifier is fitted for that."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.science.study import Study

NEIGHBOURS = 10
_ROWS = 1024


@dataclass(frozen=True, slots=True)
class Retrieved:
    """Precision among the 10 nearest, the mean over classes (by chance: 1 / classes, nearly)."""

    features: str
    task: str
    radius_um: float
    precision: float
    by_chance: float


def retrieval(study: Study) -> list[Retrieved]:
    """Precision at 10 for each of the features and tasks; cell types also for means within 10 um."""
    asked = [("subcompartment", 0.0), ("cell type", 0.0), ("cell type", 10.0)]
    found = []
    for radius_um in (0.0, 10.0):
        for features in study.features:
            nearest = nearest_elsewhere(features.averaged(study.places, radius_um), study.places.cell, NEIGHBOURS)
            for task in [name for name, radius in asked if radius == radius_um]:
                classes = study.tasks[task].classes
                precision = mean_over_classes(classes[nearest] == classes[:, None], classes)
                shares = np.bincount(classes) / len(classes)
                found.append(Retrieved(features.name, task, radius_um, precision, float(shares[shares > 0].mean())))
    return found


def nearest_elsewhere(values: NDArray[np.float32], cells: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """The (n, count) rows nearest to each row among those of other cells, nearest first.

    Distances are Euclidean after each dimension is scaled to a standard deviation of 1, for all features alike.
    """
    scaled = standardised(values)
    squares = (scaled**2).sum(axis=1)
    nearest = np.empty((len(scaled), count), np.int64)
    for start in range(0, len(scaled), _ROWS):
        rows = slice(start, start + _ROWS)
        distances = squares - 2 * scaled[rows] @ scaled.T  # plus the row's own square, which changes no order
        distances[cells[rows, None] == cells] = np.inf
        some = np.argpartition(distances, count - 1, axis=1)[:, :count]
        order = np.argsort(np.take_along_axis(distances, some, axis=1), axis=1, kind="stable")
        nearest[rows] = np.take_along_axis(some, order, axis=1)
    return nearest


def standardised(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mean 0 and standard deviation 1 in each dimension; a constant one becomes 0."""
    deviation = values.std(axis=0)
    scaled: NDArray[np.float32] = (values - values.mean(axis=0)) / np.where(deviation > 0, deviation, 1)
    return scaled


def mean_over_classes(hits: NDArray[np.bool_], classes: NDArray[np.int64]) -> float:
    """The mean over classes of the share of hits, (n, k), of the class's rows."""
    return float(np.mean([hits[classes == index].mean() for index in np.unique(classes)]))
