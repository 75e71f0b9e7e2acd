"""What the heads that are neural networks have in common: how one that is trained becomes a calibrated one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from segclr.heads.evaluation import Logits, cross_fit
from segclr.heads.head import FittedHead, Head

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    class NetworkHead(Head, DataclassInstance, Protocol):
        """A head that gives logits and has a field `temperature`."""

        def logits(self, embeddings: NDArray[np.float64]) -> NDArray[np.float64]:
            """Return (n, C) logits before temperature."""
            ...


AnyNetworkHead = TypeVar("AnyNetworkHead", bound="NetworkHead")
Train = Callable[[NDArray[np.float64], NDArray[np.int64], NDArray[np.uint64]], AnyNetworkHead]


def fit_calibrated(
    train: Train[AnyNetworkHead],
    x: NDArray[np.float64],
    y: NDArray[np.int64],
    groups: NDArray[np.uint64],
    class_count: int,
    seed: int,
) -> FittedHead[AnyNetworkHead]:
    """Train on all labels, and once without each fold for the held-out figures and the temperature.

    Args:
        train: makes an uncalibrated head from (k, d) embeddings, (k,) classes and (k,) groups.
    """

    def logits(x: NDArray[np.float64], y: NDArray[np.int64], groups: NDArray[np.uint64]) -> Logits:
        return train(x, y, groups).logits

    head = train(x, y, groups)
    held_out = cross_fit(logits, x, y, groups, class_count, seed)
    return FittedHead(head if held_out is None else replace(head, temperature=held_out.temperature), held_out)
