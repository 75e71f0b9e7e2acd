"""Organelles, painted once as codes into a uint8 volume; ``render`` turns codes into grey values."""

import numpy as np
from scipy.ndimage import gaussian_filter

from segclr.em.phantom.compiled import compiled, prange
from segclr.em.phantom.forest import Floats, Forest, Ints, unit
from segclr.em.phantom.growth import STEP_UM
from segclr.em.phantom.recipes import AXON, NEURITES, SOMA, SPINE, Look
from segclr.em.phantom.subtypes import LOOK_OF_CODE

(
    NONE,
    MATRIX,
    CRISTA,
    OUTER,
    ROUND,
    FLAT,
    PSD,
    CLEFT,
    CHROMATIN,
    HETERO,
    ENVELOPE,
    NUCLEOLUS,
    LYSOSOME,
    GLYCOGEN,
    MYELIN,
    ER,
) = range(16)
# grey level of each code; 0 keeps the cytoplasm below
GREY = np.array([0, 112, 86, 74, 112, 132, 58, 92, 172, 122, 88, 98, 62, 84, 52, 116], np.float32)


Tubes = tuple[Floats, Floats, Floats, Ints, Ints, Floats]


@compiled(parallel=True)
def _paint_tubes(
    codes: Ints, owner: Ints, gap: Ints, segment: Ints, a: Floats, b: Floats, ra: Floats, own: Ints, code: Ints,
    voxel: Floats, phase: Floats, slab: int, edges: Ints, first: Ints, tile: Floats,
) -> None:  # fmt: skip
    """Mitochondria (with cristae) and other tubular organelles, clipped to their segment."""
    nz, ny, nx = owner.shape
    for s in prange(len(first) - 1):
        for k in range(first[s], first[s + 1]):
            e = edges[k]
            r = ra[e]
            lo, hi = np.empty(3, np.int64), np.empty(3, np.int64)
            d = b[e] - a[e]
            for i in range(3):
                lo[i] = max(0, int((min(a[e, i], b[e, i]) - r) / voxel[i]))
                hi[i] = min((nx, ny, nz)[i], int((max(a[e, i], b[e, i]) + r) / voxel[i]) + 2)
            l2 = (d * d).sum() + 1e-9
            for z in range(max(lo[2], s * slab), min(hi[2], (s + 1) * slab)):
                for y in range(lo[1], hi[1]):
                    for x in range(lo[0], hi[0]):
                        if segment[owner[z, y, x]] != own[e] or gap[z, y, x] < 14:
                            continue
                        px, py, pz = x * voxel[0] - a[e, 0], y * voxel[1] - a[e, 1], z * voxel[2] - a[e, 2]
                        u = (px * d[0] + py * d[1] + pz * d[2]) / l2
                        t = min(1.0, max(0.0, u))
                        q = (px - t * d[0]) ** 2 + (py - t * d[1]) ** 2 + (pz - t * d[2]) ** 2
                        if q > r * r:
                            continue
                        if code[e] != MATRIX:
                            codes[z, y, x] = code[e]
                        elif q > (r - 0.033) ** 2:
                            if codes[z, y, x] != MATRIX and codes[z, y, x] != CRISTA:
                                codes[z, y, x] = OUTER
                        else:
                            w = phase[e] + u * np.sqrt(l2) + 0.35 * (px * d[1] - py * d[0]) / np.sqrt(l2)
                            w += 0.035 * tile[z & 63, y & 63, x & 63]
                            codes[z, y, x] = CRISTA if (w * 8.0) % 1.0 < 0.45 else MATRIX


