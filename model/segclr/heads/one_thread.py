"""Keeping BLAS to one thread where its own threads cost more than they bring.

OpenBLAS splits even the small products of a fit over all cores and lets the threads spin while they wait. Where another
process has a core, a fit of 8 ms then takes 400 ms. On one thread the result also does not depend on how many cores
the machine has.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from threadpoolctl import ThreadpoolController


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Run the body with BLAS on one thread. The limit holds for the whole process as long as the body runs."""
    with _controller().limit(limits=1, user_api="blas"):
        yield


@cache
def _controller() -> ThreadpoolController:
    """Find numpy's BLAS, once: that takes a millisecond."""
    return ThreadpoolController()
