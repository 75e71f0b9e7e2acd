"""The blocks of a bulk prediction: runs of whole segments, made once, then read from files by every process."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from segclr.embeddings.parts import Segments
from segclr.errors import TableError

_COLUMNS = ("segment_ids", "first_row", "first_segment")


@dataclass(frozen=True, slots=True, eq=False)
class PredictionPlan:
    """The segments of a table in B blocks.

    Attributes:
        segments: all of the table's.
        first_segment: (B + 1,) int64; block b has the segments `first_segment[b]:first_segment[b + 1]`.
    """

    segments: Segments
    first_segment: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.first_segment) - 1

    def span(self, block: int) -> tuple[int, int]:
        """Return the first and the last segment id of a block."""
        first, end = self.first_segment[block : block + 2].tolist()
        return int(self.segments.ids[first]), int(self.segments.ids[end - 1])

    def rows(self, block: int) -> int:
        first, end = self.first_segment[block : block + 2]
        return int(self.segments.first_row[end] - self.segments.first_row[first])

    def segment_count(self, block: int) -> int:
        return int(self.first_segment[block + 1] - self.first_segment[block])

    def save(self, folder: Path) -> None:
        """Write the plan's columns to a folder; what shall count is for the caller to say."""
        columns = (self.segments.ids, self.segments.first_row, self.first_segment)
        for name, column in zip(_COLUMNS, columns, strict=True):
            with (folder / f"{name}.npy").open("wb") as file:
                np.save(file, column, allow_pickle=False)
                file.flush()
                os.fsync(file.fileno())


def open_plan(folder: Path) -> PredictionPlan:
    """Map the columns of a plan.

    Raises:
        TableError: They cannot be read.
    """
    try:
        ids, first_row, first_segment = (
            np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False).view(np.ndarray) for name in _COLUMNS
        )
    except (OSError, ValueError) as error:
        raise TableError(
            f"the plan of the bulk prediction in {folder} cannot be read ({error}): every worker must see this folder"
        ) from None
    return PredictionPlan(Segments(ids, first_row), first_segment)
