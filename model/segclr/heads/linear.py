"""The linear head: one weight vector per class on standardised embeddings, fitted, applied and stored.

As SegCLR's own linear classifier (google-research/connectomics, `classification/model_def.py`), with calibration.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from segclr.errors import CheckpointMismatch, TooFewLabels
from segclr.heads.evaluation import FOLDS, HeldOut, fold_of, score
from segclr.heads.one_thread import one_blas_thread
from segclr.heads.softmax_regression import fit_softmax

MOST_CLASSES = 255  # a class is one byte, and 255 says "none"

_CHUNK = 16384  # rows whose logits still fit the cache
_THREADS = 4
_FORMAT_VERSION = 1
_PENALTY = 2.0  # over labels
_BALANCE = 0.5
_BORROWED_LABELS = 1  # a dimension's variance is shrunk towards the mean variance as if one label more said so


@dataclass(frozen=True, slots=True, eq=False)
class LinearHead:
    """p(class | embedding) = softmax(((embedding - mean) / std @ weights.T + bias) / temperature).

    Attributes:
        class_count: C; classes without labels when it was fitted have bias -inf, and probability 0.
        mean, std: (d,) float64.
        weights: (C, d) float64.
        bias: (C,) float64.
    """

    class_count: int
    mean: NDArray[np.float64]
    std: NDArray[np.float64]
    weights: NDArray[np.float64]
    bias: NDArray[np.float64]
    temperature: float

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
            classes[rows] = logits.argmax(axis=0)
            np.exp(logits, out=logits)
            confidence[rows] = 255 / logits.sum(axis=0) + 0.5  # the largest logit is 0, its exponential 1

        self._by_chunks(embeddings, fill)
        return classes, confidence

    def _by_chunks(self, embeddings: NDArray[np.float32], fill: Callable[[slice, NDArray[np.float32]], None]) -> None:
        """Call `fill` with slices of rows and their (C, rows) logits, the largest of each row 0."""
        if embeddings.ndim != 2 or embeddings.shape[1] != self.dimensions:
            raise ValueError(f"the head classifies (n, {self.dimensions}) embeddings, not {embeddings.shape}")
        scaled = self.weights / (self.std * self.temperature)
        weights = scaled.astype(np.float32)
        bias = (self.bias / self.temperature - scaled @ self.mean).astype(np.float32)[:, None]

        def work(start: int) -> None:
            logits = weights @ embeddings[start : start + _CHUNK].T
            logits += bias
            logits -= logits.max(axis=0)
            fill(slice(start, start + _CHUNK), logits)

        with one_blas_thread():
            starts = range(0, len(embeddings), _CHUNK)
            if len(starts) < 2 * _THREADS:
                for start in starts:
                    work(start)
            else:
                with ThreadPoolExecutor(_THREADS) as pool:
                    list(pool.map(work, starts))

    def logits(self, embeddings: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return (n, C) logits before temperature, in full precision."""
        return (embeddings - self.mean) / self.std @ self.weights.T + self.bias

    def save(self, path: Path) -> None:
        """Write the head to a .npz file, at once."""
        part = path.with_name(path.name + ".part")
        with part.open("wb") as file:
            np.savez(file, version=_FORMAT_VERSION, **{field.name: getattr(self, field.name) for field in fields(self)})
        part.replace(path)


