"""A table as one flat sheet of rows, as files of other programs have it, and back.

The columns: `segment_id`, `node_id`, `x_nm`, `y_nm`, `z_nm`, the extra ones, `edges_to`, and the embedding. `edges_to`
lists, for each row, the nodes of its segment that it is joined to and that come after it, so that every edge stands
once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segclr.embeddings.columns import Extra
from segclr.embeddings.provenance import Provenance
from segclr.embeddings.storage.manifest import EXTRA
from segclr.embeddings.storage.precision import ROWS_AT_ONCE
from segclr.embeddings.storage.shard_reading import ShardReader
from segclr.embeddings.storage.stored_table import Rows, StoredTable
from segclr.embeddings.table import EmbeddingTable, build_table
from segclr.errors import TableError
from segclr.wording import counted, verb

PROVENANCE_KEY = b"segclr.provenance"  # in the metadata of a file: `Provenance.to_json`


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Some rows on their way out, with their edges.

    Attributes:
        first_edge: (k + 1,) int64; row i is joined to `edges_to[first_edge[i]:first_edge[i + 1]]`.
        edges_to: (m,) int64 node ids.
    """

    rows: Rows
    first_edge: NDArray[np.int64]
    edges_to: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """All rows of a file, in its order.

    Attributes:
        segment_ids: (n,) integers.
        node_ids: (n,) integers, None to number the rows of each segment as they come.
        positions_nm: (n, 3) float64, xyz.
        embeddings: (n, d).
        first_edge, edges_to: as in `Block`.
        provenance: None where the file does not tell it.
    """

    segment_ids: NDArray[Any]
    node_ids: NDArray[Any] | None
    positions_nm: NDArray[np.float64]
    embeddings: NDArray[np.floating]
    extra: Extra
    first_edge: NDArray[np.int64]
    edges_to: NDArray[np.int64]
    provenance: Provenance | None


def blocks_of(stored: StoredTable) -> Iterator[Block]:
    """Yield all rows of a table with their edges, some at a time."""
    for reader in stored.readers():
        edges = reader.read("edges", 0, reader.shard.edges)
        nodes = reader.read("node_ids", 0, reader.shard.rows)
        for start in range(0, reader.shard.rows, ROWS_AT_ONCE):
            stop = min(reader.shard.rows, start + ROWS_AT_ONCE)
            first = np.searchsorted(edges[:, 0], np.arange(start, stop + 1))
            yield Block(_rows(reader, start, stop), first - first[0], nodes[edges[first[0] : first[-1], 1]])


def block_of(rows: Rows) -> Block:
    """Rows without edges, such as a sample."""
    return Block(rows, np.zeros(len(rows) + 1, np.int64), np.empty(0, np.int64))


def table_of(sheet: Sheet, provenance: Provenance | None, keep_first: bool = False) -> EmbeddingTable:
    """Build a table of a sheet.

    Args:
        provenance: to be taken instead of the sheet's own.
        keep_first: of rows of one segment at the same position take the first, and leave out the others' edges.

    Raises:
        TableError: Two rows of a segment without node ids lie at the same position, an edge leads to a node that is
            not there, there is no provenance, or the rows make no table.
    """
    made = provenance or sheet.provenance
    if made is None:
        raise TableError(
            "the file does not tell which encoder made its embeddings, of which volumes: name a table of the same "
            "encoder and volumes with --like"
        )
    segments = sheet.segment_ids
    if segments.dtype.kind not in "ui":
        raise TableError(f"segment ids are {segments.dtype}, but must be integers: floats would change large ones")
    nodes = _numbered(segments) if sheet.node_ids is None else sheet.node_ids
    edges = _edges(sheet, nodes)
    kept = _kept(sheet, keep_first)
    new_row = np.cumsum(kept) - 1
    edges = new_row[edges[kept[edges].all(axis=1)]]
    if kept.all():
        kept = slice(None)  # type: ignore[assignment] # else all columns would be copied
    return build_table(
        segments[kept],
        nodes[kept],
        sheet.positions_nm[kept],
        sheet.embeddings[kept],
        edges,
        made,
        {name: values[kept] for name, values in sheet.extra.items()},
    )


def _rows(reader: ShardReader, start: int, stop: int) -> Rows:
    return Rows(
        reader.segment_of(np.arange(start, stop)),
        reader.read("node_ids", start, stop),
        reader.read("positions_nm", start, stop),
        reader.read("embeddings", start, stop),
        {name: reader.read(EXTRA + name, start, stop) for name in reader.extra_names()},
        np.empty((0, 2), np.int64),
    )


def _numbered(segments: NDArray[Any]) -> NDArray[np.int64]:
    """Number the rows of each segment from 0 on, as they come."""
    order = np.argsort(segments, kind="stable")
    _, first, counts = np.unique(segments[order], return_index=True, return_counts=True)
    numbers = np.empty(len(segments), np.int64)
    numbers[order] = np.arange(len(segments)) - np.repeat(first, counts)
    return numbers


def _edges(sheet: Sheet, nodes: NDArray[Any]) -> NDArray[np.int64]:
    """Return the edges, (m, 2), as rows of the sheet."""
    if not len(sheet.edges_to):
        return np.empty((0, 2), np.int64)
    source = np.repeat(np.arange(len(nodes)), np.diff(sheet.first_edge))
    _, segment = np.unique(sheet.segment_ids, return_inverse=True)
    known, node = np.unique(nodes, return_inverse=True)
    keys = segment * len(known) + node  # one number for each (segment, node): at most n^2
    order = np.argsort(keys)
    at = np.minimum(np.searchsorted(known, sheet.edges_to), len(known) - 1)
    wanted = segment[source] * len(known) + at
    place = np.minimum(np.searchsorted(keys, wanted, sorter=order), len(keys) - 1)
    found = order[place]
    missing = np.flatnonzero((keys[found] != wanted) | (known[at] != sheet.edges_to))
    if len(missing):
        row = source[missing[0]]
        raise TableError(
            f"{counted(len(missing), 'edge')} {verb(len(missing), 'leads', 'lead')} to nodes that are not there, "
            f"the first from node {nodes[row]} of segment "
            f"{sheet.segment_ids[row]} to node {sheet.edges_to[missing[0]]}"
        )
    return np.stack([source, found], axis=1)


def _kept(sheet: Sheet, keep_first: bool) -> NDArray[np.bool_]:
    """Mark the rows that are kept: all whose nodes tell them apart, unless only the first at a position is wanted."""
    if sheet.node_ids is not None and not keep_first:
        return np.ones(len(sheet.segment_ids), np.bool_)
    x, y, z = sheet.positions_nm.T
    order = np.lexsort((z, y, x, sheet.segment_ids))
    same = (sheet.positions_nm[order[1:]] == sheet.positions_nm[order[:-1]]).all(axis=1)
    same &= sheet.segment_ids[order[1:]] == sheet.segment_ids[order[:-1]]
    kept = np.ones(len(order), np.bool_)
    kept[order[1:][same]] = False
    if not kept.all() and not keep_first:
        row, astray = order[1:][same][0], int((~kept).sum())
        x_nm, y_nm, z_nm = sheet.positions_nm[row].tolist()
        raise TableError(
            f"{counted(astray, 'row')} {verb(astray, 'lies', 'lie')} where another one of the same segment lies, the "
            f"first of segment {sheet.segment_ids[row]} at {x_nm:g}, {y_nm:g}, {z_nm:g} nm, and no node_id tells them "
            "apart: take them out, or take the first of each with --keep-first"
        )
    return kept
