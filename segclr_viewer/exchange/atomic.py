"""Writing files and folders so that a reader sees the old one or the new one whole, whenever the program ends."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import segclr.replacing
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
    with segclr.replacing.replacing_folder(path, ExchangeError) as part:
        yield part


def _kind_of(path: Path) -> str:
    try:
        info = json.loads((path / "info").read_bytes())
    except (OSError, ValueError):
        return ""
    return str(info.get("@type", "")) if isinstance(info, dict) else ""
