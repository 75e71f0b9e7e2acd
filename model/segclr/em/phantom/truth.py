"""What is true of the block: segments, supervoxels, skeletons and their labels, all looked up through ``owner``."""

from dataclasses import dataclass

import numpy as np

from segclr.em.phantom.forest import Floats, Forest, Ints
from segclr.em.phantom.recipes import AXON, DENDRITE, GLIA, SPINE


def cut_pieces(rng: np.random.Generator, forest: Forest) -> Ints:
    """Piece number per node after random cuts: an automatic segmentation before agglomeration."""
    kinds = (AXON, SPINE, GLIA, DENDRITE)
    rate = np.select([forest.compartment == kind for kind in kinds], [0.014, 0.03, 0.05, 0.006], 0.0)
    start = (forest.parent < 0) | (rng.random(len(forest)) < rate)
    piece = np.zeros(len(forest), np.uint32)
    piece[start] = 1 + np.arange(start.sum())
    for i in np.flatnonzero(~start):
        piece[i] = piece[forest.parent[i]]
    return piece


@dataclass(frozen=True, slots=True)
class Nodes:
    """Skeletons of all segments: ``rows`` (n,) of the fine forest; ``edges`` (m, 2) int32 rows of ``rows``."""

    rows: Ints
    edges: Ints


def coarse_skeletons(forest: Forest, owner: Ints, voxel_um: Floats, every: int = 5) -> Nodes:
    """Nodes about 1.25 um apart that lie in a voxel of their own segment."""
    parent = forest.parent
    hop = np.zeros(len(forest), int)
    children = np.bincount(parent[parent >= 0], minlength=len(forest))
    for i in np.flatnonzero(parent >= 0):
        hop[i] = hop[parent[i]] + 1
    wish = (hop % every == 0) | (children != 1) | (parent < 0)
    voxel = np.round(forest.xyz / voxel_um).astype(int)
    inside = ((voxel >= 0) & (voxel < owner.shape[::-1])).all(1)
    on = np.zeros(len(forest), bool)
    x, y, z = voxel[inside].T
    lut = np.r_[0, forest.segment]
    on[inside] = lut[owner[z, y, x]] == forest.segment[inside]
    keep = wish & on
    up = np.full(len(forest), -1)
    for i in np.flatnonzero(parent >= 0):
        up[i] = parent[i] if keep[parent[i]] else up[parent[i]]
    row = np.cumsum(keep) - 1
    child = np.flatnonzero(keep & (up >= 0))
    edges = np.stack([row[child], row[up[child]]], 1).astype(np.int32)
    return Nodes(np.flatnonzero(keep), edges)
