"""What neurites carry: spines grown towards boutons, and myelin."""

import numpy as np
from scipy.spatial import cKDTree

from segclr.em.phantom.forest import Forest, join, make_forest
from segclr.em.phantom.growth import STEP_UM
from segclr.em.phantom.recipes import AXON, DENDRITE, NEURITES, SOMA, SPINE, type_code

DRIVERS = ("exc_l23", "exc_l5", "thalamocortical")


def add_spines(rng: np.random.Generator, forest: Forest) -> Forest:
    """Grow spines from spiny dendrites towards free excitatory boutons nearby.

    A spine is grown for a bouton, not the other way round: contacts then exist by
    construction, as in tissue where nearly every spine carries a synapse.
    """
    density = np.array([n.spines for n in NEURITES])[forest.recipe] * (forest.compartment == DENDRITE)
    spiny, parts, row = np.flatnonzero(density > 0), [forest], len(forest)
    if not len(spiny):
        return forest
    boutons = rng.permutation(
        np.flatnonzero(forest.bouton & np.isin(forest.cell_type, [type_code(t) for t in DRIVERS]))
    )
    tree = cKDTree(forest.xyz[spiny])
    budget = density[spiny] * STEP_UM
    for b in boutons:
        near = np.array(tree.query_ball_point(forest.xyz[b], 2.4), int)
        near = near[forest.segment[spiny[near]] != forest.segment[b]]
        if not len(near) or budget[near].sum() < 0.3:
            continue
        pick = rng.choice(near, p=budget[near] / budget[near].sum())
        budget[np.abs(spiny - spiny[pick]) < 3] *= 0.35
        d = spiny[pick]
        line, head = forest.xyz[b] - forest.xyz[d], rng.uniform(0.17, 0.31)
        length = np.linalg.norm(line)
        reach = length - (forest.radius[b] + head) * 0.95
        if reach < forest.radius[d] + 0.1:
            continue
        along = np.linspace(forest.radius[d] * 0.7, reach, max(3, int(reach / 0.22)))
        bend = rng.normal(0, 0.12, 3) * np.sin(np.pi * along / reach)[:, None]
        xyz = forest.xyz[d] + line / length * along[:, None] + bend
        radius = np.where(np.arange(len(along)) >= len(along) - 1, head, rng.uniform(0.06, 0.095))
        partner = np.full(len(along), -1)
        partner[-1] = b
        parent = np.r_[d, row + np.arange(len(along) - 1)]
        kind, cell = forest.cell_type[d], forest.cell[d]
        parts.append(
            make_forest(xyz, radius, parent, forest.segment[d], forest.recipe[d], kind, SPINE, cell, partner=partner)
        )
        row += len(along)
    return join(parts)


def myelinate(rng: np.random.Generator, forest: Forest) -> Forest:
    """Give some axon pieces a sheath (in place): the outer radius grows, ``lumen`` keeps the axon."""
    share = np.array([n.myelin for n in NEURITES])[forest.recipe] * (forest.compartment == AXON)
    lucky = rng.random(forest.segment.max() + 1)[forest.segment] < share
    lucky &= forest.segment > (forest.compartment == SOMA).sum()
    calibre = rng.uniform(0.20, 0.38, forest.segment.max() + 1)  # one per axon: sheaths smooth out varicosities
    forest.lumen[lucky] = calibre[forest.segment[lucky]]
    forest.radius[lucky] = forest.lumen[lucky] * 1.35 + 0.03
    forest.bouton[lucky] = False
    return forest
