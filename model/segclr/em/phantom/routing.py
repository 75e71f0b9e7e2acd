"""Give every neurite an unbroken core of voxels before the tubes compete for the rest.

Packing leaves a few tubes that still cross. Where the straight line between two nodes is taken by another segment's
core, the way round is searched on the voxel grid and becomes skeleton nodes of its own.
"""

import numpy as np

from segclr.em.phantom.compiled import compiled
from segclr.em.phantom.forest import Floats, Forest, Ints, join, make_forest
from segclr.em.phantom.recipes import SOMA

REACH = 14  # voxels round an edge in which a detour is searched
EVERY = 3  # voxels of a detour per new node
DETOUR_UM = 0.09  # radius of a detour, at most


@compiled()
def _settle_nodes(voxel: Ints, number: Ints, order: Ints, core: Ints) -> None:
    """Claim one voxel per node, the nearest that no other segment holds; ``voxel`` is changed in place."""
    nz, ny, nx = core.shape
    for i in order:
        x, y, z = voxel[i]
        if x < 0 or y < 0 or z < 0 or x >= nx or y >= ny or z >= nz:
            continue
        best = 1 << 30
        bx, by, bz = -1, -1, -1
        reach = 0
        while best == 1 << 30 and reach <= 8:
            for c in range(max(0, z - reach), min(nz, z + reach + 1)):
                for b in range(max(0, y - reach), min(ny, y + reach + 1)):
                    for a in range(max(0, x - reach), min(nx, x + reach + 1)):
                        far = (a - x) ** 2 + (b - y) ** 2 + (c - z) ** 2
                        if far < best and (core[c, b, a] == 0 or core[c, b, a] == number[i]):
                            best, bx, by, bz = far, a, b, c
            reach = 1 if reach == 0 else 2 * reach
        if bx >= 0:
            voxel[i, 0], voxel[i, 1], voxel[i, 2] = bx, by, bz
            core[bz, by, bx] = number[i]


@compiled()
def _line(a: Ints, b: Ints, number: int, core: Ints, write: bool) -> bool:
    """Walk from voxel to voxel through faces; True if no voxel on the way belongs to another segment."""
    nz, ny, nx = core.shape
    x, y, z = a[0], a[1], a[2]
    sx, sy, sz = np.sign(b[0] - x), np.sign(b[1] - y), np.sign(b[2] - z)
    dx, dy, dz = abs(b[0] - x), abs(b[1] - y), abs(b[2] - z)
    ix = iy = iz = 0
    while True:
        if 0 <= x < nx and 0 <= y < ny and 0 <= z < nz:
            if core[z, y, x] != 0 and core[z, y, x] != number:
                return False
            if write:
                core[z, y, x] = number
        if ix == dx and iy == dy and iz == dz:
            return True
        tx = (2 * ix + 1) / dx if ix < dx else 1e9
        ty = (2 * iy + 1) / dy if iy < dy else 1e9
        tz = (2 * iz + 1) / dz if iz < dz else 1e9
        if tx <= ty and tx <= tz:
            ix += 1
            x += sx
        elif ty <= tz:
            iy += 1
            y += sy
        else:
            iz += 1
            z += sz


@compiled()
def _detour(a: Ints, b: Ints, number: int, core: Ints, wide: bool, seen: Ints, queue: Ints, path: Ints) -> int:
    """Shortest way through faces from a to b; fills ``path`` from b to a; returns its count of voxels, 0 if none."""
    nz, ny, nx = core.shape
    lo, hi = np.empty(3, np.int64), np.empty(3, np.int64)
    top = (nx, ny, nz)
    for k in range(3):
        lo[k] = max(0, min(a[k], b[k]) - REACH)
        hi[k] = min(top[k], max(a[k], b[k]) + REACH + 1)
    wx, wy = hi[0] - lo[0], hi[1] - lo[1]
    total = wx * wy * (hi[2] - lo[2])
    if total > len(seen):
        return 0
    seen[:total] = -1
    start = ((a[2] - lo[2]) * wy + a[1] - lo[1]) * wx + a[0] - lo[0]
    goal = ((b[2] - lo[2]) * wy + b[1] - lo[1]) * wx + b[0] - lo[0]
    seen[start] = start
    queue[0] = start
    head, tail = 0, 1
    while head < tail and seen[goal] < 0:
        here = queue[head]
        head += 1
        x, y, z = here % wx + lo[0], here // wx % wy + lo[1], here // (wx * wy) + lo[2]
        for step in range(6):
            s = 1 if step < 3 else -1
            p, q, r = x + s * (step % 3 == 0), y + s * (step % 3 == 1), z + s * (step % 3 == 2)
            if p < lo[0] or q < lo[1] or r < lo[2] or p >= hi[0] or q >= hi[1] or r >= hi[2]:
                continue
            there = ((r - lo[2]) * wy + q - lo[1]) * wx + p - lo[0]
            if seen[there] >= 0 or (core[r, q, p] != 0 and core[r, q, p] != number):
                continue
            if wide and there != goal:  # a voxel of distance to other cores leaves room for two membranes
                tight = False
                for side in range(6):
                    t = 1 if side < 3 else -1
                    e, f, g = p + t * (side % 3 == 0), q + t * (side % 3 == 1), r + t * (side % 3 == 2)
                    if 0 <= e < nx and 0 <= f < ny and 0 <= g < nz and core[g, f, e] not in (0, number):
                        tight = True
                if tight:
                    continue
            seen[there] = here
            queue[tail] = there
            tail += 1
    if seen[goal] < 0:
        return 0
    n, here = 0, goal
    while True:
        path[n, 0], path[n, 1], path[n, 2] = here % wx + lo[0], here // wx % wy + lo[1], here // (wx * wy) + lo[2]
        core[path[n, 2], path[n, 1], path[n, 0]] = number
        n += 1
        if here == start or n == len(path):
            return n
        here = seen[here]


