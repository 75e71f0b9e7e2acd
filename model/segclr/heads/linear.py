"""The linear head: one weight vector per class on standardised embeddings, fitted, applied and stored.

As SegCLR's own linear classifier (google-research/connectomics, `classification/model_def.py`), with calibration.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from segclr.heads.chunks import by_chunks, check_shape, not_finite
from segclr.heads.evaluation import cross_fit
from segclr.heads.head import FittedHead, Prediction, assess, check_labels
from segclr.heads.mahalanobis import Mahalanobis, fit_novelty
from segclr.heads.one_thread import one_blas_thread
from segclr.heads.softmax_regression import fit_softmax
from segclr.heads.standardise import mean_and_std
from segclr.heads.storage import damaged, read_head, write_head

KIND = "linear"
# Over the number of labels, as in a prior on the weights: 1 to 3 are near the best from 12 to 4,000 labels of three
# tasks of generated blocks.
PENALTY = 2.0

_BALANCE = 0.5
_FULL_TOLERANCE, _FOLD_TOLERANCE = 1e-6, 1e-4  # nats; a fold's head only gives figures


@dataclass(frozen=True, slots=True, eq=False)
class LinearHead:
    """p(class | embedding) = softmax(((embedding - mean) / std @ weights.T + bias) / temperature).

    Attributes:
        class_count: C; classes without labels when it was fitted have bias -inf, and probability 0.
        mean, std: (d,) float64.
        weights: (C, d) float64.
        bias: (C,) float64.
        novelty: how far embeddings are from the labels.
    """

    class_count: int
    mean: NDArray[np.float64]
    std: NDArray[np.float64]
    weights: NDArray[np.float64]
    bias: NDArray[np.float64]
    temperature: float
    novelty: Mahalanobis

    @property
    def dimensions(self) -> int:
        return len(self.mean)

    def predict(self, embeddings: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return calibrated probabilities, (n, C) float32, of (n, d) embeddings."""
        by_class = np.empty((self.class_count, len(embeddings)), np.float32)

        def fill(rows: slice, logits: NDArray[np.float32]) -> None:
            np.exp(logits, out=logits)
            np.divide(logits, logits.sum(axis=0), out=by_class[:, rows])

        self._by_chunks(embeddings, fill)
        return by_class.T

    def predict_codes(self, embeddings: NDArray[np.float32]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Return the likeliest class and its probability in 255ths, both (n,) uint8; of equals the first class."""
        classes = np.zeros(len(embeddings), np.uint8)
        confidence = np.empty(len(embeddings), np.uint8)

        def fill(rows: slice, logits: NDArray[np.float32]) -> None:
            for index in reversed(range(self.class_count)):  # thrice as fast as argmax over the first axis
                np.putmask(classes[rows], logits[index] == 0, index)
            np.exp(logits, out=logits)
            confidence[rows] = 255 / logits.sum(axis=0) + 0.5  # the largest logit is 0, its exponential 1

        self._by_chunks(embeddings, fill)
        return classes, confidence

    def assess(self, embeddings: NDArray[np.float32]) -> Prediction:
        """Return probabilities, ambiguity and distance of (n, d) embeddings."""
        return assess(self, embeddings)

    def _by_chunks(self, embeddings: NDArray[np.float32], fill: Callable[[slice, NDArray[np.float32]], None]) -> None:
        """Call `fill` with slices of rows and their (C, rows) logits, the largest of each row 0."""
        check_shape(embeddings, self.dimensions)
        scaled = self.weights / (self.std * self.temperature)
        weights = scaled.astype(np.float32)
        bias = (self.bias / self.temperature - scaled @ self.mean).astype(np.float32)[:, None]

        def work(rows: slice) -> None:
            logits = weights @ embeddings[rows].T
            logits += bias
            top = logits.max(axis=0)
            if not np.isfinite(top).all():
                raise not_finite(embeddings)
            logits -= top
            fill(rows, logits)

        by_chunks(len(embeddings), work)

    def logits(self, embeddings: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return (n, C) logits before temperature, in full precision."""
        return _Found(self.mean, self.std, self.weights, self.bias).logits(embeddings)

    def save(self, path: Path) -> None:
        """Write the head to a .npz file, at once."""
        arrays = {name: np.asarray(getattr(self, name)) for name in _ARRAYS}
        write_head(path, KIND, arrays, self.novelty)


_ARRAYS = ("class_count", "mean", "std", "weights", "bias", "temperature")


def open_head(path: Path) -> LinearHead:
    """Read a head that `LinearHead.save` wrote.

    Raises:
        CheckpointMismatch: There is no such file, it is damaged, of another format version, or of another kind.
    """
    arrays, novelty = read_head(path, KIND)
    try:
        head = LinearHead(
            class_count=int(arrays["class_count"]),
            temperature=float(arrays["temperature"]),
            novelty=novelty,
            **{name: arrays[name].astype(np.float64) for name in ("mean", "std", "weights", "bias")},
        )
        c, d = head.class_count, len(novelty.mean)
    except (KeyError, TypeError, ValueError):
        raise damaged(path) from None
    if (head.mean.shape, head.std.shape, head.weights.shape, head.bias.shape) != ((d,), (d,), (c, d), (c,)):
        raise damaged(path)
    return head


def fit_head(
    embeddings: NDArray[np.float32],
    classes: NDArray[np.integer],
    groups: NDArray[np.uint64],
    class_count: int,
    seed: int = 0,
) -> FittedHead[LinearHead]:
    """Fit a calibrated head to labels: a pure function, the same to the bit whenever it is asked the same.

    How many labels a class has says more about what the annotator looked at than about how common it is, but a class
    with three labels should not weigh as much as one with three hundred either: labels weigh by the inverse square root
    of their class's count. Labels that contradict each other share the probability.

    Args:
        embeddings: (k, d) finite.
        classes: (k,) 0 to class_count - 1; not every class must occur.
        groups: (k,) segment ids: the held-out figures never test a head on a segment it has seen.
        seed: deals the segments out to folds.

    Raises:
        TooFewLabels: Fewer than two classes occur.
        TableError: An embedding is NaN or infinite.
    """
    x, y = check_labels(embeddings, classes, groups, class_count)
    with one_blas_thread():
        found = _fit(x, y, class_count, warm=None)
        # Warm, for speed: the fold's minimum is its own, whatever the start.
        held_out = cross_fit(
            lambda x, y, _: _fit(x, y, class_count, warm=found).logits, x, y, groups, class_count, seed
        )
        novelty = fit_novelty(x, y, groups, seed)
    temperature = 1.0 if held_out is None else held_out.temperature
    head = LinearHead(class_count, found.mean, found.std, found.weights, found.bias, temperature, novelty)
    return FittedHead(head, held_out)


def balanced_weights(classes: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return (k,) weights of labels, their mean 1: the inverse square root of the count of their class."""
    weights: NDArray[np.float64] = (1 / np.bincount(classes)[classes]) ** _BALANCE
    weights /= weights.mean()
    return weights


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """What `LinearHead` says of itself, before calibration."""

    mean: NDArray[np.float64]
    std: NDArray[np.float64]
    weights: NDArray[np.float64]
    bias: NDArray[np.float64]

    def logits(self, embeddings: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return (n, C) logits in full precision."""
        logits: NDArray[np.float64] = (embeddings - self.mean) / self.std @ self.weights.T + self.bias
        return logits


def _fit(x: NDArray[np.float64], y: NDArray[np.int64], class_count: int, warm: _Found | None) -> _Found:
    """Fit weights, starting from those of most of the same labels."""
    k, d = x.shape
    present, compact = np.unique(y, return_inverse=True)
    mean, std = mean_and_std(x)
    start = np.zeros((len(present), d + 1))
    if warm is not None:
        start[:, :d], start[:, d] = warm.weights[present], warm.bias[present]
    tolerance = _FULL_TOLERANCE if warm is None else _FOLD_TOLERANCE
    found = fit_softmax((x - mean) / std, compact, balanced_weights(compact), PENALTY / k, start, tolerance)
    weights, bias = np.zeros((class_count, d)), np.full(class_count, -np.inf)
    weights[present], bias[present] = found[:, :d], found[:, d]
    return _Found(mean, std, weights, bias)
