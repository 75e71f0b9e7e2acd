"""How one batch changes the network.

A step may be taken in chunks, so that a large batch fits into the memory (GradCache, Gao et al. 2021): all chunks are
projected without a graph, the loss of all projections together gives the gradient at each of them, and each chunk is
projected once more with a graph to carry its part back. No negative is lost. BatchNorm sees one chunk at a time.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from segclr.encoder.resnet import SegclrResNet
from segclr.errors import ProjectError
from segclr.training.config import TrainingConfig
from segclr.training.contrastive import alignment, nt_xent, uniformity
from segclr.training.loader import Batch
from segclr.training.optimiser import build_optimiser, learning_rate
from segclr.training.ranks import Ranks, alone
from segclr.training.synchronised_norm import synchronise_norms

_LARGEST_GRADIENT = 10.0  # of all weights together


@dataclass(frozen=True, slots=True)
class StepResult:
    """What is known of a batch before the network changes."""

    loss: float
    alignment: float  # see ``contrastive``
    uniformity: float


class Trainer:
    """Network and optimiser of one rank."""

    def __init__(self, config: TrainingConfig, ranks: Ranks | None = None) -> None:
        self.config = config
        self.ranks = alone() if ranks is None else ranks
        torch.manual_seed(config.seed)
        network = SegclrResNet(config.encoder_config()).to(self.ranks.device)
        if self.ranks.count > 1:
            synchronise_norms(network)
        self.network: SegclrResNet = network.to(memory_format=torch.channels_last_3d)  # type: ignore[call-overload]
        self.optimiser = build_optimiser(config, self.network)

    def step(self, batch: Batch, step: int) -> StepResult:
        """One update.

        Args:
            batch: This rank's share.
            step: Steps done before.

        Raises:
            ProjectError: The memory does not hold a chunk.
            WorkerDied: Another rank ended.
        """
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate(self.config, step)
        try:
            result = self.set_gradients(batch)
        except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
            if not _is_about_memory(error):
                raise
            raise ProjectError(self._too_large()) from error
        nn.utils.clip_grad_norm_(self.network.parameters(), _LARGEST_GRADIENT)
        self.optimiser.step()
        return result

    def set_gradients(self, batch: Batch) -> StepResult:
        """Set the gradient of the loss of the whole batch, over all ranks, at every parameter."""
        self.network.train()
        self.optimiser.zero_grad()
        views = torch.from_numpy(batch.views).to(self.ranks.device)
        segment = torch.from_numpy(batch.segment).to(self.ranks.device)
        chunks = self._chunks(len(views))
        if len(chunks) == 1:
            result, loss = self._loss(self._project(views), segment)
            loss.backward()  # type: ignore[no-untyped-call]
        else:
            projections = torch.empty(len(views), self.network.config.projection_dim, device=views.device)
            with torch.no_grad(), _statistics_kept(self.network):
                for rows in chunks:
                    projections[rows] = self._project(views[rows])
            result, loss = self._loss(projections.requires_grad_(True), segment)
            (gradient,) = torch.autograd.grad(loss, projections)
            for rows in chunks:
                self._project(views[rows]).backward(gradient[rows])  # type: ignore[no-untyped-call]
        self.ranks.add_gradients(list(self.network.parameters()))
        return result

    def embed(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Embeddings (B, 64) of masked cutouts (B, z, y, x), with the statistics of training so far."""
        self.network.eval()
        with torch.no_grad(), self._autocast():
            embedded = self.network(_as_input(torch.from_numpy(images).to(self.ranks.device)))
        result: NDArray[np.float32] = embedded.float().cpu().numpy()
        return result

    def _chunks(self, views: int) -> list[Tensor]:
        """Rows of the views that are projected together: the same pairs of first and second views."""
        return list(torch.arange(views).view(2, self.config.accumulate, -1).transpose(0, 1).flatten(1))

    def _project(self, views: Tensor) -> Tensor:
        with self._autocast():
            projections = self.network.project(self.network(_as_input(views)))
        return projections.float()

    def _loss(self, projections: Tensor, segment: Tensor) -> tuple[StepResult, Tensor]:
        """The loss of the whole batch from one's own projections (2b, P)."""
        everyone = self.ranks.gather(projections).view(self.ranks.count, 2, -1, projections.shape[1])
        first, second = everyone.transpose(0, 1).flatten(1, 2)
        loss = nt_xent(first, second, self.config.temperature, segment)
        with torch.no_grad():
            told = torch.stack([loss, alignment(first, second), uniformity(first, second)]).tolist()
        return StepResult(*told), loss

    def _autocast(self) -> torch.autocast:
        return torch.autocast(
            self.ranks.device.type, torch.bfloat16, enabled=self.config.precision == "bfloat16", cache_enabled=True
        )

    def _too_large(self) -> str:
        pairs, size = self.config.pairs // self.ranks.count // self.config.accumulate, self.config.view.size
        return (
            f"the memory of {self.ranks.device} does not hold {pairs} pairs of {size}^3 voxels at once: halve pairs "
            f"(now {self.config.pairs}), or double accumulate (now {self.config.accumulate}), in another output folder"
        )


def _as_input(views: Tensor) -> Tensor:
    """Grey values (B, z, y, x) as the network wants them, (B, 1, z, y, x) from 0 to 1."""
    return views.unsqueeze(1).float().div_(255)


@contextmanager
def _statistics_kept(network: nn.Module) -> Iterator[None]:
    """Normalise by the batch without learning the running statistics from it: it comes by a second time."""
    norms = [module for module in network.modules() if isinstance(module, _BatchNorm)]
    for norm in norms:
        norm.track_running_stats = False
    try:
        yield
    finally:
        for norm in norms:
            norm.track_running_stats = True


def _is_about_memory(error: Exception) -> bool:
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or "can't allocate memory" in str(error)
