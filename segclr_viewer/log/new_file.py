"""Files that appear whole or not at all, and never in place of another one."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from segclr.errors import LabelStoreError


@contextmanager
def new_file(path: Path) -> Iterator[Path]:
    """Hand out the path of an empty file beside `path`, which gets that name once all of it is on disk.

    Raises:
        LabelStoreError: there is a file of that name, or it cannot be written; nothing is left behind.
    """
    refuse_taken(path)
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        unfinished.touch(exist_ok=False)
    except OSError as error:
        raise LabelStoreError(f"{path} cannot be written ({error.strerror}): check its folder") from error
    try:
        yield unfinished
        _to_disk(unfinished)
        _give_name(unfinished, path)
        with suppress(OSError):  # some file systems cannot do it for folders
            _to_disk(path.parent)
    except OSError as error:
        if isinstance(error, LabelStoreError):
            raise
        raise LabelStoreError(f"{path} could not be written ({error.strerror}): check its disk") from error
    finally:
        unfinished.unlink(missing_ok=True)


def refuse_taken(path: Path) -> None:
    """Make sure that there is nothing of that name.

    Raises:
        LabelStoreError: there is.
    """
    if os.path.lexists(path):
        raise _taken(path)


def _give_name(unfinished: Path, path: Path) -> None:
    try:
        os.link(unfinished, path)  # unlike renaming it never replaces a file
    except FileExistsError:
        raise _taken(path) from None
    except OSError:  # a file system without links
        if os.path.lexists(path):
            raise _taken(path) from None
        unfinished.rename(path)


def _taken(path: Path) -> LabelStoreError:
    return LabelStoreError(f"{path} is there already and is left as it is: name another file")


def _to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
