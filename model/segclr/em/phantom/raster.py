"""Turn packed tubes into voxels: a weighted nearest-tube partition.

Free space beyond ``limit_um`` of every tube is a tissue of its own (astrocyte lamellae), so that everything is
filled and every border has a position finer than a voxel.
"""

import numpy as np

from segclr.em.phantom.compiled import compiled, prange
from segclr.em.phantom.forest import Floats, Forest, Ints
from segclr.em.phantom.recipes import DENDRITE, SOMA, SPINE

SOMA_UM = 1.5  # thicker than every neurite
LOBES = 0.04  # of a soma, as a share of its radius
BEND = 1.1  # strength of the slow part of the noise on outlines
GAP_STEP_UM = 0.002  # unit of the uint8 distance to the nearest border


def noise_tile(rng: np.random.Generator, size: int, smooth_voxels: float) -> Floats:
    """Periodic (size, size, size) float32 noise, mean 0, standard deviation 1."""
    white = np.fft.rfftn(rng.normal(size=(size,) * 3).astype(np.float32))
    f = np.fft.fftfreq(size)
    k2 = f[:, None, None] ** 2 + f[None, :, None] ** 2 + np.fft.rfftfreq(size)[None, None] ** 2
    tile = np.fft.irfftn(white * np.exp(-2 * (np.pi * smooth_voxels) ** 2 * k2), s=(size,) * 3, axes=(0, 1, 2))
    tile -= tile.mean()
    scaled: Floats = (tile / tile.std()).astype(np.float32)
    return scaled


@compiled(parallel=True, fastmath=True)
def _splat(
    owner: Ints, gap: Ints, core: Ints, start: Floats, stop: Floats, ra: Floats, rb: Floats, lumen: Floats,
    segment: Ints, rough: Floats, edges: Ints, first: Ints, slab: int, voxel: Floats, limit: np.float32,
    wave: np.float32, tile: Floats,
) -> None:  # fmt: skip
    """Fill owner (row + 1 of the nearest edge) and gap; one thread owns a slab of sections."""
    nz, ny, nx = owner.shape
    m = tile.shape[0] - 1
    zero, one = np.float32(0), np.float32(1)
    for s in prange(len(first) - 1):
        z0, z1 = s * slab, min(nz, (s + 1) * slab)
        best = np.empty((z1 - z0, ny, nx), np.float32)
        second = np.empty((z1 - z0, ny, nx), np.float32)
        holder = np.zeros((z1 - z0, ny, nx), np.int64)  # segment of the best tube
        for z in range(z1 - z0):
            for y in range(ny):
                for x in range(nx):
                    best[z, y, x] = limit + wave * tile[((z + z0) >> 1) & m, (y >> 1) & m, (x >> 1) & m]
                    second[z, y, x] = 0.6
        for k in range(first[s], first[s + 1]):
            e = edges[k]
            swell = limit + 2 * wave + 1.5 * rough[e]
            if max(ra[e], rb[e]) > SOMA_UM:
                swell += 3 * LOBES * max(ra[e], rb[e])
            big = max(ra[e], rb[e]) + swell
            dx, dy, dz = stop[e, 0] - start[e, 0], stop[e, 1] - start[e, 1], stop[e, 2] - start[e, 2]
            inverse = one / (dx * dx + dy * dy + dz * dz + np.float32(1e-9))
            x0 = max(0, int((min(start[e, 0], stop[e, 0]) - big) / voxel[0]))
            x1 = min(nx, int((max(start[e, 0], stop[e, 0]) + big) / voxel[0]) + 2)
            y0 = max(0, int((min(start[e, 1], stop[e, 1]) - big) / voxel[1]))
            y1 = min(ny, int((max(start[e, 1], stop[e, 1]) + big) / voxel[1]) + 2)
            a0 = max(z0, int((min(start[e, 2], stop[e, 2]) - big) / voxel[2]))
            a1 = min(z1, int((max(start[e, 2], stop[e, 2]) + big) / voxel[2]) + 2)
            ox, oy, oz = segment[e] * 7919, segment[e] * 104729, segment[e] * 1299709
            for z in range(a0, a1):
                pz = z * voxel[2] - start[e, 2]
                for y in range(y0, y1):
                    py = y * voxel[1] - start[e, 1]
                    for x in range(x0, x1):
                        px = x * voxel[0] - start[e, 0]
                        t = (px * dx + py * dy + pz * dz) * inverse
                        if lumen[e] > 0 and (t < -0.2 or t > 1.2):
                            continue  # the cap of a hollow tube would plug it
                        t = min(one, max(zero, t))
                        r = ra[e] + t * (rb[e] - ra[e])
                        d = (px - t * dx) ** 2 + (py - t * dy) ** 2 + (pz - t * dz) ** 2
                        if d > (r + swell) ** 2:
                            continue
                        d = np.sqrt(d)
                        kept = core[z, y, x]
                        if kept != segment[e] and d - r - swell + limit > second[z - z0, y, x]:
                            continue  # cannot change anything here
                        # no roughness on the axis: it would cut thin tubes
                        bend = tile[((z >> 1) + oz) & m, ((y >> 1) + oy) & m, ((x >> 1) + ox) & m]
                        fine = tile[(z + oz) & m, (y + oy) & m, (x + ox) & m]
                        if r > SOMA_UM:  # lobes and flattened sides instead of a ball
                            k3 = 3 / (d + np.float32(1e-3))
                            lobes = np.sin(k3 * px + ox) + np.sin(k3 * py + oy) + np.sin(k3 * pz + oz)
                            d += np.float32(LOBES) * r * lobes
                        d += rough[e] * min(one, d / r) * (fine + np.float32(BEND) * bend)
                        v = d - r
                        if v < 0:  # relative depth decides inside: thin cores survive in thick tubes
                            v = max(v, np.float32(-0.08)) - np.float32(0.15) * (one - d / r)
                        if lumen[e] > 0 and d < lumen[e]:
                            v = max(v, lumen[e] - d)
                        if kept != 0:
                            if kept != segment[e]:
                                if v < second[z - z0, y, x]:
                                    second[z - z0, y, x] = v
                                continue
                            v = min(v, np.float32(-0.2))
                        b = best[z - z0, y, x]
                        if v < b:
                            if holder[z - z0, y, x] != segment[e]:
                                second[z - z0, y, x] = b
                                holder[z - z0, y, x] = segment[e]
                            best[z - z0, y, x] = v
                            owner[z, y, x] = e + 1
                        elif holder[z - z0, y, x] != segment[e] and v < second[z - z0, y, x]:
                            second[z - z0, y, x] = v
        for z in range(z1 - z0):
            for y in range(ny):
                for x in range(nx):
                    g = 0.5 * (second[z, y, x] - best[z, y, x]) / 0.002
                    if second[z, y, x] < -0.08:  # relative depth is flat: stretch it, or the border smears
                        g *= 3
                    gap[z + z0, y, x] = min(255.0, max(0.0, g))


