"""A copy of the label log, safe while an app writes to it."""

import sqlite3
from contextlib import ExitStack, closing
from pathlib import Path

from segclr.errors import LabelStoreError
from segclr_viewer.log.migrations import version_of
from segclr_viewer.log.new_file import new_file
from segclr_viewer.log.sentences import in_words
from segclr_viewer.log.store import connect_to_read


def backup_log(log_path: Path, out_path: Path) -> int:
    """Copy the log as it is at one moment into a new file, check the copy, and see it onto the disk.

    The copy is one file, a label log like the one copied, of the same version.

    Returns:
        How many events it holds.

    Raises:
        LabelStoreError: there is no such log, the new file is there already or cannot be written, or the log is
            damaged; no file is left behind.
    """
    with new_file(out_path) as unfinished, ExitStack() as open_files:
        with in_words(log_path):
            log = open_files.enter_context(closing(connect_to_read(log_path)))
            if version_of(log, log_path) == 0:
                raise LabelStoreError(f"{log_path} is empty, not a label log: check the path")
        with in_words(out_path):
            copy = open_files.enter_context(closing(sqlite3.connect(unfinished, isolation_level=None)))
            log.backup(copy)  # in one go, while the log's readers and its writer go on
            copy.execute("PRAGMA journal_mode = DELETE")  # all of it in the one file
        with in_words(log_path):
            return _check(copy, log_path)


def _check(copy: sqlite3.Connection, log_path: Path) -> int:
    found = copy.execute("PRAGMA integrity_check").fetchall()
    if found != [("ok",)]:
        raise LabelStoreError(f"the label file {log_path} is damaged ({found[0][0]}): it was not copied")
    return int(copy.execute("SELECT count(*) FROM event").fetchone()[0])
