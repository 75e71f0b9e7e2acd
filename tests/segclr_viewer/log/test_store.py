"""The label log on disk: nothing acknowledged is lost, nothing is doubled, every failure is one sentence."""

import resource
import shutil
import signal
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from segclr.errors import LabelStoreError
from segclr_viewer.log.events import NewEvent, SavedPlace
from segclr_viewer.log.store import LabelStore, can_be_written

BIG = 2**63 + 5
EVENT = NewEvent(
    uuid="6f1d2c1e",
    group="action 1",
    at="2026-11-03T09:15:04Z",
    annotator="ana",
    kind="label",
    task="subcompartment",
    class_name="épine",
    position_nm=(4112.1, 9936.0, 1 / 3),
    segmentation="v1",
    segment_id=BIG,
    provenance="key",
)
PLACE = SavedPlace((1.5, 2.0, 3.0), "v1", BIG, "9f86", np.array([0.1, -2.0, 3e-9], np.float32))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "labels.sqlite"


@pytest.fixture
def store(path: Path) -> Iterator[LabelStore]:
    store = LabelStore.open(path)
    yield store
    store.close()


def other_events(count: int, first: int = 0) -> list[NewEvent]:
    return [replace(EVENT, uuid=f"other {first + at}", position_nm=(at, 0.0, 0.0)) for at in range(count)]


def test_an_event_comes_back_as_it_was_after_reopening(path: Path, store: LabelStore) -> None:
    undo = replace(EVENT, uuid="2", kind="undo", class_name=None, target="action 1")
    undo = replace(undo, position_nm=None, segmentation="", segment_id=0)
    stored = store.append([EVENT, undo])
    assert [event.seq for event in stored] == [1, 2]
    store.close()
    again = LabelStore.open(path)
    assert again.events() == stored
    assert again.events(after=1) == stored[1:]
    assert again.events()[0].segment_id == BIG
    assert again.events()[0].position_nm == EVENT.position_nm
    again.close()


def test_another_connection_sees_the_label_when_append_returns(path: Path, store: LabelStore) -> None:
    store.append([EVENT])
    reader = sqlite3.connect(path)
    assert reader.execute("SELECT uuid, segment_id FROM event").fetchall() == [("6f1d2c1e", str(BIG))]
    reader.close()


def test_a_commit_waits_for_the_disk(store: LabelStore) -> None:
    assert store._connection.execute("PRAGMA synchronous").fetchone() == (2,)
    assert store._connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_repeated_event_is_stored_once_and_answered_with_the_stored_one(store: LabelStore) -> None:
    first = store.append([EVENT])
    again = store.append([replace(EVENT, class_name="another", at="later"), *other_events(1)])
    assert again[0] == first[0]
    assert [event.seq for event in store.events()] == [1, again[1].seq]


def test_the_events_of_one_append_are_stored_all_or_none(store: LabelStore) -> None:
    broken = replace(EVENT, uuid="broken", at=None)  # type: ignore[arg-type]
    with pytest.raises(LabelStoreError, match="could not be used"):
        store.append([*other_events(3), broken], [PLACE])
    assert store.events() == []
    assert store.places() == []


def test_a_place_comes_back_with_its_embedding_bit_for_bit_and_once(path: Path, store: LabelStore) -> None:
    store.append([EVENT], [PLACE])
    store.append(other_events(1), [PLACE, replace(PLACE, encoder_hash="another")])
    store.close()
    again = LabelStore.open(path)
    first, second = again.places()
    assert first.embedding.tobytes() == PLACE.embedding.tobytes()
    assert (first.position_nm, first.segment_id, first.encoder_hash) == ((1.5, 2.0, 3.0), BIG, "9f86")
    assert second.encoder_hash == "another"
    again.close()


@pytest.mark.parametrize("change", ["UPDATE event SET class_name = 'x'", "DELETE FROM event", "DELETE FROM place"])
def test_the_log_only_grows(store: LabelStore, change: str) -> None:
    store.append([EVENT], [PLACE])
    with pytest.raises(sqlite3.IntegrityError, match="only grows"):
        store._connection.execute(change)


def test_when_a_log_was_begun_is_the_same_at_every_opening_and_for_readers(path: Path, store: LabelStore) -> None:
    begun = store.begun_at()
    assert datetime.fromisoformat(begun).tzinfo is not None
    reader = LabelStore.open(path, reader=True)
    assert reader.begun_at() == begun
    reader.close()


def test_a_second_app_is_refused_until_the_first_closes(path: Path, store: LabelStore) -> None:
    with pytest.raises(LabelStoreError, match="is open in another segclr-viewer"):
        LabelStore.open(path)
    store.append([EVENT])
    store.close()
    second = LabelStore.open(path)
    assert len(second.events()) == 1
    second.close()


