"""Points: what is predicted for every row of the table, as one frozen value that is swapped whole."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

NO_CLASS = 255


@dataclass(frozen=True, slots=True)
class Points:
    """The predictions of one task for all rows of the table.

    Attributes:
        stamp: names what this was derived from: task, log position, table and encoder. Equal stamps, equal columns.
        task: name of the task.
        classes: (n,) uint8, class index of each row, NO_CLASS where nothing is predicted. All rows of a segment have
            the same class if the task's unit is the segment.
        confidence: (n,) uint8, calibrated probability of that class, 0..255.
        predicted: number of nodes (node task) or segments (segment task) of each class.
        labelled: number of labels of each class.
        note: one sentence for the user, empty when there is nothing to say.
    """

    stamp: str
    task: str
    classes: NDArray[np.uint8]
    confidence: NDArray[np.uint8]
    predicted: tuple[int, ...]
    labelled: tuple[int, ...]
    note: str

    def column(self) -> bytes:
        """The body of /columns/prediction/<stamp>.bin: classes, then confidences."""
        return self.classes.tobytes() + self.confidence.tobytes()
