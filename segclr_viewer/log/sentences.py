"""SQLite's errors as one sentence about the label file."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from segclr.errors import LabelStoreError


@contextmanager
def in_words(path: Path, busy: str = "is locked by another program: close it and try again") -> Iterator[None]:
    """Turn every error of SQLite into a LabelStoreError; `busy` is said of a file that another one holds."""
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
