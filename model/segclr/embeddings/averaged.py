"""Means over neighbourhoods of a table that is too large to be averaged whole: cell by cell, kept on the disk.

A neighbourhood never leaves its segment, so that the segments of the rows asked for are all that has to be averaged.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from segclr.embeddings.aggregation import aggregate
from segclr.embeddings.table import EmbeddingTable

_ROWS_AT_ONCE = 65_536


def part_of(table: EmbeddingTable, segments: NDArray[np.integer]) -> EmbeddingTable:
    """Return the table of some segments alone, given by their ascending places in `segment_ids`."""
    first, last = table.first_row[segments], table.first_row[segments + 1]
    sizes = last - first
    starts = np.append(0, np.cumsum(sizes))
    rows = np.repeat(first - starts[:-1], sizes) + np.arange(starts[-1])
    ends = np.searchsorted(table.edges[:, 0], np.stack([first, last]))
    pieces = [
        table.edges[a:b] + shift for a, b, shift in zip(*ends.tolist(), (starts[:-1] - first).tolist(), strict=True)
    ]
    return EmbeddingTable(
        table.segment_ids[segments],
        starts,
        table.node_ids[rows],
        table.positions_nm[rows],
        table.embeddings[rows],
        np.concatenate([np.zeros((0, 2), np.int64), *pieces]),
        table.provenance,
        table.version,
    )


class AveragedRows:
    """(n, d) float32 by rows, what `aggregate` gives; averaged when first asked for. Any number of threads may read.

    Rows are kept in float16, whose rounding is far below what a head sees, in a file that goes with this object.
    """

    ndim = 2

    def __init__(self, table: EmbeddingTable, radius_um: float, folder: Path | None = None) -> None:
        """Args:
        radius_um: above 0.
        folder: where the rows are kept, if one can write there.
        """
        self.shape: tuple[int, ...] = (len(table), table.dimensions)
        self._table = table
        self._radius_um = radius_um
        self._lock = threading.Lock()
        self._done = np.zeros(len(table.segment_ids), np.bool_)
        self._kept = _scratch(folder, self.shape)

    def __len__(self) -> int:
        return self.shape[0]

    @property
    def share(self) -> float:
        """Of the segments that are averaged."""
        return float(self._done.mean()) if len(self._done) else 1.0

    def __getitem__(self, rows: slice | NDArray[np.integer], /) -> NDArray[np.float32]:
        first_row = self._table.first_row
        if isinstance(rows, slice):
            start, stop, _ = rows.indices(len(self))
            first, last = np.searchsorted(first_row, [start, max(start, stop - 1)], side="right") - 1
            self.average(np.arange(first, min(last + 1, len(self._done))))
        else:
            self.average(np.unique(np.searchsorted(first_row, np.asarray(rows), side="right") - 1))
        return self._kept[rows].astype(np.float32)

    def average(self, segments: NDArray[np.integer]) -> None:
        """Have the rows of these segments ready, given by their ascending places in `segment_ids`."""
        todo = segments[~self._done[segments]]
        for some in _in_groups(todo, self._table.first_row):
            with self._lock:  # two that average the same would only wait for the same memory
                some = some[~self._done[some]]
                if len(some):
                    self._average(some)

    def _average(self, segments: NDArray[np.integer]) -> None:
        part = part_of(self._table, segments)
        means = aggregate(part, self._radius_um)
        for at, segment in enumerate(segments.tolist()):
            there = slice(int(self._table.first_row[segment]), int(self._table.first_row[segment + 1]))
            self._kept[there] = means[int(part.first_row[at]) : int(part.first_row[at + 1])]
        self._done[segments] = True


class PassingMeans:
    """(n, d) float32 by slices, what `aggregate` gives, for whoever reads once from the first row to the last.

    Nothing is kept but the segments of the last slice, which the next one may go on with.
    """

    def __init__(self, table: EmbeddingTable, radius_um: float) -> None:
        self.shape: tuple[int, ...] = (len(table), table.dimensions)
        self._table = table
        self._radius_um = radius_um
        self._first = 0
        self._means = np.empty((0, table.dimensions), np.float32)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: slice, /) -> NDArray[np.float32]:
        start, stop, _ = rows.indices(len(self))
        if not self._first <= start <= stop <= self._first + len(self._means):
            first_row = self._table.first_row
            first, last = np.searchsorted(first_row, [start, max(start, stop - 1)], side="right") - 1
            self._first = int(first_row[first])
            self._means = aggregate(part_of(self._table, np.arange(first, last + 1)), self._radius_um)
        return self._means[start - self._first : stop - self._first]


def _in_groups(segments: NDArray[np.integer], first_row: NDArray[np.int64]) -> Iterator[NDArray[np.integer]]:
    """Cut the segments into groups of some ten thousand rows, or of one segment with more."""
    if len(segments):
        group = np.cumsum(first_row[segments + 1] - first_row[segments]) // _ROWS_AT_ONCE
        yield from np.split(segments, np.flatnonzero(np.diff(group)) + 1)


def _scratch(folder: Path | None, shape: tuple[int, ...]) -> NDArray[np.float16]:
    """Zeros in a file without a name, which is gone when nobody holds the array."""
    try:
        file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 (opened elsewhere if not here)
    except OSError:
        file = tempfile.TemporaryFile()  # noqa: SIM115
    with file:
        file.truncate(max(1, 2 * shape[0] * shape[1]))
        return np.memmap(file, np.float16, "r+", shape=(shape[0], shape[1]))
