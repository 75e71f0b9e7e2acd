"""The label log on disk: an append-only SQLite file. What is appended is durable when `append` returns.

One connection, used from one thread, by one app at a time: a second app is refused by a lock held beside the file
(`<file>.lock`, itself a SQLite file, since its locks work everywhere and end with the process). Other programs may
read the log meanwhile. Nothing is ever updated or deleted; triggers see to it.
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self

import numpy as np

from segclr.errors import LabelStoreError
from segclr_viewer.events import LabelEvent, NewEvent, SavedPlace

_APPLICATION_ID = 0x53474352  # "SGCR": marks the file as ours
_SECONDS_TO_WAIT = 1.0  # for another program that is just writing

_COLUMNS = """uuid, action_group, at, annotator, kind, task, class_name, x_nm, y_nm, z_nm, segmentation, segment_id,
provenance, target"""


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
        for verb in ("UPDATE", "DELETE"):
            connection.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                "BEGIN SELECT RAISE(ABORT, 'the label log only grows'); END"
            )


# What brings a file from version i to i + 1; a released one is never edited.
_MIGRATIONS: tuple[Callable[[sqlite3.Connection], None], ...] = (_create_first_tables,)


class LabelStore:
    """The open log. Every failure is a LabelStoreError of one sentence, and leaves the log as it was."""

    def __init__(self, path: Path, connection: sqlite3.Connection, lock: sqlite3.Connection) -> None:
        self._path = path
        self._connection = connection
        self._lock = lock

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open the log, or begin one where there is none.

        Raises:
            LabelStoreError: another app has it open, it cannot be written, or it is not a label log.
        """
        with _in_words(path):
            lock = sqlite3.connect(path.with_name(path.name + ".lock"), isolation_level=None, timeout=0)
        try:
            with _in_words(path, busy="is open in another segclr-viewer: close that one, or name another file"):
                lock.execute("BEGIN EXCLUSIVE")
            with _in_words(path):
                connection = sqlite3.connect(path, isolation_level=None, timeout=_SECONDS_TO_WAIT)
        except LabelStoreError:
            lock.close()
            raise
        store = cls(path, connection, lock)
        try:
            with _in_words(path):
                store._prepare()
        except LabelStoreError:
            store.close()
            raise
        return store

    def close(self) -> None:
        """Close the log and let another app open it."""
        self._connection.close()
        self._lock.close()

    def events(self, after: int = 0) -> list[LabelEvent]:
        """All events numbered above `after`, in order."""
        with _in_words(self._path):
            rows = self._connection.execute(
                f"SELECT seq, {_COLUMNS} FROM event WHERE seq > ? ORDER BY seq",  # noqa: S608 (our own column names)
                (after,),
            )
            return [_event(row) for row in rows]

    def places(self) -> list[SavedPlace]:
        """All places saved with their embedding, in the order of saving."""
        with _in_words(self._path):
            rows = self._connection.execute(
                "SELECT x_nm, y_nm, z_nm, segmentation, segment_id, encoder_hash, embedding FROM place ORDER BY rowid"
            )
            return [
                SavedPlace((x, y, z), segmentation, int(segment), encoder, np.frombuffer(blob, "<f4"))
                for x, y, z, segmentation, segment, encoder, blob in rows
            ]

    def append(self, events: Sequence[NewEvent], places: Sequence[SavedPlace] = ()) -> list[LabelEvent]:
        """Make events, and places that they label, durable: all or none; on disk when this returns.

        An event whose uuid is in the log already is not stored again: the stored one is returned in its stead.

        Raises:
            LabelStoreError: nothing was stored.
        """
        with _in_words(self._path), self._transaction():
            for place in places:
                self._connection.execute(
                    "INSERT OR IGNORE INTO place VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (
                        *place.position_nm,
                        place.segmentation,
                        str(place.segment_id),
                        place.encoder_hash,
                        place.embedding.astype("<f4").tobytes(),
                    ),
                )
            return [self._insert(event) for event in events]

    def _insert(self, event: NewEvent) -> LabelEvent:
        self._connection.execute(
            f"INSERT INTO event ({_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT (uuid) DO NOTHING",  # noqa: S608
            (
                event.uuid,
                event.group,
                event.at,
                event.annotator,
                event.kind,
                event.task,
                event.class_name,
                *event.position_nm,
                event.segmentation,
                str(event.segment_id),
                event.provenance,
                event.target,
            ),
        )
        row = self._connection.execute(f"SELECT seq, {_COLUMNS} FROM event WHERE uuid = ?", (event.uuid,))  # noqa: S608
        return _event(row.fetchone())

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):  # some errors (a full disk) have rolled back already
                self._connection.execute("ROLLBACK")
            raise

    def _prepare(self) -> None:
        """Check that the file is ours and bring it to the newest version."""
        pragma = self._connection.execute
        ours = pragma("PRAGMA application_id").fetchone()[0] == _APPLICATION_ID
        version = pragma("PRAGMA user_version").fetchone()[0]
        empty = pragma("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0
        if not ours and not empty:
            raise LabelStoreError(f"{self._path} belongs to another program: name another file for the labels")
        if version > len(_MIGRATIONS):
            raise LabelStoreError(f"{self._path} was written by a newer segclr-viewer: update this one")
        pragma("PRAGMA journal_mode = WAL")
        pragma("PRAGMA synchronous = FULL")  # a commit has reached the disk when it returns
        with self._transaction():
            for migrate in _MIGRATIONS[version:]:
                migrate(self._connection)
            pragma(f"PRAGMA application_id = {_APPLICATION_ID}")
            pragma(f"PRAGMA user_version = {len(_MIGRATIONS)}")


def _event(row: tuple[Any, ...]) -> LabelEvent:
    (seq, uuid, group, at, annotator, kind, task, class_name, x, y, z, segmentation, segment, provenance, target) = row
    return LabelEvent(
        seq=seq,
        uuid=uuid,
        group=group,
        at=at,
        annotator=annotator,
        kind=kind,
        task=task,
        class_name=class_name,
        position_nm=(x, y, z),
        segmentation=segmentation,
        segment_id=int(segment),
        provenance=provenance,
        target=target,
    )


@contextmanager
def _in_words(path: Path, busy: str = "is locked by another program: close it and try again") -> Iterator[None]:
    """Turn SQLite's errors into one sentence about the file."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the primary code; the rest are details
        reasons = {
            sqlite3.SQLITE_BUSY: busy,
            sqlite3.SQLITE_LOCKED: busy,
            sqlite3.SQLITE_FULL: "cannot grow, the disk is full: make room and label again",
            sqlite3.SQLITE_READONLY: "cannot be written: check its permissions",
            sqlite3.SQLITE_CANTOPEN: "cannot be opened: check that its folder exists and can be written",
            sqlite3.SQLITE_NOTADB: "is not a label log: name another file for the labels",
            sqlite3.SQLITE_CORRUPT: "is damaged: put back a copy, or name another file for the labels",
            sqlite3.SQLITE_IOERR: "could not be written or read (the disk reports an error): check the disk",
        }
        reason = reasons.get(code, f"could not be used ({error})")
        raise LabelStoreError(f"the label file {path} {reason}") from error
