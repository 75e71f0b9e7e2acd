"""How much there is to compute for one cutout.

PyTorch's ``FlopCounterMode`` counts the same, but to switch it on imports the compiler: a second of every start.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from torch import Tensor, nn


@dataclass
class Work:
    """What passes through a network's convolutions and linear layers cost.

    Attributes:
        gflop: A multiplication and an addition counted as two.
    """

    gflop: float = 0.0

    def add(self, layer: nn.Conv3d | nn.Linear, _: tuple[Tensor, ...], output: Tensor) -> None:
        """Count one pass through a layer: every number that comes out is a sum over the weights that lead to it."""
        self.gflop += 2e-9 * output.numel() * layer.weight[0].numel()


@contextmanager
def counted_work(network: nn.Module) -> Iterator[Work]:
    """Count the passes made within."""
    work = Work()
    layers = [layer for layer in network.modules() if isinstance(layer, nn.Conv3d | nn.Linear)]
    hooks = [layer.register_forward_hook(work.add) for layer in layers]
    try:
        yield work
    finally:
        for hook in hooks:
            hook.remove()
