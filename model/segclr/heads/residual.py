"""The residual network under the ResNet and SNGP heads, and how it is trained.

As SegCLR's own (google-research/connectomics, `classification/model_def.py`): a dense layer without activation, then
pre-activation modules [ReLU, dense, ReLU, dense, + skip]; Adam, weighted cross-entropy, early stopping.
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from segclr.heads.evaluation import fold_of
from segclr.heads.linear import balanced_weights

_SEED_OF_VALIDATION = 7919  # the fold that decides when to stop is not one that is tested on


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """As published, but for `most_epochs` (there 10,000) and the share of labels held back (there half, here a fifth).

    Attributes:
        patience: epochs without a lower validation loss before training ends; the best weights are kept.
        most_epochs: at most.
        blind_epochs: as many if the labels lie on too few segments to hold any back.
    """

    learning_rate: float = 1e-3
    batch: int = 128
    patience: int = 20
    most_epochs: int = 1000
    blind_epochs: int = 100


class Trunk(nn.Module):
    """(n, d) standardised embeddings -> (n, hidden).

    Attributes:
        layers: those of the modules, two of each; the first layer, `entry`, is not among them.
    """

    def __init__(self, dimensions: int, hidden: int, modules: int) -> None:
        super().__init__()
        self.entry = nn.Linear(dimensions, hidden)
        self.layers = [nn.Linear(hidden, hidden) for _ in range(2 * modules)]
        self.inner = nn.ModuleList(self.layers)
        for layer in (self.entry, *self.layers):
            glorot_(layer)

    def forward(self, x: Tensor) -> Tensor:
        h: Tensor = self.entry(x)
        for first, second in zip(self.layers[::2], self.layers[1::2], strict=True):
            h = h + second(torch.relu(first(torch.relu(h))))
        return h


class HeadNetwork(nn.Module, ABC):
    """What `train` needs to know of a network beside its logits."""

    @abstractmethod
    def penalty(self) -> Tensor:
        """What is added to the loss."""

    def output_parameters(self) -> list[Tensor]:
        """Parameters that learn at `output_rate` times the rate of the others."""
        return []

    output_rate = 1.0

    def before_epoch(self, x: Tensor) -> None:
        """Prepare for an epoch on (k, d) embeddings."""

    def after_step(self) -> None:
        """Restore constraints on the weights."""


def glorot_(layer: nn.Linear) -> None:
    """Initialise as Keras does a dense layer."""
    nn.init.xavier_uniform_(layer.weight)
    nn.init.zeros_(layer.bias)


AnyNetwork = TypeVar("AnyNetwork", bound=HeadNetwork)


def train(
    make: Callable[[], AnyNetwork],
    x: NDArray[np.float64],
    y: NDArray[np.int64],
    groups: NDArray[np.uint64],
    settings: TrainingSettings,
    seed: int,
) -> AnyNetwork:
    """Make and train a network: the same to the bit whenever it is asked the same on the same machine.

    The labels that decide when to stop lie on other segments than those it learns from, and are chosen before classes
    are balanced, which is by weight: nothing is ever duplicated. A class is never taken away from learning altogether.

    Args:
        make: makes the network from torch's random state.
        x: (k, d) standardised.
        y: (k,) 0 to C - 1, every class present.
        groups: (k,) segment ids.
    """
    held_back = fold_of(groups, seed + _SEED_OF_VALIDATION) == 0
    held_back &= np.isin(y, y[~held_back])
    with _seeded(seed):
        network = make()
        weights = torch.from_numpy(balanced_weights(y)).float()
        labels = _Labels(torch.from_numpy(x).float(), torch.from_numpy(y), weights)
        if held_back.any():
            _train_until_worse(network, labels.some(~held_back), labels.some(held_back), settings)
        else:
            step = _stepper(network, settings)
            for _ in range(settings.blind_epochs):
                _train_epoch(network, labels, step, settings.batch)
    return network.eval().requires_grad_(False)


@dataclass(frozen=True, slots=True, eq=False)
class _Labels:
    x: Tensor
    y: Tensor
    weights: Tensor

    def some(self, rows: NDArray[np.bool_] | Tensor) -> _Labels:
        rows = torch.as_tensor(rows)
        return _Labels(self.x[rows], self.y[rows], self.weights[rows])

    def loss(self, network: HeadNetwork) -> Tensor:
        each = nn.functional.cross_entropy(network(self.x), self.y, reduction="none")
        return (each * self.weights).mean()


def _train_until_worse(network: HeadNetwork, learned: _Labels, held_back: _Labels, settings: TrainingSettings) -> None:
    best_loss, best_state, since = float("inf"), network.state_dict(), 0
    step = _stepper(network, settings)
    for _ in range(settings.most_epochs):
        _train_epoch(network, learned, step, settings.batch)
        with torch.inference_mode():
            loss = float(held_back.loss(network))
        if loss < best_loss:
            best_loss, best_state, since = loss, copy.deepcopy(network.state_dict()), 0
        else:
            since += 1
            if since >= settings.patience:
                break
    network.load_state_dict(best_state)


def _train_epoch(network: HeadNetwork, labels: _Labels, step: Callable[[_Labels], None], batch: int) -> None:
    network.before_epoch(labels.x)
    for rows in torch.split(torch.randperm(len(labels.y)), batch):
        step(labels.some(rows))


def _stepper(network: HeadNetwork, settings: TrainingSettings) -> Callable[[_Labels], None]:
    output = network.output_parameters()
    ids = {id(parameter) for parameter in output}
    others = [parameter for parameter in network.parameters() if id(parameter) not in ids]
    groups: list[dict[str, Any]] = [
        {"params": others},
        {"params": output, "lr": settings.learning_rate * network.output_rate},
    ]
    optimiser = torch.optim.Adam(groups, lr=settings.learning_rate, fused=True)

    def step(batch: _Labels) -> None:
        optimiser.zero_grad()
        (batch.loss(network) + network.penalty()).backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        network.after_step()

    return step


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Run the body from a seed and on one thread, which such small layers are fastest on; leave no trace of either."""
    threads = torch.get_num_threads()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        torch.set_num_threads(1)
        try:
            yield
        finally:
            torch.set_num_threads(threads)
