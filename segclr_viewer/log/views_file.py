"""Views with a name, and the selections that views and links speak of, in small files beside the label log.

A selection is named by its content, so that a link stays good however often the same one is kept. Nobody knows which
links are about, so one that no view names is deleted when it has not been kept or brought back for `UNUSED_DAYS`.
"""

import base64
import hashlib
import json
import os
import zlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, get_args

from segclr.errors import LabelStoreError
from segclr.replacing import replacing_path
from segclr_viewer.log.beside import selections_path, views_path

MOST_VIEWS = 500
UNUSED_DAYS = 90

_VERSION = 1
_LARGEST_MASK = 2**30  # bytes; no table has so many rows

KeptOrigin = Literal["lasso", "segments"]


@dataclass(frozen=True, slots=True)
class KeptView:
    """A view: its name, the page's own text of it, whose it is, and since when (ISO 8601)."""

    name: str
    view: str
    by: str
    at: str


@dataclass(frozen=True, slots=True)
class KeptSelection:
    """A selection.

    Attributes:
        table: version of the table that its rows are of.
        origin: whether it was made of rows, or of segments.
        bits: a bit for each row of the table, `selection.packed`.
        segments: in the order of the viewer, of one that was made there; else empty.
    """

    table: str
    origin: KeptOrigin
    bits: bytes
    segments: tuple[int, ...] = ()


class ViewsFile:
    """The files.

    Args:
        log: the label log that they lie beside.
    """

    def __init__(self, log: Path) -> None:
        self._path = views_path(log)
        self._folder = selections_path(log)

    def views(self) -> list[KeptView]:
        """All views, the newest first; none where there is no file.

        Raises:
            LabelStoreError: the file cannot be read, or is another program's.
        """
        try:
            content = json.loads(self._path.read_text(encoding="utf-8"))
            if content["version"] != _VERSION:
                raise ValueError
            return [KeptView(*(str(each[name]) for name in ("name", "view", "by", "at"))) for each in content["views"]]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise LabelStoreError(f"{self._path} cannot be read ({error.strerror}): check its permissions") from None
        except (ValueError, KeyError, TypeError):
            raise LabelStoreError(f"{self._path} holds no views: move it away to begin with none") from None

    def write(self, views: Sequence[KeptView]) -> None:
        """Put these in the place of all; on disk when this returns.

        Raises:
            LabelStoreError: they cannot be written; what was there is still whole.
        """
        text = json.dumps({"version": _VERSION, "views": [asdict(view) for view in views]}, indent=1)
        with replacing_path(self._path, LabelStoreError) as part:
            part.write_text(text + "\n", encoding="utf-8")

    def keep(self, selection: KeptSelection) -> str:
        """Keep a selection; returns its name. On disk when this returns.

        Raises:
            LabelStoreError: it cannot be written.
        """
        content = {
            "version": _VERSION,
            "table": selection.table,
            "origin": selection.origin,
            "segments": [str(segment_id) for segment_id in selection.segments],
            "bits": base64.b64encode(zlib.compress(selection.bits, 6)).decode(),
        }
        text = json.dumps(content)
        name = hashlib.blake2b(text.encode(), digest_size=12).hexdigest()
        path = self._folder / f"{name}.json"
        if path.exists():
            _used_now(path)
        else:
            try:
                self._folder.mkdir(exist_ok=True)
            except OSError as error:
                raise LabelStoreError(f"{self._folder} cannot be made ({error.strerror}): check the disk") from None
            with replacing_path(path, LabelStoreError) as part:
                part.write_text(text, encoding="utf-8")
        return name

    def selection(self, name: str) -> KeptSelection:
        """The selection with that name, which is looked for among those that are there.

        Raises:
            LabelStoreError: it is not there, or damaged.
        """
        path = next((path for path in self._folder.glob("*.json") if path.stem == name), None)
        if path is None:
            raise LabelStoreError("that selection is not kept here any more: select the points again")
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            origin = content["origin"]
            if content["version"] != _VERSION or origin not in get_args(KeptOrigin):
                raise ValueError
            bits = zlib.decompressobj().decompress(base64.b64decode(content["bits"]), _LARGEST_MASK)
            _used_now(path)
            return KeptSelection(str(content["table"]), origin, bits, tuple(int(each) for each in content["segments"]))
        except OSError as error:
            raise LabelStoreError(f"{path} cannot be read ({error.strerror}): check its permissions") from None
        except (ValueError, KeyError, TypeError, zlib.error):
            raise LabelStoreError(f"{path} holds no selection any more: select the points again") from None

    def delete_unused(self, now_s: float) -> int:
        """Delete the selections that no view names and that were not used for `UNUSED_DAYS`.

        Args:
            now_s: seconds since 1970.

        Returns:
            How many are deleted.

        Raises:
            LabelStoreError: the views cannot be read, so that nobody knows what they name; nothing is deleted.
        """
        named = " ".join(view.view for view in self.views())
        deleted = 0
        for path in self._folder.glob("*.json"):
            with suppress(OSError):  # one that cannot be deleted does no harm
                if path.stat().st_mtime < now_s - UNUSED_DAYS * 86_400 and path.stem not in named:
                    path.unlink()
                    deleted += 1
        return deleted


def _used_now(path: Path) -> None:
    with suppress(OSError):  # where nothing can be written nothing is deleted either
        os.utime(path)
