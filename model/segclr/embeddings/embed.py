"""Embedding every node of many skeletons: threads cut, the encoder embeds what was cut before.

A node that is not on its own segment has no embedding that would mean anything: it gets no row, is counted in the
table's provenance, and its neighbours are joined in its stead. So is one in whose view nothing can be seen, because the
EM is black or missing there: it counts as outside.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from typing import NamedTuple, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from segclr.em.cutout import CutoutSpec, read_cutout
from segclr.em.geometry import XYZ, voxel_of
from segclr.em.skeleton import Skeleton
from segclr.em.volume import Volume
from segclr.embeddings.bridging import bridged
from segclr.embeddings.provenance import Provenance
from segclr.embeddings.table import EmbeddingTable, build_table
from segclr.errors import TableError

_Task = TypeVar("_Task")
_Result = TypeVar("_Result")

_EMBEDDED, _BACKGROUND, _OTHER_SEGMENT, _OUTSIDE = range(4)


class SpecLike(Protocol):
    @property
    def cutout(self) -> CutoutSpec: ...
    @property
    def embedding_dim(self) -> int: ...
    @property
    def hash(self) -> str: ...


class EncoderLike(Protocol):
    """What is needed of an encoder: `segclr.encoder.inference.Encoder` is one, and this file loads no torch."""

    @property
    def spec(self) -> SpecLike: ...

    def embed(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Embed (B, z, y, x) cutouts."""
        ...


class Nodes(NamedTuple):
    """All nodes in the order given: (n,) segment ids, (n,) rows within their skeletons, (n, 3) nm, (m, 2) edges."""

    segment_ids: NDArray[np.uint64]
    node_ids: NDArray[np.int64]
    positions_nm: NDArray[np.float64]
    edges: NDArray[np.int64]


