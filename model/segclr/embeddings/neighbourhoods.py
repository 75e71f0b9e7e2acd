"""Which rows of a table lie within a radius of which, in the same segment.

The distance is the length of the path along the skeleton; segments whose rows have no edges at all are measured as the
crow flies. A table has ten times more pairs than rows or more, so they come in blocks. How paths are followed near
loops: `loops.py` tells where those are.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components, dijkstra
from scipy.spatial import KDTree
from scipy.spatial.distance import cdist

from segclr.em.geometry import XYZ
from segclr.embeddings.loops import on_loops
from segclr.embeddings.table import EmbeddingTable

_TIE = 1 + 1e-9  # a sum of lengths must not depend on the end it was started from
_SHORTEST_NM = 1e-9  # csgraph takes a length of zero for "no edge"
_TREE_BLOCK = 16384  # rows whose paths are followed together: their state stays in the cache
_LOOP_BLOCK = 256
_SMALL_SEGMENTS = 4096  # rows that are searched together
_SPACE_BLOCK = 16384
_CROWD_BLOCK = 256
_MOST_PAIRS = 1 << 23  # that are held at once


class Pairs(NamedTuple):
    """For each i, the row `neighbours[i]` is within the radius of the row `rows[source[i]]`, and not that row itself.

    Attributes:
        rows: none twice; another block may have more neighbours of the same rows.
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
    segment_of = np.repeat(np.arange(len(table.segment_ids)), np.diff(table.first_row))
    has_edges = np.bincount(segment_of[a], minlength=len(table.segment_ids)) > 0
    near_loop = _near_loops(graph, radius_nm)

    yield from _along_trees(graph, np.flatnonzero(~near_loop & has_edges[segment_of]), radius_nm)
    yield from _along_loops(graph, np.flatnonzero(near_loop), table.positions_nm, radius_nm)
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


def _near_loops(graph: csr_array, radius_nm: float) -> NDArray[np.bool_]:
    """Return per row whether a path within the radius meets a loop: there alone may two paths lead to one row."""
    looped = np.flatnonzero(on_loops(graph))
    if len(looped) == 0:
        return np.zeros(graph.shape[0], np.bool_)
    # a little further than the paths themselves are followed
    away = dijkstra(graph, indices=looped, limit=radius_nm * _TIE**2, min_only=True)
    near: NDArray[np.bool_] = np.isfinite(away)
    return near


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
    graph: csr_array, roots: NDArray[np.int64], positions_nm: NDArray[np.float64], radius_nm: float
) -> Iterator[Pairs]:
    """Search shortest paths where there may be several, from a few rows of one piece that lie together at a time."""
    piece_of = connected_components(graph, directed=False)[1]
    by_piece = np.argsort(piece_of, kind="stable")
    first = np.searchsorted(piece_of[by_piece], np.arange(len(by_piece) + 1))
    for starts in _runs(roots[np.argsort(piece_of[roots], kind="stable")], piece_of):
        piece = piece_of[starts[0]]
        members = by_piece[first[piece] : first[piece + 1]]
        nearby_first = starts[KDTree(positions_nm[starts]).indices]
        for start in range(0, len(starts), _LOOP_BLOCK):
            some = nearby_first[start : start + _LOOP_BLOCK]
            # no path within the radius leaves this box
            near = members[_in_box_round(positions_nm[some], radius_nm, positions_nm[members])]
            part = graph[near][:, near]
            distances = dijkstra(part, indices=np.searchsorted(near, some), limit=radius_nm * _TIE)
            source, neighbour = np.nonzero(np.isfinite(distances) & (near[None, :] != some[:, None]))
            yield Pairs(some, source, near[neighbour])


