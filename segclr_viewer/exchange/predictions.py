"""Predictions on their way out: in chunks of rows, with the stamp that says what they follow from."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segclr.embeddings.table import EmbeddingTable
from segclr_viewer.points import Points

ROWS_AT_ONCE = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictionStamp:
    """What predictions follow from; equal stamps, equal predictions.

    Attributes:
        head: 16 hex digits that name the head by task, log position and table.
        log_position: number of the last label event that the head was fitted after.
        table_version, encoder_hash: of the embeddings.
        segmentation: version that the segment ids and positions belong to.
    """

    project: str
    task: str
    unit: str
    classes: tuple[str, ...]
    segmentation: str
    head: str
    log_position: int
    table_version: str
    encoder_hash: str


@dataclass(frozen=True, slots=True, eq=False)
class PredictionChunk:
    """Consecutive rows of the table.

    Attributes:
        first_row: number of the first one.
        segment_ids: (k,) uint64.
        positions_nm: (k, 3) float64, xyz.
        classes: (k,) uint8 indices, NO_CLASS where nothing is predicted.
        confidence: (k,) float32, calibrated probability of that class in steps of 1/255.
    """

    first_row: int
    segment_ids: NDArray[np.uint64]
    positions_nm: NDArray[np.float64]
    classes: NDArray[np.uint8]
    confidence: NDArray[np.float32]


def prediction_chunks(
    table: EmbeddingTable, points: Points, rows_at_once: int = ROWS_AT_ONCE
) -> Iterator[PredictionChunk]:
    """The predictions of all rows in order; the table's columns are read as they are needed."""
    for start in range(0, len(table), rows_at_once):
        rows = slice(start, min(start + rows_at_once, len(table)))
        yield PredictionChunk(
            first_row=start,
            segment_ids=table.segment_of_rows(np.arange(rows.start, rows.stop)),
            positions_nm=np.asarray(table.positions_nm[rows], np.float64),
            classes=points.classes[rows],
            confidence=points.confidence[rows].astype(np.float32) / np.float32(255),
        )
