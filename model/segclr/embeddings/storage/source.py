"""Where a table's bytes come from: memory-mapped files, or ranges of bytes from behind an address."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from segclr.embeddings.storage.column_file import checksum_of, file_size, map_column
from segclr.embeddings.storage.manifest import INDEX, Manifest, Shard, StoredColumn, read_manifest
from segclr.errors import TableError

_Result = TypeVar("_Result")

_STATES_TRIED = 5  # a writer may replace a table while it is being opened


class Column(Protocol):
    """A stored column of which parts are read when they are asked for."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    def read(self, start: int, stop: int) -> NDArray[Any]:
        """Return the rows `start` to `stop`, at most to the end; read-only."""
        ...

    def take(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        """Return some rows, given in ascending order."""
        ...


class Source(Protocol):
    """A folder of a table, wherever it is."""

    @property
    def name(self) -> str:
        """To be named in messages."""
        ...

    def read_index(self) -> bytes:
        """Return the content of `table.json`.

        Raises:
            TableError: There is none, or it cannot be read.
        """
        ...

    def column(self, column: StoredColumn) -> Column:
        """Open a column; nothing is read yet.

        Raises:
            FileNotFoundError: It is missing.
            TableError: It is not what it must be.
        """
        ...

    def damage(self, shard: Shard) -> str:
        """Say what is wrong with a shard as far as that costs next to nothing; empty if nothing is seen."""
        ...

    def checksum(self, column: StoredColumn) -> int:
        """Read a column's whole file and return its CRC-32.

        Raises:
            FileNotFoundError, OSError, TableError: It cannot be read.
        """
        ...

    def together(self, tasks: Sequence[Callable[[], _Result]]) -> list[_Result]:
        """Return the results of tasks that read, at the same time where that is faster."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class MappedColumn:
    """A column that is memory-mapped, or in memory."""

    array: NDArray[Any]

    @property
    def shape(self) -> tuple[int, ...]:
        return self.array.shape

    def read(self, start: int, stop: int) -> NDArray[Any]:
        return self.array[start:stop]

    def take(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        taken: NDArray[Any] = self.array[rows]
        return taken


@dataclass(frozen=True, slots=True)
class LocalFolder:
    """A folder of this machine."""

    folder: Path

    @property
    def name(self) -> str:
        return str(self.folder)

    def read_index(self) -> bytes:
        try:
            return (self.folder / INDEX).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            raise TableError(f"there is no embedding table in {self.folder}: it has no {INDEX}") from None
        except OSError as error:
            raise TableError(f"the embedding table {self.folder} cannot be read: {error.strerror or error}") from None

    def column(self, column: StoredColumn) -> MappedColumn:
        return MappedColumn(map_column(self.folder, column))

    def damage(self, shard: Shard) -> str:
        for column in shard.columns.values():
            try:
                size, expected = (self.folder / column.file).stat().st_size, file_size(column)
            except FileNotFoundError:
                return f"{column.file} is missing"
            except OSError as error:
                return f"{column.file} cannot be read ({error.strerror or error})"
            if expected is not None and size != expected:
                return f"{column.file} is cut short or altered: it has {size} bytes, not {expected}"
        return ""

    def checksum(self, column: StoredColumn) -> int:
        return checksum_of(self.folder / column.file)

    def together(self, tasks: Sequence[Callable[[], _Result]]) -> list[_Result]:
        return [task() for task in tasks]


@dataclass(frozen=True, slots=True)
class State:
    """A table as it was when it was opened: what it says of itself, its shards that can be read, and what cannot."""

    manifest: Manifest
    shards: tuple[Shard, ...]
    damage: tuple[str, ...]


def read_state(source: Source) -> State:
    """Read which shards a table has, and look whether their files are there.

    A writer that replaces the table meanwhile takes files away; then the newer state is read.

    Raises:
        TableError: There is no table, its index is damaged, or it is of another format version.
    """
    content = source.read_index()
    for _ in range(_STATES_TRIED):
        manifest = read_manifest(content, source.name)
        wrong = [source.damage(shard) for shard in manifest.shards]
        newer = source.read_index() if any(wrong) else content
        if newer == content:
            break
        content = newer
    return State(
        manifest,
        tuple(shard for shard, why in zip(manifest.shards, wrong, strict=True) if not why),
        tuple(
            f"the embedding table {source.name} is damaged: {why} (shard {shard.name}, {shard.rows} rows)"
            for shard, why in zip(manifest.shards, wrong, strict=True)
            if why
        ),
    )
