"""Predictions as a layer of points for Neuroglancer, painted by class: precomputed annotations in shards.

Three indexes, each a few files whatever the number of points: by id, which is the row of the table; by segment; and by
space, of which coarse levels hold a random sample.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from segclr.embeddings.parts import part_of
from segclr.embeddings.storage.stored_table import StoredTable
from segclr.errors import TableError
from segclr.predictions.annotation_layout import CLASS, CONFIDENCE, SEGMENT, Property, info_of_classes, record_type
from segclr.predictions.sharding import sharding_of_any, sharding_of_runs, write_shards
from segclr.predictions.spatial_levels import POINTS_PER_CELL, Level, levels_of
from segclr.predictions.stored import NO_CLASS, StoredPredictions

COLOR = "color"
RECORD = record_type(3, (Property(CONFIDENCE, "float32"), Property(CLASS, "uint8"), Property(COLOR, "rgb")))
_BY_ID = np.dtype([("record", RECORD), ("related", "<u4"), ("segment", "<u8")])
BYTES_OF_A_POINT = _BY_ID.itemsize + 2 * (RECORD.itemsize + 8)
"""In all three indexes, their entries of minishards not counted."""

_ROWS_AT_ONCE = 1 << 20
_SCRATCH = ("records.scratch", "rows.scratch")


@dataclass(frozen=True, slots=True, eq=False)
class _Points:
    """Rows with a prediction, on the disk while the layer is written.

    Attributes:
        records: (n,) as they are stored.
        rows: (n,) uint64, ascending: their rows in the table, and ids of their annotations.
        segment_ids: (S,) uint64 of all segments.
        first: (S + 1,) int64; the points of segment i are `first[i]:first[i + 1]`.
    """

    records: NDArray[np.void]
    rows: NDArray[np.uint64]
    segment_ids: NDArray[np.uint64]
    first: NDArray[np.int64]


def write_point_layer(
    folder: Path, stored: StoredTable, predictions: StoredPredictions, points_per_cell: int = POINTS_PER_CELL
) -> int:
    """Write the layer into a folder that is there and empty; returns how many points it has.

    Rows without a class are left out. Takes some 40 bytes of memory and, while it runs, 28 bytes of the disk a row
    beside the layer's own 88.

    Raises:
        TableError: The table is not the one that was predicted, or no row has a class.
        OSError: The folder cannot be written.
    """
    shards = tuple(shard.name for shard in stored.manifest.shards)
    if shards != predictions.origin.shards:
        raise TableError(
            f"the table {stored.source.name} has changed since it was predicted: predict it again, or name the table "
            "as it was"
        )
    points = _gathered(folder, stored, predictions)
    try:
        _write(folder, points, predictions, points_per_cell)
    finally:
        count = len(points.rows)
        del points
        for name in _SCRATCH:
            (folder / name).unlink(missing_ok=True)
    return count


def _gathered(folder: Path, stored: StoredTable, predictions: StoredPredictions) -> _Points:
    """Write the points' records, segment by segment, to files that are mapped."""
    count = len(predictions) - int(np.count_nonzero(predictions.classes == NO_CLASS))
    if count == 0:
        raise TableError(f"no row of the table {stored.source.name} has a class: there is nothing to write")
    colors = np.zeros((256, 3), np.uint8)
    for index, color in enumerate(predictions.origin.head.colors):
        colors[index] = tuple(bytes.fromhex(color.removeprefix("#")))
    records, rows = _room(folder / _SCRATCH[0], RECORD, count), _room(folder / _SCRATCH[1], np.dtype("<u8"), count)
    before = np.zeros(len(predictions.first_row), np.int64)
    at, start = 0, 0
    for positions in _positions(stored, predictions):
        stop = start + len(positions)
        classes = predictions.classes[start:stop]
        kept = np.flatnonzero(classes != NO_CLASS)
        some = slice(at, at + len(kept))
        records["position"][some] = positions[kept]
        records[f"property_{CONFIDENCE}"][some] = predictions.confidence[start:stop][kept] / np.float32(255)
        records[f"property_{CLASS}"][some] = classes[kept]
        records[f"property_{COLOR}"][some] = colors[classes[kept]]
        rows[some] = start + kept
        first, last = np.searchsorted(predictions.first_row, [start, stop], side="right")
        before[first:last] = at + np.searchsorted(kept, predictions.first_row[first:last] - start)
        at, start = at + len(kept), stop
    return _Points(records, rows, predictions.segment_ids, before)


