"""SplitMix64 (Steele, Lea & Flood 2014, "Fast Splittable Pseudorandom Number Generators"), as a hash of integers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_STEP = 0x9E3779B97F4A7C15


def splitmix64(seeds: NDArray[np.uint64], turn: int = 0) -> NDArray[np.uint64]:
    """Return what generators with these (n,) seeds give at their turn, the first at turn 0: uniform over all 64 bits.

    Consecutive seeds get unrelated numbers, and each number follows from its own seed and the turn alone.
    """
    z = seeds.astype(np.uint64) + np.uint64((turn + 1) * _STEP % 2**64)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))
