"""Random changes of a view that must not change its embedding.

Grey values first, then the mask: brightness must not leak into what lies outside the segment, which stays exactly zero.
The formula is that of google-research/connectomics (segclr/tf2/data_augmentation_util.py); flips take all three axes,
where that code leaves one out. Axes are exchanged only where their voxels have the same length.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segclr.em.geometry import XYZ
from segclr.training.config import Augmentation

_KEPT_ORDER = (0, 1, 2)


@dataclass(frozen=True, slots=True)
class Change:
    """One change, drawn but not yet made: the new grey value is clip(factor a + offset, 0, 1)^exponent.

    Attributes:
        flipped: axes of the (z, y, x) view that are reversed.
        order: axes in their new order.
    """

    factor: float
    offset: float
    exponent: float
    flipped: tuple[int, ...] = ()
    order: tuple[int, ...] = _KEPT_ORDER

    def grey_curve(self) -> NDArray[np.uint8]:
        """The grey scale as a table (256,) from old to new value."""
        grey = np.clip(np.arange(256) / 255 * self.factor + self.offset, 0, 1) ** self.exponent
        return np.rint(grey * 255).astype(np.uint8)

    def apply(self, image: NDArray[np.uint8], mask: NDArray[np.bool_] | None) -> NDArray[np.uint8]:
        """Change a view and mask it.

        Args:
            image: (z, y, x), unmasked.
            mask: (z, y, x), where the segment is; None leaves the surroundings in.

        Returns:
            (z, y, x) uint8, zero outside the mask.
        """
        view = self.grey_curve()[image]
        if mask is not None:
            view *= mask
        return np.flip(view, self.flipped).transpose(self.order)


def draw_change(settings: Augmentation, alike: tuple[int, ...], rng: np.random.Generator) -> Change:
    """Draw a change.

    Args:
        alike: Axes of the (z, y, x) view that may be exchanged, see ``alike_axes``.
    """
    factor = 1 + rng.uniform(-settings.contrast, settings.contrast)
    offset = rng.uniform(-settings.brightness, settings.brightness)
    exponent = 2 ** rng.uniform(-settings.gamma_octaves, settings.gamma_octaves)
    flipped = tuple(axis for axis in range(3) if rng.random() < 0.5) if settings.flip else ()
    order = _draw_order(alike, rng) if settings.transpose else _KEPT_ORDER
    return Change(factor, offset, exponent, flipped, order)


def _draw_order(alike: tuple[int, ...], rng: np.random.Generator) -> tuple[int, ...]:
    """An order of the axes, each possible one with the same chance."""
    if len(alike) == 3:
        first, second, third = rng.permutation(3)
        return int(first), int(second), int(third)
    order = list(_KEPT_ORDER)
    if len(alike) == 2 and rng.random() < 0.5:
        one, other = alike
        order[one], order[other] = other, one
    return tuple(order)


def alike_axes(resolution_nm: XYZ) -> tuple[int, ...]:
    """Axes of a (z, y, x) view whose voxels have the same length: none, two or all three."""
    zyx = resolution_nm[::-1]
    return tuple(axis for axis in range(3) if zyx.count(zyx[axis]) > 1)


def augment_view(
    image: NDArray[np.uint8],
    mask: NDArray[np.bool_] | None,
    settings: Augmentation,
    may_transpose: bool,
    rng: np.random.Generator,
) -> NDArray[np.uint8]:
    """Draw a change and make it at once; ``may_transpose`` lets x and y be exchanged. See ``Change.apply``."""
    return draw_change(settings, (1, 2) if may_transpose else (), rng).apply(image, mask)
