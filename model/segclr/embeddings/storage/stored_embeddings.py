"""Embeddings of a table that is too large to be decoded whole: the rows asked for are, and no others."""

from __future__ import annotations

from typing import Any, Protocol, SupportsIndex

import numpy as np
from numpy.typing import NDArray

from segclr.embeddings.storage.precision import ROWS_AT_ONCE, decode


class EmbeddingRows(Protocol):
    """What is read of embeddings, (n, d): rows. An array is one."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    @property
    def ndim(self) -> int: ...

    def __len__(self) -> int: ...

    def __getitem__(self, rows: slice | NDArray[np.integer], /) -> NDArray[np.float32]: ...


class StoredEmbeddings:
    """(n, d) float32 by rows, from a mapped column in float16 or int8. Any number of threads may read.

    Numpy's functions take it for an array, and decode all of it: those that walk over a table take slices.
    """

    ndim = 2
    dtype = np.dtype(np.float32)

    def __init__(self, stored: NDArray[Any], scale: NDArray[np.float32] | None) -> None:
        self._stored = stored
        self._scale = scale
        self.shape: tuple[int, ...] = stored.shape

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: slice | SupportsIndex | NDArray[np.integer], /) -> NDArray[np.float32]:
        return decode(self._stored[rows], self._scale)

    def __array__(self, dtype: np.dtype[Any] | None = None, copy: bool | None = None) -> NDArray[Any]:
        whole = np.empty(self.shape, dtype or np.float32)
        for start in range(0, len(self), ROWS_AT_ONCE):
            whole[start : start + ROWS_AT_ONCE] = self[start : start + ROWS_AT_ONCE]
        return whole
