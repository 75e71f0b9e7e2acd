"""A generated block of dense cortical neuropil with complete ground truth, in memory.

``make_phantom(seed, size_voxels)`` is a pure function: same arguments, same bytes, whatever the number of threads.
Arrays are (z, y, x); points and sizes are xyz.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segclr.em.phantom import (
    growth,
    lamellae,
    organelles,
    packing,
    pieces,
    raster,
    render,
    routing,
    skeletons,
    spines,
    supervoxels,
    synapses,
)
from segclr.em.phantom.forest import Bools, Floats, Forest, Ints
from segclr.em.phantom.recipes import LOOKS, SEED, SIZE_VOXELS, VOXEL_NM, type_code
from segclr.em.phantom.subtypes import look_codes, thicken


@dataclass(frozen=True, slots=True)
class Synapses:
    """Rows of true synapses: ``pre`` and ``post`` are segment numbers, ``synapse_nm`` (s, 3) xyz."""

    pre: Ints
    post: Ints
    synapse_nm: NDArray[np.float64]
    pre_type: Ints
    post_type: Ints
    post_compartment: Ints
    symmetric: Bools


@dataclass(frozen=True, slots=True)
class Phantom:
    """The block and its truth, with small numbers for ids (``files`` turns them into 64-bit ids).

    Attributes:
        em: (z, y, x) uint8.
        segmentation: (z, y, x) uint32, 0 is extracellular; ``supervoxels`` likewise.
        agglomeration: (k, 2) uint32, supervoxel -> segment.
        owner: (z, y, x) uint32, fine skeleton node + 1 of every voxel, 0 is extracellular.
        fine: the skeletons that ``owner`` counts in.
        skeletons: as written.
    """

    em: Ints
    segmentation: Ints
    supervoxels: Ints
    agglomeration: Ints
    owner: Ints
    fine: Forest
    skeletons: skeletons.Skeletons
    synapses: Synapses


def _silent(text: str, share: float) -> None:
    """Progress nobody asked for."""


def make_phantom(
    seed: int = SEED,
    size_voxels: tuple[int, int, int] = SIZE_VOXELS,
    progress: Callable[[str, float], None] = _silent,
    threads: int = 2,
    subtypes: bool = False,
) -> Phantom:
    """Generate a block.

    Args:
        size_voxels: (x, y, z), voxels of 32 x 32 x 40 nm.
        progress: called with a text and the share that is done after each stage.
        threads: for rendering; does not change the result.
        subtypes: some cells are of the hidden ``subtypes.SUBTYPES``; shapes and ids do not change.
    """
    voxel = np.array(VOXEL_NM) / 1000
    box, shape = np.asarray(size_voxels) * voxel, (size_voxels[2], size_voxels[1], size_voxels[0])
    streams = (np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(5))
    grow_rng, shape_rng, paint_rng, cut_rng, em_rng = streams
    progress("growing neurites", 0.0)
    somata = growth.place_somata(grow_rng, box)
    forest = growth.grow_passing(grow_rng, box, growth.grow_from_somata(grow_rng, box, somata))
    forest = growth.crop(forest, box)
    if subtypes:
        thicken(seed, forest)
    forest = spines.add_spines(grow_rng, spines.myelinate(grow_rng, forest))
    progress("packing them", 0.05)
    packing.relax(forest, box)
    progress("filling voxels", 0.25)
    tile = raster.noise_tile(shape_rng, 64, 3.2)
    forest, core = routing.lay_cores(forest, shape, voxel)
    owner, gap, sheath = raster.rasterise(forest, core, voxel, tile, 0.045, 0.016)
    forest = lamellae.add_sheaths(forest, sheath)
    forest = lamellae.claim_free_space(forest, owner, gap, voxel)
    render.open_extracellular(owner, gap, core, tile)
    del core
    progress("joining pieces", 0.4)
    forest, origin = pieces.settle_pieces(forest, owner, gap, voxel)
    progress("painting organelles", 0.5)
    segment = np.r_[0, forest.segment].astype(np.int64)
    sites = synapses.find_synapses(forest, owner, segment, voxel)
    look = look_codes(seed, forest) if subtypes else forest.cell_type
    codes = organelles.paint_organelles(paint_rng, forest, look, owner, gap, segment, voxel, tile)
    synapses.paint_synapses(paint_rng, codes, forest, owner, gap, segment, sites, voxel)
    progress("rendering sections", 0.6)
    em = render.render(em_rng, forest, look, owner, gap, codes, tile, threads)
    progress("writing down the truth", 0.85)
    del gap, codes
    forest, origin = skeletons.fill_somata(forest, origin)
    anchor, alive = skeletons.anchor_nodes(forest, owner, voxel)
    edges = skeletons.fine_tree(forest, origin, anchor, alive, voxel)
    piece, agglomeration = supervoxels.split_and_merge(cut_rng, forest, edges, alive, owner)
    return Phantom(
        em,
        segment.astype(np.uint32)[owner],
        piece[owner],
        agglomeration,
        owner,
        forest,
        skeletons.resample(forest, anchor, edges, alive, owner, voxel),
        _synapse_table(forest, sites),
    )


def _synapse_table(forest: Forest, sites: Floats) -> Synapses:
    pre, post = sites[:, 0].astype(int), sites[:, 1].astype(int)
    flat = np.isin(forest.cell_type[pre], [type_code(t) for t, look in LOOKS.items() if look.flat])
    return Synapses(
        forest.segment[pre],
        forest.segment[post],
        (sites[:, 2:].astype(np.float64) + 0.5) * VOXEL_NM,
        forest.cell_type[pre],
        forest.cell_type[post],
        forest.compartment[post],
        flat,
    )