def embed_volume(
    em: Volume | None,
    segmentation: Volume,
    skeletons: Iterable[Skeleton],
    encoder: EncoderLike,
    *,
    nodes_from: str = "",
    batch: int = 32,
    readers: int = 2,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> EmbeddingTable:
    """Embed every node where it is, each masked by its skeleton's segment.

    Args:
        em: may be None for an encoder of shapes ("mask").
        skeletons: at most one per segment; spaced as the rows shall be.
        encoder: called from this thread alone, with `batch` cutouts at a time, fewer at the end.
        nodes_from: where the skeletons come from, for the provenance.
        readers: threads that read and cut.
        progress: called with the nodes done, skipped ones included, and all nodes.

    Raises:
        VolumeUnavailable: A cutout could not be read; nothing is returned then.
        TableError: No node can be embedded, or the encoder gives something else than finite embeddings.
    """
    nodes = list_nodes(skeletons)
    table = embed_nodes(em, segmentation, nodes, encoder, nodes_from, batch, readers, progress)
    refuse_nothing(len(table), table.provenance)
    return table


def embed_nodes(
    em: Volume | None,
    segmentation: Volume,
    nodes: Nodes,
    encoder: EncoderLike,
    nodes_from: str = "",
    batch: int = 32,
    readers: int = 2,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> EmbeddingTable:
    """Embed nodes; like `embed_volume`, but the table may be without rows.

    Raises:
        VolumeUnavailable: A cutout could not be read; nothing is returned then.
        TableError: The encoder gives something else than finite embeddings.
    """
    spec = encoder.spec
    em = None if spec.cutout.content == "mask" else em
    total = len(nodes.segment_ids)
    embeddings = np.empty((total, spec.embedding_dim), np.float32)
    fate = np.full(total, _EMBEDDED, np.uint8)

    def cut(some: NDArray[np.int64]) -> list[tuple[int, NDArray[np.uint8] | None]]:
        """Cut out some nodes; None for those to be skipped."""
        images: list[tuple[int, NDArray[np.uint8] | None]] = []
        for index in some.tolist():
            x, y, z = nodes.positions_nm[index].tolist()
            segment_id = int(nodes.segment_ids[index])
            fate[index] = _fate(em, segmentation, (x, y, z), spec.cutout, segment_id)
            found = None
            if fate[index] == _EMBEDDED:
                cutout = read_cutout(em, segmentation, (x, y, z), spec.cutout, segment_id)
                found = None if cutout.is_empty else cutout.image
                fate[index] = _OUTSIDE if cutout.is_empty else _EMBEDDED
            images.append((index, found))
        return images

    def embed(indices: list[int], images: list[NDArray[np.uint8]]) -> None:
        result = encoder.embed(np.stack(images))
        if result.shape != (len(images), spec.embedding_dim):
            raise TableError(f"the encoder gave {result.shape} embeddings for {len(images)} cutouts")
        embeddings[indices] = result

    done = 0
    indices: list[int] = []
    images: list[NDArray[np.uint8]] = []
    order = _reading_order(nodes.positions_nm, spec.cutout)
    tasks = (order[start : start + batch] for start in range(0, total, batch))
    for cutouts in _ahead(cut, tasks, readers):
        for index, image in cutouts:
            if image is not None:
                indices.append(index)
                images.append(image)
            if len(images) == batch:
                embed(indices, images)
                indices, images = [], []
        done += len(cutouts)
        progress(done - len(images), total)
    if images:
        embed(indices, images)
        progress(total, total)
    return _table(nodes, embeddings, fate, _provenance(em, segmentation, spec, nodes_from))


def list_nodes(skeletons: Iterable[Skeleton]) -> Nodes:
    """Put the nodes of all skeletons behind each other; a node's id is its row in its skeleton."""
    ids, rows, positions = [np.empty(0, np.uint64)], [np.empty(0, np.int64)], [np.empty((0, 3))]
    edges = [np.empty((0, 2), np.int64)]
    first = 0
    for skeleton in skeletons:
        n = len(skeleton.nodes_nm)
        ids.append(np.full(n, skeleton.segment_id, np.uint64))
        rows.append(np.arange(n))
        positions.append(skeleton.nodes_nm)
        edges.append(skeleton.edges.astype(np.int64) + first)
        first += n
    return Nodes(np.concatenate(ids), np.concatenate(rows), np.concatenate(positions), np.concatenate(edges))


def _reading_order(positions_nm: NDArray[np.float64], cutout: CutoutSpec) -> NDArray[np.int64]:
    """Return the nodes by their cell, two cutouts wide, along a Morton curve: the cells' chunks are read once or so.

    By skeleton, every long one would pull the whole volume through the cache.
    """
    if len(positions_nm) == 0:
        return np.empty(0, np.int64)
    width_nm = 2 * cutout.size * np.array(cutout.resolution_nm)
    cells = ((positions_nm - positions_nm.min(axis=0)) / width_nm).astype(np.int64)
    return np.argsort(morton_codes(cells), kind="stable")


def morton_codes(cells: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the place of each cell on a curve on which near cells are mostly near; (n,).

    Args:
        cells: (n, 3), from 0 to 2^20 - 1.
    """
    codes = np.zeros(len(cells), np.int64)
    for bit in range(20):
        for axis in range(3):
            codes |= ((cells[:, axis] >> bit) & 1) << (3 * bit + axis)
    return codes


def _fate(em: Volume | None, segmentation: Volume, position_nm: XYZ, cutout: CutoutSpec, segment_id: int) -> int:
    """Decide whether a node is embedded or why not."""
    finest = segmentation.mips[0]
    inside = finest.box.contains(voxel_of(position_nm, finest.resolution_nm))
    if inside and em is not None:
        level = em.mips[em.mip_for(cutout.resolution_nm)]
        inside = level.box.contains(voxel_of(position_nm, level.resolution_nm))
    if not inside:
        return _OUTSIDE
    found = segmentation.segment_at(position_nm)
    if found == segment_id:
        return _EMBEDDED
    return _OTHER_SEGMENT if found else _BACKGROUND


def _ahead(work: Callable[[_Task], _Result], tasks: Iterable[_Task], threads: int) -> Iterator[_Result]:
    """Yield the results of the tasks in their order, with a few tasks under way or done before they are wanted."""
    pending: deque[Future[_Result]] = deque()
    with ThreadPoolExecutor(threads, "cut") as pool:
        try:
            for task in tasks:
                pending.append(pool.submit(work, task))
                if len(pending) > 2 * threads:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            for future in pending:
                future.cancel()


def _provenance(em: Volume | None, segmentation: Volume, spec: SpecLike, nodes_from: str) -> Provenance:
    try:
        code_version = version("segclr-viewer")
    except PackageNotFoundError:
        code_version = "not installed"
    return Provenance(spec.hash, spec.cutout, em.url if em else None, segmentation.url, nodes_from, code_version)


def _table(
    nodes: Nodes, embeddings: NDArray[np.float32], fate: NDArray[np.uint8], provenance: Provenance
) -> EmbeddingTable:
    _, background, other_segment, outside = np.bincount(fate, minlength=4).tolist()
    kept = fate == _EMBEDDED
    new_row = np.cumsum(kept) - 1
    provenance = replace(
        provenance, skipped_background=background, skipped_other_segment=other_segment, skipped_outside=outside
    )
    return build_table(
        nodes.segment_ids[kept],
        nodes.node_ids[kept],
        nodes.positions_nm[kept],
        embeddings[kept],
        new_row[bridged(nodes.edges, kept)],
        provenance,
    )


def refuse_nothing(rows: int, made: Provenance) -> None:
    """Refuse a table without rows.

    Raises:
        TableError: Says why there are none.
    """
    if rows == 0 and made.skipped == 0:
        raise TableError("there are no skeleton nodes to embed")
    if rows == 0:
        raise TableError(
            f"none of {made.skipped} skeleton nodes can be embedded: {made.skipped_background} lie on background, "
            f"{made.skipped_other_segment} on another segment, {made.skipped_outside} outside the volumes or where the "
            "EM is empty; do skeletons and segmentation belong together?"
        )


if __name__ == "__main__":
    from segclr.embeddings.bulk.command import main  # it imports this file, under its own name

    sys.exit(main())