def open_head(path: Path) -> LinearHead:
    """Read a head that `LinearHead.save` wrote.

    Raises:
        CheckpointMismatch: There is no such file, it is damaged, or of another format version.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        version = int(arrays.pop("version"))
        if version != _FORMAT_VERSION:
            raise CheckpointMismatch(f"the head {path} has format version {version}, not {_FORMAT_VERSION}")
        head = LinearHead(
            class_count=int(arrays["class_count"]),
            temperature=float(arrays["temperature"]),
            **{name: arrays[name].astype(np.float64) for name in ("mean", "std", "weights", "bias")},
        )
    except OSError as error:
        raise CheckpointMismatch(f"the head {path} cannot be read: {error.strerror or error}") from None
    except (KeyError, TypeError, ValueError, AttributeError, EOFError, zipfile.BadZipFile) as error:
        if isinstance(error, CheckpointMismatch):
            raise
        raise CheckpointMismatch(f"the head {path} is damaged, or not a head: fit it again") from None
    c, d = head.class_count, len(head.mean)
    if (head.std.shape, head.weights.shape, head.bias.shape) != ((d,), (c, d), (c,)):
        raise CheckpointMismatch(f"the head {path} is damaged: its arrays do not fit each other")
    return head


@dataclass(frozen=True, slots=True)
class FittedHead:
    """A head and how good it is on segments it was not fitted on; None where there are too few labels to tell."""

    head: LinearHead
    held_out: HeldOut | None


def fit_head(
    embeddings: NDArray[np.float32],
    classes: NDArray[np.integer],
    groups: NDArray[np.uint64],
    class_count: int,
    seed: int = 0,
) -> FittedHead:
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
    """
    x, y = embeddings.astype(np.float64), classes.astype(np.int64)
    if x.ndim != 2 or (y.shape, groups.shape) != ((len(x),), (len(x),)):
        raise ValueError(
            f"labels do not fit each other: {x.shape} embeddings, {y.shape} classes, {groups.shape} groups"
        )
    if class_count > MOST_CLASSES or (len(y) and not 0 <= int(y.min()) <= int(y.max()) < class_count):
        raise ValueError(f"classes must be 0 to {class_count - 1}, and at most {MOST_CLASSES}")
    if not np.isfinite(x).all():
        raise ValueError("an embedding with a label is NaN or infinite")
    if len(present := np.unique(y)) < 2:
        have = "one class has labels" if len(present) else "there are no labels"
        raise TooFewLabels(f"{have}: label at least one place each of two classes to get predictions")
    with one_blas_thread():
        head = _fit(x, y, class_count, warm=None)
        held_out = _held_out(head, x, y, groups, seed)
    return FittedHead(head if held_out is None else replace(head, temperature=held_out.temperature), held_out)


def _fit(x: NDArray[np.float64], y: NDArray[np.int64], class_count: int, warm: LinearHead | None) -> LinearHead:
    """Fit an uncalibrated head, starting from another one."""
    k, d = x.shape
    present, compact, counts = np.unique(y, return_inverse=True, return_counts=True)
    mean, variance = x.mean(axis=0), x.var(axis=0)
    variance = (k * variance + _BORROWED_LABELS * variance.mean()) / (k + _BORROWED_LABELS)
    # labels at one and the same embedding: nothing to scale by, and rounding must not pass for variance
    flat = variance.mean() <= 1e-20 * np.square(mean).mean()
    std = np.ones(d) if flat else np.sqrt(variance)
    start = np.zeros((len(present), d + 1))
    if warm is not None:
        start[:, :d], start[:, d] = warm.weights[present], warm.bias[present]
    found = fit_softmax((x - mean) / std, compact, (1 / counts[compact]) ** _BALANCE, _PENALTY / k, start)
    weights, bias = np.zeros((class_count, d)), np.full(class_count, -np.inf)
    weights[present], bias[present] = found[:, :d], found[:, d]
    return LinearHead(class_count, mean, std, weights, bias, temperature=1.0)


def _held_out(
    full: LinearHead, x: NDArray[np.float64], y: NDArray[np.int64], groups: NDArray[np.uint64], seed: int
) -> HeldOut | None:
    fold = fold_of(groups, seed)
    logits, tested = np.empty((len(y), full.class_count)), np.zeros(len(y), np.bool_)
    for test in (fold == index for index in range(FOLDS)):
        known = np.unique(y[~test])
        if test.any() and len(known) >= 2:
            # Warm, for speed: the fold's minimum is its own, whatever the start.
            head = _fit(x[~test], y[~test], full.class_count, warm=full)
            now = test & np.isin(y, known)
            logits[now], tested[now] = head.logits(x[now]), True
    return score(logits[tested], y[tested], groups[tested], untested=int((~tested).sum()))
