"""The SNGP head: the ResNet head made aware of distance, with a Gaussian process for its output layer.

After Liu et al. 2020, "Simple and Principled Uncertainty Estimation with Deterministic Deep Learning via Distance
Awareness", as SegCLR uses it (google-research/connectomics,
`classification/model_def.py`; edward2, `RandomFeatureGaussianProcess`). What differs:

- The length scale acts (`SngpSettings`).
- Once the trunk is trained, the output's weights are found anew, exactly, on all labels: stopped early they are far
  from it, and cost up to half the macro F1.
- The precision is the exact sum over all labels, not a momentum average over batches, and nothing can change it later;
  the reference code updates it with every example it classifies.
- Only the diagonal of the variance is computed; the reference code builds all n x n covariances.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from segclr.heads.calibration import softmax
from segclr.heads.gaussian_process import GaussianProcess, RandomFeatures, SngpSettings
from segclr.heads.head import FittedHead, Prediction, assess, check_labels, codes_of
from segclr.heads.laplace_features import FeatureOutput, fit_output
from segclr.heads.mahalanobis import Mahalanobis, fit_novelty
from segclr.heads.network_head import fit_calibrated
from segclr.heads.network_state import apply_by_chunks, arrays_of, fill, spread
from segclr.heads.residual import train
from segclr.heads.standardise import mean_and_std
from segclr.heads.storage import damaged, read_head, write_head

KIND = "sngp"
DEFAULT = SngpSettings()
_CHUNK = 1024  # rows whose 2,048 features still fit the cache


@dataclass(frozen=True, slots=True, eq=False)
class SngpHead:
    """p(class | embedding) = softmax(logits / sqrt(1 + lambda * variance) / temperature).

    Attributes:
        class_count: C; classes without labels when it was fitted have probability 0.
        present: (K,) the classes with labels, in the order of the output.
        mean, std: (d,) float64.
        network: random features, in evaluation mode, on the CPU.
        output: weights and precision on these features.
        mean_field_lambda: lambda.
        novelty: how far embeddings are from the labels, without the network.
    """

    class_count: int
    present: NDArray[np.int64]
    mean: NDArray[np.float64]
    std: NDArray[np.float64]
    network: RandomFeatures
    output: FeatureOutput
    mean_field_lambda: float
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
        """Return (n, C) mean-field logits before temperature."""
        return spread(self._mean_field(self._output_of(embeddings)), self.present, self.class_count)

    def variance(self, embeddings: NDArray[np.floating]) -> NDArray[np.float32]:
        """Return (n,) float32 variances of the Gaussian process, about 0 on labels to about 1 far from all of them."""
        return self._output_of(embeddings)[:, -1]

    def dempster_shafer(self, embeddings: NDArray[np.floating]) -> NDArray[np.float32]:
        """Return (n,) float32 uncertainties K / (K + sum of exp(mean-field logits)) over the classes with labels."""
        logits = self._mean_field(self._output_of(embeddings)).astype(np.float64)
        k = len(self.present)
        uncertainty: NDArray[np.float32] = (k / (k + np.exp(logits).sum(axis=1))).astype(np.float32)
        return uncertainty

    def _mean_field(self, output: NDArray[np.float32]) -> NDArray[np.float32]:
        adjusted: NDArray[np.float32] = output[:, :-1] / np.sqrt(
            1 + np.float32(self.mean_field_lambda) * output[:, -1:]
        )
        return adjusted

    def _output_of(self, embeddings: NDArray[np.floating]) -> NDArray[np.float32]:
        """Return (n, K + 1): logits, and the variance."""
        arrays = (self.output.basis, self.output.shrinkage, self.output.weights, self.output.bias)
        basis, shrinkage, weights, bias = (torch.from_numpy(array) for array in arrays)

        def work(standard: Tensor) -> Tensor:
            phi = self.network(standard)
            turned = phi @ basis
            variance = phi.square().sum(dim=1) - turned.square() @ shrinkage
            return torch.cat([torch.addmm(bias, turned, weights.T), variance.clamp(min=0)[:, None]], dim=1)

        return apply_by_chunks(work, embeddings, self.mean, self.std, len(self.present) + 1, _CHUNK)

    def save(self, path: Path) -> None:
        """Write the head to a .npz file, at once."""
        arrays = {name: np.asarray(getattr(self, name)) for name in _ARRAYS}
        output = {f"output_{name}": getattr(self.output, name) for name in _OUTPUT}
        write_head(path, KIND, {**arrays, **output, **arrays_of(self.network)}, self.novelty)


_ARRAYS = ("class_count", "present", "mean", "std", "mean_field_lambda", "temperature")
_OUTPUT = ("basis", "shrinkage", "weights", "bias")


def open_sngp(path: Path) -> SngpHead:
    """Read a head that `SngpHead.save` wrote.

    Raises:
        CheckpointMismatch: There is no such file, it is damaged, of another format version, or of another kind.
    """
    arrays, novelty = read_head(path, KIND)
    try:
        present = arrays["present"].astype(np.int64)
        mean, std = (arrays[name].astype(np.float64) for name in ("mean", "std"))
        output = FeatureOutput(*(arrays[f"output_{name}"].astype(np.float32) for name in _OUTPUT))
        feature_count, hidden = arrays["network_frequencies"].shape
        modules = sum(name.startswith("network_trunk.inner") for name in arrays) // 4
        layer_norm = "network_norm.weight" in arrays
        settings = SngpSettings(hidden=hidden, modules=modules, features=feature_count, layer_norm=layer_norm)
        network = RandomFeatures(len(novelty.mean), settings)
        fill(network, arrays)
        field, temperature = (float(arrays[name]) for name in ("mean_field_lambda", "temperature"))
        head = SngpHead(int(arrays["class_count"]), present, mean, std, network, output, field, temperature, novelty)
    except (KeyError, TypeError, ValueError):
        raise damaged(path) from None
    _check(head, path)
    return head


def _check(head: SngpHead, path: Path) -> None:
    """Refuse arrays that do not fit each other."""
    output, d, k = head.output, len(head.novelty.mean), len(head.present)
    rank = len(output.shrinkage)
    shapes = (head.mean.shape, head.std.shape, output.basis.shape, output.weights.shape, output.bias.shape)
    if shapes != ((d,), (d,), (len(head.network.phases), rank), (k, rank), (k,)):
        raise damaged(path)
    if not (k and 0 <= head.present.min() <= head.present.max() < head.class_count):
        raise damaged(path)


def fit_sngp(
    embeddings: NDArray[np.float32],
    classes: NDArray[np.integer],
    groups: NDArray[np.uint64],
    class_count: int,
    seed: int = 0,
    settings: SngpSettings = DEFAULT,
) -> FittedHead[SngpHead]:
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

    def trained(x: NDArray[np.float64], y: NDArray[np.int64], groups: NDArray[np.uint64]) -> SngpHead:
        return train_sngp(x, y, groups, class_count, seed, settings)

    return fit_calibrated(trained, x, y, groups, class_count, seed)


def train_sngp(
    embeddings: NDArray[np.floating],
    classes: NDArray[np.integer],
    groups: NDArray[np.uint64],
    class_count: int,
    seed: int = 0,
    settings: SngpSettings = DEFAULT,
) -> SngpHead:
    """Train one network, uncalibrated and without figures; arguments and errors as those of `fit_sngp`."""
    x, y = check_labels(embeddings, classes, groups, class_count)
    present, compact = np.unique(y, return_inverse=True)
    mean, std = mean_and_std(x)

    standard = (x - mean) / std

    def make() -> GaussianProcess:
        return GaussianProcess(x.shape[1], len(present), settings)

    network = train(make, standard, compact, groups, settings.training, seed)
    labelled = torch.from_numpy(standard).float()
    network.set_length_scale(labelled)
    output = fit_output(network.features(labelled).numpy().astype(np.float64), compact, settings.ridge)
    novelty = fit_novelty(x, y, groups, seed)
    scale = settings.mean_field_lambda
    return SngpHead(class_count, present, mean, std, network.features, output, scale, 1.0, novelty)