def _through_space(table: EmbeddingTable, rows: NDArray[np.int64], radius_nm: float) -> Iterator[Pairs]:
    """Find neighbours by straight distance: small segments together, moved apart along a fourth axis."""
    segment = np.searchsorted(table.first_row, rows, side="right")
    first = np.searchsorted(rows, table.first_row[segment - 1])  # of the same segment
    for some in _runs(np.arange(len(rows)), first // _SMALL_SEGMENTS):
        points = table.positions_nm[rows[some]]
        if segment[some[0]] != segment[some[-1]]:
            points = np.column_stack([points, segment[some] * (3 * radius_nm)])
        for block, near in _blocks(points, radius_nm):
            for source, neighbours in _among(points[near], len(block), radius_nm):
                yield Pairs(rows[some[block]], source, rows[some[near[neighbours]]])


def _blocks(points: NDArray[np.float64], radius_nm: float) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Yield some points that lie together, and with them, after them, those that may be near one of them."""
    everything = np.arange(len(points))
    if len(points) <= 2 * _SPACE_BLOCK:
        yield everything, everything
        return
    nearby_first = KDTree(points, leafsize=_CROWD_BLOCK, compact_nodes=False).indices
    for start in range(0, len(points), _SPACE_BLOCK):
        block = nearby_first[start : start + _SPACE_BLOCK]
        around = _in_box_round(points[block], radius_nm, points)
        around[block] = False
        yield block, np.append(block, np.flatnonzero(around))


def _among(
    points: NDArray[np.float64], count: int, radius_nm: float
) -> Iterator[tuple[NDArray[np.integer], NDArray[np.integer]]]:
    """Yield all pairs of one of the first `count` points and another point within the radius."""
    tree = KDTree(points, leafsize=32, balanced_tree=False, compact_nodes=False)
    reach_nm = radius_nm * _TIE
    if _most_pairs(points, radius_nm) > _MOST_PAIRS and tree.count_neighbors(tree, reach_nm) > 2 * _MOST_PAIRS:
        yield from _in_crowds(points, count, radius_nm)
        return
    one, other = tree.query_pairs(reach_nm, output_type="ndarray").T  # the lower first
    if count == len(points):
        yield one, other
        yield other, one
        return
    from_one, from_other = one < count, other < count
    yield one[from_one], other[from_one]
    yield other[from_other], one[from_other]


def _most_pairs(points: NDArray[np.float64], radius_nm: float) -> float:
    """Return a number that the unordered pairs within a radius do not exceed.

    Both of a pair are in one cell, of 1.001 radii, or in two of 27 that touch; c1 c2 is at most (c1^2 + c2^2) / 2.
    Cells that share a hash are counted as one, which only makes the number greater.
    """
    cells = np.floor((points - points.min(axis=0)) / (1.001 * radius_nm)).astype(np.int64)
    hashes = cells @ np.array([1, 73856093, 19349663, 83492791], np.int64)[: points.shape[1]]
    filled = np.unique(hashes, return_counts=True)[1].astype(np.float64)
    return min(13.5 * float((filled**2).sum()), len(points) ** 2 / 2)


def _in_crowds(
    points: NDArray[np.float64], count: int, radius_nm: float
) -> Iterator[tuple[NDArray[np.integer], NDArray[np.integer]]]:
    """Do what `_among` does, by the distances from a few points that lie together to all that may be near one."""
    tree = KDTree(points, balanced_tree=False)
    nearby_first = KDTree(points[:count]).indices
    for start in range(0, count, _CROWD_BLOCK):
        block = nearby_first[start : start + _CROWD_BLOCK]
        low, high = points[block].min(axis=0), points[block].max(axis=0)
        reach_nm = (float(np.linalg.norm(high - low)) / 2 + radius_nm) * _TIE**2
        near = np.array(tree.query_ball_point((low + high) / 2, reach_nm), np.int64)
        for some in np.array_split(block, -(-len(block) * len(near) // _MOST_PAIRS)):
            source, neighbour = np.nonzero(cdist(points[some], points[near]) <= radius_nm * _TIE)
            others = some[source] != near[neighbour]
            yield some[source[others]], near[neighbour[others]]


def _in_box_round(some: NDArray[np.float64], radius_nm: float, points: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which points are in the smallest box that has some others at least a radius inside."""
    inside = np.ones(len(points), np.bool_)
    for low, high, along in zip(some.min(axis=0), some.max(axis=0), points.T, strict=True):
        inside &= (along >= low - _TIE * radius_nm) & (along <= high + _TIE * radius_nm)
    return inside


def _runs(items: NDArray[np.int64], name_of: NDArray[np.integer]) -> list[NDArray[np.int64]]:
    """Cut items where the name of the next is another."""
    if len(items) == 0:
        return []
    return np.split(items, np.flatnonzero(np.diff(name_of[items])) + 1)


def _lengths(positions_nm: NDArray[np.float64], edges: NDArray[np.int64]) -> NDArray[np.float64]:
    lengths: NDArray[np.float64] = np.linalg.norm(positions_nm[edges[:, 0]] - positions_nm[edges[:, 1]], axis=1)
    return np.maximum(lengths, _SHORTEST_NM)
