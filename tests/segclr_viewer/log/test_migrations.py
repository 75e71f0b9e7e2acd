"""A file of an older version is brought to the newest, wholly or not at all."""

import os
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from segclr.errors import LabelStoreError
from segclr_viewer.log.events import numbered
from segclr_viewer.log.migrations import NEWEST, migrate
from segclr_viewer.log.store import LabelStore
from tests.segclr_viewer.log.logs import BIG, other, statement

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


def test_a_migration_is_recorded_and_its_record_only_grows(old: Path) -> None:
    LabelStore.open(old).close()
    LabelStore.open(old).close()
    with closing(sqlite3.connect(old)) as connection:
        ((number, at, program),) = connection.execute("SELECT version, at, program FROM migration").fetchall()
        assert number == 2
        assert at.startswith("20")
        assert program.startswith("segclr-viewer")
        for change in ("DELETE FROM migration", "UPDATE event SET at = ''", "DELETE FROM event", "DELETE FROM place"):
            with pytest.raises(sqlite3.IntegrityError, match="only grows"):
                connection.execute(change)


def test_a_new_log_records_every_version(tmp_path: Path) -> None:
    LabelStore.open(tmp_path / "new.sqlite").close()
    with closing(sqlite3.connect(tmp_path / "new.sqlite")) as connection:
        assert connection.execute("SELECT version FROM migration").fetchall() == [(1,), (2,)]


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
    from segclr_viewer.log import migrations

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
