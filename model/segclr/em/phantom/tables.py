"""Turn a phantom in memory into the tables and skeletons that are written to disk."""

import numpy as np
from numpy.typing import NDArray

from segclr.em.phantom.files import PhantomTruth, segment_id_of
from segclr.em.phantom.forest import Ints
from segclr.em.phantom.growth import layer_of
from segclr.em.phantom.phantom import Phantom
from segclr.em.phantom.recipes import VOXEL_NM
from segclr.em.skeleton import Skeleton


def skeleton_list(phantom: Phantom, least_voxels: int) -> list[Skeleton]:
    """Skeletons of all segments with at least ``least_voxels`` voxels; rows as ``node_id`` in the truth counts them."""
    rows, first = _skeleton_rows(phantom, least_voxels)
    skeletons = phantom.skeletons
    identifier, position_nm = segment_id_of(phantom.fine.segment[skeletons.row[rows]]), _position_nm(phantom, rows)
    radius_nm = (1000 * skeletons.radius_um[rows]).astype(np.float32)
    new = np.full(len(skeletons.row), -1)
    new[rows] = np.arange(len(rows))
    edges = new[skeletons.edges]
    edges = edges[(edges >= 0).all(1)]
    edges = edges[np.argsort(edges[:, 0], kind="stable")]
    first_edge = np.searchsorted(edges[:, 0], first)
    return [
        Skeleton(int(identifier[a]), position_nm[a:b], (edges[c:d] - a).astype(np.int32), {"radius": radius_nm[a:b]})
        for a, b, c, d in zip(first[:-1], first[1:], first_edge[:-1], first_edge[1:], strict=True)
    ]


def truth_tables(phantom: Phantom, least_voxels: int) -> PhantomTruth:
    """The columns of the truth; nodes are those of ``skeletons``."""
    rows, first = _skeleton_rows(phantom, least_voxels)
    fine, synapses = phantom.fine, phantom.synapses
    node = phantom.skeletons.row[rows]
    length_um = phantom.em.shape[1] * VOXEL_NM[1] / 1000
    voxels = np.bincount(phantom.segmentation.ravel(), minlength=int(fine.segment.max()) + 1)
    present = np.flatnonzero(voxels[1:]) + 1
    example = np.zeros(len(voxels), np.int64)
    example[fine.segment[::-1]] = np.arange(len(fine))[::-1]  # the first node of each segment
    real = np.isin(synapses.pre, present) & np.isin(synapses.post, present)
    pairs = phantom.agglomeration
    return PhantomTruth(
        node_segment_id=segment_id_of(fine.segment[node]),
        node_id=np.arange(len(rows)) - np.repeat(first[:-1], np.diff(first)),
        position_nm=_position_nm(phantom, rows),
        subcompartment=(fine.compartment[node] - 1).astype(np.uint8),
        cell_type=(fine.cell_type[node] - 1).astype(np.uint8),
        layer=layer_of(_position_nm(phantom, rows)[:, 1] / 1000, length_um).astype(np.uint8),
        cell=fine.cell[node].astype(np.int64),
        radius_nm=(1000 * phantom.skeletons.radius_um[rows]).astype(np.float32),
        segment_id=segment_id_of(present),
        segment_cell_type=(fine.cell_type[example[present]] - 1).astype(np.uint8),
        segment_cell=fine.cell[example[present]].astype(np.int64),
        segment_voxels=voxels[present].astype(np.int64),
        synapse_pre=segment_id_of(synapses.pre[real]),
        synapse_post=segment_id_of(synapses.post[real]),
        synapse_nm=synapses.synapse_nm[real],
        synapse_subcompartment=(synapses.post_compartment[real] - 1).astype(np.uint8),
        synapse_symmetric=synapses.symmetric[real].astype(np.bool_),
        agglomeration_supervoxel=pairs[:, 0].astype(np.uint64),
        agglomeration_segment=segment_id_of(pairs[:, 1]),
    )


def _skeleton_rows(phantom: Phantom, least_voxels: int) -> tuple[Ints, Ints]:
    """Rows of ``phantom.skeletons`` by segment, and (segments + 1,) where each segment begins."""
    segment = phantom.fine.segment[phantom.skeletons.row]
    voxels = np.bincount(phantom.segmentation.ravel(), minlength=int(phantom.fine.segment.max()) + 1)
    order = np.argsort(segment, kind="stable")
    order = order[voxels[segment[order]] >= least_voxels]
    starts = np.flatnonzero(np.r_[True, np.diff(segment[order]) > 0])
    return order, np.r_[starts, len(order)]


def _position_nm(phantom: Phantom, rows: Ints) -> NDArray[np.float64]:
    """Middles of the nodes' voxels in nm, with the precision of the skeleton files."""
    middle = (phantom.skeletons.voxel[rows] + 0.5) * np.array(VOXEL_NM, np.float64)
    rounded: NDArray[np.float64] = middle.astype(np.float32).astype(np.float64)
    return rounded
