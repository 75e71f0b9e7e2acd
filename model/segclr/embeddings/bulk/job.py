"""The folder of a job that is not finished: its plan, what came of each block that is done, and a progress file.

A block is done when its table's index, or its file, is there, which is written last and at once; nothing else is
believed. So a job may be killed at any moment, and what is done twice by two processes is the same.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from segclr.embeddings.table import table_exists
from segclr.errors import TableError

_JOB, _PROGRESS = "job.json", "progress.json"


class Saved(Protocol):
    """What a job's blocks are cut from."""

    def save(self, folder: Path) -> None: ...


@dataclass(frozen=True, slots=True)
class JobFolder:
    """Where a job's files are: beside the table, and seen by every worker."""

    path: Path

    @classmethod
    def beside(cls, result: Path) -> JobFolder:
        """The folder of the job that makes a table or another folder."""
        return cls(result.with_name(f"{result.name}.unfinished"))

    def has_plan(self, described: Mapping[str, object]) -> bool:
        """Return whether the job was begun before.

        Args:
            described: all that the result depends on, as JSON can have it.

        Raises:
            TableError: It was, with something else; it is said what.
        """
        try:
            begun = json.loads((self.path / _JOB).read_text("utf-8"))
            now = json.loads(json.dumps(dict(described)))
            found = [f"{key} {begun.get(key)}, now {value}" for key, value in now.items() if begun.get(key) != value]
        except FileNotFoundError:
            return False
        except (OSError, ValueError, AttributeError) as error:
            raise TableError(f"{self.path / _JOB} is damaged ({error}): delete {self.path} to begin anew") from None
        if found:
            raise TableError(
                f"the job in {self.path} was begun with other settings: {'; '.join(found)}: give those again, or "
                "delete that folder to begin anew"
            )
        return True

    def begin(self, plan: Saved, described: Mapping[str, object]) -> None:
        """Write the plan, and then that it is there.

        Raises:
            TableError: It cannot be written.
        """
        try:
            plan.save(self.path)
            _write_at_once(self.path / _JOB, json.dumps(dict(described), indent=1))
        except OSError as error:
            raise TableError(f"{self.path} cannot be written: {error.strerror or error}") from None

    def block(self, number: int) -> Path:
        """Where what comes of a block is: a folder, or a file of that name."""
        return self.path / "blocks" / f"{number // 1000:04d}" / f"{number:07d}"

    def done(self, blocks: int, is_there: Callable[[Path], bool] = table_exists) -> set[int]:
        """Return which blocks are done; `is_there` says so of the place that `block` gives."""
        return {number for number in range(blocks) if is_there(self.block(number))}

    def make(self) -> None:
        """Make the folder.

        Raises:
            TableError: It cannot be made.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise TableError(f"{self.path} cannot be made: {error.strerror or error}") from None

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
