"""Writing files and folders so that a reader sees the old one or the new one whole, whenever the program ends."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from segclr.errors import SegclrError
from segclr.replacing import replacing_path
from segclr_viewer.exchange.errors import ExchangeError


@contextmanager
def replacing_text(path: Path) -> Iterator[TextIO]:
    """Open a UTF-8 text file, with line ends as written, that takes the place of `path` when the block ends well.

    Raises:
        ExchangeError: the file cannot be written; what was there is still whole.
    """
    with replacing_path(path, ExchangeError) as part, part.open("w", encoding="utf-8", newline="") as file:
        yield file


@contextmanager
def replacing_folder(path: Path, kind: str) -> Iterator[Path]:
    """Give a new folder to fill; it takes the place of `path` when the block ends well.

    Args:
        kind: the `@type` in the folder's `info`; a folder that is there is replaced only if its own is the same.

    Raises:
        ExchangeError: the folder cannot be written, or `path` is something else; what was there is still whole.
    """
    if path.exists() and _kind_of(path) != kind:
        raise ExchangeError(f"{path} is there already and is no earlier export of this kind: name another folder")
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
    except OSError as error:
        raise ExchangeError(
            f"{path} cannot be written ({error.strerror or error}): check the folder and disk"
        ) from None
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _kind_of(path: Path) -> str:
    try:
        info = json.loads((path / "info").read_bytes())
    except (OSError, ValueError):
        return ""
    return str(info.get("@type", "")) if isinstance(info, dict) else ""
