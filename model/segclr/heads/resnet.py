"""The ResNet head of the SegCLR paper: two residual modules of 128 units on standardised embeddings."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from segclr.heads.calibration import softmax
from segclr.heads.head import FittedHead, Prediction, assess, check_labels, codes_of
from segclr.heads.mahalanobis import Mahalanobis, fit_novelty
from segclr.heads.network_head import fit_calibrated
from segclr.heads.network_state import apply_by_chunks, arrays_of, fill, spread
from segclr.heads.residual import HeadNetwork, TrainingSettings, Trunk, glorot_, train
from segclr.heads.standardise import mean_and_std
from segclr.heads.storage import damaged, read_head, write_head

KIND = "resnet"
_CHUNK = 4096


@dataclass(frozen=True, slots=True)
class ResNetSettings:
    """The published ones (`BERT_v1`: reference code `classification/model_configs.py`).

    Attributes:
        modules: 2 make the paper's ResNet-2.
        penalty: times the sum of squares of the modules' and the output's weights, as Keras counts L2.
    """

    hidden: int = 128
    modules: int = 2
    penalty: float = 1e-3
    training: TrainingSettings = field(default_factory=TrainingSettings)


PUBLISHED = ResNetSettings()


class ResNet(HeadNetwork):
    """(n, d) standardised embeddings -> (n, K) logits."""

    def __init__(self, dimensions: int, class_count: int, settings: ResNetSettings) -> None:
        super().__init__()
        self.trunk = Trunk(dimensions, settings.hidden, settings.modules)
        self.output = nn.Linear(settings.hidden, class_count)
        glorot_(self.output)
        self._strength = settings.penalty

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.output(self.trunk(x))
        return logits

    def penalty(self) -> Tensor:
        layers = (*self.trunk.layers, self.output)
        return self._strength * torch.stack([layer.weight.square().sum() for layer in layers]).sum()


@dataclass(frozen=True, slots=True, eq=False)
class ResNetHead:
    """p(class | embedding) = softmax(network((embedding - mean) / std) / temperature).

    Attributes:
        class_count: C; classes without labels when it was fitted have probability 0.
        present: (K,) the classes with labels, in the order of the network's outputs.
        mean, std: (d,) float64.
        network: in evaluation mode, on the CPU.
        novelty: how far embeddings are from the labels.
    """

    class_count: int
    present: NDArray[np.int64]
    mean: NDArray[np.float64]
    std: NDArray[np.float64]
    network: ResNet
    temperature: float
    novelty: Mahalanobis

    @property
    def dimensions(self) -> int:
        return len(self.mean)

    def predict(self, embeddings: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return calibrated probabilities, (n, C) float32, of (n, d) embeddings."""
        return softmax(self.logits(embeddings), self.temperature).astype(np.float32)

    def predict_codes(self, embeddings: NDArray[np.float32]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Return the likeliest class and its probability in 255ths, both (n,) uint8; of equals the first class."""
        return codes_of(self.predict(embeddings))

    def assess(self, embeddings: NDArray[np.float32]) -> Prediction:
        """Return probabilities, ambiguity and distance of (n, d) embeddings."""
        return assess(self, embeddings)

    def logits(self, embeddings: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return (n, C) logits before temperature."""
        found = apply_by_chunks(self.network, embeddings, self.mean, self.std, len(self.present), _CHUNK)
        return spread(found, self.present, self.class_count)

    def save(self, path: Path) -> None:
        """Write the head to a .npz file, at once."""
        arrays = {name: np.asarray(getattr(self, name)) for name in _ARRAYS}
        write_head(path, KIND, {**arrays, **arrays_of(self.network)}, self.novelty)


_ARRAYS = ("class_count", "present", "mean", "std", "temperature")


def open_resnet(path: Path) -> ResNetHead:
    """Read a head that `ResNetHead.save` wrote.

    Raises:
        CheckpointMismatch: There is no such file, it is damaged, of another format version, or of another kind.
    """
    arrays, novelty = read_head(path, KIND)
    try:
        present = arrays["present"].astype(np.int64)
        mean, std = (arrays[name].astype(np.float64) for name in ("mean", "std"))
        d, hidden = len(novelty.mean), len(arrays["network_trunk.entry.bias"])
        modules = sum(name.startswith("network_trunk.inner") for name in arrays) // 4
        network = ResNet(d, len(present), ResNetSettings(hidden, modules))
        fill(network, arrays)
        class_count, temperature = int(arrays["class_count"]), float(arrays["temperature"])
    except (KeyError, TypeError, ValueError):
        raise damaged(path) from None
    if (mean.shape, std.shape) != ((d,), (d,)) or not 0 <= present.min() <= present.max() < class_count:
        raise damaged(path)
    return ResNetHead(class_count, present, mean, std, network, temperature, novelty)


def fit_resnet(
    embeddings: NDArray[np.float32],
    classes: NDArray[np.integer],
    groups: NDArray[np.uint64],
    class_count: int,
    seed: int = 0,
    settings: ResNetSettings = PUBLISHED,
) -> FittedHead[ResNetHead]:
    """Fit a calibrated head to labels: six networks, one on all folds and five for the held-out figures.

    Args:
        embeddings: (k, d) finite.
        classes: (k,) 0 to class_count - 1; not every class must occur.
        groups: (k,) segment ids: neither the figures nor early stopping use a segment that was learned from.
        seed: deals the segments out to folds, and starts the networks.

    Raises:
        TooFewLabels: Fewer than two classes occur.
        TableError: An embedding is NaN or infinite.
    """
    x, y = check_labels(embeddings, classes, groups, class_count)

    def trained(x: NDArray[np.float64], y: NDArray[np.int64], groups: NDArray[np.uint64]) -> ResNetHead:
        return train_resnet(x, y, groups, class_count, seed, settings)

    return fit_calibrated(trained, x, y, groups, class_count, seed)


def train_resnet(
    embeddings: NDArray[np.floating],
    classes: NDArray[np.integer],
    groups: NDArray[np.uint64],
    class_count: int,
    seed: int = 0,
    settings: ResNetSettings = PUBLISHED,
) -> ResNetHead:
    """Train one network, uncalibrated and without figures; arguments and errors as those of `fit_resnet`."""
    x, y = check_labels(embeddings, classes, groups, class_count)
    present, compact = np.unique(y, return_inverse=True)
    mean, std = mean_and_std(x)

    def make() -> ResNet:
        return ResNet(x.shape[1], len(present), settings)

    network = train(make, (x - mean) / std, compact, groups, settings.training, seed)
    return ResNetHead(class_count, present, mean, std, network, 1.0, fit_novelty(x, y, groups, seed))
