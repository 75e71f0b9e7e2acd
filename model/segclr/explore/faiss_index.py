"""An index of millions of embeddings, by faiss (Douze et al. 2024): rows by their nearest centre, a byte a number.

Its answers are candidates: whoever asks computes their distances anew from the embeddings.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import numpy as np
from numpy.typing import NDArray

from segclr.explore.metric import Metric, comparable

CENTRES = 1024
PROBES = 16
_TRAINED_ON = 100_000
_RUN = 64
_BLOCK = 65_536
_SYNCED_BYTES = 1 << 24


class Index(Protocol):
    """Finds rows that are probably the nearest."""

    def candidates(self, point: NDArray[np.float32], count: int) -> NDArray[np.int64]:
        """Up to `count` rows near a point, (d,), which is `comparable` in the index's metric."""


class RowSlices(Protocol):
    """(n, d) float32, of which slices are read."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    def __len__(self) -> int: ...

    def __getitem__(self, rows: slice, /) -> NDArray[np.float32]: ...


def faiss_installed() -> bool:
    """Whether faiss can be imported; it is not imported yet."""
    return importlib.util.find_spec("faiss") is not None


class FaissIndex:
    """IVF1024,SQ8: inverted lists of rows rounded to a byte per dimension. About 75 MB for 10^6 rows of 64 dimensions.

    It may be asked from several threads.
    """

    def __init__(self, index: Any) -> None:
        """Args:
        index: a faiss.IndexIVF whose numbers are rows.
        """
        self._index = index
        self._index.nprobe = PROBES

    def candidates(self, point: NDArray[np.float32], count: int) -> NDArray[np.int64]:
        """Up to `count` rows near a point, (d,)."""
        faiss = _faiss()
        faiss.omp_set_num_threads(1)  # of the calling thread; more only wait for each other
        _, rows = self._index.search(np.ascontiguousarray(point[None], np.float32), count)
        found: NDArray[np.int64] = rows[0][rows[0] >= 0]
        return found

    def write(self, file: BinaryIO) -> None:
        """Write it, and have it on the disk bit by bit, so that nobody else's small files wait for all of it.

        Raises:
            OSError: the disk is full, or does not work.
        """
        faiss = _faiss()
        failed: list[OSError] = []
        waiting = 0

        def put(piece: bytes) -> int:
            nonlocal waiting
            try:
                file.write(piece)
                waiting += len(piece)
                if waiting >= _SYNCED_BYTES:
                    file.flush()
                    os.fsync(file.fileno())
                    waiting = 0
            except OSError as error:  # faiss would make something else of it
                failed.append(error)
                return 0
            return len(piece)

        try:
            faiss.write_index(self._index, faiss.PyCallbackIOWriter(put, 1 << 20))
        except Exception:
            if not failed:
                raise
        if failed:
            raise failed[0]


def built_index(
    embeddings: RowSlices, metric: Metric, tell: Callable[[float], None] = lambda share: None
) -> FaissIndex:
    """An index of a table, built on one thread, which lets others run.

    Args:
        embeddings: (n, d), read in slices from the first row to the last, after some short ones for training; rows that
            are not finite are never found.
        metric: what is near.
        tell: is told the share of the rows that are in.
    """
    faiss = _faiss()
    faiss.omp_set_num_threads(1)  # several wait for each other, twice as long in all where other programs compute
    n, d = embeddings.shape
    sample = comparable(_sample(embeddings), metric)
    sample = sample[np.isfinite(sample).all(axis=1)]
    index = faiss.index_factory(d, f"IVF{min(CENTRES, max(1, len(sample) // 40))},SQ8")
    index.train(np.ascontiguousarray(sample))
    for start in range(0, n, _BLOCK):
        block = comparable(embeddings[start : start + _BLOCK], metric)
        finite = np.isfinite(block).all(axis=1)
        index.add_with_ids(np.ascontiguousarray(block[finite]), start + np.flatnonzero(finite))
        tell(min(1.0, (start + _BLOCK) / n))
    return FaissIndex(index)


def mapped_index(path: Path) -> FaissIndex:
    """An index that was written, of which only what a question needs is read.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no such index.
    """
    faiss = _faiss()
    path.open("rb").close()
    try:
        index = faiss.read_index(str(path), faiss.IO_FLAG_MMAP | faiss.IO_FLAG_READ_ONLY)
        lists = faiss.downcast_InvertedLists(index.invlists)
        lists.prefetch_nthread = 0  # it would start 32 threads for every question
    except (RuntimeError, AttributeError) as error:
        raise ValueError(f"{path} is no index of neighbours ({error})") from None
    return FaissIndex(index)


def _faiss() -> Any:
    import faiss

    return faiss


def _sample(embeddings: RowSlices) -> NDArray[np.float32]:
    """Rows all over a table, by runs, so that of a mapped one only these are read."""
    n = len(embeddings)
    if n <= _TRAINED_ON:
        return np.asarray(embeddings[:])
    starts = np.linspace(0, n - _RUN, _TRAINED_ON // _RUN).astype(np.int64)
    return np.concatenate([embeddings[start : start + _RUN] for start in starts.tolist()])
