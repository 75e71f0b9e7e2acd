"""Labels and predictions as Parquet files, for which pyarrow must be installed; ids are uint64 there, never floats."""

import importlib
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from segclr.replacing import replacing_path
from segclr_viewer.exchange.errors import ExchangeError
from segclr_viewer.exchange.labels import CurrentLabel
from segclr_viewer.exchange.predictions import PredictionChunk, PredictionStamp
from segclr_viewer.exchange.selection import SelectedRows, selection_columns, stamp_of_selection
from segclr_viewer.points import NO_CLASS

STAMP_KEY = b"segclr.stamp"  # in the file's own metadata: the stamp as JSON
_LABELS_AT_ONCE = 1 << 16


def write_labels_parquet(path: Path, labels: Iterable[CurrentLabel]) -> int:
    """Write labels, with the columns of the CSV file; returns how many.

    Raises:
        ExchangeError: pyarrow is missing, or the file cannot be written; what was there is still whole.
    """
    arrow, parquet = _arrow()
    texts = ("task", "class", "segmentation", "annotator", "provenance", "at", "uuid")
    schema = arrow.schema(
        [
            *((name, arrow.string()) for name in texts[:2]),
            ("segment_id", arrow.uint64()),
            *((name, arrow.float64()) for name in ("x_nm", "y_nm", "z_nm")),
            *((name, arrow.string()) for name in texts[2:]),
        ]
    )
    every = list(labels)
    with replacing_path(path, ExchangeError) as part, parquet.ParquetWriter(part, schema) as writer:
        for start in range(0, max(1, len(every)), _LABELS_AT_ONCE):
            writer.write_table(_label_table(arrow, schema, every[start : start + _LABELS_AT_ONCE]))
    return len(every)


def write_predictions_parquet(path: Path, chunks: Iterable[PredictionChunk], stamp: PredictionStamp) -> int:
    """Write predictions, one row group per chunk; class and confidence are null where nothing is predicted.

    The stamp is JSON under `segclr.stamp` in the file's metadata, and its `head` the column `stamp`. Returns how many.

    Raises:
        ExchangeError: pyarrow is missing, or the file cannot be written; what was there is still whole.
    """
    arrow, parquet = _arrow()
    text = arrow.dictionary(arrow.int16(), arrow.string())
    schema = arrow.schema(
        [
            ("row", arrow.int64()),
            ("segment_id", arrow.uint64()),
            *((name, arrow.float64()) for name in ("x_nm", "y_nm", "z_nm")),
            ("class", text),
            ("confidence", arrow.float32()),
            ("stamp", text),
        ],
        metadata={STAMP_KEY: json.dumps(asdict(stamp)).encode()},
    )
    names, heads = arrow.array(list(stamp.classes)), arrow.array([stamp.head])
    count = 0
    with replacing_path(path, ExchangeError) as part, parquet.ParquetWriter(part, schema) as writer:
        for chunk in chunks:
            rows = len(chunk.classes)
            nothing = chunk.classes == NO_CLASS
            codes = np.where(nothing, 0, chunk.classes).astype(np.int16)
            columns = [
                arrow.array(np.arange(chunk.first_row, chunk.first_row + rows, dtype=np.int64)),
                arrow.array(chunk.segment_ids),
                *(arrow.array(np.ascontiguousarray(column)) for column in chunk.positions_nm.T),
                arrow.DictionaryArray.from_arrays(arrow.array(codes, mask=nothing), names),
                arrow.array(chunk.confidence, mask=nothing),
                arrow.DictionaryArray.from_arrays(arrow.array(np.zeros(rows, np.int16)), heads),
            ]
            writer.write_table(arrow.Table.from_arrays(columns, schema=schema))
            count += rows
    return count


def selection_parquet(selected: SelectedRows) -> bytes:
    """The selected rows as a file, in columns of their own types; the file's metadata say what it follows from.

    Raises:
        ExchangeError: pyarrow is missing.
    """
    arrow, parquet = _arrow()
    columns = selection_columns(selected)
    table = arrow.table({name: arrow.array(np.ascontiguousarray(values)) for name, values in columns.items()})
    stamp = json.dumps(stamp_of_selection(selected)).encode()
    file = io.BytesIO()
    parquet.write_table(table.replace_schema_metadata({STAMP_KEY: stamp}), file)
    return file.getvalue()


def _label_table(arrow: Any, schema: Any, labels: Sequence[CurrentLabel]) -> Any:
    columns = [
        arrow.array([label.task for label in labels], arrow.string()),
        arrow.array([label.class_name for label in labels], arrow.string()),
        arrow.array(np.array([label.segment_id for label in labels], np.uint64)),
        *(arrow.array(np.array([label.position_nm[axis] for label in labels], np.float64)) for axis in range(3)),
        *(
            arrow.array([getattr(label, name) for label in labels], arrow.string())
            for name in ("segmentation", "annotator", "provenance", "at", "uuid")
        ),
    ]
    return arrow.Table.from_arrays(columns, schema=schema)


def _arrow() -> tuple[Any, Any]:
    """pyarrow and pyarrow.parquet; they have no types, and are not needed for anything else."""
    try:
        return importlib.import_module("pyarrow"), importlib.import_module("pyarrow.parquet")
    except ImportError:
        raise ExchangeError(
            "Parquet files need pyarrow: install it with `pip install segclr-viewer[parquet]`, or export as csv"
        ) from None
