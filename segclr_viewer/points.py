"""Points: what is predicted for every row of the table, as one frozen value that is swapped whole."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

NO_CLASS = 255


class Rest(Protocol):
    """Predicts rows that have not been predicted yet, and fills them in."""

    @property
    def is_over(self) -> bool:
        """Whether every row is predicted."""

    @property
    def share(self) -> float:
        """Of all rows, those that are predicted."""

    def counts(self) -> tuple[int, ...]:
        """How many rows, or in a segment task segments, are predicted as each class so far."""

    def note(self) -> str:
        """One sentence about rows that have been met and cannot be predicted, empty for none."""

    def predict_rows(self, rows: NDArray[np.integer]) -> None:
        """Have some rows predicted."""

    def predict_segments(self, segments: NDArray[np.integer]) -> None:
        """Have all rows of some segments predicted, given by their ascending places in the table."""

    def go_on(self, is_wanted: Callable[[], bool]) -> None:
        """Predict the rest, for as long as it is wanted."""


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
        rest: predicts what of a large table has no class yet; None where every row has been predicted.
    """

    stamp: str
    task: str
    classes: NDArray[np.uint8]
    confidence: NDArray[np.uint8]
    predicted: tuple[int, ...]
    labelled: tuple[int, ...]
    note: str
    rest: Rest | None = None

    def grown(self, rows: int) -> "Points":
        """The same for a table that has so many rows now; those that have come have no class."""
        more = rows - len(self.classes)
        classes = np.append(self.classes, np.full(more, NO_CLASS, np.uint8))
        return replace(
            self, classes=classes, confidence=np.append(self.confidence, np.zeros(more, np.uint8)), rest=None
        )

    def column(self) -> bytes:
        """The body of /columns/prediction/<stamp>.bin: classes, then confidences."""
        return self.classes.tobytes() + self.confidence.tobytes()
