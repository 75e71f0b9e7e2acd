"""The same rows in Arrow's file format, uncompressed, read by pyarrow: memory-mapped, or over HTTP."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as arrow
from numpy.typing import NDArray

from benchmarks.table.formats import Opened, touched
from segclr.embeddings.sampling import stratified_rows
from segclr.embeddings.storage.http import HttpFolder
from segclr.embeddings.storage.precision import ROWS_AT_ONCE
from segclr.embeddings.storage.shard_writing import Content

_ROWS, _INDEX = "rows.arrow", "index.arrow"


@dataclass(frozen=True, slots=True)
class ArrowFile:
    """One file of record batches, and one of segments with their first rows."""

    rows_in_batch: int

    @property
    def name(self) -> str:
        return f"Arrow, batches of {self.rows_in_batch:,}"

    def write(self, folder: Path, content: Content) -> None:
        folder.mkdir(parents=True)
        index = arrow.record_batch({"segment_id": content.segment_ids, "first_row": content.first_row[:-1]})
        with arrow.ipc.new_file(str(folder / _INDEX), index.schema) as writer:
            writer.write_batch(index)
        writer = None
        start = 0
        for positions, embeddings in zip(content.positions_nm(), content.embeddings(), strict=True):
            for first in range(0, len(positions), self.rows_in_batch):
                rows = slice(first, min(len(positions), first + self.rows_in_batch))
                flat = arrow.array(np.ascontiguousarray(embeddings[rows]).reshape(-1))
                columns = {
                    "node_id": arrow.array(content.node_ids[start + rows.start : start + rows.stop]),
                    **{name: arrow.array(positions[rows, at].copy()) for at, name in enumerate("xyz")},
                    "embedding": arrow.FixedSizeListArray.from_arrays(flat, content.dimensions),
                }
                batch = arrow.record_batch(list(columns.values()), list(columns))
                writer = writer or arrow.ipc.new_file(str(folder / _ROWS), batch.schema)
                writer.write_batch(batch)
            start += len(positions)
        if writer is not None:
            writer.close()

    def open(self, place: str) -> Opened:
        index, rows = (_open(place, name) for name in (_INDEX, _ROWS))
        segments = index.get_batch(0)
        return ArrowOpened(
            segments.column(0).to_numpy(), segments.column(1).to_numpy(), rows, self.rows_in_batch, place
        )


@dataclass(frozen=True, slots=True)
class ArrowOpened:
    """Files that were opened; a batch is read when a row of it is wanted."""

    segment_ids: NDArray[np.uint64]
    first_row: NDArray[np.int64]
    rows: Any
    rows_in_batch: int
    place: str

    def segment(self, segment_id: int) -> int:
        index = int(np.searchsorted(self.segment_ids, np.uint64(segment_id)))
        start = int(self.first_row[index])
        last = index + 1 == len(self.first_row)
        stop = self._row_count() if last else int(self.first_row[index + 1])
        for batch, first, end in self._batches(start, stop):
            some = batch.slice(first, end - first)
            touched(*(some.column(at).to_numpy() for at in range(4)), some.column(4).flatten().to_numpy())
        return stop - start

    def sample(self, count: int) -> NDArray[np.float32]:
        rows = stratified_rows(np.append(self.first_row, self._row_count()), count, 0)
        taken = np.empty((count, 64), np.float32)
        at = 0
        for number in range(self.rows.num_record_batches):
            batch = self.rows.get_batch(number)
            own = rows[at : np.searchsorted(rows, (number + 1) * self.rows_in_batch)] - number * self.rows_in_batch
            taken[at : at + len(own)] = _matrix(batch)[own]
            for column in range(1, 4):
                touched(batch.column(column).to_numpy()[own])
            at += len(own)
        return taken

    def blocks(self) -> Iterator[NDArray[np.float32]]:
        for number in range(self.rows.num_record_batches):
            yield _matrix(self.rows.get_batch(number))

    def _row_count(self) -> int:
        number = self.rows.num_record_batches
        return (number - 1) * self.rows_in_batch + int(self.rows.get_batch(number - 1).num_rows)

    def _batches(self, start: int, stop: int) -> Iterator[tuple[Any, int, int]]:
        """Each batch with rows from start to stop, and which of its rows these are."""
        for number in range(start // self.rows_in_batch, (stop - 1) // self.rows_in_batch + 1):
            first = number * self.rows_in_batch
            yield self.rows.get_batch(number), max(0, start - first), min(self.rows_in_batch, stop - first)


class _RangeFile(io.RawIOBase):
    """A file on a server, as pyarrow wants files."""

    def __init__(self, folder: HttpFolder, name: str) -> None:
        self._folder, self._name, self._at = folder, name, 0
        answer = folder._connections.request("HEAD", f"{folder.url}/{name}")
        self._size = int(answer.headers["Content-Length"])

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = offset + (0, self._at, self._size)[whence]
        return self._at

    def read(self, size: int = -1) -> bytes:
        stop = self._size if size < 0 else min(self._size, self._at + size)
        content = self._folder.read(self._name, self._at, stop) if stop > self._at else b""
        self._at = stop
        return content


def _open(place: str, name: str) -> Any:
    if place.startswith("http"):
        return arrow.ipc.open_file(arrow.PythonFile(_RangeFile(HttpFolder(place), name), "r"))
    return arrow.ipc.open_file(arrow.memory_map(str(Path(place) / name)))


def _matrix(batch: Any) -> NDArray[np.float32]:
    flat: NDArray[np.float32] = batch.column(4).flatten().to_numpy()
    return flat.reshape(batch.num_rows, -1)


assert ROWS_AT_ONCE % 4096 == 0, "a batch must not span two blocks of rows"
