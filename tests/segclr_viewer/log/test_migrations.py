"""A file of an older version is brought to the newest, wholly or not at all."""

import os
import signal
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from segclr.errors import LabelStoreError
from segclr_viewer.log import migrations
from segclr_viewer.log.events import Kind, NewEvent, numbered
from segclr_viewer.log.migrations import APPLICATION_ID, MIGRATIONS, NEWEST, migrate
from segclr_viewer.log.rows import insert_event
from segclr_viewer.log.store import LabelStore
from tests.segclr_viewer.log.logs import BIG, in_log, other, statement

# The schema of version 1, as files written by it have it.
FIRST_VERSION = """
    CREATE TABLE event (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, uuid TEXT NOT NULL UNIQUE, action_group TEXT NOT NULL,
        at TEXT NOT NULL, annotator TEXT NOT NULL,
        kind TEXT NOT NULL CHECK (kind IN ('label', 'unlabel', 'undo', 'redo')),
        task TEXT NOT NULL, class_name TEXT, x_nm REAL NOT NULL, y_nm REAL NOT NULL, z_nm REAL NOT NULL,
        segmentation TEXT NOT NULL, segment_id TEXT NOT NULL, provenance TEXT NOT NULL, target TEXT
    );
    CREATE TABLE place (
        x_nm REAL NOT NULL, y_nm REAL NOT NULL, z_nm REAL NOT NULL, segmentation TEXT NOT NULL,
        segment_id TEXT NOT NULL, encoder_hash TEXT NOT NULL, embedding BLOB NOT NULL,
        PRIMARY KEY (segmentation, encoder_hash, x_nm, y_nm, z_nm)
    );
    CREATE TRIGGER event_no_update BEFORE UPDATE ON event BEGIN SELECT RAISE(ABORT, 'the label log only grows'); END;
    CREATE TRIGGER event_no_delete BEFORE DELETE ON event BEGIN SELECT RAISE(ABORT, 'the label log only grows'); END;
    CREATE TRIGGER place_no_update BEFORE UPDATE ON place BEGIN SELECT RAISE(ABORT, 'the label log only grows'); END;
    CREATE TRIGGER place_no_delete BEFORE DELETE ON place BEGIN SELECT RAISE(ABORT, 'the label log only grows'); END;
    PRAGMA application_id = 1397179218;
    PRAGMA user_version = 1;
"""
LABELS = [statement(f"{at}", x_nm=at / 3, segment_id=BIG + at) for at in range(30)]
UNDO = other("undo", "undo", target="action 29", position_nm=(0.0, 1.0, 2.0), segmentation="v1", segment_id=BIG)
EVENTS = [numbered(event, seq) for seq, event in enumerate([*LABELS, UNDO], 1)]
EMBEDDING = np.array([0.1, 3e-9], "<f4").tobytes()


# What files of version 2 hold since skips and keys of classes are kept, which its first programs did not know.
SECOND_EVENTS = [
    *LABELS,
    statement("skipped", "skip"),
    other("key", "class_rekeyed", class_name="axon", key="7"),
]


