"""Files and folders that are there as a whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from segclr.errors import SegclrError


@contextmanager
def replacing_path(path: Path, error: type[SegclrError]) -> Iterator[Path]:
    """Give the name of a file to write; it takes the place of `path` when the block ends well.

    Raises:
        SegclrError: Of the kind `error`: the file cannot be written; what was there is still whole.
    """
    part = path.with_name(path.name + ".part")
    try:
        yield part
        with part.open("r+b") as written:
            os.fsync(written.fileno())
        part.replace(path)
    except SegclrError:  # some are OSErrors, too
        raise
    except OSError as why:
        raise error(f"{path} cannot be written ({why.strerror or why}): check the folder and disk") from None
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def replacing_folder(path: Path, error: type[SegclrError]) -> Iterator[Path]:
    """Give a new folder to fill; it takes the place of `path`, whatever that is, when the block ends well.

    Raises:
        SegclrError: Of the kind `error`: the folder cannot be written; what was there is still whole.
    """
    part, old = path.with_name(path.name + ".part"), path.with_name(path.name + ".old")
    try:
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        yield part
        if path.exists():
            shutil.rmtree(old, ignore_errors=True)
            path.rename(old)
        part.rename(path)
        shutil.rmtree(old, ignore_errors=True)
    except SegclrError:  # some are OSErrors, too
        raise
    except OSError as why:
        raise error(f"{path} cannot be written ({why.strerror or why}): check the folder and disk") from None
    finally:
        shutil.rmtree(part, ignore_errors=True)
