"""All nodes of a job, and the blocks of space that they lie in: made once, then read from files by every process."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from segclr.em.cutout import CutoutSpec
from segclr.em.geometry import XYZ
from segclr.em.skeleton import Skeleton
from segclr.em.skeleton_fit import onto_segment
from segclr.em.skeleton_source import open_skeletons
from segclr.em.volume import Volume
from segclr.embeddings.bulk.settings import BulkSettings
from segclr.embeddings.embed import Nodes, list_nodes, morton_codes
from segclr.errors import ProjectError, TableError
from segclr.wording import counted

CUTOUTS = 4  # edge of a block: a cutout's margin is then read for a small share of the nodes
_COLUMNS = ("segment_ids", "node_ids", "positions_nm", "edges", "order", "first")


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """n nodes in B blocks.

    Attributes:
        nodes: segment by segment, each one's nodes together and numbered from 0.
        order: (n,) int64, the nodes by block.
        first: (B + 1,) int64; the nodes of block b are `order[first[b]:first[b + 1]]`.
    """

    nodes: Nodes
    order: NDArray[np.int64]
    first: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.first) - 1

    def block(self, number: int) -> Nodes:
        """Return the nodes of a block, without edges."""
        rows = np.sort(self.order[self.first[number] : self.first[number + 1]])
        ids, node_ids, positions_nm, _ = self.nodes
        return Nodes(ids[rows], node_ids[rows], positions_nm[rows], np.empty((0, 2), np.int64))

    def save(self, folder: Path) -> None:
        """Write the plan's columns to a folder; what shall count is for the caller to say."""
        columns = (*self.nodes, self.order, self.first)
        for name, column in zip(_COLUMNS, columns, strict=True):
            with (folder / f"{name}.npy").open("wb") as file:
                np.save(file, column, allow_pickle=False)
                file.flush()
                os.fsync(file.fileno())


def open_plan(folder: Path) -> Plan:
    """Map the columns of a plan.

    Raises:
        TableError: They cannot be read.
    """
    try:
        found = [np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False) for name in _COLUMNS]
    except (OSError, ValueError) as error:
        raise TableError(
            f"the plan of the bulk embedding in {folder} cannot be read ({error}): every worker must see this folder"
        ) from None
    ids, node_ids, positions_nm, edges, order, first = found
    return Plan(Nodes(ids, node_ids, positions_nm, edges), order, first)


def make_plan(nodes: Nodes, edge_nm: XYZ, origin_nm: XYZ) -> Plan:
    """Sort nodes into blocks along a Morton curve.

    Args:
        nodes: of at most one skeleton per segment.
        edge_nm, origin_nm: of the grid of blocks.

    Raises:
        TableError: There are no nodes.
        ProjectError: The volume has more than 2^20 blocks along an axis.
    """
    if len(nodes.segment_ids) == 0:
        raise TableError("there are no skeleton nodes to embed: is the size that segments must have too large?")
    cells = np.floor((nodes.positions_nm - origin_nm) / edge_nm).astype(np.int64)
    cells -= cells.min(axis=0)
    if int(cells.max()) >= 1 << 20:
        raise ProjectError(f"blocks of {edge_nm[0]:g} nm are too small for this volume: set a larger --block-um")
    codes = morton_codes(cells)
    order = np.argsort(codes, kind="stable")
    ends = np.flatnonzero(np.diff(codes[order])) + 1
    return Plan(nodes, order, np.concatenate([[0], ends, [len(order)]]).astype(np.int64))


def chosen_nodes(
    settings: BulkSettings, segmentation: Volume, progress: Callable[[str], None] = lambda text: None
) -> Nodes:
    """Read or compute the skeletons of all segments of the size, spaced and on their segments.

    Raises:
        VolumeUnavailable: Skeletons cannot be read.
        ProjectError: A segment has two skeletons.
    """
    return list_nodes(_chosen(settings, segmentation, progress))


def block_grid(settings: BulkSettings, em: Volume | None, segmentation: Volume, cutout: CutoutSpec) -> tuple[XYZ, XYZ]:
    """Return edge and origin of the blocks in nm: whole chunks of what is read, so that few are read for two blocks."""
    volume, mip = segmentation, 0
    if em is not None and cutout.content != "mask":
        volume, mip = em, em.mip_for(cutout.resolution_nm)
    level, chunk = volume.mips[mip], volume.chunk_size(mip)
    edges = []
    for axis, chunk_nm in enumerate(c * r for c, r in zip(chunk, level.resolution_nm, strict=True)):
        wanted = CUTOUTS * cutout.size * cutout.resolution_nm[axis]
        wanted = wanted if settings.block_um is None else 1000 * settings.block_um
        edges.append(chunk_nm * max(1, -(-wanted // chunk_nm)))
    x, y, z = (at * r for at, r in zip(level.box.start, level.resolution_nm, strict=True))
    return (edges[0], edges[1], edges[2]), (x, y, z)


def _chosen(settings: BulkSettings, segmentation: Volume, progress: Callable[[str], None]) -> Iterable[Skeleton]:
    found: Iterable[Skeleton | None]
    if settings.skeletons_url is not None:
        source = open_skeletons(settings.skeletons_url)
        found = (source.skeleton(int(segment)) for segment in source.segment_ids())
    else:
        from segclr.em.skeletonize import skeletonize  # kimimaro: only where skeletons are computed

        found = skeletonize(
            segmentation,
            min_voxels=settings.min_voxels,
            progress=lambda done, total: progress(f"skeletons, block {done} of {total}"),
        )
    known: set[int] = set()
    for skeleton in found:
        if skeleton is None or skeleton.path_length_nm() < 1000 * settings.min_path_um:
            continue
        if skeleton.segment_id in known:
            raise ProjectError(f"segment {skeleton.segment_id} has two skeletons at {settings.skeletons_url}")
        known.add(skeleton.segment_id)
        if len(known) % 1000 == 0:
            progress(counted(len(known), "skeleton"))
        yield onto_segment(skeleton.spaced(settings.spacing_nm), segmentation) if settings.spacing_nm else skeleton
