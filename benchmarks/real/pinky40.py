"""Mouse cortex without grey values: does the shape of a place tell the segment that it belongs to?

Items are places on segments that lie wholly outside the half that the encoder was trained on. A place is asked who is
of the same segment, at more than 5 um of path from it, among them and places of other segments.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from benchmarks.real.items import Items
from benchmarks.real.ranking import Question, make_question
from benchmarks.real.volumes import Halves

FEWEST_VOXELS = 5000  # of a segment, 0.2 um^3
_SPACING_NM = 1000.0  # of places along a skeleton, before some are drawn
_MOST_PLACES = 8  # of one segment
_FAR_NM = 5000.0  # of path
_APART_NM = 3000.0  # straight: views of 1.6 x 1.6 x 2.0 um cannot overlap


def held_out_places(halves: Halves, progress: Callable[[str], None]) -> Items:
    """Places of the other half, and who is of the same segment.

    Raises:
        VolumeUnavailable: The volume cannot be read.
    """
    labels = halves.labels()
    skeletons = halves.skeletons(FEWEST_VOXELS, progress)
    ids = np.setdiff1d(np.array(sorted(skeletons), np.uint64), halves.trained_ids(labels))
    rng = np.random.default_rng(0)
    positions, paths = [], []
    for segment_id in ids.tolist():
        skeleton = skeletons[segment_id].spaced(_SPACING_NM)
        voxels = np.floor(skeleton.nodes_nm / np.array(halves.view.resolution_nm)).astype(np.int64)
        inside = np.flatnonzero(labels[voxels[:, 2], voxels[:, 1], voxels[:, 0]] == segment_id)
        nodes = np.sort(rng.permutation(inside)[:_MOST_PLACES])
        positions.append(skeleton.nodes_nm[nodes])
        paths.append(np.array([skeleton.distances_from(int(node))[nodes] for node in nodes]).reshape(len(nodes), -1))
    segment = np.repeat(np.arange(len(ids)), [len(part) for part in positions])
    positions_nm = np.concatenate(positions)
    progress(f"views of {len(segment):,} places")
    question = question_about(segment, positions_nm, paths)
    return Items(
        halves.cutouts(positions_nm, ids[segment]),
        np.arange(len(segment)),
        positions_nm,
        (question,),
        (
            f"{len(segment):,} places on {len(ids)} segments, at most {_MOST_PLACES} on each; {question.groups} "
            "segments have two that are far enough from each other.",
        ),
    )


def question_about(
    segment: NDArray[np.int64], positions_nm: NDArray[np.float64], paths_nm: list[NDArray[np.float64]]
) -> Question:
    """Who is of the same segment, but far along it; nearer places of it are not ranked.

    Args:
        segment: (n,), 0 to m - 1, places of a segment side by side.
        positions_nm: (n, 3).
        paths_nm: of each segment, the (k, k) path between its places; infinite between its pieces.
    """
    far = np.zeros((len(segment), len(segment)), np.bool_)
    for index, path_nm in enumerate(paths_nm):
        rows = np.flatnonzero(segment == index)
        straight_nm = cdist(positions_nm[rows], positions_nm[rows])
        far[np.ix_(rows, rows)] = (path_nm > _FAR_NM) & np.isfinite(path_nm) & (straight_nm >= _APART_NM)
    same = segment[:, None] == segment
    name = f"places of other segments, and of its own beyond {_FAR_NM / 1000:g} µm of path"
    return make_question(name, np.arange(len(segment)), ~same | far, far, segment)
