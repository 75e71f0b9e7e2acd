"""What a bulk prediction is of, and where it goes."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from segclr.em.address import absolute_path
from segclr.embeddings.storage.stored_table import StoredTable, open_stored
from segclr.errors import ProjectError, TableError
from segclr.heads.task_head import TaskHead, hash_of_head, open_task_head

ROWS_AT_ONCE = 1 << 19


@dataclass(frozen=True, slots=True)
class PredictionSettings:
    """All that predictions depend on; sent to workers.

    Attributes:
        table: folder or address.
        head: file that `TaskHead.save` wrote.
        out: folder for the predictions.
        rows_at_once: of a block, unless a segment has more.
    """

    table: str
    head: str
    out: str
    rows_at_once: int = ROWS_AT_ONCE

    def open_table(self) -> StoredTable:
        """Open the table.

        Raises:
            TableError: There is none, or a part of it is damaged.
        """
        stored = open_stored(self.table)
        stored.readers()
        if stored.damage:
            raise TableError(f"a damaged table is not predicted: {stored.damage[0]}")
        return stored

    def open_head(self, stored: StoredTable) -> TaskHead:
        """Open the head.

        Raises:
            CheckpointMismatch: There is none, or it is for other embeddings than the table's.
        """
        head = open_task_head(Path(self.head))
        head.check_fits(stored.provenance, stored.dimensions, self.table)
        return head

    def describe(self, stored: StoredTable) -> dict[str, object]:
        """All that the predictions depend on, as JSON can have it."""
        return {
            "table": self.table,
            "shards": [shard.name for shard in stored.manifest.shards],
            "head": hash_of_head(Path(self.head)),
            "rows_at_once": self.rows_at_once,
        }


def table_named(place: str) -> str:
    """Return the folder or address of a table, which may be named by the project file that has it.

    Raises:
        ProjectError: The project file cannot be read, or names no table.
    """
    if "://" in place:
        return place
    path = Path(place)
    if path.suffix != ".toml":
        return str(path.resolve())
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ProjectError(f"the project file {path} cannot be read ({error.strerror}): check the path") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ProjectError(f"{path} is not TOML: {error}") from None
    table = found.get("table")
    folder = table.get("folder") if isinstance(table, dict) else None
    if not isinstance(folder, str) or not folder.strip():
        raise ProjectError(f"{path}: table.folder is missing: name the table instead of the project")
    return absolute_path(folder, path.resolve().parent)