def organelle_tubes(rng: np.random.Generator, forest: Forest, look: Ints) -> Tubes:
    """Mitochondria, and granules, as short paths along the skeletons.

    `look`: (n,) code of each node's look.

    Returns a, b: (m, 3) um; radius: (m,) um; own: (m,) segment; code, phase: (m,).
    """
    child = np.full(len(forest), -1)
    tube = (forest.parent >= 0) & (forest.compartment != SPINE)
    child[forest.parent[tube]] = np.flatnonzero(tube)
    rate = np.array([n.mitochondria for n in NEURITES])[forest.recipe] * STEP_UM
    rate *= ~np.isin(forest.compartment, (SPINE, SOMA))
    rate *= np.where(
        forest.compartment == AXON, np.clip(forest.radius / 0.15, 0.3, 3) ** 1.5, np.clip(forest.radius / 0.35, 0.4, 4)
    )
    starts = np.flatnonzero(rng.random(len(forest)) < rate)
    rows = []
    for s in starts:
        thick = forest.lumen[s] or forest.radius[s]
        recipe = NEURITES[forest.recipe[s]]
        r = min(rng.uniform(*recipe.mitochondrion), 0.72 * thick - 0.015)
        if r < 0.055:
            continue
        side = rng.normal(0, 1, 3)
        side *= max(0, thick - r - 0.06) * rng.random() / np.linalg.norm(side)
        long = round(rng.uniform(*recipe.mitochondrion_length) / STEP_UM)
        phase, n = rng.random(), s
        for _ in range(max(1, long)):
            m = child[n]
            if m < 0:
                break
            rows.append((*(forest.xyz[n] + side), *(forest.xyz[m] + side), r, forest.segment[s], MATRIX, phase))
            phase += 0.25
            n = m
    rows += _granules(rng, forest, look)
    for s in np.flatnonzero(forest.compartment == SOMA):  # perinuclear mitochondria
        size = forest.radius[s]
        for _ in range(int(30 * size**2)):
            v = rng.normal(0, 1, 3)
            p = forest.xyz[s] + v / np.linalg.norm(v) * size * rng.uniform(0.70, 0.97)
            q = p + rng.normal(0, 0.30, 3)
            code = LYSOSOME if rng.random() < 0.08 else MATRIX
            rows.append((*p, *q, rng.uniform(0.11, 0.17), forest.segment[s], code, rng.random()))
    table = np.array(rows, float).reshape(-1, 10)
    return (
        table[:, :3],
        table[:, 3:6],
        table[:, 6],
        table[:, 7].astype(np.int64),
        table[:, 8].astype(np.uint8),
        table[:, 9],
    )


def _granules(rng: np.random.Generator, forest: Forest, kind: Ints) -> list[tuple[float, ...]]:
    """Dark balls along the processes: rows as in ``organelle_tubes``."""
    granules = {code: look.granules for code, look in LOOK_OF_CODE.items()}
    per_um, low, high = np.array([granules.get(t, (0, 0, 0)) for t in range(max(granules) + 1)]).T
    apt = ~np.isin(forest.compartment, (SPINE, SOMA)) & (forest.recipe >= 0)
    rows = []
    for s in np.flatnonzero(apt & (rng.random(len(forest)) < per_um[kind] * STEP_UM)):
        r = min(rng.uniform(low[kind[s]], high[kind[s]]), 0.8 * (forest.lumen[s] or forest.radius[s]) - 0.02)
        if r < 0.04:
            continue
        side = unit(rng.normal(0, 1, (1, 3)))[0] * max(0.0, forest.radius[s] - r - 0.05) * rng.random()
        p = forest.xyz[s] + side
        rows.append((*p, *(p + 0.01), r, forest.segment[s], LYSOSOME, 0.0))
    return rows


