"""Current labels as a CSV file, one line per label, which `csv_import` reads back."""

import csv
from collections.abc import Iterable
from pathlib import Path

from segclr_viewer.exchange.atomic import replacing_text
from segclr_viewer.exchange.cells import guarded
from segclr_viewer.exchange.labels import CurrentLabel

COLUMNS = (
    "task",
    "class",
    "segment_id",
    "x_nm",
    "y_nm",
    "z_nm",
    "segmentation",
    "annotator",
    "provenance",
    "at",
    "uuid",
)


def write_labels_csv(path: Path, labels: Iterable[CurrentLabel]) -> int:
    """Write labels with their positions in nm, as exact as they are kept; returns how many.

    Raises:
        ExchangeError: the file cannot be written; what was there is still whole.
    """
    count = 0
    with replacing_text(path) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for label in labels:
            texts = (label.segmentation, label.annotator, label.provenance, label.at, label.uuid)
            writer.writerow(
                [
                    guarded(label.task),
                    guarded(label.class_name),
                    str(label.segment_id),
                    *(repr(float(value)) for value in label.position_nm),
                    *(guarded(text) for text in texts),
                ]
            )
            count += 1
    return count
