"""Embeddings stored in fewer bits: float16, or int8 with a scale and an offset for each dimension."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from segclr.errors import TableError

Storage = Literal["float32", "float16", "int8"]
DTYPES: dict[str, np.dtype[Any]] = {name: np.dtype(name).newbyteorder("<") for name in get_args(Storage)}

ROWS_AT_ONCE = 65536
_STEPS = 254  # of int8, from -127 to 127


def check_storage(name: str) -> Storage:
    """Return a storage by its name.

    Raises:
        TableError: There is none of that name.
    """
    for known in get_args(Storage):
        if name == known:
            return known  # type: ignore[no-any-return]
    raise TableError(f"embeddings cannot be stored as {name!r}, but as {', '.join(get_args(Storage))}")


def in_blocks(values: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """Yield (n, ...) values some rows at a time."""
    for start in range(0, len(values), ROWS_AT_ONCE):
        yield values[start : start + ROWS_AT_ONCE]


def scale_of(blocks: Iterable[NDArray[np.float32]], dimensions: int, storage: Storage) -> NDArray[np.float32] | None:
    """Return what `encode` and `decode` need, (2, d): step and middle of each dimension; None but for int8.

    Args:
        blocks: (k, d) embeddings, all that will be stored with this scale; not looked at for float32.

    Raises:
        TableError: A value is too large for float16.
    """
    if storage == "float32":
        return None
    low, high = np.full(dimensions, np.inf, np.float32), np.full(dimensions, -np.inf, np.float32)
    for some in blocks:
        if len(some):
            np.minimum(low, some.min(axis=0), out=low)
            np.maximum(high, some.max(axis=0), out=high)
    if dimensions == 0 or low[0] > high[0]:  # there are no rows
        low, high = np.zeros(dimensions, np.float32), np.zeros(dimensions, np.float32)
    largest = float(max(-low.min(initial=0), high.max(initial=0)))
    if storage == "float16":
        if largest > float(np.finfo(np.float16).max):
            raise TableError(f"an embedding has the value {largest:g}, too large for float16: store as float32 or int8")
        return None
    wide = (low.astype(np.float64), high.astype(np.float64))
    return np.stack([(wide[1] - wide[0]) / _STEPS, (wide[0] + wide[1]) / 2]).astype(np.float32)


def encode(embeddings: NDArray[np.float32], storage: Storage, scale: NDArray[np.float32] | None) -> NDArray[Any]:
    """Return (k, d) embeddings as they are stored, rounded to the nearest that can be."""
    if scale is None:
        return embeddings.astype(DTYPES[storage], copy=False)
    step = np.where(scale[0] > 0, scale[0], 1)  # a dimension that is constant
    steps: NDArray[np.int8] = np.clip(np.rint((embeddings - scale[1]) / step), -127, 127).astype(np.int8)
    return steps


def decode(stored: NDArray[Any], scale: NDArray[np.float32] | None) -> NDArray[np.float32]:
    """Return (k, d) float32 of stored embeddings, themselves if they are float32 already."""
    if scale is None:
        return stored.astype(np.float32, copy=False)
    values: NDArray[np.float32] = stored.astype(np.float32)
    values *= scale[0]
    values += scale[1]
    return values


def rounded(embeddings: NDArray[np.float32], storage: Storage, scale: NDArray[np.float32] | None) -> NDArray[Any]:
    """Return (n, d) float32: what is read again after `encode`; some rows at a time, to hold no second copy."""
    if storage == "float32":
        return embeddings
    values = np.empty(embeddings.shape, np.float32)
    for start in range(0, len(embeddings), ROWS_AT_ONCE):
        rows = slice(start, start + ROWS_AT_ONCE)
        values[rows] = decode(encode(embeddings[rows], storage, scale), scale)
    values.flags.writeable = False
    return values
