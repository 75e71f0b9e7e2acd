"""A copy of the log: whole, checked, taken while an app writes, never in place of another file."""

import os
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from segclr.errors import LabelStoreError
from segclr_viewer.log.backup import backup_log
from segclr_viewer.log.store import LabelStore
from segclr_viewer.log.views_file import KeptSelection, KeptView, ViewsFile
from tests.segclr_viewer.log.logs import random_log, statement

EVENTS = random_log(7)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    with closing(LabelStore.open(tmp_path / "labels.sqlite")) as store:
        store.append(EVENTS)
    return tmp_path / "labels.sqlite"


def test_a_backup_is_a_log_of_its_own_with_all_events(log: Path, tmp_path: Path) -> None:
    assert backup_log(log, tmp_path / "copy.sqlite") == len(EVENTS)
    assert not (tmp_path / "copy.sqlite-wal").exists()
    with closing(LabelStore.open(tmp_path / "copy.sqlite")) as copy:
        assert copy.events() == EVENTS
        copy.append([statement("later")])
    with closing(LabelStore.open(log)) as store:
        assert store.events() == EVENTS


def test_a_backup_while_an_app_writes_holds_whole_groups_up_to_some_moment(log: Path, tmp_path: Path) -> None:
    copied = threading.Event()

    def write() -> None:
        with closing(LabelStore.open(log)) as store:
            for number in range(10_000):
                store.append([statement(f"{number}"), statement(f"{number} b", x_nm=1.0)])
                if copied.is_set() and number > 3:
                    return

    writer = threading.Thread(target=write)
    writer.start()
    try:
        backup_log(log, tmp_path / "copy.sqlite")
    finally:
        copied.set()
        writer.join()
    with (
        closing(LabelStore.open(log, reader=True)) as store,
        closing(LabelStore.open(tmp_path / "copy.sqlite")) as copy,
    ):
        held = copy.events()
        assert held == store.events()[: len(held)]
        assert (len(held) - len(EVENTS)) % 2 == 0


def test_what_is_only_in_the_write_ahead_file_is_copied_too(log: Path, tmp_path: Path) -> None:
    with closing(LabelStore.open(log)) as store:
        store.append([statement("new")])
        assert backup_log(log, tmp_path / "copy.sqlite") == len(EVENTS) + 1


def test_a_backup_never_replaces_a_file_and_leaves_none_when_it_fails(log: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    with pytest.raises(LabelStoreError, match="is there already"):
        backup_log(log, tmp_path / "mine")
    with pytest.raises(LabelStoreError, match="cannot be written"):
        backup_log(log, tmp_path / "nowhere" / "copy.sqlite")
    with pytest.raises(LabelStoreError, match="there is no label file"):
        backup_log(tmp_path / "nowhere.sqlite", tmp_path / "copy.sqlite")
    (tmp_path / "text").write_text("name,class\n" * 400)
    with pytest.raises(LabelStoreError, match="is not a label log"):
        backup_log(tmp_path / "text", tmp_path / "copy.sqlite")
    assert (tmp_path / "mine").read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["labels.sqlite", "labels.sqlite.lock", "mine", "text"]


def test_a_file_that_appears_meanwhile_is_left_alone(
    log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = os.link

    def too_late(source: Path, target: Path) -> None:
        Path(target).write_text("mine")
        link(source, target)

    monkeypatch.setattr(os, "link", too_late)
    with pytest.raises(LabelStoreError, match="is there already"):
        backup_log(log, tmp_path / "copy.sqlite")
    assert (tmp_path / "copy.sqlite").read_text() == "mine"


def test_a_disk_without_links_is_copied_to_as_well(log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError("no links here")

    monkeypatch.setattr(os, "link", refuse)
    assert backup_log(log, tmp_path / "copy.sqlite") == len(EVENTS)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_damaged_log_is_told_and_not_copied(log: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(log)) as pages:
        (index,) = pages.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'sqlite_autoindex_event_1'"
        ).fetchone()
        (size,) = pages.execute("PRAGMA page_size").fetchone()
    content = bytearray(log.read_bytes())
    at = content.index(b"event 5", (index - 1) * size)
    content[at : at + 7] = b"event ?"  # the index names an event that is not there
    log.write_bytes(content)
    with pytest.raises(LabelStoreError, match=r"is damaged \(.*it was not copied"):
        backup_log(log, tmp_path / "copy.sqlite")
    assert not (tmp_path / "copy.sqlite").exists()


BESIDE = ["copy.sqlite.views.json", "copy.sqlite.selections", "copy.sqlite.training.json"]
SELECTION = KeptSelection("table 1", "segments", bytes([5, 0, 0, 128]), (2**53 + 1, 2**63 + 5))


def with_views(log: Path) -> str:
    """Views, a selection and a choice of what trains beside the log; returns the selection's name."""
    views = ViewsFile(log)
    name = views.keep(SELECTION)
    views.write([KeptView("the spiny end", f'{{"selection":"{name}"}}', "ada", "2026-11-03T09:15:04Z")])
    log.with_name(log.name + ".training.json").write_text('{"version": 1, "tasks": {}}')
    os.utime(log.with_name(log.name + ".selections") / f"{name}.json", (5, 5))
    return name


def test_views_selections_and_the_choice_of_what_trains_are_copied_with_the_log(log: Path, tmp_path: Path) -> None:
    name = with_views(log)
    backup_log(log, tmp_path / "copy.sqlite")
    copy = ViewsFile(tmp_path / "copy.sqlite")
    assert copy.views() == ViewsFile(log).views()
    assert (tmp_path / "copy.sqlite.selections" / f"{name}.json").stat().st_mtime == 5, "its last use is another"
    assert copy.selection(name) == SELECTION
    assert (tmp_path / "copy.sqlite.training.json").read_text() == '{"version": 1, "tasks": {}}'


@pytest.mark.parametrize("taken", BESIDE)
def test_what_lies_beside_another_log_is_never_replaced(log: Path, tmp_path: Path, taken: str) -> None:
    with_views(log)
    (tmp_path / taken).write_text("mine")
    before = sorted(path.name for path in tmp_path.iterdir())
    with pytest.raises(LabelStoreError, match="is there already"):
        backup_log(log, tmp_path / "copy.sqlite")
    assert (tmp_path / taken).read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == before


@pytest.mark.parametrize("taken", BESIDE)
def test_what_is_left_of_another_copy_does_not_become_this_one_s(log: Path, tmp_path: Path, taken: str) -> None:
    (tmp_path / taken).write_text("of another log")
    with pytest.raises(LabelStoreError, match="is there already"):
        backup_log(log, tmp_path / "copy.sqlite")
    assert not (tmp_path / "copy.sqlite").exists()


def test_nothing_is_left_beside_a_copy_that_failed(tmp_path: Path) -> None:
    log = tmp_path / "labels.sqlite"
    log.write_text("name,class\n" * 400)
    with_views(log)
    before = sorted(path.name for path in tmp_path.iterdir())
    with pytest.raises(LabelStoreError, match="is not a label log"):
        backup_log(log, tmp_path / "copy.sqlite")
    assert sorted(path.name for path in tmp_path.iterdir()) == before
