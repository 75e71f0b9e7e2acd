"""The label log on disk: an append-only SQLite file. What is appended is durable when `append` returns.

One connection, used from one thread. One app at a time may write: a second one is refused by a lock held beside the
file (`<file>.lock`, itself a SQLite file, since its locks work everywhere and end with the process). Any number may
read meanwhile. Nothing is ever updated or deleted; triggers see to it.
"""

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from segclr.errors import LabelStoreError
from segclr_viewer.log.events import LabelEvent, NewEvent, SavedPlace
from segclr_viewer.log.migrations import NEWEST, migrate, transaction, version_of
from segclr_viewer.log.rows import insert_event, insert_place, select_events, select_places
from segclr_viewer.log.sentences import in_words

_SECONDS_TO_WAIT = 1.0  # for another program that is just writing


class LabelStore:
    """The open log. Every failure is a LabelStoreError of one sentence, and leaves the log as it was."""

    def __init__(self, path: Path, connection: sqlite3.Connection, lock: sqlite3.Connection | None) -> None:
        self._path = path
        self._connection = connection
        self._lock = lock  # None for a reader

    @classmethod
    def open(cls, path: Path, reader: bool = False) -> Self:
        """Open the log, or begin one where there is none; a log of an older version is brought to the newest.

        Args:
            reader: only read, which works while an app writes and where nothing can be written. The file is not
                touched: of a log of an older version a converted copy in memory is read.

        Raises:
            LabelStoreError: another app has it open, it cannot be written, or it is not a label log; for a reader
                there is no such file.
        """
        if reader:
            return cls(path, _open_to_read(path), None)
        with in_words(path):
            lock = sqlite3.connect(path.with_name(path.name + ".lock"), isolation_level=None, timeout=0)
        try:
            with in_words(path, busy="is open in another segclr-viewer: close that one, or name another file"):
                lock.execute("BEGIN EXCLUSIVE")
            with in_words(path):
                connection = sqlite3.connect(path, isolation_level=None, timeout=_SECONDS_TO_WAIT)
        except LabelStoreError:
            lock.close()
            raise
        store = cls(path, connection, lock)
        try:
            with in_words(path):
                version_of(connection, path)  # before anything in a file of another program is touched
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = FULL")  # a commit has reached the disk when it returns
                migrate(connection, path)
        except LabelStoreError:
            store.close()
            raise
        return store

    @property
    def reads_only(self) -> bool:
        """Whether nothing can be appended."""
        return self._lock is None

    def begun_at(self) -> str:
        """When the log was begun, which tells it from one that was at its path before."""
        with in_words(self._path):
            (at,) = self._connection.execute("SELECT at FROM migration ORDER BY version LIMIT 1").fetchone()
        return str(at)

    def close(self) -> None:
        """Close the log and let another app open it."""
        self._connection.close()
        if self._lock is not None:
            self._lock.close()

    def events(self, after: int = 0) -> list[LabelEvent]:
        """All events numbered above `after`, in order."""
        with in_words(self._path):
            try:
                return select_events(self._connection, after)
            except ValueError as error:
                raise LabelStoreError(
                    f"the label file {self._path} holds what is no event ({error}): put back a copy"
                ) from error

    def places(self) -> list[SavedPlace]:
        """All places saved with their embedding, in the order of saving."""
        with in_words(self._path):
            return select_places(self._connection)

    def append(self, events: Sequence[NewEvent], places: Sequence[SavedPlace] = ()) -> list[LabelEvent]:
        """Make events, and places that they label, durable: all or none; on disk when this returns.

        An event whose uuid is in the log already is not stored again: the stored one is returned in its stead.

        Raises:
            LabelStoreError: nothing was stored.
        """
        if self.reads_only:
            raise LabelStoreError(f"the label file {self._path} is open for reading only: make it writable to label")
        with in_words(self._path), transaction(self._connection):
            for place in places:
                insert_place(self._connection, place)
            return [insert_event(self._connection, event) for event in events]


def can_be_written(path: Path) -> bool:
    """Whether a log and what SQLite keeps beside it can be written or, where there is none, is to be begun."""
    beside = [path.with_name(path.name + ending) for ending in (".lock", "-wal", "-shm")]
    there = [file for file in (path, *beside) if file.exists()]
    return not path.exists() or all(os.access(one, os.W_OK) for one in (path.parent, *there))


def _open_to_read(path: Path) -> sqlite3.Connection:
    """A connection that cannot write, to a log of the newest version."""
    with in_words(path), _closing_on_error(connect_to_read(path)) as connection:
        version = version_of(connection, path)
        if version == 0:
            raise LabelStoreError(f"{path} is empty, not a label log: check the path")
        if version == NEWEST:
            return connection
        with _closing_on_error(sqlite3.connect(":memory:", isolation_level=None)) as copy:
            connection.backup(copy)
            migrate(copy, path)
        connection.close()
        return copy


@contextmanager
def _closing_on_error(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """Close a connection if what is done with it fails."""
    try:
        yield connection
    except BaseException:
        connection.close()
        raise


def connect_to_read(path: Path) -> sqlite3.Connection:
    """A connection that cannot write; SQLite's errors are the caller's to put in words.

    Raises:
        LabelStoreError: there is no such file, or it can be read only together with what lies beside it.
        sqlite3.Error: it cannot be read.
    """
    if not path.is_file():
        raise LabelStoreError(f"there is no label file {path}: check the path")
    address = path.resolve().as_uri()
    connection = sqlite3.connect(f"{address}?mode=ro", uri=True, isolation_level=None, timeout=_SECONDS_TO_WAIT)
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        return connection
    except sqlite3.OperationalError as error:
        connection.close()
        if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY):
            raise
    except sqlite3.Error:
        connection.close()
        raise
    # Without a place for SQLite's shared memory only a log that was closed properly is whole in its own file.
    pending = path.with_name(path.name + "-wal")
    if pending.exists() and pending.stat().st_size > 0:
        raise LabelStoreError(
            f"the label file {path} was not closed properly and its folder cannot be written: copy it together with "
            f"{pending.name} to a folder that can be"
        )
    return sqlite3.connect(f"{address}?mode=ro&immutable=1", uri=True, isolation_level=None)
