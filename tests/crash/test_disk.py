"""A disk that is full, and one that can no longer be written: told in a sentence, and nothing is lost."""

import subprocess
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from segclr.errors import LabelStoreError
from segclr_viewer.log.backup import backup_log
from segclr_viewer.log.events import NewEvent, SavedPlace
from segclr_viewer.log.store import LabelStore
from segclr_viewer.log.transfer import export_log, import_log
from tests.crash.writer import append_number


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 512 KiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    try:
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(folder)], check=True, capture_output=True
        )
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("disks cannot be mounted here")
    yield folder
    with suppress(OSError):
        subprocess.run(["umount", str(folder)], check=True)


def remount(folder: Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", str(folder)], check=True)


def test_a_full_disk_is_told_and_the_label_is_stored_when_there_is_room_again(disk: Path) -> None:
    expected: list[str] = []
    refused = number = 0
    with closing(LabelStore.open(disk / "labels.sqlite")) as store:
        while refused < 3:
            events, places = append_number(1, number)
            if told := refusal(store, events, places):
                refused += 1
                assert "disk" in told
                assert [event.uuid for event in store.events()] == expected
                remount(disk, f"size={512 + 64 * refused}k")
                store.append(events, places)
            expected += [event.uuid for event in events]
            number += 1
        assert [event.uuid for event in store.events()] == expected
        assert store._connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    with closing(LabelStore.open(disk / "labels.sqlite")) as store:
        assert [event.uuid for event in store.events()] == expected


def refusal(store: LabelStore, events: list[NewEvent], places: list[SavedPlace]) -> str:
    """What the log says to these events, nothing when it stores them."""
    try:
        store.append(events, places)
    except LabelStoreError as error:
        return str(error)
    return ""


def test_a_copy_that_finds_no_room_leaves_nothing_behind(disk: Path, tmp_path: Path) -> None:
    log = tmp_path / "labels.sqlite"
    with closing(LabelStore.open(log)) as store:
        count = len(store.append([event for number in range(600) for event in append_number(1, number)[0]]))
    (disk / "others").write_bytes(bytes(400 << 10))
    with pytest.raises(LabelStoreError, match="disk"):
        backup_log(log, disk / "copy.sqlite")
    with pytest.raises(LabelStoreError, match="could not be written"):
        export_log(log, disk / "copy.jsonl")
    export_log(log, tmp_path / "copy.jsonl")
    with pytest.raises(LabelStoreError, match="disk"):
        import_log(tmp_path / "copy.jsonl", disk / "new.sqlite")
    with closing(LabelStore.open(disk / "new.sqlite")) as store:
        assert store.events() == []
    assert [path.name for path in disk.iterdir() if "copy" in path.name] == []
    remount(disk, "size=8m")
    assert import_log(tmp_path / "copy.jsonl", disk / "new.sqlite").events == count


def test_a_disk_that_becomes_read_only_is_told_and_the_label_is_stored_when_it_is_not_any_more(disk: Path) -> None:
    first, second = append_number(1, 0)[0], append_number(1, 1)[0]
    with closing(LabelStore.open(disk / "labels.sqlite")) as store:
        store.append(first)
    remount(disk, "ro")
    with pytest.raises(LabelStoreError, match=r"cannot be (written|opened)"):
        LabelStore.open(disk / "labels.sqlite")
    with closing(LabelStore.open(disk / "labels.sqlite", reader=True)) as reader:
        assert [event.uuid for event in reader.events()] == [event.uuid for event in first]
    remount(disk, "rw")
    with closing(LabelStore.open(disk / "labels.sqlite")) as store:
        store.append(second)
        assert [event.uuid for event in store.events()] == [event.uuid for event in [*first, *second]]
