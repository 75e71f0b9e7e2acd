"""Predictions as a CSV file, one line per row of the table, with their stamp beside it."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

import numpy as np

from segclr_viewer.exchange.atomic import replacing_text
from segclr_viewer.exchange.cells import guarded
from segclr_viewer.exchange.predictions import PredictionChunk, PredictionStamp
from segclr_viewer.points import NO_CLASS

COLUMNS = ("row", "segment_id", "x_nm", "y_nm", "z_nm", "class", "confidence", "stamp")

_SHARES = (*(f"{code / 255:.4f}" for code in range(256)), "")  # the last for rows where nothing is predicted


def stamp_path(path: Path) -> Path:
    """Where the stamp of the predictions in `path` is: a header of comments would break most readers of CSV."""
    return path.with_name(path.name + ".stamp.json")


def write_predictions_csv(path: Path, chunks: Iterable[PredictionChunk], stamp: PredictionStamp) -> int:
    """Write predictions, and `<path>.stamp.json`, whose `head` every line repeats; returns how many.

    Class and confidence are empty where nothing is predicted.

    Raises:
        ExchangeError: a file cannot be written; the predictions that were there are still whole.
    """
    names = {index: _quoted(guarded(name)) for index, name in enumerate(stamp.classes)} | {NO_CLASS: ""}
    count = 0
    with replacing_text(path) as file:
        file.write(",".join(COLUMNS) + "\n")
        for chunk in chunks:
            file.write(_lines(chunk, names, stamp.head))
            count += len(chunk.classes)
        with replacing_text(stamp_path(path)) as beside:
            json.dump(asdict(stamp), beside, indent=1)
    return count


def _lines(chunk: PredictionChunk, names: dict[int, str], head: str) -> str:
    rows = range(chunk.first_row, chunk.first_row + len(chunk.classes))
    shares = np.where(chunk.classes == NO_CLASS, len(_SHARES) - 1, np.rint(chunk.confidence * 255)).astype(np.intp)
    columns = (
        rows,
        chunk.segment_ids.tolist(),
        *(column.tolist() for column in chunk.positions_nm.T),
        (names[index] for index in chunk.classes.tolist()),
        (_SHARES[code] for code in shares.tolist()),
    )
    return "".join(
        f"{row},{segment},{x!r},{y!r},{z!r},{name},{share},{head}\n"
        for row, segment, x, y, z, name, share in zip(*columns, strict=True)
    )


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if any(mark in text for mark in ',"\r\n') else text
