"""Labels or predictions as a layer of points for Neuroglancer, with class, confidence and segment.

Written without Neuroglancer's own writer, which puts all points into one cell, so that a viewer must fetch them all:
here coarse levels hold a random sample, and finer ones the rest.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from segclr.predictions.annotation_layout import (
    CLASS,
    CONFIDENCE,
    KIND,
    SEGMENT,
    Property,
    encode_list,
    encode_single,
    info_of_classes,
    record_type,
)
from segclr.predictions.spatial_levels import POINTS_PER_CELL, levels_of
from segclr_viewer.exchange.atomic import replacing_folder
from segclr_viewer.exchange.errors import ExchangeError
from segclr_viewer.exchange.labels import CurrentLabel
from segclr_viewer.exchange.predictions import PredictionChunk
from segclr_viewer.points import NO_CLASS

MOST_POINTS = 200_000  # each is a file in the index by id
_RECORD = record_type(3, (Property(CONFIDENCE, "float32"), Property(CLASS, "uint8")))


@dataclass(frozen=True, slots=True, eq=False)
class AnnotatedPoints:
    """Points to write.

    Attributes:
        positions_nm: (n, 3) float64, xyz; kept as float32, as the format has it.
        classes: (n,) uint8.
        confidence: (n,) float32; 1 for labels.
        segment_ids: (n,) uint64.
    """

    positions_nm: NDArray[np.float64]
    classes: NDArray[np.uint8]
    confidence: NDArray[np.float32]
    segment_ids: NDArray[np.uint64]


def points_of_labels(labels: Sequence[CurrentLabel], class_names: Sequence[str]) -> AnnotatedPoints:
    """One point per label, in their order."""
    return AnnotatedPoints(
        np.array([label.position_nm for label in labels], np.float64).reshape(-1, 3),
        np.array([class_names.index(label.class_name) for label in labels], np.uint8),
        np.ones(len(labels), np.float32),
        np.array([label.segment_id for label in labels], np.uint64),
    )


def points_of_predictions(chunks: Iterable[PredictionChunk]) -> AnnotatedPoints:
    """One point per row that has a prediction, in order.

    Raises:
        ExchangeError: there are more than such a layer takes.
    """
    kept: list[AnnotatedPoints] = []
    total = 0
    for chunk in chunks:
        has = chunk.classes != NO_CLASS
        total += int(has.sum())
        if total > MOST_POINTS:
            raise _too_many()
        kept.append(
            AnnotatedPoints(chunk.positions_nm[has], chunk.classes[has], chunk.confidence[has], chunk.segment_ids[has])
        )
    return AnnotatedPoints(
        np.concatenate([np.empty((0, 3)), *(part.positions_nm for part in kept)]),
        np.concatenate([np.empty(0, np.uint8), *(part.classes for part in kept)]),
        np.concatenate([np.empty(0, np.float32), *(part.confidence for part in kept)]),
        np.concatenate([np.empty(0, np.uint64), *(part.segment_ids for part in kept)]),
    )


def write_annotations(
    folder: Path,
    points: AnnotatedPoints,
    class_names: Sequence[str],
    origin: dict[str, object],
    points_per_cell: int = POINTS_PER_CELL,
) -> int:
    """Write the layer; the id of an annotation is the point's index. Returns how many.

    Args:
        origin: what the points follow from; kept in `origin.json`, which Neuroglancer does not read.

    Raises:
        ExchangeError: there are none or too many points, or the folder cannot be written; what was there is still
            whole.
    """
    count = len(points.classes)
    if not count:
        raise ExchangeError(f"there is nothing to write to {folder}: a layer needs at least one point")
    if count > MOST_POINTS:
        raise _too_many()
    records = np.zeros(count, _RECORD)
    records["position"] = points.positions_nm
    records[f"property_{CONFIDENCE}"] = points.confidence
    records[f"property_{CLASS}"] = points.classes
    ids = np.arange(count, dtype=np.uint64)
    positions = records["position"]  # as they are written: cells are those that a reader finds
    lower = np.floor(positions.min(axis=0).astype(np.float64))
    extent = np.floor(positions.max(axis=0).astype(np.float64)) - lower + 1
    with replacing_folder(folder, KIND) as part:
        levels = []
        for number, level in enumerate(levels_of(positions, lower, extent, points_per_cell)):
            key = f"spatial{number}"
            (part / key).mkdir()
            for cell, first, stop in zip(level.cells.tolist(), level.first, level.first[1:], strict=False):
                chosen = level.points[first:stop]
                (part / key / "_".join(map(str, cell))).write_bytes(encode_list(records[chosen], ids[chosen]))
            levels.append(level.to_json(key))
        _write_indices(part, records, ids, points.segment_ids)
        info = {
            **info_of_classes(lower, extent, class_names, "calibrated probability of the class; 1 for labels"),
            "relationships": [{"id": SEGMENT, "key": SEGMENT}],
            "by_id": {"key": "by_id"},
            "spatial": levels,
        }
        (part / "info").write_text(json.dumps(info), encoding="utf-8")
        (part / "origin.json").write_text(json.dumps(origin, indent=1), encoding="utf-8")
    return count


def _write_indices(
    part: Path, records: NDArray[np.void], ids: NDArray[np.uint64], segment_ids: NDArray[np.uint64]
) -> None:
    """The index by id, and the annotations of every segment."""
    (part / "by_id").mkdir()
    for index, segment_id in enumerate(segment_ids.tolist()):
        (part / "by_id" / str(index)).write_bytes(encode_single(records[index : index + 1], segment_id))
    (part / SEGMENT).mkdir()
    order = np.argsort(segment_ids, kind="stable")
    found, starts = np.unique(segment_ids[order], return_index=True)
    for segment_id, members in zip(found.tolist(), np.split(order, starts[1:]), strict=True):
        (part / SEGMENT / str(segment_id)).write_bytes(encode_list(records[members], ids[members]))


def _too_many() -> ExchangeError:
    return ExchangeError(
        f"a layer of annotations takes at most {MOST_POINTS} points, each being a file: export them as csv or parquet, "
        "or in shards by `python -m segclr.predictions.export`"
    )