@pytest.fixture
def second(tmp_path: Path) -> Path:
    """A log of version 2 with events of the kinds that version 3 is about, its migrations recorded."""
    path = tmp_path / "second.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("BEGIN")
        for step in MIGRATIONS[:2]:
            step(connection)
        connection.execute("INSERT INTO migration VALUES (1, '2026-11-01', 'segclr-viewer'), (2, '2026-11-01', 'same')")
        for event in SECOND_EVENTS:
            insert_event(connection, event)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute("PRAGMA user_version = 2")
        connection.execute("COMMIT")
    return path


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A log as the first version wrote it."""
    path = tmp_path / "labels.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(FIRST_VERSION)
        connection.execute("BEGIN")
        for event in EVENTS:
            connection.execute(
                f"INSERT INTO event VALUES ({','.join('?' * 15)})",  # noqa: S608
                (
                    event.seq,
                    event.uuid,
                    event.group,
                    event.at,
                    event.annotator,
                    event.kind,
                    event.task,
                    event.class_name,
                    *event.place_nm,
                    event.segmentation,
                    str(event.segment_id),
                    event.provenance,
                    event.target,
                ),
            )
        connection.execute("INSERT INTO place VALUES (1.5, 2.0, 3.0, 'v1', ?, '9f86', ?)", (str(BIG), EMBEDDING))
        connection.execute("COMMIT")
    return path


def version(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


def test_an_old_log_opens_with_all_its_events_and_goes_on(old: Path) -> None:
    with closing(LabelStore.open(old)) as store:
        assert store.events() == EVENTS
        (place,) = store.places()
        assert (place.segment_id, place.embedding.tobytes()) == (BIG, EMBEDDING)
        later = store.append([other("later", "comment", text="goes on"), LABELS[0]])
        assert [event.seq for event in later] == [len(EVENTS) + 1, 1]
    assert version(old) == NEWEST


def test_a_log_of_version_2_opens_with_its_skips_and_keys_and_goes_on(second: Path) -> None:
    with closing(LabelStore.open(second)) as store:
        assert store.events() == in_log(*SECOND_EVENTS)
        (later,) = store.append([statement("later", "skip", x_nm=5.0)])
        assert later.seq == len(SECOND_EVENTS) + 1
    with closing(sqlite3.connect(second)) as connection:
        assert connection.execute("SELECT version FROM migration").fetchall() == [(1,), (2,), (3,)]
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.mark.parametrize("reader", [False, True])
def test_a_program_of_version_2_refuses_a_log_with_kinds_that_it_does_not_know(
    second: Path, monkeypatch: pytest.MonkeyPatch, reader: bool
) -> None:
    LabelStore.open(second).close()
    before = second.read_bytes()
    monkeypatch.setattr(migrations, "MIGRATIONS", MIGRATIONS[:2])
    monkeypatch.setattr(migrations, "NEWEST", 2)
    with pytest.raises(LabelStoreError) as refused:
        LabelStore.open(second, reader)
    assert str(refused.value) == f"{second} was written by a newer segclr-viewer: update this one"
    assert second.read_bytes() == before


EVERY_KIND: dict[str, NewEvent] = {
    event.kind: event
    for event in (
        *(statement(kind, kind) for kind in ("label", "unlabel", "unsure", "bad_segmentation", "skip")),
        other("undo", "undo", target="action label"),
        other("redo", "redo", target="action label"),
        other("class_added", "class_added", class_name="soma", color="#123abc", key="9"),
        other("class_renamed", "class_renamed", class_name="axon", new_name="neurite"),
        other("class_merged", "class_merged", class_name="axon", new_name="spine"),
        other("class_retired", "class_retired", class_name="axon"),
        other("class_recoloured", "class_recoloured", class_name="axon", color="#123abc"),
        other("class_rekeyed", "class_rekeyed", class_name="axon", key="8"),
        other("comment", "comment", text="odd"),
        other("review", "review", about="label", verdict="agree"),
        other("import", "import", count=1, file_name="a.csv", file_format="csv"),
    )
}


@pytest.mark.parametrize("kind", get_args(Kind))
def test_every_kind_of_event_is_one_of_the_newest_version(kind: str, tmp_path: Path) -> None:
    with closing(LabelStore.open(tmp_path / "new.sqlite")) as store:
        (stored,) = store.append([EVERY_KIND[kind]])
        assert store.events() == [stored]


def test_a_kind_that_no_version_has_cannot_be_stored(old: Path, tmp_path: Path) -> None:
    for path in (old, tmp_path / "new.sqlite"):
        with closing(LabelStore.open(path)) as store:
            event = statement("odd")
            object.__setattr__(event, "kind", "guess")
            with pytest.raises(LabelStoreError, match="this version of the label log has no such kind of event"):
                store.append([statement("even"), event])
            assert "even" not in {stored.uuid for stored in store.events()}


def test_a_migration_is_recorded_and_its_record_only_grows(old: Path) -> None:
    LabelStore.open(old).close()
    LabelStore.open(old).close()
    with closing(sqlite3.connect(old)) as connection:
        records = connection.execute("SELECT version, at, program FROM migration").fetchall()
        assert [number for number, _, _ in records] == [2, 3]
        assert all(at.startswith("20") and program.startswith("segclr-viewer") for _, at, program in records)
        for change in ("DELETE FROM migration", "UPDATE event SET at = ''", "DELETE FROM event", "DELETE FROM place"):
            with pytest.raises(sqlite3.IntegrityError, match="only grows"):
                connection.execute(change)


def test_a_new_log_records_every_version(tmp_path: Path) -> None:
    LabelStore.open(tmp_path / "new.sqlite").close()
    with closing(sqlite3.connect(tmp_path / "new.sqlite")) as connection:
        assert connection.execute("SELECT version FROM migration").fetchall() == [(1,), (2,), (3,)]


def test_an_old_and_a_new_log_have_the_same_tables(old: Path, tmp_path: Path) -> None:
    LabelStore.open(old).close()
    LabelStore.open(tmp_path / "new.sqlite").close()
    schemas = []
    for path in (old, tmp_path / "new.sqlite"):
        with closing(sqlite3.connect(path)) as connection:
            rows = connection.execute("SELECT type, name, sql FROM sqlite_master ORDER BY name").fetchall()
            schemas.append([(kind, name, (sql or "").split()) for kind, name, sql in rows])
    assert schemas[0] == schemas[1]


def test_a_reader_reads_an_old_log_and_leaves_it_as_it_is(old: Path) -> None:
    before = old.read_bytes()
    with closing(LabelStore.open(old, reader=True)) as store:
        assert store.events() == EVENTS
        assert len(store.places()) == 1
    assert old.read_bytes() == before
    assert version(old) == 1


def test_a_migration_that_fails_leaves_the_old_log_usable(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(connection: sqlite3.Connection) -> None:
        migrations._widen_events(connection)
        connection.execute("SELECT * FROM nowhere")

    with monkeypatch.context() as changed:
        changed.setattr(migrations, "MIGRATIONS", (migrations._create_first_tables, fail))
        with pytest.raises(LabelStoreError, match="could not be used"):
            LabelStore.open(old)
    assert version(old) == 1
    with closing(LabelStore.open(old)) as store:
        assert store.events() == EVENTS


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # the child does nothing but SQLite
def test_a_migration_that_is_killed_at_any_step_leaves_the_old_log_usable(old: Path) -> None:
    """The steps are SQLite's statements; a forked child kills itself before the n-th."""
    killed = 0
    while True:
        child = os.fork()
        if child == 0:
            _migrate_and_die(old, killed + 1)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            break
        killed += 1
        assert os.WTERMSIG(status) == signal.SIGKILL
        with closing(sqlite3.connect(old)) as connection:
            assert connection.execute("PRAGMA user_version").fetchone() == (1,)
            assert connection.execute("SELECT count(*) FROM event").fetchone() == (len(EVENTS),)
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert os.WEXITSTATUS(status) == 0
    assert killed > 10
    with closing(LabelStore.open(old)) as store:
        assert store.events() == EVENTS


def _migrate_and_die(path: Path, at: int) -> None:
    left = at

    def step(_: str) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    done = 1
    try:
        connection = sqlite3.connect(path, isolation_level=None)
        connection.set_trace_callback(step)
        migrate(connection, path)
        done = 0
    finally:
        os._exit(done)
