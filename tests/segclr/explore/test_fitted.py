"""A layout is fitted on a sample, turned towards the earlier one, completed, and kept."""

import sys
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

from segclr.errors import LayoutError, TableError
from segclr.explore.fitted import FittedLayout, Rows, fit_layout, open_fitted, with_three_dimensions
from segclr.explore.settings import LayoutSettings
from tests.segclr.explore.fake_umap import FakeUmap, fake_module

FIRST_SEGMENT = np.uint64(2**63 + 2**53 + 1)


@pytest.fixture(autouse=True)
def fake(monkeypatch: pytest.MonkeyPatch) -> type[FakeUmap]:
    monkeypatch.setitem(sys.modules, "umap", fake_module())
    return FakeUmap


def nothing(text: str, share: float) -> None:
    """Tell nobody."""


def table(n: int = 200) -> Rows:
    rng = np.random.default_rng(0)
    embeddings = (rng.normal(size=(n, 6)) * [30, 10, 3, 1, 1, 1] + 7).astype(np.float32)
    return Rows(FIRST_SEGMENT + (np.arange(n) // 10).astype(np.uint64), np.arange(n) % 10, embeddings)


def fit(rows: Rows, earlier: FittedLayout | None = None, **settings: int) -> FittedLayout:
    return fit_layout(rows, LayoutSettings(**settings), "stamp", earlier, nothing)  # type: ignore[arg-type]


def test_all_rows_are_laid_out_and_fill_the_square() -> None:
    rows = table()
    fitted = fit(rows)
    expected = rows.embeddings[:, :2]
    assert np.abs(fitted.layout.xy[:, 0]).max() == 1
    assert np.corrcoef(fitted.layout.xy[:, 1], expected[:, 1])[0, 1] == pytest.approx(1, abs=1e-4)
    assert fitted.layout.landmarks is not None
    assert len(fitted.layout.landmarks) == 200
    assert (fitted.spread == 0).all()


def test_rows_outside_the_sample_are_placed_among_it() -> None:
    rows = table()
    fitted = fit(rows, sample_rows=120)
    landmarks = fitted.layout.landmarks
    assert landmarks is not None
    assert len(landmarks) == 120
    others = np.setdiff1d(np.arange(200), landmarks)
    assert (fitted.spread[others] > 0).all()
    assert (fitted.spread[landmarks] == 0).all()
    expected = rows.embeddings[others, 0]
    assert np.corrcoef(fitted.layout.xy[others, 0], expected)[0, 1] > 0.8
    assert (fitted.segments == rows.segments[landmarks]).all()


def test_the_same_settings_give_the_same_layout() -> None:
    assert fit(table(), sample_rows=120).layout.id == fit(table(), sample_rows=120).layout.id
    assert fit(table(), sample_rows=120).layout.id != fit(table(), sample_rows=120, seed=1).layout.id


def test_a_refit_keeps_the_orientation_also_of_another_version_of_the_table(fake: type[FakeUmap]) -> None:
    rows = table()
    before = fit(rows)
    fake.turned = True
    assert np.abs(fit(rows).layout.xy - before.layout.xy).max() > 0.5
    np.testing.assert_allclose(fit(rows, before).layout.xy, before.layout.xy, atol=1e-4)
    later = Rows(rows.segments[30:], rows.nodes[30:], rows.embeddings[30:])  # thirty rows have gone
    turned = fit(later, before)
    for axis in (0, 1):
        assert np.corrcoef(turned.layout.xy[:, axis], before.layout.xy[30:, axis])[0, 1] > 0.99


def test_an_earlier_layout_of_other_rows_turns_nothing() -> None:
    rows = table()
    strangers = Rows(rows.segments + np.uint64(500), rows.nodes, rows.embeddings)
    assert fit(rows, fit(strangers)).layout.id == fit(rows).layout.id


def test_rows_that_are_not_finite_lie_in_the_middle_and_are_not_fitted() -> None:
    rows = table()
    rows.embeddings[7] = np.nan
    fitted = with_three_dimensions(fit(rows), rows, nothing)
    assert fitted.layout.xy[7].tolist() == [0, 0]
    assert fitted.spread[7] == np.inf
    assert fitted.layout.landmarks is not None
    assert 7 not in fitted.layout.landmarks
    assert fitted.xyz is not None
    assert fitted.xyz[7].tolist() == [0, 0, 0]
    assert np.isfinite(fitted.xyz).all()


def test_three_dimensions_are_added_for_export() -> None:
    rows = table()
    fitted = fit(rows, sample_rows=120)
    whole = with_three_dimensions(fitted, rows, nothing)
    assert whole.layout is fitted.layout
    assert whole.xyz is not None
    assert whole.xyz.shape == (200, 3)
    assert np.abs(whole.xyz).max() == 1
    assert np.corrcoef(whole.xyz[:, 2], rows.embeddings[:, 2])[0, 1] > 0.5


def test_equal_rows_lie_in_the_middle() -> None:
    rows = replace(table(), embeddings=np.ones((200, 6), np.float32))
    fitted = with_three_dimensions(fit(rows, sample_rows=120), rows, nothing)
    assert (fitted.layout.xy == 0).all()
    assert (fitted.spread == 0).all()
    assert fitted.xyz is not None
    assert (fitted.xyz == 0).all()


@pytest.mark.parametrize("n", [0, 1, 15])
def test_tables_with_fewer_rows_than_neighbours_are_refused(n: int) -> None:
    with pytest.raises(LayoutError, match="choose fewer neighbours"):
        fit(table(n))


def test_progress_never_falls_and_ends_at_one() -> None:
    told: list[float] = []
    fit_layout(table(), LayoutSettings(sample_rows=100), "stamp", None, lambda text, share: told.append(share))
    assert told == sorted(told)
    assert told[-1] == 1


def test_a_layout_is_read_back_as_it_was_kept(tmp_path: Path) -> None:
    rows = table()
    for fitted in (fit(rows, sample_rows=120), with_three_dimensions(fit(rows), rows, nothing)):
        fitted.save(tmp_path / "layout.npz")
        back = open_fitted(tmp_path / "layout.npz")
        assert (back.layout.id, back.stamp, back.settings) == (fitted.layout.id, "stamp", fitted.settings)
        assert back.segments.tolist() == fitted.segments.tolist()
        assert (back.spread == fitted.spread).all()
        assert (back.xyz is None) == (fitted.xyz is None)
        assert back.layout.landmarks is not None
        assert fitted.layout.landmarks is not None
        assert (back.layout.landmarks == fitted.layout.landmarks).all()


def test_a_damaged_layout_is_named(tmp_path: Path) -> None:
    path = tmp_path / "layout.npz"
    array, strange = BytesIO(), BytesIO()
    np.save(array, np.zeros((4, 2)))
    np.savez(strange, settings=np.array("{}"), xy=np.zeros((3, 2)), landmarks=np.zeros(2), spread=np.zeros(9))
    pickled = BytesIO()
    np.savez(pickled, settings=np.array("{}"), xy=np.array([object()], dtype=object))
    for content in (b"PK\x03\x04 half a file", b"", b"text", array.getvalue(), strange.getvalue(), pickled.getvalue()):
        path.write_bytes(content)
        with pytest.raises(TableError, match=r"layout\.npz is damaged"):
            open_fitted(path)
    with pytest.raises(FileNotFoundError):
        open_fitted(tmp_path / "none.npz")
