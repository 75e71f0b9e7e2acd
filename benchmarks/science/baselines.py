"""Features of cutouts that no network computes: measured by hand, and principal components."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_COLUMNS = 8192  # voxels at a time, so that no float copy of all cutouts is made


def hand_made(image: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Size, surface, principal axes, mean and spread of grey, its histogram and percentiles: (21,)."""
    mask = image > 0
    voxels = np.argwhere(mask)
    grey = image[mask].astype(float)
    if len(voxels) < 5:
        return np.zeros(21)
    axes = np.sort(np.linalg.eigvalsh(np.cov(voxels.T)))[::-1]
    surface = sum(int(np.diff(mask, axis=axis).sum()) for axis in range(3))
    histogram = np.histogram(grey, np.linspace(0, 256, 9))[0] / len(grey)
    shape = [len(voxels), surface, surface / len(voxels), *axes, axes[1] / axes[0], axes[2] / axes[0]]
    return np.array([*shape, grey.mean(), grey.std(), *histogram, *np.percentile(grey, [10, 50, 90])])


def principal_axes(images: NDArray[np.uint8], count: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Mean (v,) and the first principal axes (v, count) of flattened (n, z, y, x) cutouts, n >= count.

    From the (n, n) products of the cutouts with each other, since there are far more voxels than cutouts.
    """
    flat = images.reshape(len(images), -1)
    mean = flat.mean(axis=0, dtype=np.float64).astype(np.float32)
    slices = [slice(start, start + _COLUMNS) for start in range(0, flat.shape[1], _COLUMNS)]
    products = np.zeros((len(flat), len(flat)))
    for part in slices:
        centred = flat[:, part] - mean[part]
        products += centred @ centred.T
    variances, vectors = np.linalg.eigh(products)
    weights = (vectors[:, ::-1] / np.sqrt(np.maximum(variances[::-1], 1e-12)))[:, :count].astype(np.float32)
    axes = np.concatenate([(flat[:, part] - mean[part]).T @ weights for part in slices])
    return mean, axes
