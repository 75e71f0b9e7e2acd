"""Which source stands behind an address."""

import sys
from pathlib import Path

import pytest

from segclr.embeddings.storage.addresses import FsspecFolder, open_source
from segclr.embeddings.storage.source import LocalFolder
from segclr.errors import TableError


def test_folders_come_by_path_and_by_address(tmp_path: Path) -> None:
    for place in (tmp_path / "a b", str(tmp_path / "a b"), f"file://{tmp_path}/a%20b"):
        assert open_source(place) == LocalFolder(tmp_path / "a b")


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("gs://bucket/some/table", "https://storage.googleapis.com/bucket/some/table"),
        ("s3://bucket/some/table", "https://bucket.s3.amazonaws.com/some/table"),
        ("https://example.org/table", "https://example.org/table"),
    ],
)
def test_public_buckets_need_no_library_of_their_own(monkeypatch: pytest.MonkeyPatch, url: str, address: str) -> None:
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    assert open_source(url).name == address


def test_other_addresses_are_refused_without_fsspec(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    with pytest.raises(TableError, match=r"no way to read az://box/table: install fsspec"):
        open_source("az://box/table")


class Failing:
    """A file system without the right to read."""

    def cat_file(self, path: str, start: int | None = None, end: int | None = None) -> bytes:
        if path.endswith("short.npy"):
            return b"1234"
        raise PermissionError("Forbidden")


def test_what_a_file_system_cannot_read_is_said_in_one_sentence() -> None:
    folder = FsspecFolder("az://box/table", Failing(), "box/table")
    with pytest.raises(TableError, match=r"az://box/table/table\.json cannot be read \(PermissionError: Forbidden\)"):
        folder.read("table.json")
    with pytest.raises(TableError, match=r"short\.npy is cut short: 4 bytes came of 9"):
        folder.read("short.npy", 1, 10)
