"""Grey values section by section, as a microscope takes them, with its faults."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from scipy.ndimage import gaussian_filter, shift

from segclr.em.phantom.forest import Bools, Floats, Forest, Ints
from segclr.em.phantom.organelles import ER, GLYCOGEN, GREY
from segclr.em.phantom.raster import GAP_STEP_UM
from segclr.em.phantom.recipes import AXON, DENDRITE, GLIA, SOMA, SPINE, type_code
from segclr.em.phantom.subtypes import LOOK_OF_CODE

MEMBRANE_GREY = 62.0
MYELIN_GREY = 56.0
TEXTURE_SCALES = (0.5, 1.0, 2.0)  # of the noise tile, whose grains are 100 nm across
Luts = tuple[Floats, Floats, Floats, Floats]  # per owner value: grey level, ER level, textures (3, n), glycogen


def _sheath_rows(forest: Forest) -> Bools:
    """Nodes of myelin: oligodendrocyte processes without a recipe."""
    glia = (forest.compartment == GLIA) & (forest.recipe < 0)
    rows: Bools = glia & (forest.cell_type == type_code("oligodendrocyte"))
    return rows


def cytoplasm_luts(rng: np.random.Generator, forest: Forest, code: Ints) -> Luts:
    """How the cytoplasm looks per owner value (n + 1,), by the code of each node's look (n,).

    Segments differ by more than types do: staining is not a label.
    """
    grey, er = np.full(len(forest) + 1, 150.0, np.float32), np.zeros(len(forest) + 1, np.float32)
    texture, dots = np.zeros((3, len(forest) + 1), np.float32), np.zeros(len(forest) + 1, np.float32)
    own = rng.normal(0, 9.0, forest.segment.max() + 1)
    contrast = np.exp(rng.normal(0, 0.2, forest.segment.max() + 1))
    where = [forest.compartment == c for c in (SOMA, DENDRITE, AXON)]
    share = np.select(where, [1.6, 0.8, 0.35], 0.4)
    for number, look in LOOK_OF_CODE.items():
        rows = np.flatnonzero(code == number)
        grey[rows + 1] = look.cytoplasm
        er[rows + 1] = look.er * share[rows] / 0.8
        texture[:, rows + 1] = np.array(look.texture)[:, None]
        dots[rows + 1] = look.glycogen
    grey[1:] += own[forest.segment]
    texture[:, 1:] *= contrast[forest.segment]
    texture[0, 1:][forest.compartment == SPINE] += 5  # actin
    texture[:, 1:][:, forest.compartment == AXON] *= 0.85
    grey[1:][forest.compartment == AXON] -= 4
    sheath = _sheath_rows(forest)
    grey[1:][sheath], er[1:][sheath] = MYELIN_GREY, 0
    texture[:, 1:][:, sheath] = 0
    grey[0] = 176
    return grey, er, texture, dots


def _plane(tile: Floats, z: float, scale: float, ny: int, nx: int) -> Floats:
    """One section through the periodic noise, its grains ``scale`` times as large as the tile's."""
    n = len(tile)
    y, x = (np.arange(edge) / scale % n for edge in (ny, nx))
    plane: Floats = tile[int(z / scale) % n][np.ix_(y.astype(int), x.astype(int))]
    return plane


def _section(z: int, seed: int, owner: Ints, gap: Ints, codes: Ints, tile: Floats, luts: Luts) -> Ints:
    """One section (y, x) uint8 with a noise stream of its own."""
    rng = np.random.default_rng(seed)
    grey_lut, er_lut, texture_lut, dots_lut = luts
    ny, nx = owner.shape[1:]
    who, code, far = owner[z], codes[z], gap[z] * np.float32(GAP_STEP_UM)
    fine, folds, coarse = (_plane(tile, z * 1.25, scale, ny, nx) for scale in TEXTURE_SCALES)
    white = rng.standard_normal((ny, nx), np.float32)
    grain = gaussian_filter(white, 0.9)
    clumps = gaussian_filter(np.roll(white, 31, 0), 1.7)  # ribosomes, cytoskeleton: no flat cytoplasm in real sections
    fine_grey, middle_grey, coarse_grey = texture_lut[:, who]
    image = grey_lut[who] + grain * 16 + clumps * 24 + fine * fine_grey + folds * middle_grey + coarse * coarse_grey
    er = (np.abs(folds + 0.3 * grain) < er_lut[who]) & (code == 0) & (far > 0.05)
    image[er] = GREY[ER]
    dots = rng.random((ny, nx), np.float32)
    rosettes = coarse > 0.8  # a fifth of the cytoplasm
    image[(dots < 5 * dots_lut[who]) & (code == 0) & rosettes] = GREY[GLYCOGEN]
    painted = code > 0
    image[painted] = GREY[code[painted]] + grain[painted] * 18
    membrane = np.exp(-((far / 0.021) ** 2))
    darkest = np.minimum(image, MEMBRANE_GREY + 9 * folds)
    image += membrane * 0.92 * (darkest - image)
    image = gaussian_filter(image, 0.50 + 0.12 * rng.random())
    offset = rng.normal(0, 0.25, 2)
    image = shift(image, offset, order=1, mode="nearest")
    image = (image - 128) * rng.normal(1, 0.02) + 128 + rng.normal(0, 2.2)
    if rng.random() < 0.008:  # knife mark: a thin slanted streak
        y, x = np.ogrid[:ny, :nx]
        angle = rng.uniform(-0.5, 0.5)
        away = np.abs((x - rng.uniform(0, nx)) * np.cos(angle) + y * np.sin(angle) - rng.uniform(-40, 40))
        image += rng.choice([-26, 22]) * np.exp(-((away / rng.uniform(1.2, 3)) ** 2))
    image += rng.standard_normal((ny, nx), np.float32) * np.sqrt(8 + 0.22 * np.clip(image, 0, 255))
    return np.clip(image, 0, 255).astype(np.uint8)


def render(
    rng: np.random.Generator, forest: Forest, look: Ints, owner: Ints, gap: Ints, codes: Ints, tile: Floats,
    threads: int = 2,
) -> Ints:  # fmt: skip
    """Render all sections; `look` is (n,) the code of each node's look.

    Returns (z, y, x) uint8; does not depend on the number of threads.
    """
    luts = cytoplasm_luts(rng, forest, look)
    seeds = rng.integers(0, 2**63, len(owner))
    with ThreadPoolExecutor(threads) as pool:
        sections = pool.map(lambda z: _section(z, int(seeds[z]), owner, gap, codes, tile, luts), range(len(owner)))
        em = np.empty(owner.shape, np.uint8)
        for z, image in enumerate(sections):
            em[z] = image
    return em


def open_extracellular(owner: Ints, gap: Ints, core: Ints, tile: Floats, widest_um: float = 0.016) -> None:
    """Set voxels at borders to 0 (in place), in patches: contacts are tight elsewhere."""
    n = len(tile)
    for z in range(len(owner)):
        ny, nx = owner.shape[1:]
        patch = np.tile(tile[(z // 2) % n], (ny // n + 1, nx // n + 1))[:ny, :nx]
        wide = gap[z] * GAP_STEP_UM < widest_um * np.clip(patch - 0.2, 0, 1)
        owner[z][wide & (core[z] == 0)] = 0
