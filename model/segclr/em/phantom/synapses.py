"""Synapses: found where a bouton really touches a suitable partner, then painted."""

import numpy as np

from segclr.em.phantom.compiled import compiled
from segclr.em.phantom.forest import Bools, Floats, Forest, Ints
from segclr.em.phantom.organelles import CLEFT, FLAT, NONE, PSD, ROUND
from segclr.em.phantom.recipes import CELL_TYPES, DENDRITE, LOOKS, NEURITES, SOMA, SPINE, TARGETS, type_code


@compiled()
def _contacts(
    owner: Ints, segment: Ints, target: Ints, weights: Floats, bouton: Ints, centre: Floats, radius: Floats,
    own_type: Ints, voxel: Floats, most: Ints, min_area: int, out: Floats,
) -> int:  # fmt: skip
    """Pick up to ``most`` contact sites per bouton; returns rows of (pre node, post node, x, y, z)."""
    nz, ny, nx = owner.shape
    found = 0
    for k in range(len(bouton)):
        pre = segment[bouton[k] + 1]
        reach = radius[k] + 0.18
        lo = [max(2, int((centre[k, a] - reach) / voxel[a])) for a in range(3)]
        hi = [min((nx, ny, nz)[a] - 3, int((centre[k, a] + reach) / voxel[a]) + 1) for a in range(3)]
        area = np.zeros(24)
        score = np.zeros(24)
        ids = np.zeros(24, np.int64)
        node = np.zeros(24, np.int64)
        mean = np.zeros((24, 3))
        n = 0
        for z in range(lo[2], hi[2]):
            for y in range(lo[1], hi[1]):
                for x in range(lo[0], hi[0]):
                    if segment[owner[z, y, x]] != pre:
                        continue
                    for a in range(6):
                        s = 1 if a < 3 else -1
                        o = owner[z + s * (a % 3 == 0), y + s * (a % 3 == 1), x + s * (a % 3 == 2)]
                        if o == 0 or segment[o] == pre or target[o] < 0:
                            continue
                        w = weights[own_type[k], target[o]]
                        if w <= 0:
                            continue
                        j = 0
                        while j < n and ids[j] != segment[o]:
                            j += 1
                        if j == 24:
                            continue
                        if j == n:
                            n += 1
                            ids[j], node[j] = segment[o], o
                        area[j] += 1
                        score[j] += w
                        mean[j, 0] += x
                        mean[j, 1] += y
                        mean[j, 2] += z
        for _ in range(most[own_type[k]]):
            j = int(np.argmax(score))
            if score[j] <= 0:
                break
            if area[j] >= min_area and found < len(out):
                out[found, 0], out[found, 1] = bouton[k], node[j] - 1
                for a in range(3):
                    out[found, 2 + a] = mean[j, a] / area[j]
                found += 1
            score[j] = 0
    return found


def target_class(forest: Forest) -> Ints:
    """Postsynaptic class per node: spine, spiny shaft, aspiny shaft, soma, apical, or -1."""
    spiny = np.array([n.spines > 1 for n in NEURITES])[forest.recipe]
    apical = np.array([n.climb > 0.5 for n in NEURITES])[forest.recipe]
    c = forest.compartment
    neuron = np.isin(forest.cell_type, [type_code(t) for t in TARGETS])
    kind = np.select(
        [~neuron, c == SPINE, c == SOMA, (c == DENDRITE) & apical, (c == DENDRITE) & spiny, c == DENDRITE],
        [-1, 0, 3, 4, 1, 2],
        -1,
    )
    return kind.astype(np.int64)


def find_synapses(forest: Forest, owner: Ints, segment_lut: Ints, voxel_um: Floats) -> Floats:
    """Synapses where a bouton really touches a suitable partner.

    Returns (k, 5) float: presynaptic node, postsynaptic node, xyz in voxels.
    """
    boutons = np.flatnonzero(forest.bouton)
    weights = np.zeros((len(CELL_TYPES), 5))
    most = np.ones(len(CELL_TYPES), np.int64)
    for name, row in TARGETS.items():
        weights[type_code(name)], most[type_code(name)] = row, LOOKS[name].synapses
    target = np.full(len(segment_lut), -1, np.int64)
    target[1 : len(forest) + 1] = target_class(forest)
    out = np.zeros((4 * len(boutons), 5))
    n = _contacts(
        owner,
        segment_lut,
        target,
        weights,
        boutons,
        forest.xyz[boutons],
        forest.radius[boutons],
        forest.cell_type[boutons].astype(np.int64),
        np.asarray(voxel_um, np.float32),
        most,
        18,
        out,
    )
    return out[:n]


@compiled()
def _paint_sites(
    codes: Ints, owner: Ints, gap: Ints, segment: Ints, sites: Floats, flat: Bools, density: Floats, thick: Floats,
    reaches: Floats, voxel: Floats, dice: Floats,
) -> None:  # fmt: skip
    """Densities on both sides of each contact and vesicles on the inner side of the axon."""
    nz, ny, nx = owner.shape
    for k in range(len(sites)):
        pre, post = segment[int(sites[k, 0]) + 1], segment[int(sites[k, 1]) + 1]
        width = 0.17 if flat[k] else 0.21
        reach = reaches[k]
        cx, cy, cz = sites[k, 2], sites[k, 3], sites[k, 4]
        for z in range(max(0, int(cz - reach / voxel[2])), min(nz, int(cz + reach / voxel[2]) + 1)):
            for y in range(max(0, int(cy - reach / voxel[1])), min(ny, int(cy + reach / voxel[1]) + 1)):
                for x in range(max(0, int(cx - reach / voxel[0])), min(nx, int(cx + reach / voxel[0]) + 1)):
                    s = segment[owner[z, y, x]]
                    if s != pre and s != post:
                        continue
                    d = np.sqrt(((x - cx) * voxel[0]) ** 2 + ((y - cy) * voxel[1]) ** 2 + ((z - cz) * voxel[2]) ** 2)
                    g = gap[z, y, x] * 0.002
                    if s == post and d < width and g < thick[k]:
                        codes[z, y, x] = PSD
                        continue
                    if s == pre and d < width and g < 0.026:
                        codes[z, y, x] = CLEFT
                        continue
                    free = s == pre and d < reach and g > 0.035 and codes[z, y, x] == NONE
                    if free and dice[z & 63, y & 63, x & 63] < density[k] * (1.2 - d / reach):
                        codes[z, y, x] = FLAT if flat[k] else ROUND


def paint_synapses(
    rng: np.random.Generator, codes: Ints, forest: Forest, owner: Ints, gap: Ints, segment_lut: Ints, sites: Floats,
    voxel_um: Floats,
) -> None:  # fmt: skip
    """Paint vesicles, clefts and postsynaptic densities of ``find_synapses`` into the code volume."""
    looks = {type_code(name): look for name, look in LOOKS.items()}
    pre = [looks[t] for t in forest.cell_type[sites[:, 0].astype(int)]]
    flat = np.array([look.flat for look in pre], bool)
    density = np.array([look.vesicles for look in pre]) * rng.uniform(0.7, 1.2, len(pre))
    thick = np.where(flat, 0.026, rng.uniform(0.060, 0.095, len(pre)))
    reach = np.array([look.reach for look in pre])
    dice = rng.random((64, 64, 64), np.float32)
    _paint_sites(codes, owner, gap, segment_lut, sites, flat, density, thick, reach, voxel_um, dice)
