"""Batch normalisation over the batches of all ranks, so that several processes compute what one with the whole would.

torch's own SyncBatchNorm takes CUDA tensors alone. The formulas are those of batch normalisation (Ioffe & Szegedy 2015)
with sums over all ranks in the place of sums over one.

Shape suffixes: B batch, C channels; whatever follows (the grid of a view, or nothing) is averaged over like the batch.
"""

from typing import cast

import torch
from torch import Tensor, nn
from torch.autograd.function import FunctionCtx
from torch.nn import functional
from torch.nn.modules.batchnorm import _BatchNorm

from segclr.training.ranks import gather_over_ranks, sum_over_ranks


class SynchronisedNorm(_BatchNorm):
    """A BatchNorm of 1 to 3 dimensions with the same parameters and names; every rank has as large a batch."""

    @classmethod
    def of(cls, norm: _BatchNorm) -> "SynchronisedNorm":
        """Take over the parameters and statistics themselves, not copies."""
        made = cls(norm.num_features, norm.eps, norm.momentum, device=norm.running_mean.device)  # type: ignore[union-attr]
        made.weight, made.bias = norm.weight, norm.bias
        made.running_mean, made.running_var = norm.running_mean, norm.running_var
        made.num_batches_tracked = norm.num_batches_tracked
        return made

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 (torch's name)
        """Normalise (B, C, ...)."""
        if not self.training:
            return super().forward(input)
        normalised, mean_c, variance_c, count = _Normalised.apply(  # type: ignore[no-untyped-call]
            input, self.weight, self.bias, self.eps
        )
        if self.track_running_stats:
            self._remember(mean_c, variance_c * (count / (count - 1)))
        return cast("Tensor", normalised)

    @torch.no_grad()
    def _remember(self, mean_c: Tensor, variance_c: Tensor) -> None:
        assert self.running_mean is not None  # noqa: S101 (for the type checker)
        assert self.running_var is not None  # noqa: S101
        assert self.num_batches_tracked is not None  # noqa: S101
        self.num_batches_tracked.add_(1)
        self.running_mean.lerp_(mean_c, cast("float", self.momentum))
        self.running_var.lerp_(variance_c, cast("float", self.momentum))

    def _check_input_dim(self, input: Tensor) -> None:  # noqa: A002
        if input.ndim < 2:
            raise ValueError(f"batch normalisation needs (B, C, ...), not {tuple(input.shape)}")


def synchronise_norms(network: nn.Module) -> None:
    """Replace every BatchNorm in place; the names in ``state_dict`` stay as they are."""
    for name, module in list(network.named_modules()):
        if isinstance(module, _BatchNorm):
            network.set_submodule(name, SynchronisedNorm.of(module))


class _Normalised(torch.autograd.Function):
    """y = (x - mean) / sqrt(variance + eps) weight + bias; also mean, variance (biased) and the count behind them."""

    @staticmethod
    def forward(
        ctx: FunctionCtx, x_bc: Tensor, weight_c: Tensor, bias_c: Tensor, eps: float
    ) -> tuple[Tensor, Tensor, Tensor, int]:
        dims = _all_but_channels(x_bc)
        own_variance_c, own_mean_c = torch.var_mean(_wide(x_bc), dims, correction=0)
        means, variances = torch.stack(gather_over_ranks(torch.stack([own_mean_c, own_variance_c]))).unbind(1)
        mean_c = means.mean(0)
        variance_c = (variances + (means - mean_c).square()).mean(0)  # within ranks and between them
        count = len(means) * (x_bc.numel() // x_bc.shape[1])
        ctx.save_for_backward(x_bc, weight_c, mean_c, torch.rsqrt(variance_c + eps))
        ctx.count = count  # type: ignore[attr-defined]
        ctx.mark_non_differentiable(mean_c, variance_c)
        return functional.batch_norm(x_bc, mean_c, variance_c, weight_c, bias_c, eps=eps), mean_c, variance_c, count

    @staticmethod
    def backward(ctx: FunctionCtx, *gradients: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        x_bc, weight_c, mean_c, scale_c = ctx.saved_tensors  # type: ignore[attr-defined]
        dims, across = _all_but_channels(x_bc), (1, -1) + (1,) * (x_bc.ndim - 2)
        upward_bc = _wide(gradients[0])
        standard_bc = (_wide(x_bc) - mean_c.view(across)) * scale_c.view(across)
        of_bias_c, of_weight_c = upward_bc.sum(dims), (upward_bc * standard_bc).sum(dims)
        sums = torch.stack([of_bias_c, of_weight_c])
        sum_over_ranks(sums)
        mean_bias_c, mean_weight_c = sums / ctx.count  # type: ignore[attr-defined]
        inward_bc = upward_bc - mean_bias_c.view(across) - standard_bc * mean_weight_c.view(across)
        return (inward_bc * (weight_c * scale_c).view(across)).to(x_bc.dtype), of_weight_c, of_bias_c, None


def _all_but_channels(x_bc: Tensor) -> list[int]:
    return [0, *range(2, x_bc.ndim)]


def _wide(x: Tensor) -> Tensor:
    """At least float32, for sums."""
    return x.float() if x.dtype in (torch.bfloat16, torch.float16) else x
