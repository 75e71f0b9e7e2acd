"""The sample that a layout is fitted on."""

import numpy as np
import pytest

from segclr.explore.sampling import stratified_sample

GIANT = np.uint64(2**63 + 1)


def cells_of(*sizes: int) -> "np.typing.NDArray[np.uint64]":
    return GIANT + np.repeat(np.arange(len(sizes), dtype=np.uint64), sizes)


def test_all_rows_are_taken_where_there_are_no_more_than_wanted() -> None:
    assert stratified_sample(cells_of(3, 4), None, 7, 0).tolist() == list(range(7))
    assert stratified_sample(cells_of(), None, 7, 0).tolist() == []


@pytest.mark.parametrize("most", [0, 1, 13, 500, 1299])
def test_never_more_and_never_fewer_than_wanted(most: int) -> None:
    cells = cells_of(1000, 200, 50, 1, 1, 48)
    classes = np.random.default_rng(0).integers(-1, 3, len(cells))
    rows = stratified_sample(cells, classes, most, 0)
    assert len(rows) == len(np.unique(rows)) == most
    assert (np.diff(rows) > 0).all()


def test_a_small_cell_and_a_rare_class_are_not_lost() -> None:
    cells = cells_of(10_000, 100, 1)
    classes = np.zeros(len(cells), np.int64)
    classes[4000:4004] = 7
    rows = stratified_sample(cells, classes, 120, 0)
    counts = np.bincount((cells[rows] - GIANT).astype(np.int64), minlength=3)
    assert counts[2] == 1
    assert 8 <= counts[1] <= 14  # ten times fewer than the giant, which is a hundred times larger
    assert (classes[rows] == 7).sum() >= 2


def test_with_more_cells_than_wanted_every_class_keeps_its_share() -> None:
    classes = np.repeat([0, 1], [900, 100])
    rows = stratified_sample(np.arange(1000), classes, 100, 0)
    assert (classes[rows] == 1).sum() == 10


def test_every_row_of_a_cell_has_the_same_chance() -> None:
    cells = cells_of(40, 10)
    times = np.zeros(50)
    for seed in range(400):
        times[stratified_sample(cells, None, 15, seed)] += 1
    assert times[:40].min() > 60  # 100 expected
    assert times[:40].max() < 140


def test_the_same_seed_draws_the_same_rows() -> None:
    cells = cells_of(300, 300)
    first = stratified_sample(cells, None, 50, 4)
    assert first.tolist() == stratified_sample(cells, None, 50, 4).tolist()
    assert first.tolist() != stratified_sample(cells, None, 50, 5).tolist()
