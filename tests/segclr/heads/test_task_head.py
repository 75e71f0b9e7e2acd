"""Heads with what they are for, in one file."""

import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from segclr.errors import CheckpointMismatch
from segclr.heads.linear import open_head
from segclr.heads.task_head import TaskHead, hash_of_head, open_task_head
from tests.segclr.embeddings.made_tables import MADE
from tests.segclr.predictions.made_heads import made_head


def test_a_stored_head_says_what_it_is_for(tmp_path: Path) -> None:
    path, made = tmp_path / "head.npz", made_head(unit="segment", radius_um=2.5)
    made.save(path)
    found = open_task_head(path)
    assert found.origin == made.origin
    x = np.random.default_rng(0).normal(size=(20, 6)).astype(np.float32)
    np.testing.assert_array_equal(found.head.predict(x), made.head.predict(x))
    np.testing.assert_array_equal(open_head(path).predict(x), made.head.predict(x))
    assert [one.name for one in tmp_path.iterdir()] == ["head.npz"]
    assert hash_of_head(path) == hash_of_head(path)
    assert len(hash_of_head(path)) == 16


def test_a_head_that_does_not_say_its_classes_is_refused(tmp_path: Path) -> None:
    made_head().head.save(tmp_path / "head.npz")
    with pytest.raises(CheckpointMismatch, match=r"does not say what its classes are"):
        open_task_head(tmp_path / "head.npz")


@pytest.mark.parametrize("content", [b"", b"no zip", None])
def test_a_file_that_is_no_head_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "head.npz"
    if content is None:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("origin.json", '{"stamp": 1}')
    else:
        path.write_bytes(content)
    with pytest.raises(CheckpointMismatch, match="damaged"):
        open_task_head(path)
    with pytest.raises(CheckpointMismatch, match="cannot be read"):
        open_task_head(tmp_path / "missing.npz")


def test_as_many_classes_as_the_head_has(tmp_path: Path) -> None:
    made = made_head()
    TaskHead(made.head, replace(made.origin, classes=("one", "two"))).save(tmp_path / "head.npz")
    with pytest.raises(CheckpointMismatch, match="damaged"):
        open_task_head(tmp_path / "head.npz")


def test_a_table_of_another_encoder_or_size_is_refused() -> None:
    made_head().check_fits(MADE, 6, "here")
    with pytest.raises(CheckpointMismatch, match=r"encoder 0123456789abcdef .* here was made by encoder beef"):
        made_head().check_fits(replace(MADE, encoder_hash="beef"), 6, "here")
    with pytest.raises(CheckpointMismatch, match=r"classifies 6 numbers, but the table here has 64"):
        made_head().check_fits(MADE, 64, "here")
