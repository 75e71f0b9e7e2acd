"""Columns behind an address, read by ranges of bytes; several ranges are asked for at once."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from segclr.embeddings.storage.column_file import file_size
from segclr.embeddings.storage.manifest import INDEX, Shard, StoredColumn
from segclr.errors import TableError

_Result = TypeVar("_Result")

REQUESTS_AT_ONCE = 16
_WORTH_ASKING_AGAIN = 1 << 16  # bytes: a gap smaller than this costs less than another request
_MOST_AT_ONCE = 1 << 24  # bytes of one request


class RemoteFolder(Protocol):
    """Files behind an address."""

    @property
    def name(self) -> str:
        """The address."""
        ...

    def read(self, file: str, start: int = 0, stop: int | None = None) -> bytes:
        """Return the bytes `start` to `stop` of a file, all if `stop` is None.

        Raises:
            FileNotFoundError: There is no such file.
            TableError: It could not be read, or is shorter than that.
        """
        ...


@dataclass(frozen=True, slots=True, eq=False)
class RemoteSource:
    """A table behind an address."""

    remote: RemoteFolder
    _pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(REQUESTS_AT_ONCE, "range"))

    @property
    def name(self) -> str:
        return self.remote.name

    def read_index(self) -> bytes:
        try:
            return self.remote.read(INDEX)
        except FileNotFoundError:
            raise TableError(f"there is no embedding table at {self.name}: it has no {INDEX}") from None

    def column(self, column: StoredColumn) -> RangeColumn:
        if column.offset is None:
            raise TableError(
                f"the embedding table {self.name} is of format version 1, which is read from a disk alone: copy its "
                "folder and open that, or make a new one with `segclr-table convert`"
            )
        return RangeColumn(self, column, column.offset)

    def damage(self, shard: Shard) -> str:
        return ""  # asking for each file would take longer than reading what is wanted

    def checksum(self, column: StoredColumn) -> int:
        size, checksum = file_size(column) or 0, 0
        for start in range(0, size, _MOST_AT_ONCE):
            checksum = zlib.crc32(self.remote.read(column.file, start, min(size, start + _MOST_AT_ONCE)), checksum)
        return checksum

    def together(self, tasks: Sequence[Callable[[], _Result]]) -> list[_Result]:
        return [future.result() for future in [self._pool.submit(task) for task in tasks]]


@dataclass(frozen=True, slots=True, eq=False)
class RangeColumn:
    """A column of a `RemoteSource`."""

    source: RemoteSource
    stored: StoredColumn
    offset: int

    @property
    def shape(self) -> tuple[int, ...]:
        return self.stored.shape

    def read(self, start: int, stop: int) -> NDArray[Any]:
        """One request, several for many bytes, none for no rows."""
        start, stop = max(0, start), max(start, min(stop, self.shape[0]))
        dtype, row = np.dtype(self.stored.dtype), self.shape[1:]
        width = dtype.itemsize * int(np.prod(row))
        if start == stop or width == 0:
            return np.empty((stop - start, *row), dtype)
        first, last = self.offset + start * width, self.offset + stop * width
        cuts = [*range(first, last, _MOST_AT_ONCE), last]
        try:
            content = b"".join(self.source.remote.read(self.stored.file, *ends) for ends in pairwise(cuts))
        except FileNotFoundError:
            raise TableError(
                f"the embedding table {self.source.name} is incomplete: {self.stored.file} is missing"
            ) from None
        return np.frombuffer(content, dtype).reshape(stop - start, *row)

    def take(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        """One request for each run of rows with small gaps, some at a time."""
        dtype, row = np.dtype(self.stored.dtype), self.shape[1:]
        taken = np.empty((len(rows), *row), dtype)
        width = max(1, dtype.itemsize * int(np.prod(row)))
        runs = list(_runs(rows, _WORTH_ASKING_AGAIN // width, _MOST_AT_ONCE // width))

        def fill(run: slice) -> None:
            start = int(rows[run.start])
            found = self.read(start, int(rows[run.stop - 1]) + 1)
            taken[run] = found[rows[run] - start]

        self.source.together([lambda run=run: fill(run) for run in runs])  # type: ignore[misc]
        return taken


def _runs(rows: NDArray[np.int64], gap: int, most: int) -> Iterator[slice]:
    """Cut ascending rows where more than `gap` rows lie between two, or more than `most` rows would be read."""
    start = 0
    for end in [*(np.flatnonzero(np.diff(rows) > gap) + 1).tolist(), len(rows)]:
        while start < end:
            stop = min(end, int(np.searchsorted(rows, rows[start] + max(1, most))))
            yield slice(start, stop)
            start = stop
