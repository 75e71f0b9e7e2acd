"""Macro F1 of a classifier on cells that it has not seen, and the mean and spread of such figures over splits."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from segclr.heads.linear import fit_head

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """What is learnt from: (n, d) features, (n,) classes from 0 to class_count - 1, (n,) cells."""

    features: NDArray[np.float32]
    classes: NDArray[np.int64]
    cells: NDArray[np.uint64]
    class_count: int

    def at(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> Labelled:
        """Some of the places."""
        return Labelled(self.features[rows], self.classes[rows], self.cells[rows], self.class_count)


Classifier = Callable[[Labelled, NDArray[np.float32]], NDArray[np.int64]]
"""What is learnt from, and (m, d) features to classify -> (m,) classes."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Mean and standard deviation (of the splits, n - 1) of a figure."""

    mean: float
    sd: float
    count: int

    def __str__(self) -> str:
        return f"{self.mean:.3f} ± {self.sd:.3f}" if self.count > 1 else f"{self.mean:.3f}"


def spread(figures: Sequence[float]) -> Spread:
    """Summarise one figure per split."""
    return Spread(float(np.mean(figures)), float(np.std(figures, ddof=1)) if len(figures) > 1 else 0.0, len(figures))


def linear(known: Labelled, features: NDArray[np.float32]) -> NDArray[np.int64]:
    """The product's linear head."""
    fitted = fit_head(known.features, known.classes, known.cells, known.class_count)
    predicted: NDArray[np.int64] = fitted.head.predict(features).argmax(axis=1)
    return predicted


def logistic(known: Labelled, features: NDArray[np.float32]) -> NDArray[np.int64]:
    """Plain logistic regression: on hand-made features it is better than the product's head, made for embeddings."""
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    predicted: NDArray[np.int64] = model.fit(known.features, known.classes).predict(features)
    return predicted


def forest(known: Labelled, features: NDArray[np.float32]) -> NDArray[np.int64]:
    """A random forest of 150 trees."""
    trees = RandomForestClassifier(150, min_samples_leaf=3, random_state=0, class_weight="balanced_subsample")
    predicted: NDArray[np.int64] = trees.fit(known.features, known.classes).predict(features)
    return predicted


def in_parallel(work: Callable[[_Item], _Result], items: Sequence[_Item], threads: int) -> list[_Result]:
    """Results in the order of the items; numpy, torch and scikit-learn let other threads run while they compute."""
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, items))


def in_processes(work: Callable[[_Item], _Result], items: Sequence[_Item], processes: int) -> list[_Result]:
    """The same in processes of their own, for what uses torch's one random state."""
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, fresh, torch.set_num_threads, (1,)) as pool:
        return list(pool.map(work, items))
