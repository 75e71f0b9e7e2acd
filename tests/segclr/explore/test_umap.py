"""What stands round umap-learn's fit, and that the fit itself repeats."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from segclr.errors import LayoutError
from segclr.explore.settings import LayoutSettings
from segclr.explore.umap import umap_coordinates
from tests.segclr.explore.fake_umap import FakeUmap, fake_module

RNG = np.random.default_rng(0)
ROOT = Path(__file__).resolve().parents[3]


def nothing(text: str, share: float) -> None:
    """Tell nobody."""


@pytest.fixture(autouse=True)
def fake(monkeypatch: pytest.MonkeyPatch) -> type[FakeUmap]:
    monkeypatch.setitem(sys.modules, "umap", fake_module())
    return FakeUmap


def test_the_settings_reach_the_fit(fake: type[FakeUmap]) -> None:
    settings = LayoutSettings(neighbours=7, min_distance=0.3, metric="cosine", seed=11)
    found = umap_coordinates(RNG.normal(size=(40, 5)), settings, 3, None, nothing)
    assert found.shape == (40, 3)
    given = fake.given
    assert (given["n_neighbors"], given["min_dist"], given["n_components"]) == (7, 0.3, 3)
    assert (given["metric"], given["random_state"]) == ("cosine", 11)
    assert given["n_jobs"] == 1  # with a seed, umap-learn takes one thread anyway, but warns


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_the_graph_is_of_true_neighbours_in_the_metric(fake: type[FakeUmap], metric: str) -> None:
    rows = RNG.normal(size=(60, 5)) + 1
    umap_coordinates(rows, LayoutSettings(neighbours=6, metric=metric), 2, None, nothing)  # type: ignore[arg-type]
    neighbours, distances = fake.given["precomputed_knn"]  # type: ignore[misc]
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    away = 1 - unit @ unit.T if metric == "cosine" else np.linalg.norm(rows[:, None] - rows, axis=2)
    assert (neighbours == np.argsort(away, axis=1)[:, :6]).all()
    np.testing.assert_allclose(distances, np.sort(away, axis=1)[:, :6], atol=1e-5)


def test_progress_is_told_epoch_by_epoch_and_never_falls() -> None:
    told: list[tuple[str, float]] = []
    umap_coordinates(RNG.normal(size=(40, 5)), LayoutSettings(), 2, None, lambda *news: told.append(news))
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert len({share for text, share in told if text == "fitting"}) >= 9
    assert told[-1][1] == 1


def test_what_progress_raises_ends_the_fit() -> None:
    def give_up(text: str, share: float) -> None:
        if share > 0.5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        umap_coordinates(RNG.normal(size=(40, 5)), LayoutSettings(), 2, None, give_up)


def test_labels_guide_only_a_supervised_fit(fake: type[FakeUmap]) -> None:
    rows, labels = RNG.normal(size=(40, 5)), np.array([0, 1, -1, -1] * 10)
    umap_coordinates(rows, LayoutSettings(), 2, labels, nothing)
    assert fake.labels is None
    umap_coordinates(rows, LayoutSettings(supervised=True), 2, labels, nothing)
    assert fake.labels is not None
    assert fake.labels.tolist() == labels.tolist()
    for none in (None, np.full(40, -1)):
        with pytest.raises(LayoutError, match="none of its rows has one"):
            umap_coordinates(rows, LayoutSettings(supervised=True), 2, none, nothing)


@pytest.mark.parametrize("n", [0, 1, 15])
def test_too_few_rows_for_a_neighbour_graph_are_refused(n: int) -> None:
    with pytest.raises(LayoutError, match=f"a UMAP of {n} rows needs more than 15"):
        umap_coordinates(np.zeros((n, 5)), LayoutSettings(), 2, None, nothing)


def test_rows_that_are_all_the_same_lie_in_one_place_without_a_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "umap")
    monkeypatch.setitem(sys.modules, "umap", None)  # an import would fail
    found = umap_coordinates(np.ones((40, 5)), LayoutSettings(), 2, None, nothing)
    assert (found == 0).all()
    assert found.shape == (40, 2)


FITS = """
import numpy as np
from segclr.explore.settings import LayoutSettings
from segclr.explore.umap import umap_coordinates
rng = np.random.default_rng(0)
rows = rng.normal(size=(120, 6)).astype(np.float32)
rows[:40] += 9
rows[50:70] = rows[50]
shares = []
fit = lambda seed: umap_coordinates(rows, LayoutSettings(seed=seed), 2, None, lambda text, share: shares.append(share))
first, again, other = fit(3), fit(3), fit(4)
assert np.isfinite(first).all() and first.shape == (120, 2)
assert (first == again).all(), "the same seed gave another picture"
assert (first != other).any()
apart = np.linalg.norm(first[:40].mean(axis=0) - first[40:].mean(axis=0))
assert apart > first[:40].std(), apart
assert len(set(shares)) > 5, shares
print("fitted")
"""


@pytest.mark.umap
@pytest.mark.skipif(importlib.util.find_spec("umap") is None, reason="umap-learn is not installed")
def test_the_same_seed_gives_the_same_picture() -> None:
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'model'}"}
    done = subprocess.run([sys.executable, "-c", FITS], capture_output=True, text=True, env=environment, check=False)
    assert done.stdout == "fitted\n", done.stderr


def test_without_umap_learn_a_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "umap", None)
    rows = np.random.default_rng(3).normal(size=(60, 5))
    with pytest.raises(LayoutError, match=r"umap-learn cannot be loaded .* install it"):
        umap_coordinates(rows, LayoutSettings(), 2, None, nothing)
