"""The strategies: whose turn it is, and what they go by."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from segclr.queue.settings import QueueSettings

Strategy = Literal["uncertainty", "novelty", "balance", "diversity", "random", "audit"]

_TURNS: tuple[Strategy, ...] = ("uncertainty", "balance", "diversity", "novelty", "random")
_GOLDEN = 0.6180339887498949


def strategy_of(settings: QueueSettings, number: int) -> Strategy:
    """Return the strategy of the item after `number` labels.

    Multiples of the golden ratio, modulo 1, fill 0 to 1 evenly at every stage (Weyl 1916): so the shares hold over any
    stretch of items, and not in the mean alone as by the throw of a die.
    """
    shares = np.array([getattr(settings, name) for name in _TURNS], np.float64)
    ends = np.cumsum(shares) / shares.sum()
    at = (number + 1) * _GOLDEN % 1
    return _TURNS[min(int(np.searchsorted(ends, at, side="right")), len(_TURNS) - 1)]


def ambiguity(probabilities: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return (n,) one minus the lead of the likeliest class over the next, of (n, C) probabilities.

    Margin sampling (Scheffer, Decomain & Wrobel 2001, "Active Hidden Markov Models for Information Extraction").
    """
    if probabilities.shape[1] < 2:
        return np.zeros(len(probabilities), np.float32)
    two = np.partition(probabilities, probabilities.shape[1] - 2, axis=1)[:, -2:]
    return np.asarray(1 - (two[:, 1] - two[:, 0]), np.float32)


def between(probabilities: NDArray[np.float32], class_names: tuple[str, ...]) -> str:
    """Return the two likeliest classes of one place, the likelier first: `between axon and dendrite`."""
    first, second = np.argsort(-probabilities, kind="stable")[:2].tolist()
    return f"between {class_names[first]} and {class_names[second]}"
