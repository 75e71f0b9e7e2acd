"""Layouts are scaled, kept, and take in new points next to their neighbours."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

from segclr.errors import TableError
from segclr.explore import layout as layout_module
from segclr.explore.layout import make_layout, open_layout, pca_layout, place

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


def test_a_point_of_the_table_lands_on_itself() -> None:
    rows = two_clusters()
    xy = pca_layout(rows).xy
    for row in (0, 59, 119):
        assert place(rows[row], rows, xy) == pytest.approx(tuple(xy[row]))


def test_a_new_point_lands_among_its_nearest_rows() -> None:
    rows = two_clusters()
    xy = pca_layout(rows).xy
    x, y = place(rows[60:].mean(axis=0), rows, xy)
    low, high = xy[60:].min(axis=0), xy[60:].max(axis=0)
    assert low[0] <= x <= high[0]
    assert low[1] <= y <= high[1]


def test_the_nearest_are_found_in_the_embedding_not_in_the_layout() -> None:
    rows = np.array([[0.0, 0], [1, 0], [0, 1], [50, 50], [51, 50]], np.float32)
    xy = np.array([[1, 1], [1, 1], [1, 1], [-1, -1], [-1, -1]], np.float32)
    assert place(np.array([50.4, 50.1]), rows, xy, k=2) == pytest.approx((-1, -1))


def test_a_point_of_the_table_that_was_rounded_differently_still_lands_on_itself() -> None:
    rows = RNG.normal(size=(500, 16)).astype(np.float32) + np.float32(3)
    xy = pca_layout(rows).xy
    for row in (0, 7, 499):
        assert place(rows[row] * np.float32(1 + 1e-5), rows, xy) == pytest.approx(tuple(xy[row]), abs=1e-3)


def test_a_point_between_two_rows_lies_nearer_to_the_nearer() -> None:
    rows = np.array([[0.0, 0], [3, 0], [90, 90]], np.float32)
    xy = np.array([[-1, 0], [1, 0.5], [0, -1]], np.float32)
    # weights 1 and 1/4
    assert place(np.array([1.0, 0]), rows, xy, k=2) == pytest.approx((-0.6, 0.1))


def test_rows_equally_far_count_alike_in_any_order() -> None:
    rows = np.repeat(np.array([[1.0, 1], [-1, 1]], np.float32), 30, axis=0)
    xy = RNG.uniform(-1, 1, (60, 2)).astype(np.float32)
    expected = tuple(xy.astype(np.float64).mean(axis=0))
    for order in (np.arange(60), RNG.permutation(60)):
        assert place(np.zeros(2), rows[order], xy[order]) == pytest.approx(expected)


@pytest.mark.parametrize("n", [2, 37, 101])
def test_rows_that_are_all_the_same_lie_in_the_middle(n: int) -> None:
    rows = np.tile(RNG.normal(size=7).astype(np.float32), (n, 1))
    assert (pca_layout(rows).xy == 0).all()
    rows[0] = np.nextafter(rows[0], np.float32(9))
    assert (pca_layout(rows).xy == 0).all()
    assert place(rows[0] + 1, rows, pca_layout(rows).xy) == (0, 0)


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


@pytest.mark.parametrize("n", [0, 1, 3])
def test_a_point_finds_a_place_in_the_smallest_tables(n: int) -> None:
    x, y = place(np.ones(4), np.ones((n, 4), np.float32), np.zeros((n, 2), np.float32))
    assert (x, y) == (0, 0)


def test_a_layout_is_read_back_as_it_was_saved(tmp_path: Path) -> None:
    layout = make_layout("umap", RNG.normal(size=(20, 2)))
    layout.save(tmp_path / "layout.npz")
    back = open_layout(tmp_path / "layout.npz")
    assert (back.id, back.method) == (layout.id, "umap")
    assert (back.xy == layout.xy).all()


def test_a_damaged_layout_is_named(tmp_path: Path) -> None:
    path = tmp_path / "layout.npz"
    array = BytesIO()
    np.save(array, np.zeros((4, 2)))
    for content in (b"PK\x03\x04 half a file", b"", b"text", array.getvalue()):
        path.write_bytes(content)
        with pytest.raises(TableError, match=r"layout\.npz is damaged"):
            open_layout(path)


def test_a_pickled_layout_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "layout.npz"
    with path.open("wb") as file:
        np.savez(file, method=np.array("umap"), xy=np.array([object()], dtype=object))
    with pytest.raises(TableError):
        open_layout(path)
