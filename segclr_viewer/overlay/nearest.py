"""Which node of its own segment each voxel lies nearest to: the map from voxels to rows of the embedding table."""

from typing import Protocol

import fastremap
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from segclr.em.geometry import XYZ, Box
from segclr_viewer.overlay.byte_cache import ByteCache

# Voxels are asked for in blocks of 2 x 2 x 2, once per segment in the block: a class border moves by less than a voxel
# and the search, which is nearly all of the cost, has an eighth of the points.
_EDGE = 2
_TREE_BYTES_PER_NODE = 64


class Nodes(Protocol):
    """What is needed of the embedding table: its rows, grouped by segment.

    segment_ids (S,) uint64 sorted; the rows of segment i are first_row[i]:first_row[i + 1]; positions_nm (n, 3) xyz.
    """

    @property
    def segment_ids(self) -> NDArray[np.uint64]: ...

    @property
    def first_row(self) -> NDArray[np.int64]: ...

    @property
    def positions_nm(self) -> NDArray[np.float64]: ...


class NearestNodes:
    """Answers for many points at once; search trees of the segments in use are kept. Any number of threads may ask."""

    def __init__(self, nodes: Nodes, limit_bytes: int = 64 << 20) -> None:
        self.nodes = nodes
        self._order: tuple[NDArray[np.uint64], NDArray[np.int64]] = (np.empty(0, np.uint64), np.empty(0, np.int64))
        self._trees: ByteCache[int, cKDTree] = ByteCache(limit_bytes, lambda tree: tree.n * _TREE_BYTES_PER_NODE)

    def rows_of_voxels(self, segments: NDArray[np.uint64], box: Box, resolution_nm: XYZ) -> NDArray[np.int32]:
        """Return 1 + the row of the nearest node of each voxel's own segment, (z, y, x).

        Args:
            segments: (z, y, x) segment ids of `box`.
            resolution_nm: of the mip that `box` is in.

        Returns:
            0 for background and for segments that have no node. Exact to within one voxel: all voxels of a segment in
            a block of 2 x 2 x 2 share the answer for the middle of the block.
        """
        index_of_label, labels = self._labelled(segments)
        blocks = _blocks(labels)
        first = _first_of_its_kind(blocks)
        asked = np.flatnonzero((first == np.arange(first.shape[1])) & (blocks > 0))
        block, asked_label = asked // first.shape[1], blocks.ravel()[asked]
        order = np.argsort(asked_label, kind="stable")
        ends = np.searchsorted(asked_label[order], np.arange(1, len(index_of_label) + 1), side="right")
        points = _middles_nm(block[order], labels.shape, box, resolution_nm)
        found = np.empty(len(asked), np.int32)
        for label, index in enumerate(index_of_label):
            part = slice(ends[label - 1] if label else 0, ends[label])
            found[part] = 1 + self.rows_of_points(int(index), points[part])
        answers = np.zeros(first.shape, np.int32)
        answers.ravel()[asked[order]] = found
        return _unblocked(np.take_along_axis(answers, first, axis=1), labels.shape)

    def rows_of_points(self, segment_index: int, points_nm: NDArray[np.floating]) -> NDArray[np.int32]:
        """Return the row of the nearest node of one segment for each point, (k,); the segment must have nodes."""
        start, stop = (int(row) for row in self.nodes.first_row[segment_index : segment_index + 2])
        if stop - start == 1:
            return np.full(len(points_nm), start, np.int32)
        tree = self._trees.get(segment_index, lambda: cKDTree(self.nodes.positions_nm[start:stop]))
        _, nearest = tree.query(points_nm)
        return np.asarray(nearest + start, np.int32)

    def _labelled(self, segments: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """Number the segments that have nodes 1, 2, ... Returns the table's index of each, and the numbered voxels."""
        small, numbers = fastremap.renumber(np.ascontiguousarray(segments), preserve_zero=True)
        ids = np.fromiter(numbers.keys(), np.uint64, len(numbers))
        known_ids, places = self._sorted()
        place = np.minimum(np.searchsorted(known_ids, ids), max(len(known_ids) - 1, 0))
        known = (ids != 0) & (known_ids[place] == ids) if len(known_ids) else np.zeros(len(ids), bool)
        lut = np.zeros(len(numbers) + 1, np.int32)
        lut[np.fromiter(numbers.values(), np.int64, len(numbers))[known]] = np.arange(1, known.sum() + 1)
        return places[place[known]], lut[small]

    def place_of(self, segment_id: int) -> int | None:
        """The place of a segment in the table's list; None if it is not there."""
        known_ids, places = self._sorted()
        at = int(np.searchsorted(known_ids, np.uint64(segment_id)))
        return int(places[at]) if at < len(known_ids) and int(known_ids[at]) == segment_id else None

    def _sorted(self) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
        """The segment ids ascending, and the place of each in the table's list, which may have grown."""
        ids = self.nodes.segment_ids
        if len(ids) != len(self._order[0]):
            order = np.argsort(ids, kind="stable")
            self._order = (ids[order], order)
        return self._order


def _blocks(voxels: NDArray[np.int32]) -> NDArray[np.int32]:
    """Cut (z, y, x) voxels, padded with 0, into blocks: (number of blocks, voxels of a block)."""
    padded = np.pad(voxels, [(0, -n % _EDGE) for n in voxels.shape])
    z, y, x = (n // _EDGE for n in padded.shape)
    cut = padded.reshape(z, _EDGE, y, _EDGE, x, _EDGE).transpose(0, 2, 4, 1, 3, 5)
    return cut.reshape(z * y * x, _EDGE**3)


def _unblocked(blocks: NDArray[np.int32], shape: tuple[int, ...]) -> NDArray[np.int32]:
    z, y, x = (-(-n // _EDGE) for n in shape)
    cut = blocks.reshape(z, y, x, _EDGE, _EDGE, _EDGE).transpose(0, 3, 1, 4, 2, 5)
    whole = cut.reshape(z * _EDGE, y * _EDGE, x * _EDGE)
    return np.ascontiguousarray(whole[: shape[0], : shape[1], : shape[2]])


def _first_of_its_kind(blocks: NDArray[np.int32]) -> NDArray[np.intp]:
    """For each voxel of a block, the place of the first voxel in the block that has the same label."""
    first = np.zeros(blocks.shape, np.intp)
    for place in range(1, blocks.shape[1]):
        first[:, place] = np.argmax(blocks[:, : place + 1] == blocks[:, place, None], axis=1)
    return first


def _middles_nm(block: NDArray[np.intp], shape: tuple[int, ...], box: Box, resolution_nm: XYZ) -> NDArray[np.float64]:
    """Positions of the middles of blocks, (k, 3) xyz."""
    z, y, x = np.unravel_index(block, [-(-n // _EDGE) for n in shape])
    voxels = np.stack([x, y, z], axis=1) * _EDGE + _EDGE / 2 + np.array(box.start)
    middles: NDArray[np.float64] = voxels * np.array(resolution_nm)
    return middles
