"""Skeletons while they grow: rooted trees of soft spheres, as columns. Points are xyz in um."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

Floats = NDArray[np.floating]
Ints = NDArray[np.integer]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Forest:
    """Skeleton nodes as columns of length n; every node names its parent.

    Attributes:
        xyz: (n, 3) float32, um.
        radius: float32, um, outer radius (with myelin).
        lumen: float32, um, radius of the axon inside its myelin, 0 elsewhere.
        parent: int32, row of the parent, -1 for roots; parents come before their children.
        segment: int32, from 1.
        recipe: int16, row of ``recipes.NEURITES``, -1 for somata, sheaths and lamellae.
        cell_type, compartment: uint8, see ``recipes``.
        bouton: bool, the centre of a varicosity.
        partner: int32, row of the bouton a spine head was grown for, else -1.
        cell: int32, shared by all pieces of one cell.
    """

    xyz: Floats
    radius: Floats
    lumen: Floats
    parent: Ints
    segment: Ints
    recipe: Ints
    cell_type: Ints
    compartment: Ints
    bouton: Bools
    partner: Ints
    cell: Ints

    def __len__(self) -> int:
        return len(self.radius)

    def take(self, rows: NDArray[np.generic]) -> "Forest":
        """Copy some rows; ``parent`` and ``partner`` still count in the old forest."""
        return Forest(*(getattr(self, field.name)[rows] for field in fields(Forest)))


def make_forest(
    xyz: ArrayLike,
    radius: ArrayLike,
    parent: ArrayLike,
    segment: ArrayLike,
    recipe: ArrayLike,
    cell_type: ArrayLike,
    compartment: ArrayLike,
    cell: ArrayLike,
    bouton: ArrayLike = False,
    partner: ArrayLike = -1,
) -> Forest:
    """Build a Forest from columns; single values are repeated."""
    points = np.asarray(xyz, np.float32).reshape(-1, 3)

    def column(value: ArrayLike, dtype: DTypeLike) -> NDArray[np.generic]:
        return np.array(np.broadcast_to(np.asarray(value, dtype), (len(points),)))

    columns = (
        column(radius, np.float32), column(0, np.float32), column(parent, np.int32), column(segment, np.int32),
        column(recipe, np.int16), column(cell_type, np.uint8), column(compartment, np.uint8), column(bouton, np.bool_),
        column(partner, np.int32), column(cell, np.int32),
    )  # fmt: skip
    return Forest(points, *columns)  # type: ignore[arg-type]


def join(forests: list[Forest]) -> Forest:
    """Concatenate forests whose parent rows already count from the first row of the first one."""
    return Forest(*(np.concatenate([getattr(f, field.name) for f in forests]) for field in fields(Forest)))


def unit(vectors: Floats) -> Floats:
    """Scale (n, 3) vectors to length one."""
    scaled: Floats = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    return scaled
