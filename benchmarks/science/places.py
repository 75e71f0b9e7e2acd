"""The places that every question is asked about: skeleton nodes of held-out generated blocks, with their truth."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.science.store import Store, key
from segclr.em.cutout import CutoutSpec, read_cutout
from segclr.em.phantom.files import PHANTOM_VERSION, PhantomFolder, PhantomTruth, find_phantom, open_phantom
from segclr.em.skeleton_source import open_skeletons
from segclr.em.volume import open_volume
from segclr.embeddings.provenance import Provenance
from segclr.embeddings.table import EmbeddingTable, build_table

CELLS_PER_BLOCK = 1_000_000  # cells of different blocks are different cells


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """One block's places, by segment and then by node, as in an embedding table.

    Attributes:
        segment_ids, node_ids: (n,) uint64, (n,) int64.
        positions_nm: (n, 3) float64, xyz.
        edges: (m, 2) int64 rows: neighbours on a skeleton.
        subcompartment, cell_type, cell: (n,) int64; cells are unique over all blocks.
        images: (n, z, y, x) uint8, the cutout of every place as the encoder sees it.
    """

    folder: PhantomFolder
    cutout: CutoutSpec
    segment_ids: NDArray[np.uint64]
    node_ids: NDArray[np.int64]
    positions_nm: NDArray[np.float64]
    edges: NDArray[np.int64]
    subcompartment: NDArray[np.int64]
    cell_type: NDArray[np.int64]
    cell: NDArray[np.int64]
    images: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.node_ids)

    @property
    def name(self) -> str:
        """Names the cutouts in the store."""
        return block_name(self.folder.seed, self.folder.size_voxels, self.cutout)

    def table(self, features: NDArray[np.float32]) -> EmbeddingTable:
        """A table of any (n, d) features of the places, for aggregation along the skeletons."""
        made_by = Provenance("benchmark", self.cutout, self.folder.em_url, self.folder.segmentation_url, "truth", "")
        table = build_table(self.segment_ids, self.node_ids, self.positions_nm, features, self.edges, made_by)
        assert np.array_equal(table.node_ids, self.node_ids), "a block's places are in the order of a table's rows"
        return table


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """All blocks' places, one block after the other.

    Attributes:
        subcompartment, cell_type, cell: (n,) int64.
    """

    blocks: tuple[Block, ...]
    subcompartment: NDArray[np.int64]
    cell_type: NDArray[np.int64]
    cell: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.cell)

    def images(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        """The (k, z, y, x) cutouts of some places, in their order."""
        ends = np.cumsum([len(block) for block in self.blocks])
        starts = ends - [len(block) for block in self.blocks]
        size = self.blocks[0].cutout.size
        found = np.empty((len(rows), size, size, size), np.uint8)
        for block, start, end in zip(self.blocks, starts, ends, strict=True):
            here = (rows >= start) & (rows < end)
            found[here] = block.images[rows[here] - start]
        return found


def block_of(folder: Path, seed: int, size_voxels: tuple[int, int, int]) -> PhantomFolder:
    """The held-out block, made if it is not there."""
    found = find_phantom(folder)
    if found is None or (found.seed, found.size_voxels) != (seed, size_voxels):
        from segclr.em.phantom.writing import write_phantom

        found = write_phantom(folder, seed, size_voxels)
    return found


def block_name(seed: int, size_voxels: tuple[int, int, int], cutout: CutoutSpec) -> str:
    return f"{PHANTOM_VERSION}_{seed}_{key(size_voxels, cutout)}"


def gather(
    store: Store, blocks_folder: Path, seeds: tuple[int, ...], size_voxels: tuple[int, int, int], cutout: CutoutSpec
) -> Places:
    """Generate the blocks, cut out every node and read its truth; what is in the store is taken from there."""
    blocks = tuple(
        _block(store, block_of(blocks_folder / f"v{PHANTOM_VERSION}_{seed}", seed, size_voxels), cutout)
        for seed in seeds
    )
    return Places(
        blocks,
        np.concatenate([block.subcompartment for block in blocks]),
        np.concatenate([block.cell_type for block in blocks]),
        np.concatenate([block.cell for block in blocks]),
    )


def cutouts(
    folder: PhantomFolder, cutout: CutoutSpec, segment_ids: NDArray[np.uint64], positions_nm: NDArray[np.float64]
) -> NDArray[np.uint8]:
    """Cut out places of a block: (n, z, y, x) uint8."""
    em, segmentation = open_volume(folder.em_url, "em"), open_volume(folder.segmentation_url, "segmentation")
    images = np.empty((len(segment_ids), cutout.size, cutout.size, cutout.size), np.uint8)
    for row in _reading_order(positions_nm, cutout):
        x, y, z = positions_nm[row].tolist()
        images[row] = read_cutout(em, segmentation, (x, y, z), cutout, int(segment_ids[row])).image
    return images


def _block(store: Store, folder: PhantomFolder, cutout: CutoutSpec) -> Block:
    truth = open_phantom(folder.folder)
    order = np.lexsort((truth.node_id, truth.node_segment_id))
    segment_ids, positions_nm = truth.node_segment_id[order], truth.position_nm[order]
    name = f"cutouts/{block_name(folder.seed, folder.size_voxels, cutout)}"
    images = store.array(name, lambda: cutouts(folder, cutout, segment_ids, positions_nm))
    return Block(
        folder=folder,
        cutout=cutout,
        segment_ids=segment_ids,
        node_ids=truth.node_id[order],
        positions_nm=positions_nm,
        edges=_edges(folder, truth, order),
        subcompartment=truth.subcompartment[order].astype(np.int64),
        cell_type=truth.cell_type[order].astype(np.int64),
        cell=truth.cell[order] + CELLS_PER_BLOCK * folder.seed,
        images=images.astype(np.uint8, copy=False),
    )


def _edges(folder: PhantomFolder, truth: PhantomTruth, order: NDArray[np.int64]) -> NDArray[np.int64]:
    """The skeletons' edges as rows of the block."""
    segment_ids, first = np.unique(truth.node_segment_id[order], return_index=True)
    source = open_skeletons(folder.skeletons_url)
    edges = [np.empty((0, 2), np.int64)]
    for segment_id, start in zip(segment_ids.tolist(), first.tolist(), strict=True):
        skeleton = source.skeleton(segment_id)
        if skeleton is not None:
            edges.append(skeleton.edges.astype(np.int64) + start)
    return np.concatenate(edges)


def _reading_order(positions_nm: NDArray[np.float64], cutout: CutoutSpec) -> list[int]:
    """Neighbours after each other, so that the volume's cache of chunks is of use."""
    cells = (positions_nm / (2 * cutout.size * np.array(cutout.resolution_nm))).astype(np.int64)
    return [int(row) for row in np.lexsort(cells.T)]
