"""Embeddings in fewer bits: how far they are rounded, and that what is read again is what was said to be."""

from pathlib import Path

import numpy as np
import pytest

from segclr.embeddings.growing import append_table, compact_table, merge_tables
from segclr.embeddings.storage.precision import Storage, check_storage
from segclr.embeddings.storage.stored_table import open_stored
from segclr.embeddings.table import build_table, open_table
from segclr.errors import TableError
from tests.segclr.embeddings.made_tables import BIG, MADE, assert_same, made_table


def largest_error(storage: Storage, values: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]
    """What rounding to the nearest may cost at most in each dimension."""
    if storage == "float16":
        return np.abs(values).max(axis=0) * 2.0**-11 + 2.0**-25
    return np.ptp(values, axis=0) / 254 / 2 * 1.001


@pytest.mark.parametrize("storage", ["float16", "int8"])
def test_embeddings_are_rounded_to_the_nearest_and_no_further(tmp_path: Path, storage: Storage) -> None:
    table = made_table({7: 800, BIG: 70}, dimensions=9)
    table.save(tmp_path, storage)
    opened = open_table(tmp_path)
    error = np.abs(opened.embeddings - table.embeddings).max(axis=0)
    assert (error <= largest_error(storage, table.embeddings)).all()
    assert error.max() > 0
    assert opened.embeddings.dtype == np.float32
    assert_same(opened, table.stored_as(storage))
    opened.verify()
    assert opened.version != table.version
    size = sum(path.stat().st_size for path in tmp_path.glob("embeddings-*"))
    assert size == 870 * 9 * {"float16": 2, "int8": 1}[storage] + 128


@pytest.mark.parametrize("storage", ["float16", "int8"])
def test_shards_are_kept_in_the_precision_of_their_table(tmp_path: Path, storage: Storage) -> None:
    one, other = made_table({7: 30}, seed=1), made_table({BIG: 30}, seed=2)
    append_table(tmp_path, one, storage)
    append_table(tmp_path, other)
    assert open_stored(tmp_path).manifest.storage == storage
    opened = open_table(tmp_path)
    np.testing.assert_array_equal(opened.embeddings[:30], one.stored_as(storage).embeddings)
    np.testing.assert_array_equal(opened.embeddings[30:], other.stored_as(storage).embeddings)
    compact_table(tmp_path)
    again = np.abs(open_table(tmp_path).embeddings - opened.embeddings)
    assert (again <= (0 if storage == "float16" else largest_error("int8", opened.embeddings))).all()
    np.testing.assert_array_equal(
        open_stored(tmp_path).rows_of_segment(BIG).embeddings, open_table(tmp_path).embeddings[30:]
    )


def test_a_table_is_converted_to_fewer_bits_as_it_is_saved_in_them(tmp_path: Path) -> None:
    table = made_table({7: 30, BIG: 3})
    table.save(tmp_path / "wide")
    for storage in ("float16", "int8"):
        merge_tables([open_stored(tmp_path / "wide")], tmp_path / storage, check_storage(storage))
        assert_same(open_table(tmp_path / storage), table.stored_as(check_storage(storage)))


def test_a_dimension_that_is_constant_keeps_its_value_in_int8(tmp_path: Path) -> None:
    embeddings = np.full((4, 3), 0.7, np.float32)
    embeddings[:, 1] = [-3, 5, 0, 2]
    table = build_table(np.full(4, BIG, np.uint64), np.arange(4), np.zeros((4, 3)), embeddings, _no_edges(), MADE)
    stored = table.stored_as("int8").embeddings
    np.testing.assert_array_equal(stored[:, [0, 2]], np.float32(0.7))
    np.testing.assert_allclose(stored[:, 1], embeddings[:, 1], atol=8 / 254 / 2 * 1.001)


def test_what_float16_cannot_hold_is_refused(tmp_path: Path) -> None:
    table = made_table({7: 3})
    table.save(tmp_path)
    embeddings = np.array(table.embeddings)
    embeddings[1, 1] = -70_000
    large = build_table(np.full(3, 8), np.arange(3), table.positions_nm, embeddings, _no_edges(), MADE)
    with pytest.raises(TableError, match="70000, too large for float16"):
        large.save(tmp_path, "float16")
    assert_same(open_table(tmp_path), table)
    with pytest.raises(TableError, match="'bfloat16'"):
        large.save(tmp_path, "bfloat16")  # type: ignore[arg-type]


@pytest.mark.parametrize("storage", ["float16", "int8"])
def test_a_table_without_rows_is_stored_in_any_precision(tmp_path: Path, storage: Storage) -> None:
    made_table({}).save(tmp_path, storage)
    assert open_table(tmp_path).embeddings.shape == (0, 6)


def _no_edges() -> np.ndarray:  # type: ignore[type-arg]
    return np.empty((0, 2), np.int64)
