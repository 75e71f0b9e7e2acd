"""An automatic segmentation before agglomeration: segments in pieces, and a few pieces that join two segments."""

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from segclr.em.phantom.compiled import compiled
from segclr.em.phantom.forest import Bools, Forest, Ints
from segclr.em.phantom.recipes import AXON, DENDRITE, GLIA, SPINE

CUTS = {AXON: 0.014, SPINE: 0.03, GLIA: 0.05, DENDRITE: 0.006}  # chance of a cut per edge of the fine skeletons
MERGED_SHARE = 0.015  # of supervoxels that swallow a piece of a neighbour
MERGED_VOXELS = 30_000  # larger ones never do


def split_and_merge(
    rng: np.random.Generator, forest: Forest, edges: Ints, alive: Bools, owner: Ints
) -> tuple[Ints, Ints]:
    """Cut the fine skeletons at random, then merge a few pieces with a touching piece of another segment.

    Returns:
        (n + 1,) uint32, the supervoxel of each owner value, 0 for the background.
        (k, 2) uint32, pairs of supervoxel and segment; a supervoxel with two segments is a false merger.
    """
    rate = np.zeros(256)
    rate[list(CUTS)] = list(CUTS.values())
    whole = rng.random(len(edges)) >= rate[forest.compartment[edges[:, 0]]]
    a, b = edges[whole].T
    n = len(forest)
    _, tree = connected_components(coo_array((np.ones(len(a)), (a, b)), (n, n)), directed=False)
    _, label = np.unique(np.where(alive, tree, -1), return_inverse=True)  # 0: nodes that own no voxel
    label += int(alive.all())
    piece = np.r_[0, label].astype(np.int64)
    count = int(piece.max()) + 1
    voxels = np.bincount(piece, weights=np.bincount(owner.reshape(-1), minlength=n + 1), minlength=count)
    small = np.flatnonzero((voxels > 0) & (voxels < MERGED_VOXELS))
    chosen = np.zeros(count, np.bool_)
    chosen[rng.permutation(small[small > 0])[: int(MERGED_SHARE * count)]] = True
    segment = np.zeros(count, np.int64)
    segment[piece[1:]] = forest.segment
    partner = np.zeros(count, np.int64)
    _partners(owner, piece, segment, voxels < MERGED_VOXELS, chosen, partner)
    joined = np.zeros(count, np.bool_)
    for k in np.flatnonzero(partner):
        if not joined[k] and not joined[partner[k]]:  # no chains: a merger joins two segments
            joined[[k, partner[k]]] = True
            piece[piece == k] = partner[k]
    pairs = np.unique(np.stack([piece[1:][alive], forest.segment[alive]], 1), axis=0)
    return piece.astype(np.uint32), pairs.astype(np.uint32)


@compiled()
def _partners(owner: Ints, piece: Ints, segment: Ints, allowed: Bools, chosen: Bools, partner: Ints) -> None:
    """The first piece of another segment that each chosen piece touches."""
    nz, ny, nx = owner.shape
    for z in range(nz - 1):
        for y in range(ny - 1):
            for x in range(nx - 1):
                here = piece[owner[z, y, x]]
                if here == 0:
                    continue
                for axis in range(3):
                    there = piece[owner[z + (axis == 2), y + (axis == 1), x + (axis == 0)]]
                    if there == 0 or segment[there] == segment[here]:
                        continue
                    if chosen[here] and partner[here] == 0 and allowed[there]:
                        partner[here] = there
                    if chosen[there] and partner[there] == 0 and allowed[here]:
                        partner[there] = here
