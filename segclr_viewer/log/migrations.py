"""The versions of the label log's file, and what brings an older one to the newest: all in one transaction.

A released migration is never edited; the table `migration` says when each was made, by which version of the program. A
new kind of event needs a new version, even where no table changes: only so does a program that does not know it refuse
the file in time. Since version 3 the file itself refuses kinds that its version does not have.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from segclr.errors import LabelStoreError

APPLICATION_ID = 0x53474352  # "SGCR": marks the file as ours


def _create_first_tables(connection: sqlite3.Connection) -> None:
    # Segment ids are text: SQLite's integers are signed, half of the 64-bit ids do not fit.
    connection.execute("""
        CREATE TABLE event (
            seq INTEGER PRIMARY KEY AUTOINCREMENT, uuid TEXT NOT NULL UNIQUE, action_group TEXT NOT NULL,
            at TEXT NOT NULL, annotator TEXT NOT NULL,
            kind TEXT NOT NULL CHECK (kind IN ('label', 'unlabel', 'undo', 'redo')),
            task TEXT NOT NULL, class_name TEXT, x_nm REAL NOT NULL, y_nm REAL NOT NULL, z_nm REAL NOT NULL,
            segmentation TEXT NOT NULL, segment_id TEXT NOT NULL, provenance TEXT NOT NULL, target TEXT
        )""")
    connection.execute("""
        CREATE TABLE place (
            x_nm REAL NOT NULL, y_nm REAL NOT NULL, z_nm REAL NOT NULL, segmentation TEXT NOT NULL,
            segment_id TEXT NOT NULL, encoder_hash TEXT NOT NULL, embedding BLOB NOT NULL,
            PRIMARY KEY (segmentation, encoder_hash, x_nm, y_nm, z_nm)
        )""")
    for table in ("event", "place"):
        _let_only_grow(connection, table)


def _widen_events(connection: sqlite3.Connection) -> None:
    """Room for events of all kinds: those without a place, too. What a kind needs is checked when events are made."""
    connection.execute("""
        CREATE TABLE wider_event (
            seq INTEGER PRIMARY KEY AUTOINCREMENT, uuid TEXT NOT NULL UNIQUE, action_group TEXT NOT NULL,
            at TEXT NOT NULL, annotator TEXT NOT NULL, kind TEXT NOT NULL, task TEXT NOT NULL,
            provenance TEXT NOT NULL, class_name TEXT, x_nm REAL, y_nm REAL, z_nm REAL, segmentation TEXT NOT NULL,
            segment_id TEXT NOT NULL, supervoxel_id TEXT, target TEXT, new_name TEXT, color TEXT, class_key TEXT,
            text TEXT, verdict TEXT, about TEXT, import_count INTEGER, file_name TEXT, file_format TEXT,
            CHECK ((x_nm IS NULL) = (y_nm IS NULL) AND (x_nm IS NULL) = (z_nm IS NULL))
        )""")
    same = """seq, uuid, action_group, at, annotator, kind, task, provenance, class_name, x_nm, y_nm, z_nm,
        segmentation, segment_id, target"""
    connection.execute(f"INSERT INTO wider_event ({same}) SELECT {same} FROM event ORDER BY seq")  # noqa: S608
    connection.execute("DROP TABLE event")
    connection.execute("ALTER TABLE wider_event RENAME TO event")
    _let_only_grow(connection, "event")
    connection.execute("CREATE TABLE migration (version INTEGER PRIMARY KEY, at TEXT NOT NULL, program TEXT NOT NULL)")
    _let_only_grow(connection, "migration")


def _name_kinds(connection: sqlite3.Connection) -> None:
    """Those that may be in a file of this version; "skip" and "class_rekeyed" are new since version 2."""
    connection.execute("""
        CREATE TRIGGER event_kind BEFORE INSERT ON event WHEN NEW.kind NOT IN (
            'label', 'unlabel', 'unsure', 'bad_segmentation', 'skip', 'undo', 'redo', 'class_added', 'class_renamed',
            'class_merged', 'class_retired', 'class_recoloured', 'class_rekeyed', 'comment', 'review', 'import')
        BEGIN SELECT RAISE(ABORT, 'this version of the label log has no such kind of event'); END""")


def _let_only_grow(connection: sqlite3.Connection, table: str) -> None:
    for verb in ("UPDATE", "DELETE"):
        connection.execute(
            f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
            "BEGIN SELECT RAISE(ABORT, 'the label log only grows'); END"
        )


# What brings a file from version i to i + 1.
MIGRATIONS: tuple[Callable[[sqlite3.Connection], None], ...] = (_create_first_tables, _widen_events, _name_kinds)
NEWEST = len(MIGRATIONS)


def version_of(connection: sqlite3.Connection, path: Path) -> int:
    """The version of a label log, 0 of a file without anything in it.

    Raises:
        LabelStoreError: the file is another program's, or a newer version of this one wrote it.
    """
    pragma = connection.execute
    ours = pragma("PRAGMA application_id").fetchone()[0] == APPLICATION_ID
    number = int(pragma("PRAGMA user_version").fetchone()[0])
    empty = pragma("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0
    if not ours and not empty:
        raise LabelStoreError(f"{path} belongs to another program: name another file for the labels")
    if number > NEWEST:
        raise LabelStoreError(f"{path} was written by a newer segclr-viewer: update this one")
    return number


def migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring a log, or an empty file, to the newest version, wholly or not at all. Proves that it can be written.

    Raises:
        LabelStoreError: the file is another program's, or a newer version of this one wrote it.
    """
    with transaction(connection):
        first = version_of(connection, path)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")  # tells now whether it can be written
        if first == NEWEST:
            return
        for step in MIGRATIONS[first:]:
            step(connection)
        now, program = datetime.now(UTC).isoformat(timespec="milliseconds"), _program()
        for number in range(first + 1, NEWEST + 1):
            connection.execute("INSERT INTO migration VALUES (?, ?, ?)", (number, now, program))
        connection.execute(f"PRAGMA user_version = {NEWEST}")


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All that is written inside becomes durable together, or none of it is stored."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):  # some errors (a full disk) have rolled back already
            connection.execute("ROLLBACK")
        raise


def _program() -> str:
    try:
        return f"segclr-viewer {version('segclr-viewer')}"
    except PackageNotFoundError:  # run from the checkout
        return "segclr-viewer, not installed"
