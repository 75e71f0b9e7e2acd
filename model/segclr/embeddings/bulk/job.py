"""The folder of a job that is not finished: its plan, a table for each block that is done, and a progress file.

A block is done when its table's index is there, which is written last and at once; nothing else is believed. So a job
may be killed at any moment, and what is done twice by two processes is the same.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from segclr.embeddings.bulk.plan import Plan, open_plan
from segclr.embeddings.bulk.settings import BulkSettings
from segclr.embeddings.table import table_exists
from segclr.errors import TableError

_JOB, _PROGRESS = "job.json", "progress.json"


@dataclass(frozen=True, slots=True)
class JobFolder:
    """Where a job's files are: beside the table, and seen by every worker."""

    path: Path

    @classmethod
    def of(cls, settings: BulkSettings) -> JobFolder:
        """The folder of the job that makes a table."""
        table = Path(settings.table_folder)
        return cls(table.with_name(f"{table.name}.unfinished"))

    def has_plan(self, settings: BulkSettings, encoder_hash: str) -> bool:
        """Return whether the job was begun before.

        Raises:
            TableError: It was, with other settings or another encoder; it is said which.
        """
        try:
            begun = json.loads((self.path / _JOB).read_text("utf-8"))
            found = settings.differences(json.dumps(begun["settings"]))
            if begun["encoder_hash"] != encoder_hash:
                found.append(f"encoder {begun['encoder_hash']}, now {encoder_hash}")
        except FileNotFoundError:
            return False
        except (OSError, ValueError, KeyError, AttributeError) as error:
            raise TableError(f"{self.path / _JOB} is damaged ({error}): delete {self.path} to begin anew") from None
        if found:
            raise TableError(
                f"the bulk embedding in {self.path} was begun with other settings: {'; '.join(found)}: give those "
                "again, or delete that folder to begin anew"
            )
        return True

    def begin(self, plan: Plan, settings: BulkSettings, encoder_hash: str) -> None:
        """Write the plan, and then that it is there.

        Raises:
            TableError: It cannot be written.
        """
        try:
            plan.save(self.path)
            job = {"settings": json.loads(settings.to_json()), "encoder_hash": encoder_hash}
            _write_at_once(self.path / _JOB, json.dumps(job, indent=1))
        except OSError as error:
            raise TableError(f"{self.path} cannot be written: {error.strerror or error}") from None

    def plan(self) -> Plan:
        """Read the plan; see `open_plan`."""
        return open_plan(self.path)

    def block(self, number: int) -> Path:
        """Where the table of a block is."""
        return self.path / "blocks" / f"{number // 1000:04d}" / f"{number:07d}"

    def done(self, blocks: int) -> set[int]:
        """Return which blocks have their table."""
        return {number for number in range(blocks) if table_exists(self.block(number))}

    def write_progress(self, done: int, blocks: int, failed: Mapping[int, str]) -> None:
        """Replace the progress file, which is for people and other programs to read.

        Raises:
            TableError: It cannot be written.
        """
        progress = {"blocks": blocks, "done": done, "failed": {str(block): why for block, why in failed.items()}}
        try:
            _write_at_once(self.path / _PROGRESS, json.dumps(progress, indent=1))
        except OSError as error:
            raise TableError(f"{self.path} cannot be written: {error.strerror or error}") from None

    def remove(self) -> None:
        """Delete everything, at once for whoever looks for the job; a kill leaves files that the next job removes."""
        finished = self.path.with_suffix(".finished")
        shutil.rmtree(finished, ignore_errors=True)
        try:
            self.path.rename(finished)
        except OSError:
            finished = self.path  # Windows renames no folder with an open file
        shutil.rmtree(finished, ignore_errors=True)


def _write_at_once(path: Path, text: str) -> None:
    part = path.with_name(f"{path.name}.part")
    with part.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
