"""FIB-SEM of the fly: do supervoxels of one neuron lie together?

Items are the supervoxels of an automatic watershed that lie wholly outside the half that the encoder was trained on, so
that it has seen no voxel of them. Whether two belong together is what the ground truth says (``bodies``), which nothing
but the count of right answers uses.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.real.items import Items
from benchmarks.real.neighbourhood import gaps_nm, touching
from benchmarks.real.ranking import Question, make_question
from benchmarks.real.volumes import Halves
from segclr.em.geometry import voxel_of
from segclr.em.volume import open_volume

FEWEST_VOXELS = 1000  # of a supervoxel, that is (100 nm)^3
_PUREST = 0.8  # share of its largest body: what mixes bodies more than that belongs to none
_SPACING_NM = 150.0  # of places along a skeleton
_APART_NM = 600.0  # between places: their views of 330 nm cannot overlap


def held_out_supervoxels(halves: Halves, progress: Callable[[str], None]) -> Items:
    """The supervoxels of the other half, and three questions that grow harder.

    Raises:
        VolumeUnavailable: A volume cannot be read.
    """
    labels = halves.labels()
    bodies = open_volume(str(Path(halves.data.segmentation).with_name("bodies")), "segmentation")
    truth = bodies.read(bodies.mips[0].box).astype(np.uint64, copy=False)
    skeletons = halves.skeletons(FEWEST_VOXELS, progress)
    ids = np.setdiff1d(np.array(sorted(skeletons), np.uint64), halves.trained_ids(labels))
    body, share = largest_overlap(labels, truth, ids)
    mixed = share < _PUREST
    ids, body = ids[~mixed], body[~mixed]
    places = [_places(halves, labels, skeletons[segment_id].nodes_nm, segment_id) for segment_id in ids.tolist()]
    item = np.repeat(np.arange(len(ids)), [len(part) for part in places])
    positions_nm = np.concatenate(places)
    dense = np.full(labels.shape, -1, np.int64)
    known = np.isin(labels, ids)
    dense[known] = np.searchsorted(ids, labels[known])
    progress(f"views of {len(item):,} places")
    return Items(
        halves.cutouts(positions_nm, ids[item]),
        item,
        positions_nm,
        questions_about(body, touching(dense, len(ids)), gaps_nm(positions_nm, item, len(ids))),
        (
            f"{len(ids)} supervoxels of {len(np.unique(body))} bodies, seen from {len(item):,} places; "
            f"{mixed.sum()} more are left out because less than {_PUREST:.0%} of them lies in one body.",
        ),
    )


def questions_about(
    body: NDArray[np.uint64], touch: NDArray[np.bool_], gap_nm: NDArray[np.float64]
) -> tuple[Question, ...]:
    """Who is of the same body, among all others, among those that do not touch, and among those that are far away.

    Args:
        body: (n,).
        touch: (n, n).
        gap_nm: (n, n).
    """
    others = ~np.eye(len(body), dtype=bool)
    same = body[:, None] == body
    group = np.unique(body, return_inverse=True)[1].astype(np.int64)
    asked = np.arange(len(body))
    return (
        make_question("all other supervoxels", asked, others, same, group),
        make_question("those that do not touch it", asked, others & ~touch, same, group),
        make_question(f"those at least {_APART_NM / 1000:g} µm away", asked, gap_nm >= _APART_NM, same, group),
    )


def largest_overlap(
    labels: NDArray[np.uint64], truth: NDArray[np.uint64], ids: NDArray[np.uint64]
) -> tuple[NDArray[np.uint64], NDArray[np.float64]]:
    """For each of the sorted ids of ``labels``: the id of ``truth`` that most of it has, and the share that has it."""
    known = np.isin(labels, ids)
    rows = np.searchsorted(ids, labels[known])
    names, columns = np.unique(truth[known], return_inverse=True)
    counts = np.bincount(rows * len(names) + columns, minlength=len(ids) * len(names)).reshape(len(ids), len(names))
    return names[counts.argmax(axis=1)], counts.max(axis=1) / counts.sum(axis=1)


def _places(
    halves: Halves, labels: NDArray[np.uint64], nodes_nm: NDArray[np.float64], segment_id: int
) -> NDArray[np.float64]:
    """(k, 3) places of a skeleton's nodes, thinned until none is nearer to another than the spacing."""
    kept: list[NDArray[np.float64]] = []
    for node in nodes_nm:
        x, y, z = voxel_of(tuple(node), halves.view.resolution_nm)
        far = all(np.linalg.norm(node - other) >= _SPACING_NM for other in kept)
        if far and labels[z, y, x] == segment_id:
            kept.append(node)
    return np.array(kept)
