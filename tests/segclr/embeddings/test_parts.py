"""A table in parts: put together again they are the table, however many shards it has."""

from pathlib import Path

import numpy as np
import pytest

from segclr.embeddings.growing import append_table
from segclr.embeddings.parts import part_of, segments_of
from segclr.embeddings.storage.stored_table import open_stored
from segclr.embeddings.table import open_table
from tests.segclr.embeddings.made_tables import BIG, made_table

SIZES = {7: 3, 2**53 + 1: 40, 2**53 + 2: 1, BIG: 25, BIG + 9: 12}


@pytest.fixture(params=["one shard", "three shards", "int8"])
def folder(request, tmp_path: Path) -> Path:
    path = tmp_path / "table"
    made_table(SIZES).save(path, "int8" if request.param == "int8" else "float32")
    if request.param == "three shards":
        append_table(path, made_table({BIG: 4, 8: 6}, 1, first_node=100))
        append_table(path, made_table({2**53 + 1: 5, BIG + 20: 2}, 2, first_node=200))
    return path


@pytest.mark.parametrize("rows", [1, 20, 45, 10_000])
def test_the_parts_of_a_table_are_the_table(folder: Path, rows: int) -> None:
    stored, whole = open_stored(folder), open_table(folder)
    segments = segments_of(stored)
    np.testing.assert_array_equal(segments.ids, whole.segment_ids)
    np.testing.assert_array_equal(segments.first_row, whole.first_row)
    cuts = segments.cut(rows)
    assert (cuts[0], cuts[-1]) == (0, len(whole.segment_ids))
    edges = 0
    for first, last in zip(cuts[:-1].tolist(), cuts[1:].tolist(), strict=True):
        start, stop = int(whole.first_row[first]), int(whole.first_row[last])
        assert last - first == 1 or stop - start <= rows
        part = part_of(stored, int(segments.ids[first]), int(segments.ids[last - 1]))
        for name in ("node_ids", "positions_nm", "embeddings"):
            np.testing.assert_array_equal(getattr(part, name), getattr(whole, name)[start:stop])
        np.testing.assert_array_equal(part.segment_ids, whole.segment_ids[first:last])
        np.testing.assert_array_equal(part.first_row, whole.first_row[first : last + 1] - start)
        np.testing.assert_array_equal(part.edges, whole.edges[edges : edges + len(part.edges)] - start)
        edges += len(part.edges)
    assert edges == len(whole.edges)


def test_a_part_of_one_shard_is_not_copied(tmp_path: Path) -> None:
    made_table(SIZES).save(tmp_path / "table")
    stored = open_stored(tmp_path / "table")
    part = part_of(stored, 7, 2**53 + 2, with_edges=False)
    assert np.shares_memory(part.embeddings, stored.readers()[0].read("embeddings", 0, 100))
    assert (len(part), len(part.edges)) == (44, 0)


def test_segments_that_the_table_lacks_have_no_rows(folder: Path) -> None:
    assert len(part_of(open_stored(folder), 9, 11)) == 0
