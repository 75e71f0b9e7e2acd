"""The selected rows as a file to be downloaded: what is known of each of them."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segclr.embeddings.table import EmbeddingTable
from segclr_viewer.exchange.cells import guarded
from segclr_viewer.points import NO_CLASS, Points


@dataclass(frozen=True, slots=True, eq=False)
class SelectedRows:
    """Rows of a table, and what they are shown as.

    Attributes:
        rows: (k,) ascending.
        xy: (k, 2) float32, where they lie in the layout with the id `layout`; NaN where they do not.
        points: the predictions of the task, None before the first.
        class_names: of the task.
        labels: class of each labelled row, as far as who asks may know.
    """

    table: EmbeddingTable
    rows: NDArray[np.int64]
    layout: str
    xy: NDArray[np.float32]
    task: str
    class_names: tuple[str, ...]
    points: Points | None
    labels: dict[int, int]


def selection_columns(selected: SelectedRows) -> dict[str, NDArray[Any]]:
    """The columns of the file, (k,) each; texts are empty, and numbers NaN, where nothing is known.

    Columns of the user's whose name is one of these get `table_` before it.
    """
    table, rows, points = selected.table, selected.rows, selected.points
    names = np.array([*selected.class_names, ""])
    nothing = len(selected.class_names)
    predicted = np.full(len(rows), nothing, np.int64)
    confidence = np.full(len(rows), np.nan, np.float32)
    if points is not None:
        known = points.classes[rows] != NO_CLASS
        predicted[known] = points.classes[rows][known]
        confidence[known] = points.confidence[rows][known] / np.float32(255)
    labelled = np.array([selected.labels.get(row, nothing) for row in rows.tolist()], np.int64)
    positions = np.asarray(table.positions_nm[rows], np.float64).reshape(-1, 3)
    columns: dict[str, NDArray[Any]] = {
        "row": rows,
        "segment_id": table.segment_of_rows(rows),
        "node_id": np.asarray(table.node_ids[rows]),
        **{f"{axis}_nm": positions[:, at] for at, axis in enumerate("xyz")},
        "layout_x": selected.xy[:, 0],
        "layout_y": selected.xy[:, 1],
        "class": names[predicted],
        "confidence": confidence,
        "label": names[labelled],
    }
    own = {(f"table_{name}" if name in columns else name): values[rows] for name, values in table.extra.items()}
    return columns | own


def stamp_of_selection(selected: SelectedRows) -> dict[str, str]:
    """What the columns follow from."""
    return {
        "task": selected.task,
        "table_version": selected.table.version,
        "layout": selected.layout,
        "predictions": "" if selected.points is None else selected.points.stamp,
    }


def selection_csv(selected: SelectedRows) -> bytes:
    """The file as UTF-8 text; integers are exact, and the last columns say in every line what it follows from."""
    columns, stamp = selection_columns(selected), stamp_of_selection(selected)
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow([*map(guarded, columns), *stamp])
    stamped = [guarded(value) for value in stamp.values()]
    for cells in zip(*(_cells(values) for values in columns.values()), strict=True):
        writer.writerow([*cells, *stamped])
    return file.getvalue().encode()


def _cells(values: NDArray[Any]) -> Iterator[str]:
    if values.dtype.kind == "U":
        return (guarded(text) for text in values.tolist())
    if values.dtype.kind == "f":
        return ("" if value != value else str(value) for value in values)
    return (str(value) for value in values.tolist())
