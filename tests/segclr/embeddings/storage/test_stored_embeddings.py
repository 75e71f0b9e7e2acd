"""Large tables in fewer bits: rows are decoded when they are asked for, and are the same numbers."""

from pathlib import Path

import numpy as np
import pytest

from segclr.embeddings import table as tables
from segclr.embeddings.storage.precision import Storage
from segclr.embeddings.storage.stored_embeddings import StoredEmbeddings
from segclr.embeddings.table import open_table
from tests.segclr.embeddings.test_aggregation import random_table


@pytest.mark.parametrize("storage", ["float16", "int8"])
def test_a_large_table_opens_undecoded_with_the_numbers_of_a_small_one(
    tmp_path: Path, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    random_table(0).save(tmp_path, storage)
    small = open_table(tmp_path)
    monkeypatch.setattr(tables, "DECODED_BYTES", 100)
    large = open_table(tmp_path)
    assert isinstance(small.embeddings, np.ndarray)
    assert isinstance(large.embeddings, StoredEmbeddings)
    assert (large.version, len(large), large.dimensions) == (small.version, len(small), small.dimensions)
    rows = np.array([5, 170, 0])
    assert np.array_equal(large.embeddings[rows], small.embeddings[rows])
    assert np.array_equal(large.embeddings[3:9], small.embeddings[3:9])
    assert np.array_equal(np.asarray(large.embeddings), small.embeddings)
    assert large.embeddings[rows].dtype == np.float32
    large.check_finite()


def test_a_large_table_is_saved_again_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    random_table(0).save(tmp_path / "one", "float16")
    small = open_table(tmp_path / "one")
    monkeypatch.setattr(tables, "DECODED_BYTES", 100)
    open_table(tmp_path / "one").save(tmp_path / "two")
    assert open_table(tmp_path / "two").version == small.version
