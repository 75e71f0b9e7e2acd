"""Fill the space between tubes: astrocyte lamellae, tiny pockets, myelin sheaths as segments of their own."""

import cc3d
import numpy as np
from scipy.spatial import cKDTree

from segclr.em.phantom.compiled import compiled
from segclr.em.phantom.forest import Floats, Forest, Ints, join, make_forest
from segclr.em.phantom.pieces import grow_into, refresh_gap
from segclr.em.phantom.raster import GAP_STEP_UM
from segclr.em.phantom.recipes import GLIA, type_code

SEAM_GAP = 20  # in GAP_STEP_UM: farther from a border than a voxel of a border can be
LAMELLA_CELL = (31, 39, 39)  # zyx voxels, about 1.25 um: one skeleton node per cell


@compiled()
def _deepest(
    key: Ints, gap: Ints, shape: tuple[int, ...], cell: tuple[int, int, int], small: int, counts: Ints, best: Ints
) -> None:
    """Deepest voxel of each lamella cell (large components) or component (small ones)."""
    nz, ny, nx = shape
    cy, cx = ny // cell[1] + 1, nx // cell[2] + 1
    depth = np.zeros(len(best), np.int64) - 1
    offset = len(counts)
    for z in range(nz):
        for y in range(ny):
            for x in range(nx):
                c = key[z, y, x]
                if c == 0:
                    continue
                if counts[c] >= small:
                    c = offset + ((z // cell[0]) * cy + y // cell[1]) * cx + x // cell[2]
                key[z, y, x] = c
                if gap[z, y, x] > depth[c]:
                    depth[c] = gap[z, y, x]
                    best[c] = (z * ny + y) * nx + x


def claim_free_space(
    forest: Forest, owner: Ints, gap: Ints, voxel_um: Floats, small: int = 4000, least: int = 120
) -> Forest:
    """Give free space to astrocytes: nodes for lamellae; tiny pockets stay extracellular.

    Returns the extended forest; ``owner`` and ``gap`` are changed in place.
    """
    key, count = cc3d.connected_components(owner == 0, connectivity=6, return_N=True)
    sizes = np.bincount(key.ravel(), minlength=count + 1)
    dust = sizes < least
    dust[0] = True
    lut = np.arange(count + 1, dtype=np.uint32)
    lut[dust] = 0
    key = lut[key]
    cells = np.prod([n // c + 1 for n, c in zip(owner.shape, LAMELLA_CELL, strict=True)])
    best = np.full(count + 1 + cells, -1, np.int64)
    _deepest(key, gap, owner.shape, LAMELLA_CELL, small, sizes, best)
    used = np.flatnonzero(best >= 0)
    z, y, x = np.unravel_index(best[used], owner.shape)
    xyz = np.stack([x, y, z], 1) * voxel_um
    astro = np.flatnonzero(forest.cell_type == type_code("astrocyte"))
    lone = (used <= count) | (len(astro) == 0)  # components of their own, unless an astrocyte can own them
    home = astro[cKDTree(forest.xyz[astro]).query(xyz)[1]] if len(astro) else np.zeros(len(used), int)
    segment = np.where(lone, forest.segment.max() + 1 + np.cumsum(lone), forest.segment[home])
    cell = np.where(lone, forest.cell.max() + segment, forest.cell[home])
    depth_um = gap.ravel()[best[used]] * GAP_STEP_UM
    new = make_forest(xyz, depth_um, -1, segment, -1, type_code("astrocyte"), GLIA, cell)
    node = np.zeros(len(best), np.uint32)
    node[used] = len(forest) + 1 + np.arange(len(used))
    free = owner == 0
    owner[free] = node[key[free]]
    whole = join([forest, new])
    pockets = np.flatnonzero(owner == 0)
    gap.reshape(-1)[pockets] //= 3  # where three membranes meet, sections are dark
    grow_into(owner, pockets, 8)
    numbers = np.r_[0, whole.segment].astype(np.int64)
    refresh_gap(owner, numbers, gap, _seams(owner, numbers, gap), voxel_um)
    return whole


@compiled()
def _seams(owner: Ints, segment: Ints, gap: Ints) -> Ints:
    """Flat indices of voxels at borders that carry no membrane yet, as between two astrocytes."""
    nz, ny, nx = owner.shape
    found = []
    for z in range(nz - 1):
        for y in range(ny - 1):
            for x in range(nx - 1):
                if gap[z, y, x] < SEAM_GAP:
                    continue
                own = segment[owner[z, y, x]]
                for axis in range(3):
                    c, b, a = z + (axis == 2), y + (axis == 1), x + (axis == 0)
                    if segment[owner[c, b, a]] != own and gap[c, b, a] >= SEAM_GAP:
                        found.append((z * ny + y) * nx + x)
                        found.append((c * ny + b) * nx + a)
    return np.array(found)


def add_sheaths(forest: Forest, sheath: Ints) -> Forest:
    """Append one node per myelinated axon node; sheaths are oligodendrocyte segments."""
    row = np.full(len(forest) + 1, -1)
    row[sheath] = len(forest) + np.arange(len(sheath))
    base = forest.segment.max()
    _, segment = np.unique(forest.segment[sheath], return_inverse=True)
    cell = forest.cell.max(initial=0) + 1 + segment
    new = make_forest(
        forest.xyz[sheath], forest.radius[sheath], row[forest.parent[sheath]], base + 1 + segment, -1,
        type_code("oligodendrocyte"), GLIA, cell,
    )  # fmt: skip
    return join([forest, new])
