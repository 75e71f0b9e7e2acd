"""Times of work on a machine that others use, too."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds: by the clock, and of processor time on all threads."""

    wall: float
    cpu: float


def timed(work: Callable[[], T]) -> tuple[T, Took]:
    """Do it once."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    return result, Took(time.perf_counter() - wall, time.process_time() - cpu)


@dataclass(frozen=True, slots=True, eq=False)
class Each:
    """Milliseconds of many calls: (k,) by the clock, and of the calling thread's processor time."""

    wall_ms: NDArray[np.float64]
    cpu_ms: NDArray[np.float64]

    def note(self) -> str:
        """Other percentiles, in words."""
        p50, p99 = np.percentile(self.wall_ms, [50, 99])
        cpu50, cpu99 = np.percentile(self.cpu_ms, [50, 99])
        return f"clock p50 {p50:.2f}, p99 {p99:.2f}; CPU p50 {cpu50:.2f}, p99 {cpu99:.2f} ms; {len(self.wall_ms)} calls"


def each(calls: list[Callable[[], object]]) -> Each:
    """Do them one after the other."""
    wall, cpu = np.empty(len(calls)), np.empty(len(calls))
    for index, call in enumerate(calls):
        started = time.perf_counter(), time.thread_time()
        call()
        wall[index], cpu[index] = time.perf_counter() - started[0], time.thread_time() - started[1]
    return Each(1000 * wall, 1000 * cpu)
