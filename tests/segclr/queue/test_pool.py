"""From millions of rows to thousands, without losing what is rare."""

import numpy as np

from segclr.queue.pool import draw_pool, typical_rows
from segclr.queue.settings import QueueSettings
from segclr.queue.strategies import ambiguity, strategy_of


def test_a_small_table_is_taken_whole() -> None:
    assert draw_pool(7, np.zeros(7, np.uint8), size=7).tolist() == list(range(7))
    assert draw_pool(0).tolist() == []


def test_a_rare_class_among_many_rows_is_in_the_pool() -> None:
    predicted = np.zeros(300_000, np.uint8)
    predicted[[17, 123_456, 299_999]] = 9
    predicted[200_000:201_000] = 3
    pool = draw_pool(len(predicted), predicted, size=2000, seed=1)
    assert {17, 123_456, 299_999} <= set(pool.tolist())
    assert (predicted[pool] == 3).sum() >= 300
    assert 1900 <= len(pool) <= 2000
    assert (np.diff(pool) > 0).all()


def test_half_of_the_pool_is_uniform_and_the_seed_decides() -> None:
    pool = draw_pool(1_000_000, size=20_000, seed=2)
    quarters = np.bincount(pool // 250_000, minlength=4) / len(pool)
    assert abs(quarters - 0.25).max() < 0.02
    assert pool.tolist() == draw_pool(1_000_000, size=20_000, seed=2).tolist()
    assert pool.tolist() != draw_pool(1_000_000, size=20_000, seed=3).tolist()


def test_the_typical_row_is_the_one_nearest_to_the_mean_of_its_segment() -> None:
    embeddings = np.array([[0.0, 0], [1, 1], [5, 5], [9, 9], [3, 3], [3, 3], [7, 0]], np.float32)
    assert typical_rows(embeddings, np.array([0, 3, 4, 6, 7])).tolist() == [1, 3, 4, 6]


def test_the_shares_of_the_mix_hold_over_any_stretch() -> None:
    settings = QueueSettings(uncertainty=2, novelty=1, balance=0, diversity=1, random=0)
    for start in (0, 137, 5000):
        told = [strategy_of(settings, number) for number in range(start, start + 40)]
        assert abs(told.count("uncertainty") - 20) <= 2
        assert abs(told.count("novelty") - 10) <= 2
        assert told.count("balance") == told.count("random") == 0


def test_ambiguity_is_one_minus_the_lead() -> None:
    probabilities = np.array([[0.5, 0.3, 0.2], [0.1, 0.1, 0.8]], np.float32)
    np.testing.assert_allclose(ambiguity(probabilities), [0.8, 0.3], rtol=1e-6)
    assert ambiguity(np.ones((2, 1), np.float32)).tolist() == [0, 0]


def test_rows_that_are_no_numbers_are_not_typical() -> None:
    embeddings = np.array([[0.0], [1.0], [np.nan], [5.0], [np.inf], [np.nan]], np.float32)
    assert typical_rows(embeddings, np.array([0, 3, 4, 6])).tolist() == [0, 3, 4]
    embeddings[:3, 0] = [np.nan, 1.0, 1.1]
    assert typical_rows(embeddings, np.array([0, 3, 4, 6])).tolist()[0] == 1
