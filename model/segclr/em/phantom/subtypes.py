"""Hidden subtypes: processes of a cell type that are unlike the others of their type.

The demo's block has one, so that there is something in it to be found that no class speaks of. Blocks that encoders are
trained and judged on have none. Which cells are of it follows from seed and cell alone, so no table has to say it.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from segclr.em.phantom.files import PhantomFolder, PhantomTruth
from segclr.em.phantom.forest import Forest, Ints
from segclr.em.phantom.recipes import AXON, CELL_TYPES, LOOKS, Look, type_code
from segclr.splitmix import splitmix64


@dataclass(frozen=True, slots=True)
class Subtype:
    """The axons of some cells of one type."""

    name: str
    cell_type: str
    share: float  # of the type's cells
    calibre: float  # times that of the type's other axons
    look: Look


SUBTYPES = (
    # swollen and full of dark bodies, as axons in diseased tissue are; its numbers are invented
    Subtype("dystrophic", "exc_l5", 0.25, 3.4, replace(LOOKS["exc_l5"], cytoplasm=135, granules=(4.0, 0.18, 0.26))),
)
LOOK_OF_CODE = {
    **{type_code(name): look for name, look in LOOKS.items()},
    **{len(CELL_TYPES) + i: subtype.look for i, subtype in enumerate(SUBTYPES)},
}
"""The look of each code that ``look_codes`` gives: a cell type's, or behind them a subtype's."""


def subtype_codes(
    seed: int, cell_type: NDArray[np.integer], compartment: NDArray[np.integer], cell: NDArray[np.integer]
) -> NDArray[np.uint8]:
    """Return (n,) 0 where a node is of no subtype, else 1 + the row of ``SUBTYPES``.

    Args:
        seed: of the block.
        cell_type, compartment: (n,) codes of ``recipes``, in which 0 is the background.
        cell: (n,) the cell's number.
    """
    draw = splitmix64(splitmix64(np.array([seed], np.uint64)) ^ cell.astype(np.uint64)) / 2.0**64
    found = np.zeros(len(cell), np.uint8)
    for row, subtype in enumerate(SUBTYPES):
        own = (cell_type == type_code(subtype.cell_type)) & (compartment == AXON)
        found[own & (draw < subtype.share)] = row + 1
    return found


def true_subtype(phantom: PhantomFolder, truth: PhantomTruth) -> NDArray[np.uint8]:
    """Return ``subtype_codes`` of the truth's (n,) nodes; all 0 in a block without subtypes."""
    if not phantom.subtypes:
        return np.zeros(len(truth.cell), np.uint8)
    return subtype_codes(
        phantom.seed, truth.cell_type.astype(int) + 1, truth.subcompartment.astype(int) + 1, truth.cell
    )


def look_codes(seed: int, forest: Forest) -> Ints:
    """Return per node of the forest the code of its look, a key of ``LOOK_OF_CODE``."""
    subtype = subtype_codes(seed, forest.cell_type, forest.compartment, forest.cell).astype(np.int64)
    return np.where(subtype > 0, len(CELL_TYPES) - 1 + subtype, forest.cell_type)


def thicken(seed: int, forest: Forest) -> None:
    """Give the axons of subtypes their calibre, in place."""
    subtype = subtype_codes(seed, forest.cell_type, forest.compartment, forest.cell)
    forest.radius[:] *= np.array([1.0, *(found.calibre for found in SUBTYPES)])[subtype]
