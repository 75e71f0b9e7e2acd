"""Segment properties for Neuroglancer: a folder with one `info`, which a segmentation layer takes as a second source.

Format: google/neuroglancer, src/datasource/precomputed/segment_properties.md.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from segclr.predictions.segment_layer import KIND, tags_of
from segclr_viewer.exchange.atomic import replacing_folder
from segclr_viewer.exchange.segments import SegmentClasses


def write_segment_properties(
    folder: Path, segments: SegmentClasses, class_names: Sequence[str], origin: dict[str, object]
) -> int:
    """Write classes as tags, and counts, confidence and share as numbers; returns how many segments.

    Args:
        origin: what the properties follow from; kept in `origin.json` beside `info`, which Neuroglancer does not read.

    Raises:
        ExchangeError: the folder cannot be written, or is something else; what was there is still whole.
    """
    info = segment_properties_info(segments, class_names)
    with replacing_folder(folder, KIND) as part:
        (part / "info").write_text(json.dumps(info, allow_nan=False), encoding="utf-8")
        (part / "origin.json").write_text(json.dumps(origin, indent=1), encoding="utf-8")
    return len(segments.segment_ids)


def segment_properties_info(segments: SegmentClasses, class_names: Sequence[str]) -> dict[str, object]:
    """The content of `info`; ids are decimal strings, since JavaScript's numbers would round them."""
    properties: list[dict[str, object]] = [
        {
            "id": "class",
            "type": "tags",
            "tags": tags_of(class_names),
            "tag_descriptions": list(class_names),
            "values": [list(found) for found in segments.classes],
        },
        _number("labels", "uint32", "number of labels", segments.label_counts),
    ]
    if segments.confidence is not None:
        properties.append(_number("confidence", "float32", "mean confidence of its nodes", segments.confidence))
    if segments.share is not None:
        properties.append(_number("share", "float32", "share of its nodes that have this class", segments.share))
    return {"@type": KIND, "inline": {"ids": [str(one) for one in segments.segment_ids], "properties": properties}}


def _number(
    name: str, data_type: str, description: str, values: NDArray[np.uint32] | NDArray[np.float32]
) -> dict[str, object]:
    rounded = [round(value, 4) for value in values.tolist()]
    return {"id": name, "type": "number", "data_type": data_type, "description": description, "values": rounded}