def test_a_write_lock_of_another_program_is_told_and_nothing_is_lost(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("segclr_viewer.log.store._SECONDS_TO_WAIT", 0.01)
    store = LabelStore.open(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(LabelStoreError, match="is locked by another program"):
        store.append([EVENT])
    other.execute("ROLLBACK")
    other.close()
    assert store.append([EVENT])[0].seq == 1
    store.close()


def test_a_full_disk_is_told_and_labelling_goes_on_when_there_is_room(path: Path, store: LabelStore) -> None:
    store.append([EVENT])
    pages = store._connection.execute("PRAGMA page_count").fetchone()[0]
    store._connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(LabelStoreError, match="the disk is full"):
        store.append(other_events(500))
    assert [event.uuid for event in store.events()] == ["6f1d2c1e"]
    store._connection.execute("PRAGMA max_page_count = 100000")
    assert len(store.append(other_events(500))) == 500


def test_a_file_that_may_not_grow_is_told_and_keeps_what_it_has(path: Path, store: LabelStore) -> None:
    store.append([EVENT])
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.with_name("labels.sqlite-wal").stat().st_size, hard))
    try:
        with pytest.raises(LabelStoreError, match="disk"):
            store.append(other_events(200))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)
    assert [event.uuid for event in store.events()] == ["6f1d2c1e"]
    store.append(other_events(1))
    assert len(store.events()) == 2


def test_a_read_only_file_is_told(path: Path, store: LabelStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.append([EVENT])
    store.close()
    connect = sqlite3.connect

    def read_only(database: Path, **options: object) -> sqlite3.Connection:  # root may write whatever the permissions
        mode = "rw" if database.suffix == ".lock" else "ro"
        return connect(f"file:{database}?mode={mode}", uri=True, **options)  # type: ignore[call-overload,no-any-return]

    monkeypatch.setattr("segclr_viewer.log.store.sqlite3.connect", read_only)
    with pytest.raises(LabelStoreError, match="cannot be written: check its permissions"):
        LabelStore.open(path)


@pytest.mark.parametrize("locked", ["labels.sqlite", "labels.sqlite.lock", "labels.sqlite-wal", ""])
def test_a_log_can_be_written_where_all_that_lies_beside_it_can(
    path: Path, store: LabelStore, monkeypatch: pytest.MonkeyPatch, locked: str
) -> None:
    store.append([EVENT])
    assert can_be_written(path)
    shut = path.parent / locked if locked else path.parent
    monkeypatch.setattr("segclr_viewer.log.store.os.access", lambda file, mode: file != shut)
    assert not can_be_written(path)
    assert can_be_written(path.parent / "new.sqlite"), "beginning it says what is wrong"


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(LabelStoreError, match="cannot be opened: check that its folder exists"):
        LabelStore.open(tmp_path / "nowhere" / "labels.sqlite")


def test_a_file_that_is_no_database_is_refused_and_left_alone(path: Path) -> None:
    path.write_text("name,class\n" * 400)
    with pytest.raises(LabelStoreError, match="is not a label log"):
        LabelStore.open(path)
    assert path.read_text() == "name,class\n" * 400


def test_a_database_of_another_program_is_refused_and_left_alone(path: Path) -> None:
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE event (x)")
    other.commit()
    other.close()
    before = path.read_bytes()
    with pytest.raises(LabelStoreError, match="belongs to another program"):
        LabelStore.open(path)
    assert path.read_bytes() == before


def test_a_log_of_a_newer_app_is_refused(path: Path, store: LabelStore) -> None:
    store._connection.execute("PRAGMA user_version = 99")
    store.close()
    with pytest.raises(LabelStoreError, match="written by a newer segclr-viewer"):
        LabelStore.open(path)


def test_after_a_refusal_the_file_can_be_opened(path: Path) -> None:
    path.write_text("name,class\n" * 400)
    with pytest.raises(LabelStoreError):
        LabelStore.open(path)
    path.unlink()
    LabelStore.open(path).close()


def test_an_event_that_no_app_could_have_written_is_told(store: LabelStore) -> None:
    store.append([EVENT])
    columns = "uuid, action_group, at, annotator, kind, task, provenance, segmentation, segment_id"
    store._connection.execute(
        f"INSERT INTO event ({columns}) SELECT 'x', 'x', '', '', 'class_renamed', 't', '', '', '0'"
    )
    with pytest.raises(LabelStoreError, match=r"holds what is no event .*'class_renamed' needs class_name"):
        store.events()


def test_using_a_closed_log_is_told(store: LabelStore) -> None:
    store.close()
    with pytest.raises(LabelStoreError, match="closed"):
        store.append([EVENT])


def test_a_copy_of_the_file_taken_while_the_app_runs_opens(path: Path, store: LabelStore, tmp_path: Path) -> None:
    store.append([EVENT])
    for name in ("labels.sqlite", "labels.sqlite-wal"):
        shutil.copy(tmp_path / name, tmp_path / ("copy of " + name))
    copy = LabelStore.open(tmp_path / "copy of labels.sqlite")
    assert len(copy.events()) == 1
    copy.close()
