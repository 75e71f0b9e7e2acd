"""Means of a large table, cell by cell, against those of the whole table."""

from pathlib import Path

import numpy as np
import pytest

from segclr.embeddings import averaged
from segclr.embeddings.aggregation import aggregate
from segclr.embeddings.averaged import AveragedRows, PassingMeans, part_of
from tests.segclr.embeddings.test_aggregation import random_table

CLOSE = 2e-3  # float16


def test_any_rows_asked_for_are_those_of_the_whole_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(averaged, "_ROWS_AT_ONCE", 50)
    table = random_table(3)
    whole = aggregate(table, 1.5)
    rows = AveragedRows(table, 1.5, tmp_path)
    assert rows.share == 0
    some = np.array([170, 3, 61, 3])
    np.testing.assert_allclose(rows[some], whole[some], atol=CLOSE)
    assert 0 < rows.share < 1
    np.testing.assert_allclose(rows[40:120], whole[40:120], atol=CLOSE)
    np.testing.assert_allclose(rows[:], whole, atol=CLOSE)
    assert rows.share == 1
    assert rows[5:5].shape == (0, 4)
    assert rows[:].dtype == np.float32


def test_no_cell_is_averaged_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = random_table(1)
    rows = AveragedRows(table, 1.0, tmp_path)
    first = rows[:]
    monkeypatch.setattr(averaged, "aggregate", lambda *_: pytest.fail("it was averaged already"))
    assert np.array_equal(rows[np.arange(len(table))], first)


def test_a_folder_that_cannot_be_written_is_no_obstacle(tmp_path: Path) -> None:
    table = random_table(2)
    rows = AveragedRows(table, 1.0, tmp_path / "absent")
    np.testing.assert_allclose(rows[7:9], aggregate(table, 1.0)[7:9], atol=CLOSE)


def test_a_part_has_the_rows_and_edges_of_its_segments_alone() -> None:
    table = random_table(4)
    chosen = np.array([0, 3])
    part = part_of(table, chosen)
    assert part.segment_ids.tolist() == table.segment_ids[chosen].tolist()
    for segment_id in part.segment_ids.tolist():
        here, there = part.rows_of(segment_id), table.rows_of(segment_id)
        assert np.array_equal(part.embeddings[here], table.embeddings[there])
        assert np.array_equal(part.edges_of(segment_id) - here.start, table.edges_of(segment_id) - there.start)


def test_means_that_are_read_once_are_those_of_the_whole_table() -> None:
    table = random_table(3)
    whole = aggregate(table, 1.5)
    rows = PassingMeans(table, 1.5)
    assert rows.shape == whole.shape
    for start in range(0, len(table), 23):
        np.testing.assert_allclose(rows[start : start + 23], whole[start : start + 23], atol=1e-5)
    np.testing.assert_allclose(rows[5:40], whole[5:40], atol=1e-5)
    assert rows[5:5].shape == (0, 4)
