"""The columns of an embedding table: checked, sorted, and named by their content."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segclr.embeddings.provenance import Provenance
from segclr.errors import TableError
from segclr.wording import counted, verb

_ROWS_AT_ONCE = 16384

Extra = Mapping[str, NDArray[Any]]
"""Columns of the user's: by name, (n,) numbers, truth values or texts; NaN stands for "not known"."""

_EXTRA_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
_TAKEN = re.compile(r"segment_ids?|first_row|node_ids?|positions?(_nm)?|[xyz](_nm)?|embeddings?|edges|edges_to|e[0-9]+")


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """n rows of S segments with d-dimensional embeddings and m edges; see `EmbeddingTable`."""

    segment_ids: NDArray[np.uint64]
    first_row: NDArray[np.int64]
    node_ids: NDArray[np.int64]
    positions_nm: NDArray[np.float64]
    embeddings: NDArray[np.float32]
    edges: NDArray[np.int64]
    extra: Extra = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.node_ids)

    def arrays(self) -> Iterator[NDArray[Any]]:
        """All columns but the extra ones, in the order of the version."""
        yield from (self.segment_ids, self.first_row, self.node_ids, self.positions_nm, self.embeddings, self.edges)

    def segment_of_row(self) -> NDArray[np.uint64]:
        """(n,) uint64: the segment id of each row."""
        return np.repeat(self.segment_ids, np.diff(self.first_row))


def sorted_columns(
    segment_of_row: NDArray[np.integer],
    node_ids: NDArray[np.integer],
    positions_nm: NDArray[np.floating],
    embeddings: NDArray[np.floating],
    edges: NDArray[np.integer],
    extra: Extra | None = None,
) -> Columns:
    """Group rows by segment and sort them by node; see `build_table`."""
    _check(segment_of_row, node_ids, positions_nm, embeddings, edges)
    n = len(segment_of_row)
    for name, values in (extra or {}).items():
        check_extra(name, values, n)
    segments, nodes = segment_of_row.astype(np.uint64), node_ids.astype(np.int64)
    order = np.lexsort((nodes, segments))
    segments, nodes = segments[order], nodes[order]
    twice = np.flatnonzero((segments[1:] == segments[:-1]) & (nodes[1:] == nodes[:-1]))
    if len(twice):
        raise TableError(
            f"segment {segments[twice[0]]} has the node {nodes[twice[0]]} twice, but each node can have only one row"
        )
    unique, first = np.unique(segments, return_index=True)
    new_row = np.empty(n, np.int64)
    new_row[order] = np.arange(n)
    columns = Columns(
        segment_ids=unique,
        first_row=np.append(first, n).astype(np.int64),
        node_ids=nodes,
        positions_nm=positions_nm[order].astype(np.float64, copy=False),
        embeddings=embeddings[order].astype(np.float32, copy=False),
        edges=_sorted_edges(new_row[edges], segments),
        extra={name: values[order] for name, values in (extra or {}).items()},
    )
    for column in (*columns.arrays(), *columns.extra.values()):
        column.flags.writeable = False
    return columns


def check_extra(name: str, values: NDArray[Any], rows: int) -> None:
    """Refuse an extra column that a table cannot keep.

    Raises:
        TableError: Its name is taken or no name, or it has not one number, truth value or text per row.
    """
    if not _EXTRA_NAME.fullmatch(name) or _TAKEN.fullmatch(name):
        raise TableError(
            f"an extra column cannot be named {name!r}: take letters, digits and _, and no name of a table's own column"
        )
    if values.shape != (rows,) or values.dtype.kind not in "biufU" or (values.dtype.itemsize == 0 and rows):
        raise TableError(
            f"the extra column {name} is {values.dtype} {values.shape}, but must have one number, truth value or text "
            f"for each of {rows} rows"
        )


def content_version(columns: Columns, provenance: Provenance) -> str:
    """Return 16 hex digits that differ when any number in the table, or what it was made of, differs."""
    own: list[Described] = [("", column.dtype, column.shape, (column,)) for column in columns.arrays()]
    extra = sorted(columns.extra.items())
    return version_of([*own, *((name, values.dtype, values.shape, (values,)) for name, values in extra)], provenance)


