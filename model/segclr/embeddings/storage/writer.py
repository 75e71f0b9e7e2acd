"""Changing a table's folder: new files first, then `table.json`, replaced at once; at last what it no longer names.

So a reader sees one state of the table or the next, a writer that is killed leaves the old one, and what it had written
is removed by the next writer.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segclr.embeddings.provenance import Provenance, combined, differences
from segclr.embeddings.storage.column_file import write_column
from segclr.embeddings.storage.lock import writing_alone
from segclr.embeddings.storage.manifest import EXTRA, INDEX, Manifest, Shard
from segclr.embeddings.storage.precision import Storage
from segclr.embeddings.storage.shard_reading import ShardReader
from segclr.embeddings.storage.shard_writing import Content, write_shard
from segclr.embeddings.storage.source import LocalFolder, read_state
from segclr.errors import TableError

_OWN_FILE = re.compile(r"[A-Za-z0-9_.]+-[0-9a-f]{16}\.npy(\.part)?")


@dataclass(frozen=True, slots=True)
class TableWriter:
    """What holds the lock of a folder; made by `open_writer`."""

    folder: Path

    def replace(self, content: Content, provenance: Provenance, storage: Storage, name: str | None = None) -> None:
        """Let a table of one shard take the place of what the folder holds.

        Args:
            name: the version of the content as it is read again, if known; else all of it is read again for that.

        Raises:
            OSError: It cannot be written; a table that was there is still whole.
            TableError: The embeddings cannot be stored so.
        """
        shard = write_shard(self.folder, content, storage, name or "")
        if name is None:
            shard = replace(shard, name=ShardReader.open(LocalFolder(self.folder), shard).version(provenance))
        self._commit(Manifest(content.dimensions, storage, provenance, (shard,), _extra_kinds(content)))

    def append(self, content: Content, provenance: Provenance, storage: Storage, name: str) -> None:
        """Add a shard to a table that is there.

        Raises:
            OSError: It cannot be written; the table is as it was.
            TableError: It is not of the table's kind, has a node that is there already, or a shard is damaged.
        """
        source = LocalFolder(self.folder)
        state = read_state(source)
        if state.damage:
            raise TableError(f"nothing can be added to a damaged table: {state.damage[0]}")
        was = state.manifest
        _check_alike(was, content, provenance, storage, str(self.folder))
        if len(content.node_ids) == 0:
            return
        shards = tuple(self._newest_format(shard, source) for shard in was.shards)
        for shard in shards:
            _check_new(ShardReader.open(source, shard), content)
        added = write_shard(self.folder, content, storage, name)
        self._commit(replace(was, provenance=combined(was.provenance, provenance), shards=(*shards, added)))

    def add_column(self, was: Manifest, name: str, values: NDArray[Any]) -> None:
        """Write an extra column beside those of a table of one shard, which are not written again.

        Raises:
            OSError: It cannot be written; the table is as it was.
        """
        path = self.folder / f"{EXTRA}{name}-{secrets.token_hex(8)}.npy"
        written = write_column(path, values.dtype.newbyteorder("<"), values.shape, (values,))
        (shard,) = was.shards
        shard = replace(shard, columns={**shard.columns, EXTRA + name: written})
        shard = replace(shard, name=ShardReader.open(LocalFolder(self.folder), shard).version(was.provenance))
        self._commit(replace(was, shards=(shard,), extra={**was.extra, name: _kind(values.dtype)}))

    def _newest_format(self, shard: Shard, source: LocalFolder) -> Shard:
        """Return a shard of format version 1 written anew, others as they are."""
        if "first_edge" in shard.columns:
            return shard
        columns = ShardReader.open(source, shard).columns()
        return write_shard(self.folder, Content.of(columns), "float32", shard.name)

    def _commit(self, manifest: Manifest) -> None:
        part = self.folder / f"{INDEX}.part"
        try:
            with part.open("wb") as file:
                file.write(manifest.to_json())
                file.flush()
                os.fsync(file.fileno())
            _to_disk(self.folder)
            part.replace(self.folder / INDEX)
        except BaseException:
            part.unlink(missing_ok=True)
            self.tidy()
            raise
        _to_disk(self.folder)
        self.tidy()

    def tidy(self) -> None:
        """Remove files that the table does not name: an older state's, and a killed writer's.

        What another process has mapped stays readable there (POSIX), or stays where it is (Windows).
        """
        try:
            named = read_state(LocalFolder(self.folder)).manifest.files()
        except TableError:
            return  # there is no table yet, or none that can be read: nothing is known to be of no use
        for path in self.folder.iterdir():
            if _OWN_FILE.fullmatch(path.name) and path.name not in named:
                try:
                    path.unlink()
                except OSError:
                    continue


@contextmanager
def open_writer(folder: Path) -> Iterator[TableWriter]:
    """Become the one writer of a folder, made if it is not there.

    Raises:
        TableError: Another writer is at work, or the folder cannot be written; what was there is still whole.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with writing_alone(folder):
            writer = TableWriter(folder)
            writer.tidy()
            yield writer
    except OSError as error:
        raise TableError(f"the embedding table cannot be written to {folder}: {error.strerror or error}") from None


def _check_alike(was: Manifest, content: Content, provenance: Provenance, storage: Storage, place: str) -> None:
    """Refuse rows of another kind, and say what differs."""
    found = differences(was.provenance, provenance)
    if was.dimensions != content.dimensions:
        found.append(f"{was.dimensions} dimensions, against {content.dimensions}")
    if was.storage != storage:
        found.append(f"embeddings in {was.storage}, against {storage}")
    kinds = _extra_kinds(content)
    if dict(was.extra) != kinds:
        found.append(f"the extra columns {_listed(was.extra)}, against {_listed(kinds)}")
    if found:
        raise TableError(f"rows of another kind cannot be added to the embedding table {place}: {'; '.join(found)}")


def _check_new(shard: ShardReader, content: Content) -> None:
    """Refuse nodes that a shard has already."""
    for index in np.flatnonzero(np.isin(content.segment_ids, shard.segment_ids)).tolist():
        segment_id = int(content.segment_ids[index])
        own = content.node_ids[content.first_row[index] : content.first_row[index + 1]]
        rows = shard.rows_of(segment_id)
        twice = np.intersect1d(own, shard.read("node_ids", rows.start, rows.stop))
        if len(twice):
            raise TableError(
                f"segment {segment_id} has the node {twice[0]} twice, in the shard {shard.shard.name} and in what is "
                "to be added, but each node can have only one row"
            )


def _extra_kinds(content: Content) -> dict[str, str]:
    return {name: _kind(dtype) for name, (dtype, _) in sorted(content.extra.items())}


def _kind(dtype: np.dtype[Any]) -> str:
    return "U" if dtype.kind == "U" else dtype.newbyteorder("<").str


def _listed(extra: Mapping[str, str]) -> str:
    return ", ".join(f"{name} ({kind})" for name, kind in extra.items()) or "none"


def _to_disk(folder: Path) -> None:
    """Make the names in a folder durable, where the system can."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
