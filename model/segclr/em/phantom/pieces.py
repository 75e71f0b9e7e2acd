"""Make every segment one connected piece: crumbs go to what they touch, larger pieces become segments of their own."""

import cc3d
import numpy as np

from segclr.em.phantom.compiled import compiled
from segclr.em.phantom.forest import Floats, Forest, Ints, join
from segclr.em.phantom.raster import GAP_STEP_UM

CRUMB_VOXELS = 60  # no segment is smaller
ORPHAN_VOXELS = 400  # a smaller piece of a segment that continues elsewhere is handed to what it touches


@compiled()
def grow_into(owner: Ints, empty: Ints, rounds: int) -> None:
    """Give voxels without owner (flat indices) that of a neighbour through a face, one layer per round (in place)."""
    nz, ny, nx = owner.shape
    flat = owner.reshape(-1)
    left = empty.copy()
    for _ in range(rounds):
        value = np.zeros(len(left), owner.dtype)
        for k in range(len(left)):
            i = left[k]
            x, y, z = i % nx, i // nx % ny, i // (nx * ny)
            if x > 0 and flat[i - 1] != 0:
                value[k] = flat[i - 1]
            elif x < nx - 1 and flat[i + 1] != 0:
                value[k] = flat[i + 1]
            elif y > 0 and flat[i - nx] != 0:
                value[k] = flat[i - nx]
            elif y < ny - 1 and flat[i + nx] != 0:
                value[k] = flat[i + nx]
            elif z > 0 and flat[i - nx * ny] != 0:
                value[k] = flat[i - nx * ny]
            elif z < nz - 1 and flat[i + nx * ny] != 0:
                value[k] = flat[i + nx * ny]
        n = 0
        for k in range(len(left)):
            if value[k] != 0:
                flat[left[k]] = value[k]
            else:
                left[n] = left[k]
                n += 1
        if n == 0 or n == len(left):
            return
        left = left[:n]


@compiled()
def refresh_gap(owner: Ints, segment: Ints, gap: Ints, changed: Ints, voxel_um: Floats) -> None:
    """Measure the distance to the next border again where owners changed: old membranes must not remain."""
    nz, ny, nx = owner.shape
    for k in range(len(changed)):
        i = changed[k]
        cx, cy, cz = i % nx, i // nx % ny, i // (nx * ny)
        for side in range(7):
            s = 1 if side < 3 else -1
            x, y, z = cx, cy, cz
            if side < 6:
                x, y, z = cx + s * (side % 3 == 0), cy + s * (side % 3 == 1), cz + s * (side % 3 == 2)
            if x < 0 or y < 0 or z < 0 or x >= nx or y >= ny or z >= nz:
                continue
            own = segment[owner[z, y, x]]
            near = 0.1
            for c in range(max(0, z - 2), min(nz, z + 3)):
                for b in range(max(0, y - 2), min(ny, y + 3)):
                    for a in range(max(0, x - 2), min(nx, x + 3)):
                        if segment[owner[c, b, a]] != own:
                            dx, dy, dz = (a - x) * voxel_um[0], (b - y) * voxel_um[1], (c - z) * voxel_um[2]
                            near = min(near, np.sqrt(dx * dx + dy * dy + dz * dz))
            fresh = min(255.0, max(0.0, (near - 0.5 * voxel_um[0]) / GAP_STEP_UM))
            if side == 6 or fresh > gap[z, y, x]:
                gap[z, y, x] = fresh


def _components(forest: Forest, owner: Ints) -> tuple[Ints, Ints, Ints]:
    """Face-connected pieces: the (z, y, x) volume, and per piece its size and its segment (0 for the background)."""
    numbers = np.r_[0, forest.segment].astype(np.uint32)
    pieces, count = cc3d.connected_components(numbers[owner], connectivity=6, return_N=True)
    flat = pieces.reshape(-1)
    size = np.bincount(flat, minlength=count + 1)
    example = np.zeros(count + 1, np.int64)
    example[flat] = np.arange(len(flat))
    segment = numbers[owner.reshape(-1)[example]].astype(np.int64)
    size[0] = 0
    return pieces, size, segment


def _largest(size: Ints, segment: Ints, segments: int) -> Ints:
    """The largest piece of each segment: (segments + 1,), 0 where there is none."""
    order = np.argsort(size, kind="stable")
    best = np.zeros(segments + 1, np.int64)
    best[segment[order]] = order
    best[0] = 0
    return best


def settle_pieces(forest: Forest, owner: Ints, gap: Ints, voxel_um: Floats) -> tuple[Forest, Ints]:
    """Hand crumbs to neighbours and give separate pieces numbers of their own.

    ``owner`` and ``gap`` are changed in place.

    Returns:
        The forest with changed segments; nodes that own voxels in several pieces are doubled, doubles come last.
        origin: (n,) the row of which each node is a double, its own row for the others.
    """
    pieces, size, segment = _components(forest, owner)
    main = _largest(size, segment, int(forest.segment.max()))[segment] == np.arange(len(size))
    crumb = (size < CRUMB_VOXELS) | (~main & (size < ORPHAN_VOXELS))
    crumb[0] = False
    changed = np.flatnonzero(crumb[pieces])
    owner.reshape(-1)[changed] = 0
    grow_into(owner, changed, 40)
    refresh_gap(owner, np.r_[0, forest.segment].astype(np.int64), gap, changed, voxel_um)

    pieces, size, segment = _components(forest, owner)
    main_of = _largest(size, segment, int(forest.segment.max()))
    main = main_of[segment] == np.arange(len(size))
    fresh = np.flatnonzero(~main & (size > 0))
    number = segment.copy()
    number[fresh] = forest.segment.max() + 1 + np.arange(len(fresh))
    home = main_of[forest.segment]  # the piece of each node: where it lies, if that is its own segment
    voxel = np.round(forest.xyz / voxel_um).astype(int)
    inside = np.flatnonzero(((voxel >= 0) & (voxel < owner.shape[::-1])).all(1))
    x, y, z = voxel[inside].T
    here = pieces[z, y, x].astype(np.int64)
    own = segment[here] == forest.segment[inside]
    home[inside[own]] = here[own]
    astray = np.flatnonzero((np.r_[0, home].astype(np.uint32)[owner] != pieces) & (owner > 0))
    pairs = owner.reshape(-1)[astray].astype(np.int64) * len(size) + pieces.reshape(-1)[astray]
    pairs, which = np.unique(pairs, return_inverse=True)
    copies = forest.take(pairs // len(size) - 1)
    copies.segment[:] = number[pairs % len(size)]
    copies.bouton[:] = False
    copies.partner[:] = -1
    forest.segment[home > 0] = number[home[home > 0]]
    owner.reshape(-1)[astray] = (len(forest) + 1 + which).astype(owner.dtype)
    return join([forest, copies]), np.r_[np.arange(len(forest)), pairs // len(size) - 1]
