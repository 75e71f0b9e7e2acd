"""Random changes of a view that must not change its embedding.

Grey values first, then the mask: brightness must not leak into what lies outside the segment, which stays exactly zero.
The formula is that of google-research/connectomics (segclr/tf2/data_augmentation_util.py); flips take all three axes,
where that code leaves one out.
"""

import numpy as np
from numpy.typing import NDArray

from segclr.training.config import Augmentation


def grey_curve(settings: Augmentation, rng: np.random.Generator) -> NDArray[np.uint8]:
    """A random curve clip(a x + c, 0, 1)^g of the grey scale, as a table (256,) from old to new value."""
    factor = 1 + rng.uniform(-settings.contrast, settings.contrast)
    offset = rng.uniform(-settings.brightness, settings.brightness)
    exponent = 2 ** rng.uniform(-settings.gamma_octaves, settings.gamma_octaves)
    grey = np.clip(np.arange(256) / 255 * factor + offset, 0, 1) ** exponent
    return np.rint(grey * 255).astype(np.uint8)


def augment_view(
    image: NDArray[np.uint8],
    mask: NDArray[np.bool_] | None,
    settings: Augmentation,
    may_transpose: bool,
    rng: np.random.Generator,
) -> NDArray[np.uint8]:
    """Change one view and mask it.

    Args:
        image: (z, y, x), unmasked.
        mask: (z, y, x), where the segment is; None leaves the surroundings in.
        may_transpose: x and y have the same resolution.

    Returns:
        (z, y, x) uint8, zero outside the mask.
    """
    view = grey_curve(settings, rng)[image]
    if mask is not None:
        view *= mask
    if settings.flip:
        axes = tuple(axis for axis in range(3) if rng.random() < 0.5)
        view = np.flip(view, axes)
    if settings.transpose and may_transpose and rng.random() < 0.5:
        view = view.transpose(0, 2, 1)
    return view
