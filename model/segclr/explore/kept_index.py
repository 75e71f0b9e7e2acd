"""An index of neighbours beside its table, so that it is built once and mapped from then on.

`neighbours-<radius>um.faiss` is the index, as faiss writes it, `neighbours-<radius>um.json` says what it is of. It is
of use only while the table is the same; a table that has changed has its index built anew, in the place of the old one.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from segclr.embeddings.storage.lock import writing_alone
from segclr.errors import TableError
from segclr.explore.faiss_index import FaissIndex, RowSlices, built_index, mapped_index
from segclr.explore.metric import Metric
from segclr.replacing import replacing_path

log = logging.getLogger(__name__)

_FORMAT = 1
_LOCK = "neighbours.lock"


@dataclass(frozen=True, slots=True)
class IndexStamp:
    """What an index is of.

    Attributes:
        table: the table's version.
        rows: of the table.
        radius_um: embeddings are averaged over nodes of their segment within it; 0 for the embeddings themselves.
        metric: what is near.
    """

    table: str
    rows: int
    radius_um: float
    metric: Metric = "cosine"


def kept_index(folder: Path, stamp: IndexStamp) -> FaissIndex | None:
    """The index that was kept, None if there is none of this table, or it is damaged."""
    path = _index_file(folder, stamp)
    try:
        if json.loads(_stamp_file(path).read_text(encoding="utf-8")) != _described(stamp, path.stat().st_size):
            return None  # of the table before it changed, or not written to its end
        return mapped_index(path)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        log.warning("the kept index of neighbours is built anew: %s", error)
        return None


def keep_index(
    folder: Path, stamp: IndexStamp, embeddings: RowSlices, tell: Callable[[float], None] = lambda share: None
) -> None:
    """Build an index and keep it, in the place of an older one; whoever has that mapped may go on with it.

    Args:
        folder: the table's.
        embeddings: (n, d) what the stamp says, read in slices from the first row to the last.
        tell: is told the share of the rows that are in.

    Raises:
        TableError: the folder cannot be written, the disk is full, or another program builds one for the same table.
    """
    with writing_alone(folder, _LOCK):
        index = built_index(embeddings, stamp.metric, tell)
        _write(index, folder, stamp)


def _write(index: FaissIndex, folder: Path, stamp: IndexStamp) -> None:
    path = _index_file(folder, stamp)
    # a crash between the two leaves an index without its stamp or with another size's, which is built anew
    with replacing_path(path, TableError) as part, part.open("wb") as file:
        index.write(file)
        file.flush()
        os.fsync(file.fileno())
        size = file.tell()
        _stamp_file(path).unlink(missing_ok=True)
    with replacing_path(_stamp_file(path), TableError) as part:
        part.write_text(json.dumps(_described(stamp, size), indent=1) + "\n", encoding="utf-8")


def _described(stamp: IndexStamp, size: int) -> dict[str, int | float | str]:
    return {"format_version": _FORMAT, **asdict(stamp), "bytes": size}


def _index_file(folder: Path, stamp: IndexStamp) -> Path:
    return folder / f"neighbours-{stamp.radius_um:g}um.faiss"


def _stamp_file(path: Path) -> Path:
    return path.with_suffix(".json")
