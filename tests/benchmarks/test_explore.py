"""The measures by which maps are judged."""

import numpy as np
import pytest

from benchmarks.explore.data import Sample, scaled
from benchmarks.explore.faithfulness import distance_to_refit, faithfulness, trustworthiness

pytestmark = pytest.mark.torch  # benchmarks.explore.data reads the encoder's embeddings

RNG = np.random.default_rng(0)


def test_a_map_that_is_the_table_keeps_all_and_a_shuffled_one_nothing() -> None:
    flat = RNG.normal(size=(400, 2)).astype(np.float32)
    rows = np.arange(0, 400, 3)
    true = faithfulness(flat, flat * 7, rows)
    assert (true.kept_15, true.kept_50, true.trustworthiness) == (1, 1, 1)
    false = faithfulness(flat, flat[RNG.permutation(400)], rows)
    assert false.kept_15 < 0.15
    assert false.trustworthiness < 0.6


def test_trustworthiness_is_that_of_the_definition() -> None:
    line = np.arange(8, dtype=np.float32)[:, None]
    # for row 0 the map's two nearest are 1 and 7, whose rank is 7: 5 too far, of 1 * 2 * (16 - 6 - 1) / 2 at most
    assert trustworthiness(line, np.array([0]), np.array([[1, 7]])) == pytest.approx(1 - 2 * 5 / (2 * 9))
    assert trustworthiness(line, np.array([0]), np.array([[2, 1]])) == 1


def test_a_turned_and_scaled_map_is_at_no_distance_from_the_refit() -> None:
    refit = RNG.normal(size=(50, 2))
    away, floor = distance_to_refit(-3 * refit[:, ::-1] + 1, refit, np.arange(20), np.arange(20, 50))
    assert away == pytest.approx(0, abs=1e-12)
    assert floor == pytest.approx(0, abs=1e-12)


def test_a_scaled_table_has_the_size_the_shares_and_the_spread_of_the_real_one() -> None:
    embeddings = np.concatenate([RNG.normal(size=(200, 6)), 20 + RNG.normal(size=(100, 6))]).astype(np.float32)
    real = Sample(embeddings, np.arange(300) // 10, np.repeat([0, 1], [200, 100]), np.arange(300.0))
    grown = scaled(real, 3000)
    assert len(grown) == 3000
    assert (grown.classes == 1).mean() == pytest.approx(1 / 3)
    assert len(np.unique(grown.cells)) == 300
    assert (np.diff(grown.cells) >= 0).all()
    far = grown.embeddings[:, 0] > 10
    assert (far == (grown.classes == 1)).all()
    assert grown.embeddings[far].std(axis=0) == pytest.approx(embeddings[200:].std(axis=0), rel=0.35)
