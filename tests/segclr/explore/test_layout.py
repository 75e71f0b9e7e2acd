"""Layouts are scaled and named by their content."""

import numpy as np
import pytest

from segclr.explore import layout as layout_module
from segclr.explore.layout import make_layout, pca_layout

RNG = np.random.default_rng(3)


def two_clusters(n: int = 120, d: int = 9) -> "np.typing.NDArray[np.float32]":
    """Rows round two far centres, the first half and the second."""
    centres = np.repeat([[-20.0] * d, [20.0] * d], n // 2, axis=0)
    return (centres + RNG.normal(size=(n, d))).astype(np.float32)


def test_a_layout_fills_the_square_and_keeps_its_aspect() -> None:
    xy = make_layout("umap", RNG.normal(size=(50, 2)) * [10, 2] + [300, -7]).xy
    assert xy.dtype == np.float32
    assert np.isclose(xy[:, 0].min(), -1)
    assert np.isclose(xy[:, 0].max(), 1)
    assert 0.05 < np.ptp(xy[:, 1]) < 1.2


def test_rows_without_coordinates_are_put_in_the_middle() -> None:
    xy = make_layout("umap", np.array([[0.0, 1.0], [np.nan, 2.0], [4.0, np.inf], [2.0, 3.0]])).xy
    assert np.isfinite(xy).all()
    assert (xy[[1, 2]] == 0).all()


@pytest.mark.parametrize(
    "rows", [np.zeros((0, 4)), np.ones((1, 4)), np.ones((2, 4)), np.ones((30, 4)), np.ones((5, 1))]
)
def test_degenerate_tables_have_a_finite_layout(rows: "np.typing.NDArray[np.float64]") -> None:
    layout = pca_layout(rows)
    assert layout.xy.shape == (len(rows), 2)
    assert np.isfinite(layout.xy).all()


def test_principal_components_separate_what_is_far_apart() -> None:
    rows = two_clusters()
    xy = pca_layout(rows).xy
    assert (np.sign(xy[:60, 0]) == -np.sign(xy[60:, 0])).all()


def test_the_same_rows_give_the_same_layout_and_others_another_id() -> None:
    rows = two_clusters()
    assert pca_layout(rows).id == pca_layout(rows.copy()).id
    assert pca_layout(rows).id != pca_layout(rows[::-1]).id


@pytest.mark.parametrize("n", [2, 37, 101])
def test_rows_that_are_all_the_same_lie_in_the_middle(n: int) -> None:
    rows = np.tile(RNG.normal(size=7).astype(np.float32), (n, 1))
    assert (pca_layout(rows).xy == 0).all()
    rows[0] = np.nextafter(rows[0], np.float32(9))
    assert (pca_layout(rows).xy == 0).all()
    assert pca_layout(rows).placement(rows).place(rows[0] + 1) == (0, 0)


def test_principal_components_are_those_of_a_decomposition_in_full() -> None:
    rows = (RNG.normal(size=(300, 6)) * [1, 9, 0.1, 3, 1, 1] + 50).astype(np.float32)
    left, sizes, _ = np.linalg.svd(rows - rows.mean(axis=0, dtype=np.float64), full_matrices=False)
    expected = left[:, :2] * sizes[:2]
    got = pca_layout(rows).xy.astype(np.float64)
    for axis in (0, 1):
        assert abs(np.corrcoef(got[:, axis], expected[:, axis])[0, 1]) == pytest.approx(1, abs=1e-6)
    assert np.ptp(got[:, 1]) / np.ptp(got[:, 0]) == pytest.approx(np.ptp(expected[:, 1]) / np.ptp(expected[:, 0]))


def test_many_rows_are_laid_out_by_blocks_as_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = two_clusters()
    whole = pca_layout(rows).xy
    monkeypatch.setattr(layout_module, "_BLOCK_ROWS", 7)
    np.testing.assert_allclose(pca_layout(rows).xy, whole, atol=1e-6)
