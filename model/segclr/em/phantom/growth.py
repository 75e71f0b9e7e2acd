"""Place somata and grow neurites as persistent random walks. Points only, no voxels; xyz in um."""

from dataclasses import fields

import numpy as np

from segclr.em.phantom.forest import Bools, Floats, Forest, Ints, join, make_forest, unit
from segclr.em.phantom.recipes import (
    AXON,
    LAYER_TOPS,
    LOOKS,
    NEURITES,
    SOMA,
    TARGETS,
    Neurite,
    balanced_layers,
    type_code,
)

STEP_UM = 0.25
ALL_SOMATA_UM3 = 1500.0  # a smaller block holds somata of some types only
MARGIN_UM = 0.8  # kept outside the block, so that its faces look like its inside
OUTSIDE_UM = 3.0  # grown outside the block, so that path density does not fall towards the faces


def layer_of(y_um: Floats, height_um: float) -> Ints:
    """Row of LAYERS for each depth."""
    return np.searchsorted(LAYER_TOPS, np.asarray(y_um) / height_um, side="right").clip(1, len(LAYER_TOPS)) - 1


def sample_points(
    rng: np.random.Generator, box: Floats, layers: Floats, count: int, outside_um: float = MARGIN_UM
) -> Floats:
    """Draw (count, 3) points whose density over depth follows the layer weights."""
    tops = np.append(LAYER_TOPS, 1.0)
    share = np.asarray(layers) * np.diff(tops)
    layer = rng.choice(len(layers), size=count, p=share / share.sum())
    points = rng.uniform(-outside_um, box + outside_um, (count, 3))
    depth = rng.uniform(tops[layer], tops[layer + 1])
    points[:, 1] = depth * (box[1] + 2 * outside_um) - outside_um
    return points


def crop(forest: Forest, box: Floats) -> Forest:
    """Keep what lies in the block (plus margin); every connected piece becomes a segment, pieces of a cell share it."""
    keep = ((forest.xyz > -MARGIN_UM) & (forest.xyz < box + MARGIN_UM)).all(1) | (forest.compartment == SOMA)
    rows = np.flatnonzero(keep)
    new = np.full(len(forest) + 1, -1)
    new[rows] = np.arange(len(rows))
    parent = np.where(forest.parent[rows] >= 0, new[forest.parent[rows]], -1)
    piece = np.zeros(len(rows), np.int32)
    roots = parent < 0
    piece[roots] = np.arange(1, roots.sum() + 1)
    for i in np.flatnonzero(~roots):  # parents come first
        piece[i] = piece[parent[i]]
    kept = forest.take(rows)
    columns = {f.name: getattr(kept, f.name) for f in fields(Forest)}
    columns |= {"parent": parent.astype(np.int32), "segment": piece, "partner": new[kept.partner].astype(np.int32)}
    return Forest(**columns)


def place_somata(rng: np.random.Generator, box: Floats) -> Forest:
    """Place somata without overlap: of all types, or of a few where the block is too small for all.

    Neurons are centred near a face or edge of a small block: whole ones would fill it.
    """
    bearing = [name for name, look in LOOKS.items() if look.soma_radius]
    if box.prod() < ALL_SOMATA_UM3:
        bearing = list(rng.permutation(bearing)[: max(1, int(len(bearing) * box.prod() / ALL_SOMATA_UM3))])
    xyz: list[Floats] = []
    radius: list[float] = []
    kind: list[int] = []
    for name, look in LOOKS.items():
        count = max(1, round(look.somata_per_um3 * box.prod())) if name in bearing else 0
        if name == "astrocyte" and count:
            count = max(2, count)
        for _ in range(count):
            r = look.soma_radius * rng.uniform(0.92, 1.08)
            for p in sample_points(rng, box, np.asarray(look.soma_layers), 300):
                if box.min() < 2 * r or (look.soma_radius > 3.5 and box.min() < 20):  # push to the nearest side faces
                    out = 0.15 * r if box.min() >= 2 * r else r - 0.3 * box.min()
                    for axis in (0, 2):
                        p[axis] = -out if p[axis] < box[axis] / 2 else box[axis] + out
                if all(np.linalg.norm(p - q) > r + s + 0.8 for q, s in zip(xyz, radius, strict=True)):
                    xyz.append(p)
                    radius.append(r)
                    kind.append(type_code(name))
                    break
    number = 1 + np.arange(len(xyz))
    return make_forest(np.reshape(xyz, (-1, 3)), radius, -1, number, -1, kind, SOMA, cell=number)


def radius_along(
    rng: np.random.Generator, recipe: Neurite, arc: Floats, phase: Floats, segment: Ints, stem: bool
) -> tuple[Floats, Bools]:
    """Radius (um) at each node and whether it is the centre of a bump.

    Bump sizes vary log-normally and a fifth is missing, so that spacing is irregular.
    """
    calibre = np.exp(rng.normal(0, 0.18, 997))[segment % 997]
    taper = 1 + (0.9 * np.exp(-arc / 1.5) if stem and recipe.compartment != AXON else 0)
    radius = recipe.radius * calibre * taper * np.exp(rng.normal(0, 0.07, len(arc)))
    if not recipe.bump:
        return radius, np.zeros(len(arc), bool)
    turn = arc / recipe.bump_every + phase
    nearest = np.round(turn)
    away = (turn - nearest) * recipe.bump_every
    table = np.exp(rng.normal(0, 0.30, (997, 64))) * (rng.random((997, 64)) > 0.2)
    size = table[segment % 997, nearest.astype(int) % 64]
    radius = radius + recipe.bump * size * np.exp(-((away / recipe.bump_width) ** 2))
    return radius, (np.abs(away) <= STEP_UM / 2) & (size > 0)


