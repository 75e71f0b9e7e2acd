"""Pack grown tubes without overlap: a small simulation of soft spheres held together by their skeletons."""

import numpy as np

from segclr.em.phantom.compiled import compiled, prange
from segclr.em.phantom.forest import Bools, Floats, Forest, Ints, unit
from segclr.em.phantom.growth import MARGIN_UM, STEP_UM
from segclr.em.phantom.recipes import SOMA

GRIDS = ((0.35, 0.4), (9.0, 0.8))  # up to this radius (um): cells of this size (um)


@compiled(parallel=True, fastmath=True)
def _push(
    xyz: Floats, radius: Floats, segment: Ints, still: Bools, order: Ints, first: Ints, cells: Ints, cell_um: float,
    low: Floats, big: float, out: Floats,
) -> None:  # fmt: skip
    """Add to ``out`` the shift (um) of every node by its overlaps with the nodes in ``order``."""
    for i in prange(len(radius)):
        if still[i]:
            continue
        reach = int(np.ceil((radius[i] + big) / cell_um))
        c = ((xyz[i] - low) / cell_um).astype(np.int64)
        sx = sy = sz = 0.0
        for a in range(max(0, c[0] - reach), min(cells[0], c[0] + reach + 1)):
            for b in range(max(0, c[1] - reach), min(cells[1], c[1] + reach + 1)):
                for d in range(max(0, c[2] - reach), min(cells[2], c[2] + reach + 1)):
                    key = (a * cells[1] + b) * cells[2] + d
                    for k in range(first[key], first[key + 1]):
                        j = order[k]
                        if segment[j] == segment[i]:
                            continue
                        x = xyz[i, 0] - xyz[j, 0]
                        y = xyz[i, 1] - xyz[j, 1]
                        z = xyz[i, 2] - xyz[j, 2]
                        dist = np.sqrt(x * x + y * y + z * z) + 1e-6
                        over = radius[i] + radius[j] + 0.03 - dist
                        if over > 0:
                            share = radius[j] ** 2 / (radius[i] ** 2 + radius[j] ** 2)
                            s = over * share * 0.6 / dist
                            sx += x * s
                            sy += y * s
                            sz += z * s
        norm = np.sqrt(sx * sx + sy * sy + sz * sz)
        cut = min(1.0, 0.10 / (norm + 1e-9))
        out[i, 0] += sx * cut
        out[i, 1] += sy * cut
        out[i, 2] += sz * cut


def _overlap_shift(
    xyz: Floats, radius: Floats, segment: Ints, still: Bools, cell_by_size: tuple[tuple[float, float], ...] = GRIDS
) -> Floats:
    """Shift (n, 3) um of every node; thin and thick partners use grids of their own."""
    move = np.zeros_like(xyz)
    thinner = 0.0
    for top, cell_um in cell_by_size:
        rows = np.flatnonzero((radius > thinner) & (radius <= top) & ~still)
        thinner = top
        if not len(rows):
            continue
        low = xyz[rows].min(0) - 1e-3
        cell = ((xyz[rows] - low) / cell_um).astype(np.int64)
        cells = cell.max(0) + 1
        key = (cell[:, 0] * cells[1] + cell[:, 1]) * cells[2] + cell[:, 2]
        order = np.argsort(key, kind="stable")
        first = np.searchsorted(key[order], np.arange(cells.prod() + 1))
        _push(xyz, radius, segment, still, rows[order], first, cells, cell_um, low, radius[rows].max(), move)
    return move


def smooth_along(xyz: Floats, parent: Ints, still: Bools, weight: float) -> None:
    """Pull every inner node towards the mean of its neighbours in the skeleton."""
    child = np.flatnonzero((parent >= 0) & ~still[parent])
    total = np.zeros_like(xyz)
    count = np.zeros(len(xyz), np.float32)
    np.add.at(total, child, xyz[parent[child]])
    np.add.at(total, parent[child], xyz[child])
    np.add.at(count, child, 1)
    np.add.at(count, parent[child], 1)
    inner = (count >= 2) & ~still
    xyz[inner] += weight * (total[inner] / count[inner, None] - xyz[inner])


def relax(forest: Forest, box: Floats, rounds: int = 28) -> None:
    """Move nodes until tubes of different segments hardly overlap (in place).

    Nodes are pushed across their own tube, not along it, and springs keep them evenly spaced: gaps between the
    spheres of a stretched tube would let others through.
    """
    xyz, parent, still = forest.xyz, forest.parent, forest.compartment == SOMA
    somata, heads, rows = np.flatnonzero(still), np.flatnonzero(forest.partner >= 0), np.arange(len(forest))
    child = np.flatnonzero((parent >= 0) & ~still & ~still[parent])
    after = rows.copy()
    after[parent[child]] = child
    before = rows.copy()
    before[child] = parent[child]
    inner = ((after != rows) & (before != rows))[:, None]
    for k in range(rounds):
        move = _overlap_shift(xyz, forest.radius, forest.segment, still)
        along = unit(xyz[after] - xyz[before])
        move -= np.where(inner, 0.9, 0.0) * (move * along).sum(1, keepdims=True) * along
        xyz += move
        _spring(xyz, child, parent[child])
        xyz[~still] = xyz[~still].clip(-MARGIN_UM, np.asarray(box) + MARGIN_UM)
        for s in somata:  # out of the somata, except the processes that start there
            away = xyz - xyz[s]
            dist = np.linalg.norm(away, axis=1)
            need = forest.radius[s] + forest.radius + 0.02 - dist
            hit = (need > 0) & (forest.segment != forest.segment[s]) & ~still
            xyz[hit] += away[hit] / dist[hit, None] * np.minimum(need[hit], 0.3)[:, None]
        pull = xyz[forest.partner[heads]] - xyz[heads]
        dist = np.linalg.norm(pull, axis=1, keepdims=True)
        slack = dist - 0.92 * (forest.radius[heads] + forest.radius[forest.partner[heads]])[:, None]
        xyz[heads] += 0.5 * pull / (dist + 1e-6) * slack
        if k < rounds - 4:
            smooth_along(xyz, parent, still, 0.25)


def _spring(xyz: Floats, child: Ints, parent: Ints) -> None:
    """Pull every edge towards its length when grown (in place)."""
    edge = xyz[child] - xyz[parent]
    length = np.linalg.norm(edge, axis=1, keepdims=True) + 1e-6
    half = (0.15 * edge / length * np.clip(length - STEP_UM, -0.1, 0.3)).astype(np.float32)
    np.add.at(xyz, child, -half)
    np.add.at(xyz, parent, half)
