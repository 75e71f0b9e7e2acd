"""What is ranked: parts of segments with their views, and features of these."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.real.ranking import Question
from benchmarks.science.baselines import hand_made, principal_axes
from benchmarks.science.features import COMPONENTS, random_network
from segclr.encoder.inference import Encoder, make_encoder

_BATCH = 256
_SAMPLE = 1500  # views that components and the untrained network's statistics come from


@dataclass(frozen=True, slots=True, eq=False)
class Items:
    """n items, each seen from one place or from several; p places in all.

    Attributes:
        images: (p, z, y, x) uint8, masked views.
        item: (p,) int64 item of each place, 0 to n - 1, all of them there.
        positions_nm: (p, 3) float64, xyz.
        questions: what is asked about the items.
        facts: about the items, sentences for the page.
    """

    images: NDArray[np.uint8]
    item: NDArray[np.int64]
    positions_nm: NDArray[np.float64]
    questions: tuple[Question, ...]
    facts: tuple[str, ...]

    def mean(self, values: NDArray[np.floating]) -> NDArray[np.float32]:
        """(n, d) means over an item's places of (p, d) values."""
        return mean_of_items(values, self.item)


def mean_of_items(values: NDArray[np.floating], item: NDArray[np.int64]) -> NDArray[np.float32]:
    """(n, d) means of the (p, d) rows of each item 0 to n - 1."""
    counts = np.bincount(item)
    sums = np.zeros((len(counts), values.shape[1]))
    np.add.at(sums, item, values)
    means: NDArray[np.float32] = (sums / counts[:, None]).astype(np.float32)
    return means


def features_of(items: Items, encoder: Encoder) -> dict[str, NDArray[np.float32]]:
    """(n, d) features by name: the encoder's first, then what it is compared with, of the same views."""
    sample = items.images[np.sort(np.random.default_rng(0).permutation(len(items.images))[:_SAMPLE])]
    mean, axes = principal_axes(sample, min(COMPONENTS, len(sample)))
    network = random_network(encoder.spec, sample)
    untrained = make_encoder(network, encoder.spec, threads=1)
    found = {
        "trained encoder": _in_batches(items.images, encoder.embed),
        "untrained encoder": _in_batches(items.images, untrained.embed),
        "hand-made": _in_batches(items.images, lambda views: np.stack([hand_made(view) for view in views])),
        "PCA of the view": _in_batches(items.images, lambda views: (views.reshape(len(views), -1) - mean) @ axes),
    }
    return {name: items.mean(values) for name, values in found.items()}


def _in_batches(
    images: NDArray[np.uint8], function: Callable[[NDArray[np.uint8]], NDArray[np.floating]]
) -> NDArray[np.floating]:
    return np.concatenate([function(images[start : start + _BATCH]) for start in range(0, len(images), _BATCH)])
