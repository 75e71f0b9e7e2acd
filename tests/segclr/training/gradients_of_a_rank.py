"""One rank of a training, as ``test_ranks`` starts it: gradients and losses of one batch, into a file.

The argument is the folder of the file.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from segclr.training.config import Network, TrainingConfig, View, VolumeData
from segclr.training.loader import Batch, Share
from segclr.training.ranks import Ranks, join_ranks
from segclr.training.synchronised_norm import SynchronisedNorm
from segclr.training.trainer import Trainer


def settings(accumulate: int) -> TrainingConfig:
    """A small network with every kind of norm: 3-D, 1-D, in a shortcut."""
    return TrainingConfig(
        view=View(9, (8.0, 10.0, 33.0)),
        output="none",
        steps=1,
        encoder=Network((4, 8), (1, 1), 3, False),
        volume=(VolumeData("none", "none", "none"),),
        pairs=12,
        accumulate=accumulate,
    )


def whole_batch() -> Batch:
    """Twelve pairs of five segments; brightness differs between the halves, so that ranks see unlike statistics."""
    rng = np.random.default_rng(3)
    views = rng.integers(0, 256, (24, 9, 9, 9), np.uint8)
    views[6:12] //= 4
    return Batch(views, rng.integers(0, 5, 12) + 2**60)


def share_of(batch: Batch, rows: Sequence[int]) -> Batch:
    """Some pairs of a batch, in this order."""
    return Batch(np.concatenate([half[rows] for half in np.split(batch.views, 2)]), batch.segment)


def of_a_step(ranks: Ranks, accumulate: int, rows: Sequence[int]) -> dict[str, NDArray[np.float32]]:
    """Gradients, running statistics and what the step says, for these pairs of the batch.

    ``Batch.segment`` is of the whole batch in the order of ranks: for a process alone, in the order of its own rows.
    """
    trainer = Trainer(settings(accumulate), ranks)
    batch = share_of(whole_batch(), rows)
    if ranks.count == 1:
        batch = Batch(batch.views, batch.segment[rows])
    result = trainer.set_gradients(batch)
    found = {f"gradient {name}": p.grad.numpy() for name, p in trainer.network.named_parameters() if p.grad is not None}
    found |= {f"state {name}": tensor.numpy() for name, tensor in trainer.network.state_dict().items()}
    return found | {"told": np.array([result.loss, result.alignment, result.uniformity], np.float32)}


def of_norms(synchronised: bool, share: Share) -> dict[str, NDArray[np.float64]]:
    """Outputs, gradients and statistics of one 3-D and one 1-D norm, in double precision."""
    rng = np.random.default_rng(4)
    found = {}
    for name, kind, shape in (("3-d", nn.BatchNorm3d, (12, 3, 2, 4, 5)), ("1-d", nn.BatchNorm1d, (12, 3))):
        whole, weight = rng.standard_normal(shape) * 3 + 100, rng.standard_normal((2, 3))
        norm = kind(3).double()
        norm.weight.data, norm.bias.data = torch.from_numpy(weight[0]), torch.from_numpy(weight[1])
        taken = SynchronisedNorm.of(norm) if synchronised else norm
        rows = share.of(12)
        x = torch.from_numpy(whole[rows.start : rows.stop]).requires_grad_(True)
        y = taken(x)
        (y * torch.from_numpy(np.cos(whole)[rows.start : rows.stop])).sum().backward()
        assert x.grad is not None
        found |= {f"{name} rows y": y.detach().numpy(), f"{name} rows gradient": x.grad.numpy()}
        found |= {f"{name} sum {p}": value.grad.numpy() for p, value in norm.named_parameters()}
        found |= {f"{name} same {b}": value.numpy() for b, value in norm.named_buffers()}
    return found


if __name__ == "__main__":
    torch.set_num_threads(1)
    joined = join_ranks()
    own = Share(joined.index, joined.count)
    measured = {f"whole {name}": values for name, values in of_a_step(joined, 1, own.of(12)).items()}
    measured |= {f"chunks {name}": values for name, values in of_a_step(joined, 2, own.of(12)).items()}
    measured |= {f"norm {name}": values for name, values in of_norms(True, own).items()}
    np.savez(Path(sys.argv[1]) / f"rank{joined.index}.npz", **measured)
    joined.leave()
