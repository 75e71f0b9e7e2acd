"""Skeletons for segmentations that come without: kimimaro's TEASAR on a coarse grid, block by block."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

import fastremap
import numpy as np
from numpy.typing import NDArray

from segclr.em.geometry import Box
from segclr.em.sampled_grid import SampledGrid
from segclr.em.skeleton import Skeleton
from segclr.em.skeleton_fit import onto_segment
from segclr.em.volume import Volume
from segclr.errors import VolumeUnavailable

# TEASAR's time grows faster than the number of voxels, and nodes will be 1,500 nm apart: this many take a minute or so.
_EASY_VOXELS = 10_000_000
_BLOCK = 256  # edge in voxels of the grid
_DUST = 8  # voxels of the grid; smaller crumbs of a segment get no piece of skeleton

# lengths in nm, as kimimaro's authors recommend for neurons
_TEASAR = {
    "scale": 1.5,
    "const": 300,
    "pdrf_scale": 100000,
    "pdrf_exponent": 4,
    "soma_acceptance_threshold": 3500,
    "soma_detection_threshold": 750,
    "soma_invalidation_const": 300,
    "soma_invalidation_scale": 2,
}


@dataclass(frozen=True, slots=True, eq=False)
class _Piece:
    """Skeleton of a segment in one block: grid voxels (n, 3) xyz, edges (m, 2), radii (n,) in nm."""

    voxels: NDArray[np.int64]
    edges: NDArray[np.int64]
    radii_nm: NDArray[np.float32]


def skeletonize(
    segmentation: Volume,
    segment_ids: Collection[int] | None = None,
    min_voxels: int = 1000,
    mip: int = 0,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[Skeleton]:
    """Compute skeletons with the attribute `radius` (nm); every node is the centre of a voxel of its segment.

    Args:
        segment_ids: which to do, however small; None for all of at least `min_voxels`.
        min_voxels: of `mip`; counted on a coarser grid, so that it holds approximately.
        progress: called with the number of blocks done and of all blocks.

    Returns:
        One per segment, sorted by id, of several pieces where the segment is; none for ids that are not there.

    Raises:
        VolumeUnavailable: the segmentation cannot be read, or kimimaro is not installed.
    """
    grid = SampledGrid(segmentation, mip, _EASY_VOXELS)
    blocks = grid.blocks(_BLOCK)
    counts: dict[int, int] = defaultdict(int)
    for block in blocks:
        for segment_id, count in zip(*fastremap.unique(grid.read(block), return_counts=True), strict=True):
            counts[int(segment_id)] += int(count) * grid.mip_voxels
    if segment_ids is None:
        wanted = {segment_id for segment_id, count in counts.items() if count >= min_voxels}
    else:
        wanted = {int(segment_id) for segment_id in segment_ids} & counts.keys()
    wanted.discard(0)

    pieces: dict[int, list[_Piece]] = defaultdict(list)
    for done, block in enumerate(blocks):
        progress(done, len(blocks))
        for segment_id, piece in _skeletonize_block(grid, block, wanted):
            pieces[segment_id].append(piece)
    progress(len(blocks), len(blocks))
    skeletons = [_joined(grid, segment_id, pieces[segment_id]) for segment_id in sorted(pieces)]
    # a voxel of a coarser mip is not everywhere its segment's in the finest, which decides
    return skeletons if mip == 0 else [onto_segment(skeleton, segmentation) for skeleton in skeletons]


def _skeletonize_block(grid: SampledGrid, block: Box, wanted: set[int]) -> Iterator[tuple[int, _Piece]]:
    try:
        import kimimaro  # loads numba, and is needed only here
    except ImportError as error:
        raise VolumeUnavailable(
            "skeletons cannot be computed without kimimaro; install segclr-viewer[skeletons]"
        ) from error
    # One voxel more than the block: kimimaro ends paths at the same voxel of a face from both of its sides.
    x, y, z = (min(stop + 1, end) for stop, end in zip(block.stop, grid.bounds.stop, strict=True))
    ids = grid.read(Box(block.start, (x, y, z)))
    here = {int(segment_id) for segment_id in fastremap.unique(ids)} & wanted
    if not here:
        return
    ids = fastremap.mask_except(ids, sorted(here), in_place=True)
    labels, label_of_id = fastremap.renumber(ids, in_place=True)
    found = kimimaro.skeletonize(
        labels.T,
        teasar_params=_TEASAR,
        anisotropy=grid.voxel_nm,
        dust_threshold=_DUST,
        fix_borders=True,
        progress=False,
        parallel=1,
    )
    for segment_id in sorted(here):
        skeleton = found.get(label_of_id[segment_id])
        if skeleton is not None and len(skeleton.vertices):
            voxels = np.rint(skeleton.vertices / grid.voxel_nm).astype(np.int64) + block.start
            yield segment_id, _Piece(voxels, skeleton.edges.astype(np.int64), skeleton.radii.astype(np.float32))
        else:
            own = np.argwhere(labels == label_of_id[segment_id])[:, ::-1]
            middle = own[np.argmin(((own - own.mean(0)) ** 2).sum(1))]
            radius_nm = np.float32(min(grid.voxel_nm) / 2)
            yield segment_id, _Piece(middle[None] + block.start, np.zeros((0, 2), np.int64), np.array([radius_nm]))


def _joined(grid: SampledGrid, segment_id: int, pieces: list[_Piece]) -> Skeleton:
    """Put the pieces of a segment together at the voxels that they share."""
    voxels = np.concatenate([piece.voxels for piece in pieces])
    first_row = np.cumsum([0, *(len(piece.voxels) for piece in pieces[:-1])])
    edges = np.concatenate([piece.edges + row for piece, row in zip(pieces, first_row, strict=True)])
    radii = np.concatenate([piece.radii_nm for piece in pieces])
    nodes, source, row_of = np.unique(voxels, axis=0, return_index=True, return_inverse=True)
    pairs = np.unique(np.sort(row_of.reshape(-1)[edges], axis=1), axis=0)
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    return Skeleton(segment_id, grid.centres_nm(nodes), pairs.astype(np.int32), {"radius": radii[source]})
