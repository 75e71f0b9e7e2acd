"""Growing a selection in the embedding, against looking at all pairs."""

import numpy as np
import pytest

from segclr.errors import LayoutError
from segclr.explore import growing
from segclr.explore.growing import nearest_outside


@pytest.fixture
def embeddings() -> np.ndarray:
    rng = np.random.default_rng(4)
    return rng.normal(size=(300, 8)).astype(np.float32)


def slowly(embeddings: np.ndarray, rows: list[int], count: int) -> set[int]:
    unit = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)
    found: set[int] = set()
    others = np.setdiff1d(np.arange(len(unit)), rows)
    for row in rows:
        away = np.square(unit[others] - unit[row]).sum(axis=1)
        found |= set(others[np.argsort(away)[:count]].tolist())
    return found


@pytest.mark.parametrize("count", [1, 5])
def test_it_finds_what_looking_at_all_pairs_finds(
    embeddings: np.ndarray, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(growing, "_BLOCK", 64)
    monkeypatch.setattr(growing, "_ASKED_AT_ONCE", 3)
    rows = [7, 8, 100, 299, 7]
    assert set(nearest_outside(embeddings, np.array(rows), count).tolist()) == slowly(embeddings, rows, count)


def test_rows_that_are_not_finite_are_never_found_and_find_nothing(embeddings: np.ndarray) -> None:
    embeddings[5] = np.nan
    embeddings[6] = embeddings[7]
    assert 5 not in nearest_outside(embeddings, np.array([6]), 299)
    assert len(nearest_outside(embeddings, np.array([5]), 3)) == 0
    assert 7 in nearest_outside(embeddings, np.array([6]), 1)


def test_all_rows_have_nothing_outside_and_no_rows_find_nothing(embeddings: np.ndarray) -> None:
    assert len(nearest_outside(embeddings, np.arange(300), 3)) == 0
    assert len(nearest_outside(embeddings, np.empty(0, np.int64), 3)) == 0


def test_too_many_are_refused_with_how_many_can_be(embeddings: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growing, "MOST_PAIRS", 900)
    nearest_outside(embeddings, np.arange(3), 2)
    with pytest.raises(LayoutError, match="300 embeddings 3 can be"):
        nearest_outside(embeddings, np.arange(4), 2)
