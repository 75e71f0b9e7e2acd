"""Walking over millions of embeddings in pieces that fit the cache, on a few threads."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from segclr.errors import TableError
from segclr.heads.one_thread import one_blas_thread

CHUNK = 16384  # rows whose logits still fit the cache
_THREADS = 4


def by_chunks(count: int, work: Callable[[slice], None], chunk: int = CHUNK) -> None:
    """Call `work` with slices that cover `count` rows, many at a time if they are many; it must be safe on threads.

    Overflow and NaN give no warnings in it: whoever calls looks for them in the outcome.
    """

    def quietly(piece: slice) -> None:
        with np.errstate(invalid="ignore", over="ignore"):
            work(piece)

    pieces = [slice(start, start + chunk) for start in range(0, count, chunk)]
    with one_blas_thread():
        if len(pieces) < 2 * _THREADS:
            for piece in pieces:
                quietly(piece)
        else:
            with ThreadPoolExecutor(_THREADS) as pool:
                list(pool.map(quietly, pieces))


def check_shape(embeddings: NDArray[np.float32], dimensions: int) -> None:
    """Refuse embeddings of another size than the head's."""
    if embeddings.ndim != 2 or embeddings.shape[1] != dimensions:
        raise ValueError(
            f"the head classifies (n, {dimensions}) embeddings, not {embeddings.shape}: "
            "fit it again on embeddings of this encoder"
        )


def not_finite(embeddings: NDArray[np.floating]) -> TableError:
    """Say how many embeddings are no numbers, and where the first is."""
    broken = np.flatnonzero(~np.isfinite(embeddings).all(axis=1))
    if not len(broken):
        return TableError("some embeddings are too large to classify: embed these places again, or leave them out")
    return TableError(
        f"{len(broken)} of {len(embeddings)} embeddings are NaN or infinite, the first in row {broken[0]}: "
        "embed these places again, or leave them out"
    )
