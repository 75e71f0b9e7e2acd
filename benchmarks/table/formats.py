"""The formats that are compared: each writes the same rows, and reads parts of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from benchmarks.table.rows import MADE_BY
from segclr.embeddings.storage.precision import ROWS_AT_ONCE, Storage
from segclr.embeddings.storage.shard_writing import Content
from segclr.embeddings.storage.stored_table import StoredTable, open_stored
from segclr.embeddings.storage.writer import open_writer


class Opened(Protocol):
    """A table that was opened."""

    def segment(self, segment_id: int) -> int:
        """Read the ids, positions and embeddings of a segment, every byte; return how many rows."""
        ...

    def sample(self, count: int) -> NDArray[np.float32]:
        """Return the (count, d) embeddings of random rows, with their positions read as well."""
        ...

    def blocks(self) -> Iterator[NDArray[np.float32]]:
        """Yield all embeddings."""
        ...


class Format(Protocol):
    """A way to keep a table in a folder."""

    @property
    def name(self) -> str: ...

    def write(self, folder: Path, content: Content) -> None: ...

    def open(self, place: str) -> Opened: ...


@dataclass(frozen=True, slots=True)
class PlainColumns:
    """The product's own."""

    storage: Storage

    @property
    def name(self) -> str:
        return f"columns, {self.storage}"

    def write(self, folder: Path, content: Content) -> None:
        with open_writer(folder) as writer:
            writer.replace(content, MADE_BY, self.storage, "0" * 16)

    def open(self, place: str) -> Opened:
        opened = PlainOpened(open_stored(place))
        opened.stored.readers()
        return opened


@dataclass(frozen=True, slots=True)
class PlainOpened:
    """A table of the product."""

    stored: StoredTable

    def segment(self, segment_id: int) -> int:
        rows = self.stored.rows_of_segment(segment_id)
        touched(rows.node_ids, rows.positions_nm, rows.embeddings, rows.edges)
        return len(rows)

    def sample(self, count: int) -> NDArray[np.float32]:
        return self.stored.sample(count).embeddings

    def blocks(self) -> Iterator[NDArray[np.float32]]:
        for reader in self.stored.readers():
            for start in range(0, reader.shard.rows, ROWS_AT_ONCE):
                yield reader.read("embeddings", start, start + ROWS_AT_ONCE)

    def box(self, low_nm: tuple[float, float, float], high_nm: tuple[float, float, float]) -> int:
        """Read the rows in a box; return how many. Boxes of blocks would be the same in any format."""
        return len(self.stored.box(low_nm, high_nm))


def touched(*arrays: NDArray[Any]) -> float:
    """Read every number, as whoever asked for them would; mapped ones have not been read before."""
    return sum(float(array.sum()) for array in arrays)