def grow(
    rng: np.random.Generator,
    box: Floats,
    recipe_row: int,
    start: Floats,
    heading: Floats,
    parent: Ints,
    segment: Ints,
    first_row: int,
    somata: Forest | None = None,
) -> Forest:
    """Grow random walks with persistence, branching and pull; returns the new nodes only.

    Args:
        start: (k, 3) um, where each walk starts; ``heading``: (k, 3) unit vectors.
        parent: (k,) row of the node each walk starts from, -1 for none.
        first_row: row that the first new node will get.
        somata: for neurites that enter from outside only: the somata that may attract them.
    """
    recipe = NEURITES[recipe_row]
    pos, way, par, seg = start.copy(), heading.copy(), np.asarray(parent), np.asarray(segment)
    arc, phase = np.zeros(len(pos)), rng.random(len(pos))
    left = recipe.length * rng.uniform(0.5, 1.2, len(pos))
    parts, row = [], first_row
    while len(pos):
        parts.append((pos, par, seg, arc, phase))
        index = row + np.arange(len(pos))
        row += len(pos)
        way = way + rng.normal(0, recipe.wiggle * STEP_UM**0.5, way.shape)
        way[:, 1] -= recipe.climb * STEP_UM
        if recipe.attract and somata is not None and len(somata):
            gap = somata.xyz[None] - pos[:, None]
            dist = np.linalg.norm(gap, axis=2) - somata.radius
            near = dist.argmin(1)
            pick = np.arange(len(pos))
            pull = np.where((dist[pick, near] > 0.3) & (dist[pick, near] < 8), recipe.attract, 0) * STEP_UM
            way += unit(gap[pick, near]) * pull[:, None]
        way = unit(way)
        pos = pos + way * STEP_UM
        keep = ((pos > -OUTSIDE_UM) & (pos < box + OUTSIDE_UM)).all(1) & (arc < left)
        fork = keep & (rng.random(len(pos)) < recipe.branch * STEP_UM)
        side = unit(way[fork] + rng.normal(0, 0.8, (fork.sum(), 3)))
        rows = np.concatenate([np.flatnonzero(keep), np.flatnonzero(fork)])
        pos, way = pos[rows], np.concatenate([way[keep], side])
        par, seg, arc, phase, left = index[rows], seg[rows], arc[rows] + STEP_UM, phase[rows], left[rows]
    pos, par, seg, arc, phase = (np.concatenate(column) for column in zip(*parts, strict=True))
    radius, bouton = radius_along(rng, recipe, arc, phase, seg, somata is None)
    bouton &= ((pos > 0) & (pos < box)).all(1) & (recipe.compartment == AXON)
    kind = type_code(recipe.cell_type)
    return make_forest(pos, radius, par, seg, recipe_row, kind, recipe.compartment, cell=seg, bouton=bouton)


def grow_from_somata(rng: np.random.Generator, box: Floats, somata: Forest) -> Forest:
    """Dendrites, axons or glial processes of the somata inside the block; returns somata and processes."""
    parts, row = [somata], len(somata)
    for k in range(len(somata)):
        own = [i for i, n in enumerate(NEURITES) if type_code(n.cell_type) == somata.cell_type[k]]
        look = LOOKS[NEURITES[own[0]].cell_type]
        stems = [i for i in own if NEURITES[i].compartment != AXON and not NEURITES[i].climb]
        apical = [i for i in own if NEURITES[i].climb and NEURITES[i].compartment != AXON]
        axon = [i for i in own if NEURITES[i].compartment == AXON][:1]
        inward = unit((box / 2 - somata.xyz[k])[None])
        for r in [*rng.choice(stems, look.stems), *apical, *axon]:
            heading = unit(rng.normal(0, 1, (1, 3)) + 0.5 * inward)
            if NEURITES[r].climb:
                heading = unit(np.array([[0, -1.0, 0]]) + 0.4 * inward)
            start = somata.xyz[k] + 0.92 * somata.radius[k] * heading
            if ((start > -MARGIN_UM) & (start < box + MARGIN_UM)).all():
                parts.append(grow(rng, box, int(r), start, heading, np.array([k]), np.array([k + 1]), row))
                row += len(parts[-1])
    return join(parts)


def grow_passing(rng: np.random.Generator, box: Floats, forest: Forest) -> Forest:
    """Neurites of cells outside the block, until every recipe has its path length."""
    parts, row, segment = [forest], len(forest), int(forest.segment.max(initial=0))
    neuron = (forest.compartment == SOMA) & np.isin(forest.cell_type, [type_code(t) for t in TARGETS])
    somata = forest.take(neuron)
    layers = balanced_layers()
    for r, recipe in enumerate(NEURITES):
        need = recipe.density * (box + 2 * OUTSIDE_UM).prod()
        while need > 0:
            count = max(1, int(need / 100))
            start = sample_points(rng, box, layers[r], count, OUTSIDE_UM)
            if recipe.attract and len(somata):  # half of them start beside a soma, as baskets do
                k = rng.integers(0, len(somata), count // 2)
                out = somata.radius[k, None] + 0.4
                start[: len(k)] = somata.xyz[k] + out * unit(rng.normal(0, 1, (len(k), 3)))
            ids = segment + 1 + np.arange(count)
            heading = unit(rng.normal(0, 1, (count, 3)) * (1, 1 + recipe.climb, 1))
            ways = np.concatenate([heading, -heading])
            orphans = np.full(2 * count, -1)
            both = grow(rng, box, r, np.tile(start, (2, 1)), ways, orphans, np.tile(ids, 2), row, somata)
            both.parent[count : 2 * count] = row + np.arange(count)  # second half hangs on the first one's root
            need -= STEP_UM * len(both)
            parts.append(both)
            row, segment = row + len(both), segment + count
    return join(parts)
