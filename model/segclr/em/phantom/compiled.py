"""The one place that knows numba: a typed decorator for inner loops."""

from collections.abc import Callable
from typing import TypeVar, cast

from numba import njit, prange

__all__ = ["compiled", "prange"]

F = TypeVar("F", bound=Callable[..., object])


def compiled(parallel: bool = False, fastmath: bool = False) -> Callable[[F], F]:
    """Compile a function on its first call and keep the machine code on disk.

    Where the package's own folder is read-only numba keeps it in the user's cache folder.
    Parallel loops must write to places of their own: results may not depend on the number of threads.
    """

    def decorate(function: F) -> F:
        try:
            return cast(F, njit(parallel=parallel, fastmath=fastmath, cache=True)(function))
        except RuntimeError:  # neither the package's folder nor the user's cache can be written: compile every time
            return cast(F, njit(parallel=parallel, fastmath=fastmath)(function))

    return decorate
