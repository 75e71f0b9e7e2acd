"""Networks of heads: applied to numpy embeddings, and turned into arrays and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from segclr.heads.chunks import check_shape, not_finite

_PREFIX = "network_"


def apply_by_chunks(
    work: Callable[[Tensor], Tensor],
    embeddings: NDArray[np.floating],
    mean: NDArray[np.float64],
    std: NDArray[np.float64],
    columns: int,
    chunk: int,
) -> NDArray[np.float32]:
    """Return `work` of the standardised (n, d) embeddings, (n, columns) float32.

    Raises:
        ValueError: The embeddings are of another size.
        TableError: Some are NaN or infinite.
    """
    check_shape(embeddings, len(mean))
    found = np.empty((len(embeddings), columns), np.float32)
    with torch.inference_mode():
        for start in range(0, len(embeddings), chunk):
            rows = slice(start, start + chunk)
            standard = (embeddings[rows] - mean.astype(np.float32)) / std.astype(np.float32)
            found[rows] = work(torch.from_numpy(standard.astype(np.float32, copy=False))).numpy()
    if not np.isfinite(found).all():
        raise not_finite(embeddings)
    return found


def spread(logits: NDArray[np.float32], present: NDArray[np.int64], class_count: int) -> NDArray[np.float64]:
    """Return (n, C) logits of (n, K) ones of the classes present, -inf for the others."""
    spread_out = np.full((len(logits), class_count), -np.inf)
    spread_out[:, present] = logits
    return spread_out


def arrays_of(network: nn.Module) -> dict[str, NDArray[np.float32]]:
    """Return the network's parameters and buffers by name, as they are stored."""
    return {_PREFIX + name: value.numpy() for name, value in network.state_dict().items()}


def fill(network: nn.Module, arrays: Mapping[str, NDArray[np.generic]]) -> None:
    """Fill a network with what `arrays_of` gave.

    Raises:
        ValueError: A part is missing, or one is of another shape or type.
    """
    for name, value in network.state_dict().items():
        stored = arrays.get(_PREFIX + name)
        if stored is None or stored.shape != tuple(value.shape) or stored.dtype != np.float32:
            raise ValueError(f"{name} is missing or misshaped")
        value.copy_(torch.from_numpy(stored.astype(np.float32)))
    network.eval().requires_grad_(False)
