"""One block's predictions: whole segments, averaged and classified as the app does it, and saved as one file."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from segclr.embeddings.aggregation import aggregate
from segclr.embeddings.bulk.job import JobFolder
from segclr.embeddings.parts import part_of
from segclr.embeddings.storage.stored_table import StoredTable
from segclr.embeddings.table import EmbeddingTable
from segclr.errors import TableError
from segclr.heads.over_segments import codes_of_segments, mean_over_segments
from segclr.heads.task_head import TaskHead
from segclr.predictions.plan import PredictionPlan, open_plan
from segclr.predictions.settings import PredictionSettings
from segclr.replacing import replacing_path


@dataclass(frozen=True, slots=True, eq=False)
class BlockPredictions:
    """Predictions of n rows of S segments.

    Attributes:
        classes: (n,) uint8.
        confidence: (n,) uint8, the calibrated probability of that class in 255ths.
        shares: (S, C) float32, the share of a segment's rows that have each class; of a head for segments, the mean of
            its rows' probabilities.
    """

    classes: NDArray[np.uint8]
    confidence: NDArray[np.uint8]
    shares: NDArray[np.float32]


def predict_part(part: EmbeddingTable, head: TaskHead) -> BlockPredictions:
    """Predict the rows of whole segments.

    Raises:
        TableError: An embedding is NaN or infinite.
    """
    vectors = aggregate(part, head.origin.aggregation_radius_um)
    if head.origin.unit == "segment":
        shares = mean_over_segments(head.head, vectors, part.first_row)
        return BlockPredictions(*codes_of_segments(shares, part.first_row), shares)
    classes, confidence = head.head.predict_codes(vectors)
    sizes = np.diff(part.first_row)
    cell = np.repeat(np.arange(len(sizes)) * head.head.class_count, sizes) + classes
    counts = np.bincount(cell, minlength=len(sizes) * head.head.class_count).reshape(len(sizes), -1)
    return BlockPredictions(classes, confidence, (counts / sizes[:, None]).astype(np.float32))


@dataclass(frozen=True, slots=True)
class PredictionWork:
    """What a process must know to predict blocks of a job; sent to workers."""

    settings: PredictionSettings

    def open(self) -> BlockPredictor:
        """Open table, plan and head.

        Raises:
            SegclrError: Something cannot be opened, or has changed since the job was begun.
        """
        folder = JobFolder.beside(Path(self.settings.out))
        stored = self.settings.open_table()
        folder.has_plan(self.settings.describe(stored))
        return BlockPredictor(folder, open_plan(folder.path), stored, self.settings.open_head(stored))


@dataclass(frozen=True, slots=True, eq=False)
class BlockPredictor:
    """An opened table, a plan, and a head."""

    folder: JobFolder
    plan: PredictionPlan
    stored: StoredTable
    head: TaskHead

    def do(self, block: int) -> int:
        """Predict a block and save its file; returns the number of its rows.

        Raises:
            SegclrError: Nothing is saved then.
        """
        first_id, last_id = self.plan.span(block)
        with_edges = self.head.origin.aggregation_radius_um > 0
        part = part_of(self.stored, first_id, last_id, with_edges)
        found = predict_part(part, self.head)
        save_block(file_of(self.folder, block), found)
        return len(found.classes)


def file_of(folder: JobFolder, block: int) -> Path:
    """Where the predictions of a block are."""
    return folder.block(block).with_suffix(".npz")


def save_block(path: Path, found: BlockPredictions) -> None:
    """Write a block's file, at once.

    Raises:
        TableError: It cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TableError(f"{path.parent} cannot be made: {error.strerror or error}") from None
    with replacing_path(path, TableError) as part, part.open("wb") as file:
        np.savez(file, classes=found.classes, confidence=found.confidence, shares=found.shares, allow_pickle=False)


def read_block(path: Path, column: str) -> NDArray[np.generic]:
    """Read one of the arrays of a block.

    Raises:
        TableError: The file is damaged.
    """
    try:
        with np.load(path, allow_pickle=False) as stored:
            found: NDArray[np.generic] = stored[column]
            return found
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise TableError(f"{path} is damaged ({error}): delete it, and the same command makes it again") from None
