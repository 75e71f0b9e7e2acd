"""One writer at a time: a lock that the operating system takes back when its process ends, however it ends."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from segclr.errors import TableError

LOCK = "writer.lock"


@contextmanager
def writing_alone(folder: Path, lock: str = LOCK) -> Iterator[None]:
    """Hold the lock of a table's folder, which must exist.

    Args:
        lock: another one of its own for what lies beside the table.

    Raises:
        TableError: Another writer holds it, or the folder cannot be written.
    """
    path = folder / lock
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise TableError(f"the embedding table cannot be written to {folder}: {error.strerror or error}") from None
    try:
        if not _locked(file):
            os.lseek(file, 1, os.SEEK_SET)
            holder = os.read(file, 20).decode(errors="replace")
            raise TableError(
                f"another program (process {holder}) is writing to the embedding table {folder}: wait until it ends"
            )
        os.ftruncate(file, 0)
        os.lseek(file, 1, os.SEEK_SET)  # the first byte is what Windows locks, and then nobody can read
        os.write(file, str(os.getpid()).encode())
        yield
    finally:
        os.close(file)


def _locked(file: int) -> bool:
    """Take the lock of an open file if it is free."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