def rasterise(
    forest: Forest, core: Ints, voxel_um: Floats, tile: Floats, limit_um: float, wave_um: float,
    slab: int = 12,
) -> tuple[Ints, Ints, Ints]:  # fmt: skip
    """Assign every voxel to the nearest tube, or to free space.

    Args:
        core: (z, y, x) uint32, segment number of voxels that are taken already, else 0; ``voxel_um``: (3,) xyz.
        tile: periodic cube of noise, a power of two wide; makes outlines irregular.
        limit_um: how far a tube may swell; ``wave_um``: how much that varies.

    Returns:
        owner: (z, y, x) uint32, node row + 1; 0 is free space.
        gap: (z, y, x) uint8, distance to the nearest border in GAP_STEP_UM.
        sheath: rows of the myelinated nodes, whose sheaths own ``len(forest) + 1 + k``.
    """
    parent, shape = forest.parent, core.shape
    tube = (parent >= 0) & (forest.compartment != SOMA)
    tube &= forest.compartment[np.maximum(parent, 0)] != SOMA
    origin = np.where(tube, parent, np.arange(len(parent)))
    start = forest.xyz[origin]
    spine_root = (forest.compartment == SPINE) & (forest.compartment[origin] == DENDRITE)
    radius_a = np.where(spine_root, forest.radius, forest.radius[origin])  # no cone from shaft to neck
    # a sheath is a second, hollow tube round the axon
    sheath = np.flatnonzero(forest.lumen > 0)
    ra = np.where(forest.lumen > 0, np.minimum(forest.lumen, forest.radius), radius_a)
    rb = np.where(forest.lumen > 0, forest.lumen, forest.radius)
    rough = np.where(forest.compartment == SOMA, 0.07, np.minimum(0.060, 0.33 * rb))
    start, stop = np.concatenate([start, start[sheath]]), np.concatenate([forest.xyz, forest.xyz[sheath]])
    ra, rb = np.concatenate([ra, radius_a[sheath]]), np.concatenate([rb, forest.radius[sheath]])
    hollow = np.concatenate([np.zeros(len(parent)), forest.lumen[sheath]]).astype(np.float32)
    segment = np.concatenate([forest.segment, forest.segment[sheath] + forest.segment.max()]).astype(np.int64)
    rough = np.concatenate([rough, np.full(len(sheath), 0.015)]).astype(np.float32)
    reach = np.maximum(ra, rb) + limit_um + 2 * wave_um + 2 * rough
    slabs = -(-shape[0] // slab)
    height = slab * voxel_um[2]
    s0 = ((np.minimum(start[:, 2], stop[:, 2]) - reach) / height).astype(int).clip(0)
    s1 = ((np.maximum(start[:, 2], stop[:, 2]) + reach) / height).astype(int).clip(max=slabs - 1)
    lists = [np.flatnonzero((s0 <= s) & (s <= s1)) for s in range(slabs)]
    owner, gap = np.zeros(shape, np.uint32), np.zeros(shape, np.uint8)
    _splat(
        owner,
        gap,
        core,
        start.astype(np.float32),
        stop.astype(np.float32),
        ra.astype(np.float32),
        rb.astype(np.float32),
        hollow,
        segment,
        rough,
        np.concatenate(lists),
        np.cumsum([0] + [len(x) for x in lists]),
        slab,
        np.asarray(voxel_um, np.float32),
        np.float32(limit_um),
        np.float32(wave_um),
        tile,
    )
    return owner, gap, sheath
