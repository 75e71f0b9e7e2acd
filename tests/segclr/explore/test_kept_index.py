"""An index beside its table: mapped again, and refused when it is of another table or damaged."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from segclr.embeddings.storage.lock import writing_alone
from segclr.errors import TableError
from segclr.explore.faiss_index import built_index, faiss_installed
from segclr.explore.kept_index import IndexStamp, keep_index, kept_index
from segclr.explore.metric import comparable

if not faiss_installed():
    pytest.skip("faiss is not installed", allow_module_level=True)

ROWS = np.random.default_rng(0).normal(size=(900, 8)).astype(np.float32)
STAMP = IndexStamp("version", len(ROWS), 2.5)


def test_an_index_that_was_kept_answers_as_the_one_that_was_built(tmp_path: Path) -> None:
    told: list[float] = []
    assert kept_index(tmp_path, STAMP) is None
    keep_index(tmp_path, STAMP, ROWS, told.append)
    assert told == [1.0]
    kept, built = kept_index(tmp_path, STAMP), built_index(ROWS, "cosine")
    assert kept is not None
    for row in range(0, 900, 90):
        point = comparable(ROWS[row], "cosine")
        np.testing.assert_array_equal(kept.candidates(point, 30), built.candidates(point, 30))


@pytest.mark.parametrize("changed", [{"table": "other"}, {"rows": 901}, {"radius_um": 0.0}, {"metric": "euclidean"}])
def test_one_of_another_table_is_refused(tmp_path: Path, changed: dict[str, object]) -> None:
    keep_index(tmp_path, STAMP, ROWS)
    assert kept_index(tmp_path, replace(STAMP, **changed)) is None  # type: ignore[arg-type]


def test_one_that_is_damaged_is_refused(tmp_path: Path) -> None:
    keep_index(tmp_path, STAMP, ROWS)
    index, stamp = tmp_path / "neighbours-2.5um.faiss", tmp_path / "neighbours-2.5um.json"
    whole = index.read_bytes()
    index.write_bytes(whole[:-1])
    assert kept_index(tmp_path, STAMP) is None
    index.write_bytes(b"x" * len(whole))
    assert kept_index(tmp_path, STAMP) is None
    index.write_bytes(whole)
    assert kept_index(tmp_path, STAMP) is not None
    described = stamp.read_text()
    stamp.write_text(described[:-5])
    assert kept_index(tmp_path, STAMP) is None
    stamp.write_text(json.dumps(json.loads(described) | {"format_version": 2}))
    assert kept_index(tmp_path, STAMP) is None


def test_a_disk_that_is_full_leaves_what_was_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_index(tmp_path, STAMP, ROWS)

    def full(file: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("segclr.explore.kept_index.os.fsync", full)
    with pytest.raises(TableError, match="No space left"):
        keep_index(tmp_path, STAMP, ROWS[::-1])
    monkeypatch.undo()
    assert kept_index(tmp_path, STAMP) is not None
    assert not list(tmp_path.glob("*.part"))


def test_two_programs_do_not_build_at_once(tmp_path: Path) -> None:
    with (
        writing_alone(tmp_path, "neighbours.lock"),
        pytest.raises(TableError, match="another program"),
    ):
        keep_index(tmp_path, STAMP, ROWS)
    with writing_alone(tmp_path):  # who writes the table does not mind
        keep_index(tmp_path, STAMP, ROWS)