def paint_tubes(
    codes: Ints, owner: Ints, gap: Ints, segment_lut: Ints, tubes: Tubes, voxel_um: Floats, tile: Floats, slab: int = 20
) -> None:
    """Paint ``organelle_tubes`` into the code volume, slab by slab."""
    a, b, radius, own, code, phase = tubes
    height = slab * voxel_um[2]
    s0 = (np.minimum(a[:, 2], b[:, 2]) - radius) / height
    s1 = (np.maximum(a[:, 2], b[:, 2]) + radius + voxel_um[2]) / height
    lists = [np.flatnonzero((s0 < s + 1) & (s1 >= s)) for s in range(-(-len(codes) // slab))]
    _paint_tubes(
        codes,
        owner,
        gap,
        segment_lut,
        a,
        b,
        radius,
        own,
        code,
        np.asarray(voxel_um),
        phase,
        slab,
        np.concatenate(lists),
        np.cumsum([0] + [len(x) for x in lists]),
        tile,
    )


def paint_nucleus(
    rng: np.random.Generator, codes: Ints, owner: Ints, segment_lut: Ints, xyz: Floats, radius: float, segment: int,
    look: Look, voxel_um: Floats, tile: Floats,
) -> None:  # fmt: skip
    """Nucleus of one soma: envelope, chromatin texture by type, nucleolus."""
    reach = radius * look.nucleus + look.folds + 0.1
    lo = np.maximum(0, ((xyz - reach) / voxel_um).astype(int))
    hi = np.minimum(codes.shape[::-1], ((xyz + reach) / voxel_um).astype(int) + 1)
    if (hi <= lo).any():
        return
    box = tuple(slice(lo[i], hi[i]) for i in (2, 1, 0))
    z, y, x = (np.arange(lo[i], hi[i]) for i in (2, 1, 0))
    n, off = len(tile), rng.integers(0, len(tile), 3)

    def noise(scale: int) -> Floats:
        return tile[
            np.ix_(
                (z * 1.25 // scale + off[0]).astype(int) % n,
                (y // scale + off[1]).astype(int) % n,
                (x // scale + off[2]).astype(int) % n,
            )
        ]

    dist = np.sqrt(
        ((z * voxel_um[2] - xyz[2]) ** 2)[:, None, None]
        + ((y * voxel_um[1] - xyz[1]) ** 2)[:, None]
        + (x * voxel_um[0] - xyz[0]) ** 2
    ).astype(np.float32)
    depth = radius * look.nucleus - dist - look.folds * 0.5 * gaussian_filter(noise(8), 5)
    inside = (depth > 0) & (segment_lut[owner[box]] == segment)
    clump = 0.8 * noise(1) + 0.5 * gaussian_filter(noise(3), 1.5) + look.rim * 2.4 * np.exp(-depth / 0.16)
    level = np.quantile(clump[inside][::50], 1 - look.heterochromatin) if inside.any() else 9
    code = np.where(clump > level, HETERO, CHROMATIN)
    code[depth < 0.06] = ENVELOPE
    centre = xyz + rng.normal(0, 0.3, 3) * radius * look.nucleus
    if look.heterochromatin < 0.25:
        ball = (
            ((z * voxel_um[2] - centre[2]) ** 2)[:, None, None]
            + ((y * voxel_um[1] - centre[1]) ** 2)[:, None]
            + (x * voxel_um[0] - centre[0]) ** 2
        )
        code[ball < (0.16 * radius) ** 2 * (1 + 0.3 * noise(2))] = NUCLEOLUS
    codes[box] = np.where(inside, code, codes[box])


def paint_organelles(
    rng: np.random.Generator, forest: Forest, look: Ints, owner: Ints, gap: Ints, segment_lut: Ints, voxel_um: Floats,
    tile: Floats,
) -> Ints:  # fmt: skip
    """Mitochondria, lysosomes and nuclei of the block: (z, y, x) uint8 codes, 0 is plain cytoplasm.

    `look`: (n,) code of each node's look.
    """
    codes = np.zeros(owner.shape, np.uint8)
    paint_tubes(codes, owner, gap, segment_lut, organelle_tubes(rng, forest, look), voxel_um, tile)
    for s in np.flatnonzero(forest.compartment == SOMA):
        own, segment = LOOK_OF_CODE[int(look[s])], forest.segment[s]
        paint_nucleus(rng, codes, owner, segment_lut, forest.xyz[s], forest.radius[s], segment, own, voxel_um, tile)
    return codes
