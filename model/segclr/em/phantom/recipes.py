"""What each cell type looks like: the numbers of the phantom, and nothing else.

Lengths are micrometres, densities per um or um^3, grey levels 0..255.  Change a row
here to change the tissue; no other file knows a cell type by name except the
synapse preferences, which are also listed here.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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
    attract: float = 0.0  # pull towards somata (basket axons)
    myelin: float = 0.0  # share of pieces that are myelinated


FLAT = (1.0, 1.0, 1.0, 1.0, 1.0)
NEURITES = (
    Neurite(
        "exc_l23",
        AXON,
        1.10,
        (0.7, 1.4, 0.8, 0.9, 0.6),
        0.105,
        0.30,
        0.015,
        bump=0.17,
        bump_every=4.2,
        bump_width=0.34,
        mitochondria=0.06,
        myelin=0.01,
    ),
    Neurite(
        "exc_l5",
        AXON,
        0.80,
        (0.8, 0.7, 0.7, 1.4, 1.2),
        0.125,
        0.22,
        0.010,
        bump=0.19,
        bump_every=5.0,
        bump_width=0.36,
        mitochondria=0.06,
        myelin=0.025,
    ),
    Neurite(
        "basket",
        AXON,
        0.36,
        (0.3, 1.2, 1.3, 1.2, 0.8),
        0.150,
        0.55,
        0.050,
        bump=0.27,
        bump_every=3.0,
        bump_width=0.42,
        mitochondria=0.16,
        attract=1.6,
        myelin=0.02,
    ),
    Neurite(
        "martinotti",
        AXON,
        0.34,
        (3.2, 0.9, 0.6, 0.7, 0.5),
        0.110,
        0.40,
        0.030,
        0.25,
        bump=0.22,
        bump_every=2.4,
        bump_width=0.30,
        mitochondria=0.10,
    ),
    Neurite(
        "thalamocortical",
        AXON,
        0.36,
        (0.15, 0.3, 4.0, 0.4, 0.5),
        0.170,
        0.45,
        0.060,
        length=11.0,
        bump=0.38,
        bump_every=3.4,
        bump_width=0.50,
        mitochondria=0.22,
        myelin=0.06,
    ),
    Neurite("exc_l23", DENDRITE, 0.18, (0.9, 1.6, 1.0, 0.5, 0.4), 0.33, 0.16, 0.010, spines=2.3, mitochondria=0.16),
    Neurite("exc_l5", DENDRITE, 0.07, (0.6, 0.7, 0.8, 1.5, 1.2), 0.41, 0.14, 0.008, spines=3.0, mitochondria=0.16),
    Neurite("exc_l5", DENDRITE, 0.015, FLAT, 0.68, 0.05, 0.004, 1.2, spines=3.4, mitochondria=0.30),
    Neurite(
        "basket",
        DENDRITE,
        0.05,
        (0.3, 1.2, 1.2, 1.1, 0.8),
        0.34,
        0.22,
        0.010,
        bump=0.22,
        bump_every=2.6,
        bump_width=0.60,
        spines=0.05,
        mitochondria=0.60,
    ),
    Neurite(
        "martinotti",
        DENDRITE,
        0.05,
        (0.5, 1.0, 0.8, 1.3, 1.0),
        0.26,
        0.26,
        0.012,
        bump=0.14,
        bump_every=1.9,
        bump_width=0.45,
        spines=0.25,
        mitochondria=0.42,
    ),
    Neurite("astrocyte", GLIA, 0.0, FLAT, 0.30, 0.55, 0.180, length=10.0, mitochondria=0.12),
    Neurite("microglia", GLIA, 0.03, FLAT, 0.17, 0.75, 0.090, length=9.0, mitochondria=0.05),
    Neurite("oligodendrocyte", GLIA, 0.02, FLAT, 0.16, 0.30, 0.060, length=8.0, mitochondria=0.06),
    Neurite("opc", GLIA, 0.05, FLAT, 0.22, 0.40, 0.060, length=14.0, mitochondria=0.08),
)


@dataclass(frozen=True, slots=True)
class Look:
    """Ultrastructure of one cell type (grey levels of a dark-membrane EM)."""

    soma_radius: float  # 0: never has a soma in the block
    somata_per_um3: float
    soma_layers: tuple[float, float, float, float, float]
    cytoplasm: float
    er: float  # share of cytoplasm covered by endoplasmic reticulum
    nucleus: float  # radius as a share of the soma
    heterochromatin: float  # share of the nucleus
    rim: float  # how strongly heterochromatin hugs the envelope
    folds: float  # irregularity of the nuclear outline (um)
    stems: int  # processes that leave the soma
    vesicles: float  # share of bouton voxels near a synapse
    flat: bool = False  # flattened vesicles, symmetric synapse
    synapses: int = 1  # at most, per bouton


LOOKS = {
    "exc_l23": Look(4.2, 2e-4, (0.0, 2.0, 0.5, 0.3, 0.5), 172, 0.090, 0.70, 0.07, 0.0, 0.25, 5, 0.34),
    "exc_l5": Look(5.0, 2e-4, (0.0, 0.2, 0.3, 3.0, 0.8), 169, 0.120, 0.66, 0.05, 0.0, 0.20, 6, 0.38),
    "basket": Look(4.3, 2e-4, (0.1, 1.0, 1.0, 1.0, 0.6), 162, 0.130, 0.66, 0.16, 0.5, 0.60, 5, 0.20, True, 2),
    "martinotti": Look(3.7, 2e-4, (0.1, 0.8, 0.4, 1.5, 0.8), 168, 0.095, 0.72, 0.12, 0.3, 0.75, 4, 0.16, True),
    "thalamocortical": Look(0, 0, FLAT, 175, 0.0, 0.0, 0.0, 0.0, 0.0, 0, 0.42, False, 3),
    "astrocyte": Look(3.1, 5e-4, FLAT, 190, 0.012, 0.82, 0.12, 1.2, 0.30, 12, 0.0),
    "microglia": Look(2.2, 2e-4, FLAT, 132, 0.150, 0.80, 0.45, 1.5, 0.40, 5, 0.0),
    "oligodendrocyte": Look(2.8, 2e-4, FLAT, 141, 0.110, 0.76, 0.30, 1.0, 0.15, 5, 0.0),
    "opc": Look(2.7, 2e-4, FLAT, 181, 0.050, 0.80, 0.15, 0.8, 0.55, 6, 0.0),
}

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
