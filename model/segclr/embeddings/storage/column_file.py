"""One column, one .npy file: written block by block under another name, with its checksum, and mapped into memory."""

from __future__ import annotations

import io
import math
import os
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segclr.embeddings.storage.manifest import INDEX, StoredColumn
from segclr.errors import TableError

_BYTES_AT_ONCE = 1 << 24


def write_column(
    path: Path, dtype: np.dtype[Any], shape: tuple[int, ...], blocks: Iterable[NDArray[Any]]
) -> StoredColumn:
    """Write a column from blocks of its rows; the file takes its name when all bytes are on the disk.

    Raises:
        OSError: The disk is full, for instance; nothing of that name has changed.
        ValueError: The blocks do not make up the shape.
    """
    header = io.BytesIO()
    description = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(header, description)
    checksum, rows = zlib.crc32(header.getvalue()), 0
    part = path.with_name(path.name + ".part")
    try:
        with part.open("wb") as file:
            file.write(header.getvalue())
            for block in blocks:
                rows += len(block)
                flat = np.ascontiguousarray(block, dtype).reshape(-1).view(np.uint8)
                for start in range(0, len(flat), _BYTES_AT_ONCE):
                    some = flat[start : start + _BYTES_AT_ONCE].data
                    checksum = zlib.crc32(some, checksum)
                    file.write(some)
            if rows != shape[0]:
                raise ValueError(f"{path.name}: {rows} rows were given for a column of {shape}")
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return StoredColumn(path.name, dtype.str, shape, len(header.getvalue()), checksum)


def map_column(folder: Path, column: StoredColumn) -> NDArray[Any]:
    """Map a column into memory, read-only, without reading it.

    Raises:
        FileNotFoundError: It is missing.
        TableError: It is cut short, or something else than the index promises.
    """
    damaged = f"the embedding table {folder} is damaged: {column.file}"
    try:
        found = np.load(folder / column.file, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError:
        raise
    except (OSError, ValueError, EOFError):
        raise TableError(f"{damaged} is cut short or no .npy file; embed again, or take it from a copy") from None
    if found.shape != column.shape or found.dtype != np.dtype(column.dtype):
        raise TableError(
            f"{damaged} holds {found.dtype} {found.shape}, but {INDEX} promises {np.dtype(column.dtype)} {column.shape}"
        )
    plain: NDArray[Any] = found.view(np.ndarray)  # indexing a memmap costs microseconds more each time
    return plain


def checksum_of(path: Path) -> int:
    """Return the CRC-32 of a whole file.

    Raises:
        OSError: It cannot be read.
    """
    checksum = 0
    with path.open("rb") as file:
        while some := file.read(_BYTES_AT_ONCE):
            checksum = zlib.crc32(some, checksum)
    return checksum


def file_size(column: StoredColumn) -> int | None:
    """Return how many bytes a column's file must have, None where the format does not say."""
    if column.offset is None:
        return None
    return column.offset + np.dtype(column.dtype).itemsize * math.prod(column.shape)
