"""A folder of predictions: plain .npy columns, memory-mapped, and `predictions.json`, written last and at once."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segclr.embeddings.storage.column_file import checksum_of, map_column, write_column
from segclr.embeddings.storage.manifest import StoredColumn
from segclr.errors import TableError
from segclr.heads.task_head import HeadOrigin, origin_of

INDEX, FORMAT, FORMAT_VERSION = "predictions.json", "segclr-predictions", 1
NO_CLASS = 255  # of rows whose block failed
COLUMNS = ("segment_ids", "first_row", "classes", "confidence", "shares")


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictionOrigin:
    """What predictions follow from.

    Attributes:
        head: what the head is for, and was fitted on.
        head_file: 16 hex digits of its file.
        table: folder or address of the embeddings when they were predicted.
        shards: names of the table's shards; of a table with one that is its version.
        segmentation_url: that the segment ids are of.
        code_version: of the program.
    """

    head: HeadOrigin
    head_file: str
    table: str
    shards: tuple[str, ...]
    segmentation_url: str
    code_version: str


@dataclass(frozen=True, slots=True, eq=False)
class StoredPredictions:
    """Predictions of n rows of S segments, in the order that `open_table` gives the rows. Mapped, read-only.

    Attributes:
        segment_ids: (S,) uint64, ascending.
        first_row: (S + 1,) int64; the rows of segment i are `first_row[i]:first_row[i + 1]`.
        classes: (n,) uint8, `NO_CLASS` where nothing could be predicted.
        confidence: (n,) uint8, the calibrated probability of that class in 255ths.
        shares: (S, C) float32, the share of a segment's rows that have each class; of a head for segments, the mean of
            its rows' probabilities. 0 where nothing could be predicted.
    """

    origin: PredictionOrigin
    segment_ids: NDArray[np.uint64]
    first_row: NDArray[np.int64]
    classes: NDArray[np.uint8]
    confidence: NDArray[np.uint8]
    shares: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.classes)


def predictions_exist(folder: Path) -> bool:
    """Return whether a folder holds predictions."""
    return (folder / INDEX).exists()


def write_predictions(
    folder: Path,
    origin: PredictionOrigin,
    rows: int,
    segments: int,
    columns: Mapping[str, Iterable[NDArray[Any]]],
) -> None:
    """Write predictions; those that were there are replaced when all is written.

    Args:
        columns: blocks of each of `COLUMNS`, in order.

    Raises:
        TableError: The folder cannot be written; what was there is still whole.
    """
    kinds: dict[str, tuple[str, tuple[int, ...]]] = {
        "segment_ids": ("<u8", (segments,)),
        "first_row": ("<i8", (segments + 1,)),
        "classes": ("|u1", (rows,)),
        "confidence": ("|u1", (rows,)),
        "shares": ("<f4", (segments, len(origin.head.classes))),
    }
    tag = secrets.token_hex(8)
    written: dict[str, StoredColumn] = {}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in COLUMNS:
            dtype, shape = kinds[name]
            path = folder / f"{name}-{tag}.npy"
            written[name] = write_column(path, np.dtype(dtype), shape, columns[name])
        index = {
            "format": FORMAT,
            "format_version": FORMAT_VERSION,
            "rows": rows,
            "segments": segments,
            "origin": asdict(origin),
            "columns": {name: asdict(column) for name, column in written.items()},
        }
        part = folder / f"{INDEX}.part"
        with part.open("w", encoding="utf-8") as file:
            json.dump(index, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        part.replace(folder / INDEX)
    except OSError as error:
        _remove(folder, {column.file for column in written.values()})
        raise TableError(f"the predictions cannot be written to {folder}: {error.strerror or error}") from None
    kept = {column.file for column in written.values()}
    _remove(folder, {path.name for path in folder.glob("*-????????????????.npy*") if path.name not in kept})


def open_predictions(folder: Path) -> StoredPredictions:
    """Map predictions.

    Raises:
        TableError: There are none, or they are damaged.
    """
    index = _index(folder)
    try:
        origin = _origin(index["origin"])
        columns = _columns(index)
        found = {name: map_column(folder, columns[name]) for name in COLUMNS}
    except FileNotFoundError as error:
        raise TableError(f"the predictions in {folder} are incomplete: {error.filename} is missing") from None
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, TableError):
            raise
        raise TableError(f"the predictions in {folder} are damaged: {INDEX} lacks or garbles {error}") from None
    return StoredPredictions(origin, **found)


def verify_predictions(folder: Path) -> None:
    """Read every byte and compare with the checksums, which opening does not do.

    Raises:
        TableError: Names the file that is damaged.
    """
    open_predictions(folder)
    for column in _columns(_index(folder)).values():
        if checksum_of(folder / column.file) != column.crc32:
            raise TableError(f"the predictions in {folder} are damaged: {column.file} has changed; predict again")


def _index(folder: Path) -> dict[str, Any]:
    try:
        index = json.loads((folder / INDEX).read_bytes())
    except OSError as error:
        raise TableError(f"there are no predictions in {folder}: {INDEX} cannot be read ({error.strerror})") from None
    except ValueError:
        raise TableError(f"the predictions in {folder} are damaged: {INDEX} is not JSON") from None
    if not isinstance(index, dict) or index.get("format") != FORMAT:
        raise TableError(f"{folder / INDEX} does not describe predictions")
    if index.get("format_version") != FORMAT_VERSION:
        raise TableError(
            f"the predictions in {folder} have format version {index.get('format_version')}, not {FORMAT_VERSION}: "
            "predict again"
        )
    return index


def _origin(fields: Mapping[str, Any]) -> PredictionOrigin:
    return PredictionOrigin(**{**fields, "head": origin_of(fields["head"]), "shards": tuple(fields["shards"])})


def _columns(index: Mapping[str, Any]) -> dict[str, StoredColumn]:
    return {
        name: StoredColumn(
            Path(column["file"]).name, column["dtype"], tuple(column["shape"]), column["offset"], column["crc32"]
        )
        for name, column in index["columns"].items()
    }


def _remove(folder: Path, names: set[str]) -> None:
    for name in names:
        (folder / name).unlink(missing_ok=True)
