"""What stands round umap-learn's fit; the fit itself takes longer than all other tests together."""

import sys
from types import ModuleType

import numpy as np
import pytest
from numpy.typing import NDArray

from segclr.explore.umap import umap_layout


class FakeUmap:
    """Takes the first two dimensions for the layout, and loses one row."""

    given: dict[str, object]

    def __init__(self, **given: object) -> None:
        type(self).given = given

    def fit_transform(self, embeddings: NDArray[np.float32]) -> NDArray[np.float32]:
        assert embeddings.dtype == np.float32
        found = embeddings[:, :2].copy()
        found[3] = np.nan
        return found


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> type[FakeUmap]:
    module = ModuleType("umap")
    module.UMAP = FakeUmap  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "umap", module)
    return FakeUmap


def test_a_fit_is_scaled_seeded_and_told_of(fake: type[FakeUmap]) -> None:
    rows = np.random.default_rng(0).normal(size=(40, 5)) * [30, 2, 1, 1, 1] + 7
    told: list[tuple[str, float]] = []
    layout = umap_layout(rows, seed=11, progress=lambda *news: told.append(news))
    assert layout.method == "umap"
    assert fake.given["random_state"] == 11
    assert fake.given["n_jobs"] == 1  # with a seed, umap-learn takes one thread anyway, but warns
    assert np.abs(layout.xy[:, 0]).max() == 1
    assert np.ptp(layout.xy[:, 1]) < 0.5
    assert layout.xy[3].tolist() == [0, 0]
    assert [share for _, share in told] == sorted(share for _, share in told)
    assert told[-1][1] == 1


@pytest.mark.usefixtures("fake")
def test_too_few_rows_for_a_neighbour_graph_are_refused() -> None:
    with pytest.raises(ValueError, match="15 rows"):
        umap_layout(np.zeros((15, 5)), seed=0, progress=lambda text, share: None)
