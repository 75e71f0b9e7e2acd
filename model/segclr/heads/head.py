"""What every head is: something that classifies embeddings and says how sure it is, and of what kind its doubt is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from segclr.errors import TooFewLabels
from segclr.heads.chunks import not_finite
from segclr.heads.evaluation import HeldOut
from segclr.heads.mahalanobis import Mahalanobis

MOST_CLASSES = 255  # a class is one byte, and 255 says "none"


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """A head's full answer on n embeddings.

    Attributes:
        probabilities: (n, C) float32, calibrated; rows sum to 1.
        ambiguity: (n,) float32 in 0 to 1, one minus the lead of the likeliest class over the next: *between classes*.
        distance: (n,) float32, `head.novelty.score`: *far from all labels*. About 1 is usual for what is like the
            labels; beyond `head.novelty.threshold` it is unlike anything labelled.
    """

    probabilities: NDArray[np.float32]
    ambiguity: NDArray[np.float32]
    distance: NDArray[np.float32]


class Head(Protocol):
    """A classifier of (n, d) embeddings. It never changes once fitted, and classifying changes nothing in it.

    Every method that takes embeddings raises ValueError for another size than d, and TableError for NaN or infinity.
    """

    @property
    def class_count(self) -> int: ...

    @property
    def dimensions(self) -> int: ...

    @property
    def novelty(self) -> Mahalanobis: ...

    def predict(self, embeddings: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return calibrated probabilities, (n, C) float32."""

    def predict_codes(self, embeddings: NDArray[np.float32]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Return the likeliest class and its probability in 255ths, both (n,) uint8; of equals the first class."""

    def assess(self, embeddings: NDArray[np.float32]) -> Prediction:
        """Return probabilities, ambiguity and distance."""

    def save(self, path: Path) -> None:
        """Write the head to a .npz file, at once."""


AnyHead = TypeVar("AnyHead", bound=Head, covariant=True)


@dataclass(frozen=True, slots=True)
class FittedHead(Generic[AnyHead]):
    """A head and how good it is on segments it was not fitted on; None where there are too few labels to tell."""

    head: AnyHead
    held_out: HeldOut | None


def codes_of(probabilities: NDArray[np.float32]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return the likeliest class of (n, C) probabilities and its probability in 255ths, both (n,) uint8."""
    classes = probabilities.argmax(axis=1).astype(np.uint8)
    return classes, (255 * probabilities.max(axis=1) + 0.5).astype(np.uint8)


def assess(head: Head, embeddings: NDArray[np.float32]) -> Prediction:
    """Put the full answer together from probabilities and novelty."""
    probabilities = head.predict(embeddings)
    if head.class_count < 2:
        lead = probabilities[:, 0]
    else:
        two = np.partition(probabilities, head.class_count - 2, axis=1)[:, -2:]
        lead = two[:, 1] - two[:, 0]
    return Prediction(probabilities, 1 - lead, head.novelty.score(embeddings))


def check_labels(
    embeddings: NDArray[np.floating], classes: NDArray[np.integer], groups: NDArray[np.uint64], class_count: int
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return embeddings as float64 and classes as int64 if a head can be fitted to them.

    Raises:
        TooFewLabels: Fewer than two classes occur.
        TableError: An embedding is NaN or infinite.
        ValueError: The arrays do not fit each other, or a class is out of range.
    """
    x, y = embeddings.astype(np.float64), classes.astype(np.int64)
    if x.ndim != 2 or (y.shape, groups.shape) != ((len(x),), (len(x),)):
        raise ValueError(
            f"labels do not fit each other: {x.shape} embeddings, {y.shape} classes, {groups.shape} groups"
        )
    if class_count > MOST_CLASSES or (len(y) and not 0 <= int(y.min()) <= int(y.max()) < class_count):
        raise ValueError(f"classes must be 0 to {class_count - 1}, and at most {MOST_CLASSES}")
    if not np.isfinite(x).all():
        raise not_finite(x)
    if len(present := np.unique(y)) < 2:
        have = "one class has labels" if len(present) else "there are no labels"
        raise TooFewLabels(f"{have}: label at least one place each of two classes to get predictions")
    return x, y
