"""What each cell type looks like: the numbers of the phantom, and nothing else.

Lengths are micrometres, densities per um or um^3, grey levels 0..255.  Change a row
here to change the tissue; no other file knows a cell type by name except the
synapse preferences, which are also listed here.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

VOXEL_NM = (32, 32, 40)
SIZE_VOXELS = (375, 750, 300)  # of the demo, xyz
SEED = 7  # of the demo; encoders are trained on others
CELL_TYPES = (
    "background",
    "exc_l23",
    "exc_l5",
    "basket",
    "martinotti",
    "thalamocortical",
    "astrocyte",
    "microglia",
    "oligodendrocyte",
    "opc",
)
COMPARTMENTS = ("background", "axon", "dendrite", "spine", "soma", "glia")
AXON, DENDRITE, SPINE, SOMA, GLIA = 1, 2, 3, 4, 5
LAYERS = ("L1", "L2/3", "L4", "L5", "L6")
LAYER_TOPS = (0.0, 0.14, 0.40, 0.62, 0.84)  # as a share of the block's y extent


@dataclass(frozen=True, slots=True)
class Neurite:
    """How one sort of process grows.

    ``density`` counts path length per volume (um / um^3) of pieces that enter from
    outside; processes of somata inside the block come on top.  ``bump`` values
    describe boutons (axons) or beads (dendrites).
    """

    cell_type: str
    compartment: int
    density: float
    layers: tuple[float, float, float, float, float]
    radius: float
    wiggle: float = 0.35
    branch: float = 0.02
    climb: float = 0.0  # pull towards the surface of the cortex (-y)
    length: float = 40.0
    bump: float = 0.0
    bump_every: float = 4.0
    bump_width: float = 0.3
    spines: float = 0.0  # per um
    mitochondria: float = 0.05  # starts per um
    mitochondrion: tuple[float, float] = (0.10, 0.17)  # radius, from and to
    mitochondrion_length: tuple[float, float] = (0.5, 1.25)  # from and to
    attract: float = 0.0  # pull towards somata (basket axons)
    myelin: float = 0.0  # share of pieces that are myelinated


FLAT = (1.0, 1.0, 1.0, 1.0, 1.0)
# fmt: off
NEURITES = (
    Neurite("exc_l23", AXON, 1.10, (.7, 1.4, .8, .9, .6), .105, .32, .015, bump=.16, bump_every=4.4,
            bump_width=.32, mitochondria=.09, mitochondrion=(.06, .09), mitochondrion_length=(.3, .8), myelin=.01),
    Neurite("exc_l5", AXON, 0.80, (.8, .7, .7, 1.4, 1.2), .135, .15, .010, bump=.22, bump_every=5.6,
            bump_width=.42, mitochondria=.11, mitochondrion=(.08, .12), mitochondrion_length=(.6, 1.4), myelin=.025),
    Neurite("basket", AXON, 0.36, (.3, 1.2, 1.3, 1.2, .8), .150, .55, .050, bump=.28, bump_every=3.0,
            bump_width=.42, mitochondria=.18, mitochondrion=(.11, .16), mitochondrion_length=(1.5, 4.0), attract=1.6,
            myelin=.02),
    Neurite("martinotti", AXON, 0.34, (3.2, .9, .6, .7, .5), .100, .40, .030, .25, bump=.20, bump_every=1.9,
            bump_width=.26, mitochondria=.05, mitochondrion=(.055, .075), mitochondrion_length=(1.0, 2.5)),
    Neurite("thalamocortical", AXON, 0.36, (.15, .3, 4.0, .4, .5), .170, .45, .060, length=11.0, bump=.31,
            bump_every=3.4, bump_width=.55, mitochondria=.26, mitochondrion=(.13, .20), mitochondrion_length=(.5, 1.2),
            myelin=.06),
    Neurite("exc_l23", DENDRITE, 0.18, (.9, 1.6, 1.0, .5, .4), .33, .16, .010, spines=2.6, mitochondria=.14,
            mitochondrion=(.09, .14), mitochondrion_length=(1.5, 4.0)),
    Neurite("exc_l5", DENDRITE, 0.07, (.6, .7, .8, 1.5, 1.2), .45, .13, .008, spines=3.6, mitochondria=.22,
            mitochondrion=(.12, .18), mitochondrion_length=(2.0, 5.0)),
    Neurite("exc_l5", DENDRITE, 0.015, FLAT, .70, .05, .004, 1.2, spines=3.8, mitochondria=.34,
            mitochondrion=(.12, .19), mitochondrion_length=(2.0, 5.0)),
    Neurite("basket", DENDRITE, 0.05, (.3, 1.2, 1.2, 1.1, .8), .34, .22, .010, bump=.26, bump_every=2.5,
            bump_width=.60, spines=.05, mitochondria=.65, mitochondrion=(.16, .24), mitochondrion_length=(1.5, 4.0)),
    Neurite("martinotti", DENDRITE, 0.05, (.5, 1.0, .8, 1.3, 1.0), .24, .28, .012, bump=.16, bump_every=1.6,
            bump_width=.40, spines=.30, mitochondria=.50, mitochondrion=(.07, .10), mitochondrion_length=(2.0, 5.0)),
    Neurite("astrocyte", GLIA, 0.09, FLAT, .24, .55, .160, length=10.0, mitochondria=.20, mitochondrion=(.09, .20),
            mitochondrion_length=(1.0, 3.0)),
    Neurite("microglia", GLIA, 0.045, FLAT, .16, .75, .090, length=9.0, bump=.14, bump_every=1.7, bump_width=.35,
            mitochondria=.08, mitochondrion=(.06, .09), mitochondrion_length=(.5, 1.5)),
    Neurite("oligodendrocyte", GLIA, 0.025, FLAT, .16, .30, .060, length=8.0, mitochondria=.08,
            mitochondrion=(.07, .10)),
    Neurite("opc", GLIA, 0.06, FLAT, .21, .40, .060, length=14.0, bump=.09, bump_every=1.2, bump_width=.30,
            mitochondria=.12, mitochondrion=(.08, .12)),
)


@dataclass(frozen=True, slots=True)
class Look:
    """Ultrastructure of one cell type (grey levels of a dark-membrane EM)."""

    soma_radius: float  # 0: never has a soma in the block
    somata_per_um3: float
    soma_layers: tuple[float, float, float, float, float]
    cytoplasm: float
    er: float  # share of cytoplasm covered by endoplasmic reticulum
    texture: tuple[float, float, float]  # contrast (grey) of its granules of 50, 100 and 200 nm
    glycogen: float  # share of voxels with a dark granule
    granules: tuple[float, float, float]  # dense-core vesicles, lysosomes: per um of process; radius from, to
    nucleus: float = 0.0  # radius as a share of the soma
    heterochromatin: float = 0.0  # share of the nucleus
    rim: float = 0.0  # how strongly heterochromatin hugs the envelope
    folds: float = 0.0  # irregularity of the nuclear outline (um)
    stems: int = 0  # processes that leave the soma
    vesicles: float = 0.0  # share of bouton voxels near a synapse
    reach: float = 0.46  # how far from a synapse vesicles lie (um)
    flat: bool = False  # flattened vesicles, symmetric synapse
    synapses: int = 1  # at most, per bouton


LOOKS = {
    "exc_l23": Look(4.2, 2e-4, (.0, 2., .5, .3, .5), 170, .090, (11, 4, 1), .0, (.03, .08, .14), .70, .07, .0, .25, 5,
                    .34, .40),
    "exc_l5": Look(5.0, 2e-4, (.0, .2, .3, 3., .8), 168, .130, (6, 10, 1), .0, (.06, .10, .18), .66, .05, .0, .20, 6,
                   .40, .52),
    "basket": Look(4.3, 2e-4, (.1, 1., 1., 1., .6), 166, .140, (2, 9, 8), .0, (.03, .08, .14), .66, .16, .5, .60, 5,
                   .20, .50, True, 2),
    "martinotti": Look(3.7, 2e-4, (.1, .8, .4, 1.5, .8), 169, .095, (10, 1, 7), .0, (2.5, .045, .06), .72, .12, .3, .75,
                       4, .16, .34, True),
    "thalamocortical": Look(0, 0, FLAT, 171, .0, (1, 4, 12), .0, (.02, .08, .14), vesicles=.46, reach=.80, synapses=3),
    "astrocyte": Look(3.1, 5e-4, FLAT, 175, .012, (3, 2, 8), .060, (.05, .08, .12), .82, .12, 1.2, .30, 12),
    "microglia": Look(2.2, 2e-4, FLAT, 162, .170, (9, 8, 2), .0, (.80, .10, .22), .80, .45, 1.5, .40, 5),
    "oligodendrocyte": Look(2.8, 2e-4, FLAT, 163, .110, (1, 12, 2), .0, (.04, .08, .14), .76, .30, 1.0, .15, 5),
    "opc": Look(2.7, 2e-4, FLAT, 173, .055, (7, 0, 10), .0, (.40, .06, .09), .80, .15, .8, .55, 6),
}
# fmt: on

# Which postsynaptic element a bouton prefers (weights of contact area): spine, shaft of a
# spiny dendrite, shaft of an aspiny dendrite, soma, thick apical dendrite.
TARGETS = {
    "exc_l23": (8.0, 0.25, 1.2, 0.0, 0.1),
    "exc_l5": (8.0, 0.25, 1.0, 0.0, 0.1),
    "thalamocortical": (6.0, 0.5, 2.0, 0.1, 0.2),
    "basket": (0.1, 1.0, 0.8, 8.0, 2.0),
    "martinotti": (1.0, 1.0, 0.4, 0.0, 6.0),
}


def type_code(name: str) -> int:
    """Return the number that stands for a cell type in every array."""
    return CELL_TYPES.index(name)


def balanced_layers() -> NDArray[np.float64]:
    """Layer weights per row of NEURITES, scaled so that axons and dendrites are equally dense in all layers."""
    weights = np.array([n.layers for n in NEURITES])
    for compartment in (AXON, DENDRITE):
        rows = [i for i, n in enumerate(NEURITES) if n.compartment == compartment]
        density = np.array([NEURITES[i].density for i in rows])
        for _ in range(20):
            share = weights[rows] / weights[rows].mean(1, keepdims=True)
            weights[rows] = share / (density @ share)
    return weights
