"""Cells of several levels: every point once, coarse levels a random sample."""

import numpy as np
from neuroglancer.read_precomputed_annotations import _zorder_compressed

from segclr.predictions.spatial_levels import compressed_morton, levels_of


def test_codes_are_those_of_neuroglancer() -> None:
    grid = np.array([16, 2, 5])
    cells = np.stack(np.meshgrid(*(np.arange(size) for size in grid), indexing="ij"), axis=-1).reshape(-1, 3)
    wanted = [_zorder_compressed(cell.tolist(), grid.tolist()) for cell in cells]
    assert compressed_morton(cells, grid).tolist() == wanted


def test_coarse_levels_hold_the_same_share_of_all_places() -> None:
    rng = np.random.default_rng(3)
    positions = rng.uniform(0, (90_000, 40_000, 3_000), (20_000, 3)).astype(np.float32)
    positions[: len(positions) // 2, 0] /= 4  # crowded on one side
    lower = np.floor(positions.min(axis=0).astype(np.float64))
    extent = np.floor(positions.max(axis=0).astype(np.float64)) - lower + 1
    levels = list(levels_of(positions, lower, extent, 500))
    np.testing.assert_array_equal(np.sort(np.concatenate([level.points for level in levels])), np.arange(20_000))
    first = levels[0].points
    assert len(first) == 500
    crowded = (positions[:, 0] < 22_500).mean()
    assert abs((positions[first, 0] < 22_500).mean() - crowded) < 0.06
    for level in levels:
        assert np.prod(level.grid) >= len(level.codes)
        for cell, start, stop in zip(level.cells, level.first, level.first[1:], strict=False):
            inside = (positions[level.points[start:stop]] - lower) // level.cell_size
            assert (inside == cell).all()
    assert np.diff(levels[0].first).max() <= 500
