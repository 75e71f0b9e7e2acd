"""An embedding table's folder: `table.json` and one .npy file per column, memory-mapped when opened.

The names of the column files carry the table's version, and `table.json`, replaced last and at once, says which version
counts. So a reader sees the old table or the new one, never a mixture, and a save that is cut short leaves the old one.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from segclr.embeddings.columns import Columns
from segclr.embeddings.provenance import Provenance
from segclr.errors import TableError

FORMAT = "segclr-embeddings"
FORMAT_VERSION = 1

INDEX = "table.json"
_DTYPES: dict[str, np.dtype[Any]] = {
    "segment_ids": np.dtype("<u8"),
    "first_row": np.dtype("<i8"),
    "node_ids": np.dtype("<i8"),
    "positions_nm": np.dtype("<f8"),
    "embeddings": np.dtype("<f4"),
    "edges": np.dtype("<i8"),
}


def write_folder(folder: Path, columns: Columns, provenance: Provenance, version: str) -> None:
    """Write a table, replacing one that is there.

    Raises:
        TableError: The folder cannot be written; a table that was there is still whole.
    """
    index = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "version": version,
        "rows": len(columns.node_ids),
        "segments": len(columns.segment_ids),
        "edges": len(columns.edges),
        "dimensions": columns.embeddings.shape[1],
        "provenance": provenance.to_json(),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, dtype in _DTYPES.items():
            column = getattr(columns, name).astype(dtype, copy=False)
            _replace(_column_path(folder, name, version), partial(np.save, arr=column))
        _replace(folder / INDEX, lambda file: file.write(json.dumps(index, indent=1).encode()))
    except OSError as error:
        raise TableError(f"the embedding table cannot be written to {folder}: {error.strerror or error}") from None
    _remove_other_versions(folder, version)


def map_folder(folder: Path) -> tuple[Columns, Provenance, str]:
    """Map a table's columns into memory without reading them.

    Returns:
        The columns, read-only, what they were made of, and their version.

    Raises:
        TableError: There is no table, it is of another format version, or a column is missing or does not fit.
    """
    index = _read_index(folder)
    try:
        version = str(index["version"])
        n, segments, m, d = (int(index[key]) for key in ("rows", "segments", "edges", "dimensions"))
        provenance = Provenance.from_json(index["provenance"])
    except (KeyError, TypeError, ValueError) as error:
        raise TableError(f"the embedding table {folder} is damaged: {INDEX} lacks or garbles {error}") from None
    shapes = ((segments,), (segments + 1,), (n,), (n, 3), (n, d), (m, 2))
    columns = Columns(
        *(
            _map_column(folder, _column_path(folder, name, version), dtype, shape)
            for (name, dtype), shape in zip(_DTYPES.items(), shapes, strict=True)
        )
    )
    if (int(columns.first_row[0]), int(columns.first_row[-1])) != (0, n):
        raise TableError(f"the embedding table {folder} is damaged: its segments do not cover its {n} rows")
    return columns, provenance, version


def _read_index(folder: Path) -> dict[str, Any]:
    try:
        index = json.loads((folder / INDEX).read_bytes())
    except FileNotFoundError:
        raise TableError(f"there is no embedding table in {folder}: it has no {INDEX}") from None
    except OSError as error:
        raise TableError(f"the embedding table {folder} cannot be read: {error.strerror or error}") from None
    except ValueError:
        raise TableError(f"the embedding table {folder} is damaged: {INDEX} is not JSON") from None
    if not isinstance(index, dict) or index.get("format") != FORMAT:
        raise TableError(f"{folder / INDEX} does not describe an embedding table")
    if index.get("format_version") != FORMAT_VERSION:
        raise TableError(
            f"the embedding table {folder} has format version {index.get('format_version')}, this program reads "
            f"version {FORMAT_VERSION}: embed the volume again, or use the program version that wrote it"
        )
    return index


def _map_column(folder: Path, path: Path, dtype: np.dtype[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    try:
        column = np.load(path, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError:
        raise TableError(f"the embedding table {folder} is incomplete: {path.name} is missing") from None
    except (OSError, ValueError, EOFError):
        raise TableError(
            f"the embedding table {folder} is damaged: {path.name} is cut short or no .npy file; embed again"
        ) from None
    if column.shape != shape or column.dtype != dtype:
        raise TableError(
            f"the embedding table {folder} is damaged: {path.name} holds {column.dtype} {column.shape}, "
            f"but {INDEX} promises {dtype} {shape}"
        )
    plain: NDArray[Any] = column.view(np.ndarray)  # indexing a memmap costs microseconds more each time
    return plain


def _column_path(folder: Path, name: str, version: str) -> Path:
    return folder / f"{name}-{version}.npy"


def _replace(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Write a file under another name, and give it its own once its bytes are on the disk."""
    part = path.with_name(path.name + ".part")
    try:
        with part.open("wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise


def _remove_other_versions(folder: Path, version: str) -> None:
    """Tidy up. What another process has mapped stays readable there (POSIX), or stays where it is (Windows)."""
    for name in _DTYPES:
        for path in folder.glob(f"{name}-*.npy"):
            if path != _column_path(folder, name, version):
                try:
                    path.unlink()
                except OSError:
                    continue
