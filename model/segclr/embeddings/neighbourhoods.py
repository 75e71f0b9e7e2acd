"""Which rows of a table lie within a radius of which, in the same segment.

The distance is the length of the path along the skeleton; segments whose rows have no edges at all are measured as the
crow flies. A table has ten times more pairs than rows or more, so they come in blocks.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components, dijkstra
from scipy.spatial import KDTree

from segclr.em.geometry import XYZ
from segclr.embeddings.table import EmbeddingTable

_TIE = 1 + 1e-9  # a sum of lengths must not depend on the end it was started from
_SHORTEST_NM = 1e-9  # csgraph takes a length of zero for "no edge"
_TREE_BLOCK = 16384  # rows whose paths are followed together: their state stays in the cache
_LOOP_BLOCK = 256
_SPACE_BLOCK = 4096
_MOST_PAIRS = 1 << 24


class Pairs(NamedTuple):
    """For each i, the row `neighbours[i]` is within the radius of the row `rows[source[i]]`, and not that row itself.

    Attributes:
        rows: at most 65536, none twice; another block may have more neighbours of the same rows.
        source: indices into `rows`, in any order.
    """

    rows: NDArray[np.int64]
    source: NDArray[np.integer]
    neighbours: NDArray[np.integer]


def pairs_within(table: EmbeddingTable, radius_nm: float) -> Iterator[Pairs]:
    """Yield every ordered pair of two rows within a positive radius exactly once."""
    a, b = table.edges[:, 0], table.edges[:, 1]
    lengths = _lengths(table.positions_nm, table.edges)
    graph = csr_array((np.tile(lengths, 2), (np.append(a, b), np.append(b, a))), shape=(len(table), len(table)))
    pieces, piece_of = connected_components(graph, directed=False)
    has_loop = np.bincount(piece_of[a], minlength=pieces) >= np.bincount(piece_of, minlength=pieces)
    segment_of = np.repeat(np.arange(len(table.segment_ids)), np.diff(table.first_row))
    has_edges = np.bincount(segment_of[a], minlength=len(table.segment_ids)) > 0

    yield from _along_trees(graph, np.flatnonzero(~has_loop[piece_of] & has_edges[segment_of]), radius_nm)
    on_loops = np.flatnonzero(has_loop[piece_of])
    on_loops = on_loops[np.argsort(piece_of[on_loops], kind="stable")]
    for piece in np.split(on_loops, np.flatnonzero(np.diff(piece_of[on_loops])) + 1):
        yield from _along_loops(graph, piece, table.positions_nm[piece], radius_nm)
    yield from _through_space(table, np.flatnonzero(~has_edges[segment_of]), radius_nm)


def rows_near_place(
    table: EmbeddingTable, segment_id: int, position_nm: XYZ, radius_nm: float
) -> tuple[NDArray[np.int64], float]:
    """Return the rows within a radius of a place of a segment that has rows, and how far the nearest of its rows is.

    The place is tied to the nearest node and to that node's neighbours by straight lines.
    """
    rows = table.rows_of(segment_id)
    positions_nm = table.positions_nm[rows]
    edges = table.edges_of(segment_id) - rows.start
    straight = np.linalg.norm(positions_nm - np.asarray(position_nm, np.float64), axis=1)
    distances = straight
    if len(edges):
        n, nearest = len(straight), int(straight.argmin())
        at_nearest = edges[(edges == nearest).any(axis=1)]
        entries = np.append(nearest, at_nearest.sum(axis=1) - nearest)
        a = np.append(edges[:, 0], np.full(len(entries), n))  # the place itself is node n
        b = np.append(edges[:, 1], entries)
        lengths = np.append(_lengths(positions_nm, edges), np.maximum(straight[entries], _SHORTEST_NM))
        graph = csr_array((lengths, (a, b)), shape=(n + 1, n + 1))
        distances = dijkstra(graph, directed=False, indices=np.array([n]), limit=radius_nm * _TIE)[0, :n]
    return rows.start + np.flatnonzero(distances <= radius_nm * _TIE), float(straight.min())


def _along_trees(graph: csr_array, roots: NDArray[np.int64], radius_nm: float) -> Iterator[Pairs]:
    """Follow all paths from many rows at once, an edge per step. In a tree no two of them meet: no pair comes twice."""
    first, onto, lengths = graph.indptr, graph.indices, graph.data
    for start in range(0, len(roots), _TREE_BLOCK):
        rows = roots[start : start + _TREE_BLOCK]
        source: NDArray[np.integer] = np.arange(len(rows), dtype=np.uint16)
        node: NDArray[np.integer] = rows
        came_from: NDArray[np.integer] = np.full(len(rows), -1)
        travelled = np.zeros(len(rows))
        sources, found = [source[:0]], [node[:0]]
        while len(node):
            degree = first[node + 1] - first[node]
            path = np.repeat(np.arange(len(node)), degree)
            edge = np.arange(len(path)) + np.repeat(first[node] - np.cumsum(degree) + degree, degree)
            further = travelled[path] + lengths[edge]
            goes_on = np.flatnonzero((further <= radius_nm * _TIE) & (onto[edge] != came_from[path]))
            path, edge = path[goes_on], edge[goes_on]
            source, came_from, node, travelled = source[path], node[path], onto[edge], further[goes_on]
            sources.append(source)
            found.append(node)
            if sum(map(len, found)) > _MOST_PAIRS:
                yield Pairs(rows, np.concatenate(sources), np.concatenate(found))
                sources, found = [], []
        if found:
            yield Pairs(rows, np.concatenate(sources), np.concatenate(found))


def _along_loops(
    graph: csr_array, piece: NDArray[np.int64], positions_nm: NDArray[np.float64], radius_nm: float
) -> Iterator[Pairs]:
    """Search shortest paths in a piece where there may be several, from a few rows that lie together at a time."""
    nearby_first = KDTree(positions_nm).indices if len(piece) else np.empty(0, np.int64)
    for start in range(0, len(piece), _LOOP_BLOCK):
        some = nearby_first[start : start + _LOOP_BLOCK]
        low, high = positions_nm[some].min(axis=0) - radius_nm, positions_nm[some].max(axis=0) + radius_nm
        # no path within the radius leaves this box
        near = np.flatnonzero(((positions_nm >= low) & (positions_nm <= high)).all(axis=1))
        part = graph[piece[near]][:, piece[near]]
        distances = dijkstra(part, indices=np.searchsorted(near, some), limit=radius_nm * _TIE)
        source, neighbour = np.nonzero(np.isfinite(distances) & (near[None, :] != some[:, None]))
        yield Pairs(piece[some], source, piece[near[neighbour]])


def _through_space(table: EmbeddingTable, rows: NDArray[np.int64], radius_nm: float) -> Iterator[Pairs]:
    """Find neighbours by straight distance, with the segments moved apart along a fourth axis."""
    if len(rows) == 0:
        return
    segment = np.searchsorted(table.first_row, rows, side="right")
    points = np.column_stack([table.positions_nm[rows], segment * (3 * radius_nm)])
    everything = KDTree(points, balanced_tree=False, compact_nodes=False)  # faster where one search is all there is
    block = max(1, min(_SPACE_BLOCK, _MOST_PAIRS // int(np.diff(table.first_row).max())))
    for start in range(0, len(rows), block):
        some = KDTree(points[start : start + block], balanced_tree=False, compact_nodes=False)
        pairs = some.sparse_distance_matrix(everything, radius_nm * _TIE, output_type="ndarray")
        source, neighbour = pairs["i"], pairs["j"]
        others = source + start != neighbour
        yield Pairs(rows[start : start + block], source[others], rows[neighbour[others]])


def _lengths(positions_nm: NDArray[np.float64], edges: NDArray[np.int64]) -> NDArray[np.float64]:
    lengths: NDArray[np.float64] = np.linalg.norm(positions_nm[edges[:, 0]] - positions_nm[edges[:, 1]], axis=1)
    return np.maximum(lengths, _SHORTEST_NM)