def _room(path: Path, dtype: np.dtype[Any], count: int) -> NDArray[Any]:
    """Map a new file, whose room is taken first: to write to a mapped one on a full disk would end the process."""
    with path.open("wb") as file:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), 0, count * dtype.itemsize)
        else:
            file.write(b"\0" * (count * dtype.itemsize))
    return np.memmap(path, dtype, "r+", shape=(count,)).view(np.ndarray)


def _positions(stored: StoredTable, predictions: StoredPredictions) -> Iterator[NDArray[np.float64]]:
    """Yield the positions of all rows, in the order of the predictions."""
    readers = stored.readers()
    if len(readers) == 1:
        for start in range(0, len(predictions), _ROWS_AT_ONCE):
            yield readers[0].read("positions_nm", start, start + _ROWS_AT_ONCE)
        return
    ids, first_row = predictions.segment_ids, predictions.first_row
    start = 0
    while start < len(ids):
        stop = max(start + 1, int(np.searchsorted(first_row, first_row[start] + _ROWS_AT_ONCE, side="right")) - 1)
        yield part_of(stored, int(ids[start]), int(ids[stop - 1]), with_edges=False).positions_nm
        start = stop


def _write(folder: Path, points: _Points, predictions: StoredPredictions, points_per_cell: int) -> None:
    positions = points.records["position"]
    lower = np.floor(positions.min(axis=0).astype(np.float64))
    extent = np.floor(positions.max(axis=0).astype(np.float64)) - lower + 1
    classes = predictions.origin.head.classes
    info = info_of_classes(lower, extent, classes, "calibrated probability of the class")
    color = {"id": COLOR, "type": "rgb", "description": "colour of the class"}
    info["properties"] = [*cast(list[object], info["properties"]), color]
    info["by_id"] = {"key": "by_id", "sharding": _write_by_id(folder / "by_id", points)}
    info["relationships"] = [{"id": SEGMENT, "key": SEGMENT, "sharding": _write_by_segment(folder / SEGMENT, points)}]
    info["spatial"] = [
        {**level.to_json(f"spatial{number}"), "sharding": _write_level(folder / f"spatial{number}", points, level)}
        for number, level in enumerate(levels_of(positions, lower, extent, points_per_cell))
    ]
    (folder / "info").write_text(json.dumps(info, indent=1), encoding="utf-8")


def _write_by_id(folder: Path, points: _Points) -> dict[str, object]:
    def contents(order: NDArray[np.int64]) -> Iterator[bytes]:
        found = np.zeros(len(order), _BY_ID)
        found["record"], found["related"] = points.records[order], 1
        segment = np.searchsorted(points.first, order, side="right") - 1
        found["segment"] = points.segment_ids[segment]
        yield found.tobytes()

    sizes = np.broadcast_to(np.int64(_BY_ID.itemsize), len(points.rows))
    sharding = sharding_of_runs(int(points.rows[-1]) + 1, _BY_ID.itemsize * len(points.rows))
    folder.mkdir()
    write_shards(folder, sharding, points.rows, sizes, contents)
    return sharding.to_json()


def _write_by_segment(folder: Path, points: _Points) -> dict[str, object]:
    counts = np.diff(points.first)
    some = np.flatnonzero(counts)

    def contents(order: NDArray[np.int64]) -> Iterator[bytes]:
        for segment in some[order].tolist():
            yield _list(points, slice(int(points.first[segment]), int(points.first[segment + 1])))

    sizes = 8 + (RECORD.itemsize + 8) * counts[some]
    sharding = sharding_of_any(len(some), int(sizes.sum()))
    folder.mkdir()
    write_shards(folder, sharding, points.segment_ids[some], sizes, contents)
    return sharding.to_json()


def _write_level(folder: Path, points: _Points, level: Level) -> dict[str, object]:
    def contents(order: NDArray[np.int64]) -> Iterator[bytes]:
        for cell in order.tolist():
            yield _list(points, level.points[level.first[cell] : level.first[cell + 1]])

    sizes = 8 + (RECORD.itemsize + 8) * np.diff(level.first)
    sharding = sharding_of_runs(int(level.codes[-1]) + 1, int(sizes.sum()))
    folder.mkdir()
    write_shards(folder, sharding, level.codes, sizes, contents)
    return sharding.to_json()


def _list(points: _Points, some: slice | NDArray[np.integer]) -> bytes:
    """The content of a cell or of a segment's list: how many, all records, all ids."""
    records, rows = points.records[some], points.rows[some]
    return len(rows).to_bytes(8, "little") + records.tobytes() + rows.tobytes()
