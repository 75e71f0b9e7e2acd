"""Thinning or refining a skeleton to nodes at about equal path length."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray


def resample(
    nodes_nm: NDArray[np.float64], edges: NDArray[np.int32], every_nm: float
) -> tuple[NDArray[np.float64], NDArray[np.int32], NDArray[np.int64]]:
    """Place nodes along every unbranched path at equal distances, as near to `every_nm` as its length allows.

    End and branch points stay. A new node is an old one where one lies within a quarter of `every_nm` of its place, so
    that it is as surely inside its segment; otherwise it lies on the line between two.

    Returns:
        The new nodes (n, 3), the new edges (m, 2), and per new node the nearest old one along its path.
    """
    paths = unbranched_paths(len(nodes_nm), edges)
    kept = sorted({end for path in paths for end in (path[0], path[-1])} | _alone(len(nodes_nm), edges))
    new_row = {old: row for row, old in enumerate(kept)}
    positions = [nodes_nm[kept]]
    sources = [np.array(kept, np.int64)]
    new_edges: set[tuple[int, int]] = set()
    count = len(kept)
    for path in paths:
        inner, old = _along(nodes_nm[path], every_nm, closed=path[0] == path[-1])
        positions.append(inner)
        sources.append(np.array(path, np.int64)[old])
        chain = [new_row[path[0]], *range(count, count + len(inner)), new_row[path[-1]]]
        count += len(inner)
        new_edges.update((min(a, b), max(a, b)) for a, b in pairwise(chain) if a != b)
    return np.concatenate(positions), np.array(sorted(new_edges), np.int32).reshape(-1, 2), np.concatenate(sources)


def unbranched_paths(node_count: int, edges: NDArray[np.int32]) -> list[list[int]]:
    """Cut a graph at its nodes of degree other than two; a loop without any becomes a path from a node to itself."""
    neighbours: dict[int, set[int]] = defaultdict(set)
    for a, b in edges.tolist():
        if a != b:
            neighbours[a].add(b)
            neighbours[b].add(a)
    walked: set[tuple[int, int]] = set()
    paths = []

    def walk(start: int, towards: int) -> list[int]:
        path = [start, towards]
        walked.update(((start, towards), (towards, start)))
        while len(neighbours[path[-1]]) == 2 and path[-1] != start:
            here, before = path[-1], path[-2]
            (onwards,) = neighbours[here] - {before}
            walked.update(((here, onwards), (onwards, here)))
            path.append(onwards)
        return path

    forks = [node for node in range(node_count) if len(neighbours[node]) != 2]
    for start in [*forks, *range(node_count)]:  # what is left after the forks are loops
        for towards in neighbours[start]:
            if (start, towards) not in walked:
                paths.append(walk(start, towards))
    return paths


def _alone(node_count: int, edges: NDArray[np.int32]) -> set[int]:
    return set(range(node_count)) - set(edges.ravel().tolist())


def _along(
    path_nm: NDArray[np.float64], every_nm: float, closed: bool
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the new inner nodes of one path, and per node the nearest old one on it."""
    reached = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(path_nm, axis=0), axis=1))])
    pieces = max(3 if closed else 1, round(reached[-1] / every_nm))
    wanted = reached[-1] * np.arange(1, pieces) / pieces
    after = np.clip(np.searchsorted(reached, wanted), 1, len(reached) - 1)
    nearest = np.where(reached[after] - wanted < wanted - reached[after - 1], after, after - 1)
    between = np.stack([np.interp(wanted, reached, path_nm[:, axis]) for axis in range(3)], axis=1)
    near = np.abs(reached[nearest] - wanted) <= min(every_nm, reached[-1] / pieces) / 4
    return np.where(near[:, None], path_nm[nearest], between), nearest
