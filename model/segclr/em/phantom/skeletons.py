"""Skeletons as they are written: every node in a voxel of its own segment, one tree per segment, even spacing."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components, minimum_spanning_tree
from scipy.spatial import cKDTree

from segclr.em.phantom.compiled import compiled
from segclr.em.phantom.forest import Bools, Floats, Forest, Ints, join, make_forest
from segclr.em.phantom.recipes import SOMA, SPINE

SPACING_UM = 1.4
SOMA_LATTICE_UM = 1.3
TWIG_UM = 0.45  # shorter side twigs carry no node of their own, spines apart


@dataclass(frozen=True, slots=True)
class Skeletons:
    """All skeletons of the block as columns.

    Attributes:
        voxel: (n, 3) int64, xyz, a voxel of the node's own segment.
        row: (n,) int64, the row of the fine forest that owns this voxel.
        radius_um: (n,) float32.
        edges: (m, 2) int64 rows of these columns.
    """

    voxel: Ints
    row: Ints
    radius_um: Floats
    edges: Ints


@compiled()
def _nearest_own_voxel(owner: Ints, voxel: Ints, lost: Bools, best: Ints, place: Ints) -> None:
    nz, ny, nx = owner.shape
    for z in range(nz):
        for y in range(ny):
            for x in range(nx):
                o = owner[z, y, x]
                if o == 0 or not lost[o - 1]:
                    continue
                i = o - 1
                far = (x - voxel[i, 0]) ** 2 + (y - voxel[i, 1]) ** 2 + (z - voxel[i, 2]) ** 2
                if far < best[i]:
                    best[i] = far
                    place[i, 0], place[i, 1], place[i, 2] = x, y, z


def anchor_nodes(forest: Forest, owner: Ints, voxel_um: Floats) -> tuple[Ints, Bools]:
    """A voxel of its own segment for every node: where it lies, or else the nearest that it owns.

    Returns (n, 3) xyz voxels, and which nodes have one.
    """
    voxel = np.round(forest.xyz / voxel_um).astype(np.int64)
    inside = ((voxel >= 0) & (voxel < owner.shape[::-1])).all(1)
    at_home = np.zeros(len(forest), bool)
    x, y, z = voxel[inside].T
    at_home[inside] = np.r_[0, forest.segment][owner[z, y, x]] == forest.segment[inside]
    best = np.full(len(forest), 1 << 60, np.int64)
    place = voxel.copy()
    _nearest_own_voxel(owner, voxel, ~at_home, best, place)
    return place, at_home | (best < 1 << 60)


def fine_tree(forest: Forest, origin: Ints, voxel: Ints, alive: Bools, voxel_um: Floats) -> Ints:
    """One tree per segment over all living nodes: (m, 2) edges, the grown ones and the shortest between pieces.

    Args:
        origin: (n,) the row of which each node is a double, its own row for most; see ``pieces.settle_pieces``.
    """
    rows = np.flatnonzero(alive)
    segment = forest.segment.tolist()
    parent = forest.parent.tolist()
    at = {(int(origin[i]), segment[i]): int(i) for i in rows}
    pairs = []
    for i in rows.tolist():
        p = parent[i]
        while p >= 0 and (p, segment[i]) not in at:  # over nodes that own nothing in this segment
            p = parent[p]
        if p >= 0:
            pairs.append((i, at[p, segment[i]]))
    edges = np.array(pairs, np.int64).reshape(-1, 2)
    return np.concatenate([edges, _bridges(forest, voxel * voxel_um, rows, edges)])


def _bridges(forest: Forest, xyz: Floats, rows: Ints, edges: Ints) -> Ints:
    """Shortest edges that join the trees of each segment."""
    n = len(forest)
    _, tree = connected_components(coo_array((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), (n, n)), directed=False)
    by_segment = rows[np.argsort(forest.segment[rows], kind="stable")]
    starts = np.flatnonzero(np.r_[True, np.diff(forest.segment[by_segment]) != 0])
    found: list[Ints] = [np.zeros((0, 2), np.int64)]
    for nodes in np.split(by_segment, starts[1:]):
        while len(np.unique(tree[nodes])) > 1:
            found.append(_one_round(xyz, nodes, tree))
            a, b = found[-1].T
            names, local = np.unique(tree[nodes], return_inverse=True)
            pairs = (np.searchsorted(names, tree[a]), np.searchsorted(names, tree[b]))
            graph = coo_array((np.ones(len(a)), pairs), (len(names), len(names)))
            tree[nodes] = names[connected_components(graph, directed=False)[1]][local]
    return np.concatenate(found)


def _one_round(xyz: Floats, nodes: Ints, tree: Ints) -> Ints:
    """For trees of one segment: edges of the minimum spanning tree over the nearest pairs between trees."""
    names, local = np.unique(tree[nodes], return_inverse=True)
    pairs = []
    for k in range(len(names)):
        mine, other = nodes[local == k], nodes[local != k]
        far, near = (np.asarray(column) for column in cKDTree(xyz[other]).query(xyz[mine]))
        best = int(far.argmin())
        pairs.append((k, local[local != k][near[best]], far[best] + 1e-6, mine[best], other[near[best]]))
    table = np.array(pairs)
    a, b = np.sort(table[:, :2].astype(int), axis=1).T
    order = np.lexsort((table[:, 2], b, a))
    a, b, table = a[order], b[order], table[order]
    first = np.r_[True, (a[1:] != a[:-1]) | (b[1:] != b[:-1])]
    a, b, table = a[first], b[first], table[first]
    kept = minimum_spanning_tree(coo_array((table[:, 2], (a, b)), (len(names), len(names)))).tocoo()
    wanted = set(zip(kept.row.tolist(), kept.col.tolist(), strict=True))
    rows = [k for k in range(len(a)) if (a[k], b[k]) in wanted]
    return table[rows][:, 3:].astype(np.int64)


def resample(forest: Forest, voxel: Ints, edges: Ints, alive: Bools, owner: Ints, voxel_um: Floats) -> Skeletons:
    """Keep branch points, ends and nodes every ``SPACING_UM`` between them."""
    rows, up = _rooted(edges, alive)
    xyz = voxel * voxel_um
    step = np.linalg.norm(xyz - xyz[np.maximum(up, 0)], axis=1) * (up >= 0)
    children = np.zeros(len(forest), int)
    np.add.at(children, up[rows[up[rows] >= 0]], 1)
    spine = forest.compartment == SPINE
    dead = np.zeros(len(forest), bool)
    key = alive & (children != 1)
    key[rows[up[rows] < 0]] = True
    for i in rows[::-1]:  # ends first
        if children[i] or up[i] < 0 or spine[i]:
            continue
        path, length, p = [i], step[i], up[i]
        while not key[p]:
            path.append(p)
            length += step[p]
            p = up[p]
        if length < TWIG_UM and children[p] > 1:
            dead[path] = True
            children[p] -= 1
            key[p] = children[p] != 1 or up[p] < 0
    keep = key & ~dead
    for i in np.flatnonzero(keep & (up >= 0)):
        path, p = [i], up[i]
        while not (keep[p] and key[p]):
            path.append(p)
            p = up[p]
        path.append(p)
        along = np.cumsum(step[path[:-1]])
        parts = round(along[-1] / SPACING_UM) if len(along) > 1 else 1
        for k in range(1, parts):
            keep[path[1 + int(np.abs(along[:-1] - along[-1] * k / parts).argmin())]] = True
    kept = np.flatnonzero(keep)
    new = np.full(len(forest), -1)
    new[kept] = np.arange(len(kept))
    pairs = []
    for i in kept:
        p = up[i]
        while p >= 0 and not keep[p]:
            p = up[p]
        if p >= 0:
            pairs.append((new[i], new[p]))
    x, y, z = voxel[kept].T
    row = owner[z, y, x].astype(np.int64) - 1
    return Skeletons(voxel[kept], row, forest.radius[kept], np.array(pairs, np.int64).reshape(-1, 2))


def _rooted(edges: Ints, alive: Bools) -> tuple[Ints, Ints]:
    """Living nodes, parents before children, and the parent of every node (-1 for roots)."""
    links: list[list[int]] = [[] for _ in range(len(alive))]
    for a, b in edges.tolist():
        links[a].append(b)
        links[b].append(a)
    up = np.full(len(alive), -1)
    seen = ~alive
    order: list[int] = []
    for root in np.flatnonzero(alive).tolist():
        if seen[root]:
            continue
        seen[root] = True
        first = len(order)
        order.append(root)
        while first < len(order):
            i = order[first]
            first += 1
            for j in links[i]:
                if not seen[j]:
                    seen[j] = True
                    up[j] = i
                    order.append(j)
    return np.array(order, np.int64), up


def fill_somata(forest: Forest, origin: Ints) -> tuple[Forest, Ints]:
    """Nodes on a lattice inside the somata, so that a soma is more than one node; processes start from the nearest.

    Returns the extended forest and ``origin``, see ``pieces.settle_pieces``; ``forest.parent`` is changed.
    """
    parts, first = [forest], len(forest)
    for s in np.flatnonzero(forest.compartment == SOMA):
        reach = forest.radius[s] / SOMA_LATTICE_UM
        span = np.arange(-int(reach), int(reach) + 1)
        cell = np.stack(np.meshgrid(span, span, span), -1).reshape(-1, 3)
        cell = cell[np.linalg.norm(cell, axis=1) < 0.85 * reach]
        cell = cell[np.argsort(np.abs(cell).sum(1), kind="stable")][1:]  # the middle is the soma's own node
        row = {(0, 0, 0): int(s)} | {(int(x), int(y), int(z)): first + k for k, (x, y, z) in enumerate(cell)}
        inwards = cell.copy()
        longest = np.abs(cell).argmax(1)
        inwards[np.arange(len(cell)), longest] -= np.sign(cell[np.arange(len(cell)), longest])
        parent = [row[int(x), int(y), int(z)] for x, y, z in inwards]
        xyz = forest.xyz[s] + SOMA_LATTICE_UM * cell
        depth = forest.radius[s] - SOMA_LATTICE_UM * np.linalg.norm(cell, axis=1)
        nodes = make_forest(xyz, depth, parent, forest.segment[s], -1, forest.cell_type[s], SOMA, forest.cell[s])
        stems = np.flatnonzero((forest.parent == s) & (forest.compartment != SOMA))
        if len(nodes) and len(stems):
            forest.parent[stems] = first + cKDTree(nodes.xyz).query(forest.xyz[stems])[1]
        parts.append(nodes)
        first += len(nodes)
    whole = join(parts)
    return whole, np.r_[origin, np.arange(len(origin), len(whole))]
