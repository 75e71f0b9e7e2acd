"""The label of each row, as one annotator may know it."""

import numpy as np
from numpy.typing import NDArray

from segclr.embeddings.table import EmbeddingTable
from segclr_viewer.heads.task_state import TaskState


def known_labels(task: TaskState, table: EmbeddingTable, annotator: str) -> NDArray[np.int16]:
    """(n,) the label of each row, -1 for none and for what is kept from the annotator; whole cells' for such tasks."""
    labels = np.full(len(table), -1, np.int16)
    hidden = task.hidden_rows(annotator)
    for row, given in task.labelled().rows.items():
        if row in hidden:
            continue
        if task.task.unit == "segment":
            labels[table.rows_of(task.segment_of_row(row))] = given
        else:
            labels[row] = given
    return labels
