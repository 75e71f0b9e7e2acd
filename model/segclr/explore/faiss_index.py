"""An index of millions of embeddings, by faiss (Douze et al. 2024): rows by their nearest centre, a byte a number.

Its answers are candidates: whoever asks computes their distances anew from the embeddings.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from segclr.embeddings.storage.stored_embeddings import EmbeddingRows
from segclr.explore.metric import Metric, comparable

CENTRES = 1024
PROBES = 16
_TRAINED_ON = 100_000
_BLOCK = 65_536


class Index(Protocol):
    """Finds rows that are probably the nearest."""

    def candidates(self, point: NDArray[np.float32], count: int) -> NDArray[np.int64]:
        """Up to `count` rows near a point, (d,), which is `comparable` in the index's metric."""


def faiss_installed() -> bool:
    """Whether faiss can be imported; it is not imported yet."""
    return importlib.util.find_spec("faiss") is not None


class FaissIndex:
    """IVF1024,SQ8: inverted lists of rows rounded to a byte per dimension. About 75 MB for 10^6 rows of 64 dimensions.

    Building lets other threads run, so it may be done on a thread beside a server's loop.
    """

    def __init__(
        self, embeddings: EmbeddingRows, metric: Metric, tell: Callable[[float], None] = lambda share: None
    ) -> None:
        """Args:
        embeddings: (n, d), may be memory-mapped; rows that are not finite are never found.
        metric: what is near.
        tell: is told the share of the rows that are in.
        """
        import faiss

        self._faiss = faiss
        faiss.omp_set_num_threads(1)  # several wait for each other, twice as long in all where other programs compute
        n, d = embeddings.shape
        stride = -(-n // _TRAINED_ON)
        sample = comparable(embeddings[::stride], metric)
        sample = sample[np.isfinite(sample).all(axis=1)]
        self._index = faiss.index_factory(d, f"IVF{min(CENTRES, max(1, len(sample) // 40))},SQ8")
        faiss.extract_index_ivf(self._index).nprobe = PROBES
        self._index.train(np.ascontiguousarray(sample))
        for start in range(0, n, _BLOCK):
            block = comparable(embeddings[start : start + _BLOCK], metric)
            finite = np.isfinite(block).all(axis=1)
            self._index.add_with_ids(np.ascontiguousarray(block[finite]), start + np.flatnonzero(finite))
            tell(min(1.0, (start + _BLOCK) / n))

    def candidates(self, point: NDArray[np.float32], count: int) -> NDArray[np.int64]:
        """Up to `count` rows near a point, (d,)."""
        self._faiss.omp_set_num_threads(1)  # of the calling thread; more only wait for each other
        _, rows = self._index.search(np.ascontiguousarray(point[None], np.float32), count)
        found: NDArray[np.int64] = rows[0][rows[0] >= 0]
        return found