Described = tuple[str, np.dtype[Any], tuple[int, ...], Iterable[NDArray[Any]]]
"""A column: its name if it is an extra one, its dtype and shape, and its rows in blocks of any length."""


def version_of(columns: Iterable[Described], provenance: Provenance) -> str:
    """Return the `content_version` of columns in blocks: a table's own in their order, then the extra ones."""
    digest = hashlib.sha256(json.dumps(provenance.to_json(), sort_keys=True).encode())
    for name, dtype, shape, blocks in columns:
        digest.update(f"{name}{dtype.str}{shape}".encode())
        for block in blocks:
            if block.size:
                digest.update(np.ascontiguousarray(block).reshape(-1).view(np.uint8).data)
    return digest.hexdigest()[:16]


def rows_not_finite(values: NDArray[np.floating]) -> NDArray[np.int64]:
    """Return the rows of (n, d) values that hold NaN or infinity; a large column is read once, block by block."""
    broken = []
    for start in range(0, len(values), _ROWS_AT_ONCE):
        finite = np.isfinite(values[start : start + _ROWS_AT_ONCE])
        if not finite.all():
            broken.append(start + np.flatnonzero(~finite.all(axis=1)))
    return np.concatenate(broken) if broken else np.empty(0, np.int64)


def _check(
    segments: NDArray[np.integer],
    nodes: NDArray[np.integer],
    positions_nm: NDArray[np.floating],
    embeddings: NDArray[np.floating],
    edges: NDArray[np.integer],
) -> None:
    n = len(segments)
    shapes = (segments.shape, nodes.shape, positions_nm.shape, embeddings.shape[:1], edges.shape[1:])
    if shapes != ((n,), (n,), (n, 3), (n,), (2,)) or (embeddings.ndim, edges.ndim) != (2, 2):
        raise TableError(
            f"the columns do not fit each other: segments {segments.shape}, nodes {nodes.shape}, positions "
            f"{positions_nm.shape}, embeddings {embeddings.shape}, edges {edges.shape}"
        )
    for name, ids in (("segment ids", segments), ("node ids", nodes), ("edges", edges)):
        if ids.dtype.kind not in "ui":
            raise TableError(f"{name} are {ids.dtype}, but must be integers: floats would change large ones")
    if n and int(segments.min()) < 1:
        raise TableError(f"a row has segment {segments.min()}, but 0 is background and segments are positive")
    if len(edges) and not 0 <= int(edges.min()) <= int(edges.max()) < n:
        raise TableError(f"edges join rows {edges.min()} to {edges.max()}, but there are {n} rows")
    for name, values in (("embeddings", embeddings), ("positions", positions_nm)):
        broken = rows_not_finite(values)
        if len(broken):
            raise TableError(
                f"{len(broken)} of {n} {name} are NaN or infinite, the first that of segment {segments[broken[0]]}, "
                f"node {nodes[broken[0]]}: the encoder, or what it was given, is broken"
            )


def _sorted_edges(edges: NDArray[np.int64], segments: NDArray[np.uint64]) -> NDArray[np.int64]:
    edges = np.sort(edges, axis=1)
    strange = np.flatnonzero((segments[edges[:, 0]] != segments[edges[:, 1]]) | (edges[:, 0] == edges[:, 1]))
    if len(strange):
        first, second = segments[edges[strange[0]]]
        raise TableError(
            f"{counted(len(strange), 'edge')} {verb(len(strange), 'joins', 'join')} two segments or a node with "
            f"itself (the first, segments {first} and {second}), "
            "but an edge joins two nodes of one segment"
        )
    # one sort of one number per edge is much faster than sorting pairs
    keys = np.unique(edges[:, 0] * np.int64(max(len(segments), 1)) + edges[:, 1])
    return np.stack(np.divmod(keys, np.int64(max(len(segments), 1))), axis=1)
