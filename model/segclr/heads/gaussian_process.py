"""The network of the SNGP head: a spectrally normalised trunk, fixed random features, and a linear output on them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from segclr.heads.residual import HeadNetwork, TrainingSettings, Trunk, glorot_

_MEDIAN_OF = 512  # rows


@dataclass(frozen=True, slots=True)
class SngpSettings:
    """`BERT_SNGP_v1` of the reference code (`classification/model_configs.py`), but for the kernel and the ridge.

    Attributes:
        penalty: times the sum of squares of the modules' weights, as Keras counts L2; the output has none.
        spectral_bound: no module's layer stretches any direction by more.
        features: number of random features.
        layer_norm: as published: LayerNorm before the features. It makes the length scale meaningless, since what it
            returns has the same length whatever it is given, and the variance blind to how far an embedding is.
        length_scale: of the kernel, in units of the median distance between labels in the trunk's output; with
            `layer_norm`, as it is.
        ridge: the precision is P = ridge * I + sum of phi phi^T over all labels: a large one makes the variance fall
            slowly with the number of labels. (Published: 1e-3 beside a *mean* over labels, so 1 beside the sum over
            1,000.) It is also the prior on the weights of the output when these are found.
        mean_field_lambda: logits are divided by sqrt(1 + lambda * variance). Published are pi / 8 in the model and
            3 / pi^2 in the evaluation.
        jointly: as published: the trunk is trained under the random features. Otherwise it is under a plain output, in
            a tenth of the time and no worse, since the output on the features is found anew in either case.
    """

    hidden: int = 128
    modules: int = 2
    penalty: float = 1e-3
    spectral_bound: float = 0.95
    features: int = 2048
    layer_norm: bool = False
    length_scale: float = 1.0
    ridge: float = 0.3
    mean_field_lambda: float = 3 / math.pi**2
    jointly: bool = False
    training: TrainingSettings = field(default_factory=TrainingSettings)


PUBLISHED = SngpSettings(layer_norm=True, jointly=True, ridge=1.0)


class RandomFeatures(nn.Module):
    """(n, d) standardised embeddings -> (n, D) features phi = sqrt(2 / D) cos(W h / length scale + b), h of the trunk.

    Their products approximate a Gaussian kernel, so that they have unit length but for the approximation.
    """

    frequencies: Tensor  # (D, hidden)
    phases: Tensor  # (D,)
    length_scale: Tensor  # ()

    def __init__(self, dimensions: int, settings: SngpSettings) -> None:
        super().__init__()
        self.trunk = Trunk(dimensions, settings.hidden, settings.modules)
        self.norm = nn.LayerNorm(settings.hidden) if settings.layer_norm else nn.Identity()
        self.register_buffer("frequencies", orthogonal_frequencies(settings.features, settings.hidden))
        self.register_buffer("phases", 2 * math.pi * torch.rand(settings.features))
        self.register_buffer("length_scale", torch.tensor(float(settings.length_scale)))

    def forward(self, x: Tensor) -> Tensor:
        scaled = self.norm(self.trunk(x)) / self.length_scale
        phi = torch.addmm(self.phases, scaled, self.frequencies.T)
        return phi.cos().mul(math.sqrt(2 / len(self.phases)))


class GaussianProcess(HeadNetwork):
    """(n, d) standardised embeddings -> (n, K) logits: the random features with an output to train them by."""

    def __init__(self, dimensions: int, class_count: int, settings: SngpSettings) -> None:
        super().__init__()
        self._settings = settings
        self.features = RandomFeatures(dimensions, settings)
        if settings.jointly:
            self.output = nn.Linear(settings.features, class_count, bias=False)
            nn.init.zeros_(self.output.weight)
            # Adam moves every weight alike: so logits change as fast as if phi were not scaled to unit length.
            self.output_rate = math.sqrt(settings.features / 2)
        else:
            self.output = nn.Linear(settings.hidden, class_count)
            glorot_(self.output)
        self._bounds = [_SpectralBound(layer, settings.spectral_bound) for layer in self.features.trunk.layers]

    def forward(self, x: Tensor) -> Tensor:
        under = self.features if self._settings.jointly else self.features.trunk
        logits: Tensor = self.output(under(x))
        return logits

    def penalty(self) -> Tensor:
        squares = [layer.weight.square().sum() for layer in self.features.trunk.layers]
        return self._settings.penalty * torch.stack(squares).sum()

    def output_parameters(self) -> list[Tensor]:
        return [self.output.weight]

    def before_epoch(self, x: Tensor) -> None:
        if self._settings.jointly:
            self.set_length_scale(x)

    def set_length_scale(self, x: Tensor) -> None:
        """Set the length scale by the median heuristic, on what the trunk makes of (k, d) labels now."""
        if self._settings.layer_norm:
            return
        with torch.no_grad():
            median = torch.pdist(self.features.trunk(x[:: -(-len(x) // _MEDIAN_OF)])).median()
            if median > 0:  # labels all at one embedding: nothing to scale by
                self.features.length_scale.fill_(self._settings.length_scale * float(median))

    def after_step(self) -> None:
        for bound in self._bounds:
            bound.apply()


class _SpectralBound:
    """Keeps a layer's spectral norm within a bound, found by one power iteration a step; smaller norms are left."""

    def __init__(self, layer: nn.Linear, bound: float) -> None:
        self._weight, self._bound = layer.weight, bound
        self._left = nn.functional.normalize(torch.randn(layer.out_features), dim=0)

    def apply(self) -> None:
        with torch.no_grad():
            right = nn.functional.normalize(self._weight.T @ self._left, dim=0)
            stretched = self._weight @ right
            self._left = nn.functional.normalize(stretched, dim=0)
            self._weight.mul_(torch.clamp(self._bound / stretched.norm(), max=1))


def orthogonal_frequencies(features: int, dimensions: int) -> Tensor:
    """Return (D, d) frequencies, orthogonal in blocks of d, each as long as a Gaussian one (Yu et al. 2016)."""
    blocks = [torch.linalg.qr(torch.randn(dimensions, dimensions))[0] for _ in range(-(-features // dimensions))]
    lengths = torch.randn(features, dimensions).square().sum(dim=1, keepdim=True).sqrt()
    return torch.cat(blocks)[:features] * lengths
