"""Positive pairs: two places on one skeleton, in buckets of the path between them.

As published, both places lie on the same segment and the distance is that along its skeleton; buckets have equal
weight, so that near pairs, of which there are few, count as much as far ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import dijkstra

from segclr.em.geometry import IntXYZ, voxel_of
from segclr.em.skeleton import Skeleton
from segclr.errors import ProjectError
from segclr.training.volumes import TrainingVolume

_ANCHORS = 512  # of one skeleton: a whole neuron must not take over
_PARTNERS = 2  # of one anchor in one bucket


@dataclass(frozen=True, slots=True, eq=False)
class PairTable:
    """Places and pairs of them.

    Attributes:
        volume: (n,) row of the list of volumes.
        segment: (n,) uint32 as in ``TrainingVolume.segments``.
        segment_key: (n,) int64, different for every segment of every volume.
        voxel: (n, 3) xyz at the view's resolution.
        pairs: one (k, 2) array of places per bucket that has any.
        distances_nm: (k,) beside it.
    """

    volume: NDArray[np.int64]
    segment: NDArray[np.uint32]
    segment_key: NDArray[np.int64]
    voxel: NDArray[np.int64]
    pairs: tuple[NDArray[np.int64], ...]
    distances_nm: tuple[NDArray[np.float64], ...]

    def draw(self, count: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """Draw pairs of at least two segments: pairs of one alone have nothing to contrast.

        Returns:
            (count, 2) places, in random order of the two.
        """
        chosen = self._draw_any(count, rng)
        while len(np.unique(self.segment_key[chosen[:, 0]])) == 1:
            chosen = self._draw_any(count, rng)
        return chosen

    def _draw_any(self, count: int, rng: np.random.Generator) -> NDArray[np.int64]:
        chosen = np.empty((count, 2), np.int64)
        for row, bucket in enumerate(rng.integers(len(self.pairs), size=count)):
            pair = self.pairs[bucket][rng.integers(len(self.pairs[bucket]))]
            chosen[row] = pair if rng.random() < 0.5 else pair[::-1]
        return chosen

    def centre(self, place: int) -> IntXYZ:
        x, y, z = self.voxel[place]
        return int(x), int(y), int(z)


def find_pairs(
    volumes: Sequence[TrainingVolume],
    resolution_nm: tuple[float, float, float],
    borders_um: Sequence[float],
    rng: np.random.Generator,
) -> PairTable:
    """Collect pairs from all skeletons.

    Args:
        borders_um: Rising borders of the buckets; a pair is in a bucket if its distance is above the lower border and
            at most the upper one.

    Raises:
        ProjectError: No two nodes lie within the borders, or those that do lie on one segment.
    """
    places: list[tuple[int, int, int]] = []  # volume, segment, key
    voxels: list[IntXYZ] = []
    buckets: list[list[NDArray[np.int64]]] = [[] for _ in borders_um[1:]]
    lengths: list[list[NDArray[np.float64]]] = [[] for _ in borders_um[1:]]
    key = 0
    for row, volume in enumerate(volumes):
        for skeleton in volume.skeletons:
            usable = _usable_nodes(volume, skeleton, resolution_nm)
            number = volume.number_of(skeleton.segment_id)
            if number == 0 or len(usable) < 2:
                continue
            place_of = np.full(len(skeleton.nodes_nm), -1)
            place_of[usable] = len(places) + np.arange(len(usable))
            places += [(row, number, key)] * len(usable)
            voxels += [voxel_of(tuple(skeleton.nodes_nm[node]), resolution_nm) for node in usable]
            key += 1
            for bucket, nodes, distances_nm in _pairs_of(skeleton, usable, borders_um, rng):
                buckets[bucket].append(place_of[nodes])
                lengths[bucket].append(distances_nm)
    filled = [bucket for bucket, pairs in enumerate(buckets) if sum(map(len, pairs))]
    if not filled:
        raise ProjectError(f"no skeleton has two nodes between {borders_um[0]:g} and {borders_um[-1]:g} um apart")
    table = np.array(places, np.int64)
    if len(np.unique(table[[pair[0, 0] for bucket in filled for pair in buckets[bucket]], 2])) == 1:
        raise ProjectError(
            "all pairs lie on one segment: a contrast needs pairs of at least two, so take a larger box, more "
            "skeletons or wider distance_buckets_um"
        )
    return PairTable(
        table[:, 0],
        table[:, 1].astype(np.uint32),
        table[:, 2],
        np.array(voxels, np.int64),
        tuple(np.concatenate(buckets[bucket]) for bucket in filled),
        tuple(np.concatenate(lengths[bucket]) for bucket in filled),
    )


def _usable_nodes(
    volume: TrainingVolume, skeleton: Skeleton, resolution_nm: tuple[float, float, float]
) -> NDArray[np.int64]:
    """Nodes inside the volume's box."""
    voxels = (skeleton.nodes_nm / np.array(resolution_nm)).astype(np.int64)
    inside = ((voxels >= volume.box.start) & (voxels < volume.box.stop)).all(axis=1)
    return np.flatnonzero(inside)


def _pairs_of(
    skeleton: Skeleton, usable: NDArray[np.int64], borders_um: Sequence[float], rng: np.random.Generator
) -> list[tuple[int, NDArray[np.int64], NDArray[np.float64]]]:
    """Rows of (bucket, (k, 2) nodes, (k,) distances) of one skeleton; every pair from its lower node on."""
    anchors = usable if len(usable) <= _ANCHORS else rng.choice(usable, _ANCHORS, replace=False)
    found = []
    graph = skeleton.graph()
    for anchor in anchors:
        distances_nm = dijkstra(graph, directed=False, indices=anchor, limit=borders_um[-1] * 1000)[usable]
        for bucket, (low_um, high_um) in enumerate(pairwise(borders_um)):
            fits = np.flatnonzero((distances_nm > low_um * 1000) & (distances_nm <= high_um * 1000))
            if len(fits):
                picked = rng.choice(fits, min(_PARTNERS, len(fits)), replace=False)
                nodes = np.stack([np.full(len(picked), anchor), usable[picked]], axis=1)
                found.append((bucket, nodes, distances_nm[picked]))
    return found
