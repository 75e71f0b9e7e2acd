"""What was predicted of whole segments as a layer's properties for Neuroglancer: a folder with one `info`.

Format: google/neuroglancer, src/datasource/precomputed/segment_properties.md.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from segclr.errors import TableError
from segclr.predictions.stored import NO_CLASS, StoredPredictions

KIND = "neuroglancer_segment_properties"
MOST_SEGMENTS = 1_000_000  # a viewer reads them all at once, some 100 bytes each
_ROWS_AT_ONCE = 1 << 22


def write_segment_layer(folder: Path, predictions: StoredPredictions, min_rows: int = 1) -> int:
    """Write classes as tags, and rows, confidence and shares of all classes as numbers; returns how many segments.

    Args:
        folder: that is there and empty.
        min_rows: segments with fewer are left out.

    Raises:
        TableError: No segment has so many rows, or more than a viewer can read have.
        OSError: The folder cannot be written.
    """
    sizes = np.diff(predictions.first_row)
    some = np.flatnonzero(sizes >= min_rows)
    if len(some) > MOST_SEGMENTS:
        enough = int(np.sort(sizes)[-MOST_SEGMENTS]) + 1
        raise TableError(
            f"{len(some)} segments are more than a viewer reads at once: leave small ones out with --min-rows {enough}"
        )
    if not len(some):
        raise TableError(f"no segment has {min_rows} rows or more: there is nothing to write")
    classes = predictions.origin.head.classes
    shares = predictions.shares[some]
    best, share = shares.argmax(axis=1), shares.max(axis=1)
    has = share > 0
    tags = [[int(found)] if known else [] for found, known in zip(best.tolist(), has.tolist(), strict=True)]
    properties: list[dict[str, object]] = [
        {
            "id": "class",
            "type": "tags",
            "tags": tags_of(classes),
            "tag_descriptions": list(classes),
            "values": tags,
        },
        _number("rows", "uint32", "rows of the table of embeddings", sizes[some]),
        _number("share", "float32", "share of its rows that have this class", share),
        _number("confidence", "float32", "mean confidence of its rows", _mean_confidence(predictions)[some]),
    ]
    words = tags_of([re.sub(r"\W+", "_", name) for name in classes])  # a viewer's filters name them: "share_axon>0.5"
    for word, name, of_class in zip(words, classes, shares.T, strict=True):
        properties.append(_number(f"share_{word}", "float32", f"share of its rows that are {name}", of_class))
    ids = [str(one) for one in predictions.segment_ids[some].tolist()]
    info = {"@type": KIND, "inline": {"ids": ids, "properties": properties}}
    (folder / "info").write_text(json.dumps(info, allow_nan=False), encoding="utf-8")
    return len(some)


def tags_of(class_names: Sequence[str]) -> list[str]:
    """Tags for class names: without spaces or a leading `#`, and different even when capitals do not count."""
    tags: list[str] = []
    for name in class_names:
        tag = plain = "_".join(name.split()).lstrip("#") or "class"
        number = 2
        while tag.casefold() in {taken.casefold() for taken in tags}:
            tag, number = f"{plain}_{number}", number + 1
        tags.append(tag)
    return tags


def _mean_confidence(predictions: StoredPredictions) -> NDArray[np.float64]:
    """Return (S,): the mean over the rows of a segment that have a class, 0 where none has."""
    segments = len(predictions.segment_ids)
    sums, counts = np.zeros(segments), np.zeros(segments)
    for start in range(0, len(predictions), _ROWS_AT_ONCE):
        rows = slice(start, min(len(predictions), start + _ROWS_AT_ONCE))
        segment = np.searchsorted(predictions.first_row, np.arange(rows.start, rows.stop), side="right") - 1
        first, has = int(segment[0]), predictions.classes[rows] != NO_CLASS
        some = slice(first, int(segment[-1]) + 1)
        sums[some] += np.bincount(segment[has] - first, predictions.confidence[rows][has], some.stop - first)
        counts[some] += np.bincount(segment[has] - first, minlength=some.stop - first)
    mean: NDArray[np.float64] = sums / np.maximum(counts, 1) / 255
    return mean


def _number(name: str, data_type: str, description: str, values: NDArray[np.generic]) -> dict[str, object]:
    rounded = [round(value, 4) for value in values.tolist()]
    return {"id": name, "type": "number", "data_type": data_type, "description": description, "values": rounded}
