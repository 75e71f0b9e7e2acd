"""LARS (You et al. 2017), layer-wise learning rates for very large batches, as google-research/simclr runs it."""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

TRUST = 0.001  # "eeta" of lars_optimizer.py
MOMENTUM = 0.9


class Lars(Optimizer):
    """Steps of learning rate x TRUST |w| / |g|, g the gradient with weight decay, into a classic momentum.

    The rate is applied as the gradient enters the momentum (``classic_momentum`` there), without Nesterov.

    Args:
        groups: Parameter groups with the keys "params", "weight_decay" and "adapt": whether to scale the rate by the
            layer. SimCLR does neither for biases and BatchNorm.
        lr: Learning rate.
    """

    def __init__(self, groups: Iterable[dict[str, Any]], lr: float) -> None:
        super().__init__(groups, {"lr": lr, "weight_decay": 0.0, "adapt": True})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """Update every parameter that has a gradient.

        Args:
            closure: Computes the gradients first, as PyTorch's own optimisers allow.

        Returns:
            The closure's loss.
        """
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    self._update(parameter, parameter.grad, group["lr"], group["weight_decay"], group["adapt"])
        return loss

    def _update(self, parameter: Tensor, gradient: Tensor, rate: float, decay: float, adapt: bool) -> None:
        gradient = gradient.add(parameter, alpha=decay)
        if adapt:
            length, slope = parameter.norm(), gradient.norm()
            trust = torch.where((length > 0) & (slope > 0), TRUST * length / slope, 1.0)
            gradient = gradient * trust
        state = self.state[parameter]
        if "momentum" not in state:
            state["momentum"] = torch.zeros_like(parameter)
        state["momentum"].mul_(MOMENTUM).add_(gradient, alpha=rate)
        parameter.sub_(state["momentum"])