@compiled()
def _connect(voxel: Ints, parent: Ints, number: Ints, order: Ints, core: Ints, ways: Ints, owner_of_way: Ints) -> int:
    """Draw the core of every edge; detours are appended to ``ways`` (voxels from the parent's side to the child's)."""
    seen, queue = np.empty(140_000, np.int64), np.empty(140_000, np.int64)
    path = np.empty((2000, 3), np.int64)
    nz, ny, nx = core.shape
    used = 0
    for i in order:
        p = parent[i]
        a, b = voxel[i], voxel[p]
        if _line(a, b, number[i], core, False):
            _line(a, b, number[i], core, True)
            continue
        inside = min(a[0], a[1], a[2], b[0], b[1], b[2]) >= 0 and max(a[0], b[0]) < nx
        inside = inside and max(a[1], b[1]) < ny and max(a[2], b[2]) < nz
        if not inside or core[a[2], a[1], a[0]] != number[i] or core[b[2], b[1], b[0]] != number[i]:
            continue
        n = _detour(a, b, number[i], core, True, seen, queue, path)
        if n == 0:
            n = _detour(a, b, number[i], core, False, seen, queue, path)
        for k in range(EVERY, n - EVERY + 1, EVERY):
            if used < len(ways):
                ways[used] = path[k]
                owner_of_way[used] = i
                used += 1
    return used


def lay_cores(forest: Forest, shape: tuple[int, int, int], voxel_um: Floats) -> tuple[Forest, Ints]:
    """Claim cores for all neurites, thick ones first.

    Returns:
        The forest with moved nodes and the nodes of detours (appended at its end).
        core: (z, y, x) uint32, segment number of voxels that tubes of other segments must not take, else 0.
    """
    parent, core = forest.parent, np.zeros(shape, np.uint32)
    tube = (parent >= 0) & (forest.compartment != SOMA)
    tube &= forest.compartment[np.maximum(parent, 0)] != SOMA
    voxel = np.round(forest.xyz / voxel_um).astype(np.int64)
    neurites = np.flatnonzero(forest.compartment != SOMA)
    neurites = neurites[np.argsort(-forest.radius[neurites], kind="stable")]
    before = voxel.copy()
    number = forest.segment.astype(np.int64)
    _settle_nodes(voxel, number, neurites, core)
    moved = (voxel != before).any(1)
    forest.xyz[moved] = voxel[moved] * voxel_um
    order = neurites[tube[neurites]]
    ways = np.zeros((20 * len(forest), 3), np.int64)
    child = np.zeros(len(ways), np.int64)
    used = _connect(voxel, parent.astype(np.int64), number, order, core, ways, child)
    ways, child = ways[:used], child[:used]
    radius = np.minimum(np.minimum(forest.radius[child], forest.radius[parent[child]]), DETOUR_UM)
    first = np.r_[True, child[1:] != child[:-1]][:used]
    last = np.r_[child[1:] != child[:-1], True][-used:] if used else first
    rows = len(forest) + np.arange(used)
    up = np.where(first, parent[child], rows - 1)  # ways run from the parent to the child
    detours = make_forest(
        ways * voxel_um, radius, up, forest.segment[child], forest.recipe[child], forest.cell_type[child],
        forest.compartment[child], forest.cell[child],
    )  # fmt: skip
    parent[child[last]] = rows[last]
    return join([forest, detours]), core
