"""Stratified samples: the right number, no row twice, every part of the table, every row with the same chance."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segclr.embeddings.sampling import stratified_rows

sizes_of_segments = st.lists(st.integers(1, 40), min_size=1, max_size=20)


def first_rows(sizes: list[int]) -> np.ndarray:  # type: ignore[type-arg]
    return np.cumsum([0, *sizes]).astype(np.int64)


@given(sizes_of_segments, st.integers(0, 300), st.integers(0, 5), st.sampled_from(["rows", "segments"]))
def test_a_sample_has_the_number_of_rows_asked_for_and_none_twice(
    sizes: list[int], count: int, seed: int, by: str
) -> None:
    drawn = stratified_rows(first_rows(sizes), count, seed, by)  # type: ignore[arg-type]
    assert len(drawn) == min(count, sum(sizes))
    assert (np.diff(drawn) > 0).all()
    assert ((drawn >= 0) & (drawn < sum(sizes))).all()


@given(sizes_of_segments, st.integers(1, 300), st.integers(0, 5))
def test_every_segment_has_its_share_of_a_sample_of_rows(sizes: list[int], count: int, seed: int) -> None:
    n = sum(sizes)
    drawn = np.histogram(stratified_rows(first_rows(sizes), count, seed), first_rows(sizes))[0]
    share = np.array(sizes) * min(count, n) / n
    assert (drawn >= np.floor(share) - 1).all()
    assert (drawn <= np.ceil(share) + 1).all()


@given(sizes_of_segments, st.integers(1, 300), st.integers(0, 5))
def test_segments_give_equally_many_rows_as_far_as_they_have_them(sizes: list[int], count: int, seed: int) -> None:
    drawn = np.histogram(stratified_rows(first_rows(sizes), count, seed, "segments"), first_rows(sizes))[0]
    most = drawn.max()
    assert all(given == size or given >= most - 1 for given, size in zip(drawn.tolist(), sizes, strict=True))


def test_every_row_has_the_same_chance() -> None:
    drawn = np.zeros(30)
    for seed in range(4000):
        drawn[stratified_rows(first_rows([1, 4, 25]), 7, seed)] += 1
    # 7 of 30; the standard deviation of a row's count is about 27
    np.testing.assert_allclose(drawn, 4000 * 7 / 30, atol=5 * 27)


def test_the_same_seed_draws_the_same_rows_and_another_one_others() -> None:
    first = first_rows([50, 3, 600])
    one, again, other = (stratified_rows(first, 60, seed) for seed in (1, 1, 2))
    assert one.tolist() == again.tolist()
    assert one.tolist() != other.tolist()


@pytest.mark.parametrize("by", ["rows", "segments"])
def test_large_tables_do_not_overflow(by: str) -> None:
    drawn = stratified_rows(first_rows([10**12, 3, 5 * 10**12]), 100_000, 0, by)  # type: ignore[arg-type]
    assert len(np.unique(drawn)) == 100_000
    assert drawn.max() > 5 * 10**12
