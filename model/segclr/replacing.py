"""Files that are there as a whole or not at all."""

from __future__ import annotations

import os
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
