"""A copy of the label log and of what lies beside it, safe while an app writes to them."""

import os
import secrets
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

from segclr.errors import LabelStoreError
from segclr_viewer.log.beside import selections_path, training_path, views_path
from segclr_viewer.log.migrations import version_of
from segclr_viewer.log.new_file import new_file, refuse_taken
from segclr_viewer.log.sentences import in_words
from segclr_viewer.log.store import connect_to_read


def backup_log(log_path: Path, out_path: Path) -> int:
    """Copy the log as it is at one moment into a new file, check the copy, and see it onto the disk.

    The copy is one file, a label log like the one copied, of the same version. What lies beside the log is copied
    before it and lies beside the copy: the choice of what trains, the saved views and the kept selections.

    Returns:
        How many events it holds.

    Raises:
        LabelStoreError: there is no such log, a new file is there already or cannot be written, or the log is
            damaged; no file is left behind.
    """
    with _copied_beside(log_path, out_path), new_file(out_path) as unfinished, ExitStack() as open_files:
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


@contextmanager
def _copied_beside(log_path: Path, out_path: Path) -> Iterator[None]:
    """Copy what lies beside the log; the copies are taken away again if what follows fails."""
    for path in (out_path, *(path_of(out_path) for path_of in (training_path, views_path, selections_path))):
        refuse_taken(path)  # what is left there of another log would be taken for this one's
    with ExitStack() as undo:
        # the views first: all selections that they name are there for as long as they name them
        for path_of in (training_path, views_path):
            with suppress(FileNotFoundError):
                content = _read(path_of(log_path))
                with new_file(path_of(out_path)) as unfinished:
                    unfinished.write_bytes(content)
                undo.callback(path_of(out_path).unlink, missing_ok=True)
        if selections_path(log_path).is_dir():
            _copy_selections(selections_path(log_path), selections_path(out_path))
            undo.callback(shutil.rmtree, selections_path(out_path), ignore_errors=True)
        yield
        undo.pop_all()


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise LabelStoreError(f"{path} cannot be read ({error.strerror}): check its permissions") from None


def _copy_selections(folder: Path, out: Path) -> None:
    """Copy those that are whole, with the times of their last use."""
    unfinished = out.with_name(f".{out.name}.{secrets.token_hex(4)}")
    try:
        unfinished.mkdir()
        for path in sorted(folder.glob("*.json")):
            with suppress(FileNotFoundError):  # deleted meanwhile: nothing names it
                content, times = _read(path), path.stat()
                with new_file(unfinished / path.name) as part:
                    part.write_bytes(content)
                os.utime(unfinished / path.name, ns=(times.st_atime_ns, times.st_mtime_ns))
        unfinished.rename(out)
    except OSError as error:
        if isinstance(error, LabelStoreError):
            raise
        raise LabelStoreError(f"{out} could not be written ({error.strerror}): check its disk") from None
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
