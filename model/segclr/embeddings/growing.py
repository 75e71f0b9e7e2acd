"""Tables that grow: shards are added while others read, and made one when all are there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from segclr.embeddings.columns import check_extra
from segclr.embeddings.provenance import Provenance, combined, differences
from segclr.embeddings.storage.merging import merged
from segclr.embeddings.storage.node_edges import NodeEdges
from segclr.embeddings.storage.precision import Storage, check_storage
from segclr.embeddings.storage.shard_writing import Content
from segclr.embeddings.storage.stored_table import StoredTable, open_stored
from segclr.embeddings.storage.writer import open_writer
from segclr.embeddings.table import EmbeddingTable, table_exists
from segclr.errors import TableError


def append_table(folder: Path, table: EmbeddingTable, storage: Storage = "float32") -> None:
    """Add rows to the table in a folder, as a shard of its own; a new table if there is none.

    The shard is there as a whole or not at all, whenever the program or the disk fails. Who has opened the table before
    keeps seeing what it was then. Rows that were written before are not written again.

    Args:
        storage: of a new table's embeddings; one that is there keeps its own.

    Raises:
        TableError: The table there has another encoder, view, EM, segmentation, number of dimensions or other extra
            columns, or has one of the nodes already, or is damaged; another program is writing to it; or it cannot be
            written.
    """
    with open_writer(folder) as writer:
        if table_exists(folder):
            storage = open_stored(folder).manifest.storage
            add = writer.append
        else:
            check_storage(storage)
            add = writer.replace
        add(Content.of(table.columns()), table.provenance, storage, table.stored_as(storage).version)


def compact_table(folder: Path, edges: NodeEdges | None = None) -> None:
    """Write the shards of a table anew as one, sorted, that opens at once; readers of the old ones keep them.

    Needs the table's size on the disk once more while it runs, and some 40 bytes of memory a row. In int8 the
    embeddings are rounded once more, to steps that fit all of them.

    Args:
        edges: of the whole table, instead of those that the shards have: a shard cannot join its rows to another's.

    Raises:
        TableError: There is no table, a shard is damaged, an edge leads to a node without a row, another program is
            writing to it, or the disk is full.
    """
    if not table_exists(folder):
        raise TableError(f"there is no embedding table in {folder}")
    with open_writer(folder) as writer:
        stored = open_stored(folder)
        readers = stored.readers()
        if stored.damage:
            raise TableError(f"a damaged table is not compacted: {stored.damage[0]}")
        if edges is not None or len(readers) != 1 or "piece_boxes" not in readers[0].stored:
            writer.replace(merged(readers, edges), stored.provenance, stored.manifest.storage)


def add_column(folder: Path, name: str, values: NDArray[Any]) -> None:
    """Add a column of your own to a table of one shard; the others are read, for the version, but not written again.

    Args:
        values: (n,) numbers, truth values or texts, in the order of the rows that `open_table` gives.

    Raises:
        TableError: There is no table, it has several shards or such a column already, the values do not fit it, another
            program is writing to it, or the disk is full.
    """
    if not table_exists(folder):
        raise TableError(f"there is no embedding table in {folder}")
    with open_writer(folder) as writer:
        stored = open_stored(folder)
        (reader, *others), manifest = stored.readers(), stored.manifest
        if others or reader.first_edge is None:
            raise TableError(f"columns are added to a table of one shard: run `segclr-table compact {folder}` before")
        if name in manifest.extra:
            raise TableError(f"the embedding table {folder} has a column {name} already: take another name")
        check_extra(name, values, len(stored))
        writer.add_column(manifest, name, values)


def merge_tables(
    sources: Sequence[StoredTable],
    folder: Path,
    storage: Storage | None = None,
    same_volumes: bool = False,
    edges: NodeEdges | None = None,
) -> None:
    """Write the rows of several tables, or of one, as a new one, sorted, that opens at once.

    Takes as much memory as `compact_table`.

    Args:
        folder: that is none of the sources'; a table that is there is replaced.
        storage: of the embeddings; that of the first table if None.
        same_volumes: EM and segmentation are the same although their urls differ; those of the first table are kept.
        edges: of all rows, instead of those that the tables have.

    Raises:
        TableError: The tables differ in encoder, view, volumes, dimensions or extra columns, and it is said in which;
            two have the same node; a shard is damaged; or the folder cannot be written.
    """
    first = sources[0]
    for stored in sources:
        stored.readers()
        if stored.damage:
            raise TableError(f"a damaged table is not merged: {stored.damage[0]}")
    made = first.provenance
    for stored in sources[1:]:
        added = stored.provenance
        if same_volumes:
            added = replace(added, em_url=made.em_url, segmentation_url=made.segmentation_url)
        _check_alike(first, stored, added)
        made = combined(made, added)
    readers = [reader for stored in sources for reader in stored.readers()]
    if not readers:
        raise TableError(f"there are no rows in {', '.join(stored.source.name for stored in sources)}")
    if any(stored.source.name == str(folder) for stored in sources):
        raise TableError(f"{folder} is one of the tables to be read: name another folder")
    with open_writer(folder) as writer:
        writer.replace(merged(readers, edges), made, storage or first.manifest.storage)


def _check_alike(first: StoredTable, other: StoredTable, other_made: Provenance) -> None:
    """Refuse tables whose rows cannot be of one, and say what differs."""
    found = differences(first.provenance, other_made)
    one, two = first.manifest, other.manifest
    if one.dimensions != two.dimensions:
        found.append(f"{one.dimensions} dimensions, against {two.dimensions}")
    if dict(one.extra) != dict(two.extra):
        found.append(f"extra columns {', '.join(one.extra) or 'none'}, against {', '.join(two.extra) or 'none'}")
    if found:
        raise TableError(
            f"the tables {first.source.name} and {other.source.name} cannot be merged, for they differ: "
            f"{'; '.join(found)}"
        )
