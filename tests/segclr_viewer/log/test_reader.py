"""Reading the log: while an app writes, and where nothing can be written."""

import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from segclr.errors import LabelStoreError
from segclr_viewer.log.store import LabelStore
from tests.segclr_viewer.log.logs import random_log, statement

EVENTS = random_log(11)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "logs").mkdir()
    with closing(LabelStore.open(tmp_path / "logs" / "labels.sqlite")) as store:
        store.append(EVENTS)
    return tmp_path / "logs" / "labels.sqlite"


@pytest.fixture
def read_only(path: Path) -> Iterator[Path]:
    """The log's folder, mounted so that nobody, root neither, can write there."""
    folder = path.parent
    mount = [["mount", "--bind", str(folder), str(folder)], ["mount", "-o", "remount,bind,ro", str(folder)]]
    try:
        for command in mount:
            subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        with suppress(OSError):
            subprocess.run(["umount", str(folder)], check=False, capture_output=True)
        pytest.skip("folders cannot be mounted here")
    yield path
    subprocess.run(["umount", str(folder)], check=True)


def test_readers_see_what_an_app_writes_meanwhile(path: Path) -> None:
    with (
        closing(LabelStore.open(path)) as app,
        closing(LabelStore.open(path, reader=True)) as first,
        closing(LabelStore.open(path, reader=True)) as second,
    ):
        stored = app.append([statement("new")])
        assert first.events(after=len(EVENTS)) == second.events(after=len(EVENTS)) == stored


def test_a_reader_refuses_to_write_in_one_sentence(path: Path) -> None:
    with closing(LabelStore.open(path, reader=True)) as store:
        with pytest.raises(LabelStoreError, match="is open for reading only: make it writable to label"):
            store.append([statement("new")])
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            store._connection.execute("INSERT INTO migration VALUES (9, '', '')")


def test_a_reader_keeps_no_app_from_writing(path: Path) -> None:
    with closing(LabelStore.open(path, reader=True)) as reader, closing(LabelStore.open(path)) as app:
        app.append([statement("new")])
        assert len(reader.events()) == len(EVENTS) + 1


def test_a_reader_makes_no_file(tmp_path: Path) -> None:
    with pytest.raises(LabelStoreError, match="there is no label file"):
        LabelStore.open(tmp_path / "nowhere.sqlite", reader=True)
    assert list(tmp_path.iterdir()) == []


def test_a_reader_refuses_what_is_no_log(path: Path, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("name,class\n" * 400)
    (tmp_path / "empty").touch()
    with pytest.raises(LabelStoreError, match="is not a label log"):
        LabelStore.open(tmp_path / "text", reader=True)
    with pytest.raises(LabelStoreError, match="is empty"):
        LabelStore.open(tmp_path / "empty", reader=True)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(LabelStoreError, match="written by a newer"):
        LabelStore.open(path, reader=True)


def test_a_log_in_a_read_only_folder_is_read_and_an_app_refused(read_only: Path) -> None:
    with closing(LabelStore.open(read_only, reader=True)) as store:
        assert store.events() == EVENTS
    with pytest.raises(LabelStoreError, match=r"cannot be (written|opened)"):
        LabelStore.open(read_only)


def refuse_shared_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let SQLite say what it says where it cannot make the file of its shared memory."""
    connect = sqlite3.connect

    class Refused(sqlite3.Connection):
        def execute(self, *_: Any) -> sqlite3.Cursor:
            error = sqlite3.OperationalError("unable to open database file")
            error.sqlite_errorcode = sqlite3.SQLITE_CANTOPEN
            raise error

    def refused(database: str, **options: Any) -> sqlite3.Connection:
        factory = sqlite3.Connection if "immutable" in database else Refused
        return connect(database, factory=factory, **options)

    monkeypatch.setattr("segclr_viewer.log.store.sqlite3.connect", refused)


def test_without_shared_memory_a_log_that_was_closed_is_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refuse_shared_memory(monkeypatch)
    with closing(LabelStore.open(path, reader=True)) as store:
        assert store.events() == EVENTS


def test_without_shared_memory_a_log_that_was_not_closed_is_refused_not_read_in_part(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(LabelStore.open(path)) as app:
        app.append([statement("new")])
        for name in ("labels.sqlite", "labels.sqlite-wal"):
            shutil.copy(path.with_name(name), tmp_path / name)
    refuse_shared_memory(monkeypatch)
    with pytest.raises(LabelStoreError, match=r"was not closed properly .* copy it together with labels\.sqlite-wal"):
        LabelStore.open(tmp_path / "labels.sqlite", reader=True)
