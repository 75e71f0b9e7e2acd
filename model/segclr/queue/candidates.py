"""What can be asked, and what has been answered."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segclr.errors import TableError


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Places that may be asked: rows of a table (node task), or one typical row per segment (segment task).

    Attributes:
        rows: (n,) int64 rows of the table, each once.
        embeddings: (n, d) float32 as the head sees them, which is after aggregation.
        positions_nm: (n, 3) float64, xyz.
        segment_ids: (n,) uint64.
        closed: (n,) bool: not to be asked, since labelled, skipped, answered "unsure", or queued already.
        probabilities: (n, C) float32 of the current head, None before the first.
        novelty: (n,) float32, `head.novelty.score` (Mahalanobis), None before the first label.

    Raises:
        ValueError: The arrays do not fit each other, or probabilities or novelty are NaN or infinite.
        TableError: An embedding or a position is NaN or infinite.
    """

    rows: NDArray[np.int64]
    embeddings: NDArray[np.float32]
    positions_nm: NDArray[np.float64]
    segment_ids: NDArray[np.uint64]
    closed: NDArray[np.bool_]
    probabilities: NDArray[np.float32] | None = None
    novelty: NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        n = len(self.rows)
        columns = (self.rows, self.segment_ids, self.closed)
        if any(column.shape != (n,) for column in columns):
            raise ValueError(f"candidates do not fit each other: {[column.shape for column in columns]}")
        _check_places(self.embeddings, self.positions_nm, n)
        if self.probabilities is not None and (
            self.probabilities.ndim != 2 or len(self.probabilities) != n or not np.isfinite(self.probabilities).all()
        ):
            raise ValueError(f"probabilities must be ({n}, C) and finite, these are {self.probabilities.shape}")
        if self.novelty is not None and (self.novelty.shape != (n,) or not np.isfinite(self.novelty).all()):
            raise ValueError(f"novelty must be ({n},) and finite, this is {self.novelty.shape}")

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True, slots=True, eq=False)
class Answered:
    """The current labels of a task.

    Attributes:
        embeddings: (k, d) float32, as the head sees them.
        classes: (k,) int64, indices of `class_names`.
        positions_nm: (k, 3) float64, xyz.
        segment_ids: (k,) uint64.
        class_names: the C classes of the task, in the head's order.

    Raises:
        ValueError: The arrays do not fit each other, or a class is out of range.
        TableError: An embedding or a position is NaN or infinite.
    """

    embeddings: NDArray[np.float32]
    classes: NDArray[np.int64]
    positions_nm: NDArray[np.float64]
    segment_ids: NDArray[np.uint64]
    class_names: tuple[str, ...]

    def __post_init__(self) -> None:
        k = len(self.classes)
        if (self.classes.shape, self.segment_ids.shape) != ((k,), (k,)):
            raise ValueError(f"labels do not fit each other: {self.classes.shape} and {self.segment_ids.shape}")
        _check_places(self.embeddings, self.positions_nm, k)
        if k and not 0 <= int(self.classes.min()) <= int(self.classes.max()) < len(self.class_names):
            raise ValueError(f"classes must be 0 to {len(self.class_names) - 1}")

    def __len__(self) -> int:
        return len(self.classes)

    @property
    def counts(self) -> NDArray[np.int64]:
        """(C,) labels of each class."""
        return np.bincount(self.classes, minlength=len(self.class_names))


def _check_places(embeddings: NDArray[np.float32], positions_nm: NDArray[np.float64], count: int) -> None:
    if embeddings.ndim != 2 or len(embeddings) != count or positions_nm.shape != (count, 3):
        raise ValueError(
            f"{count} places need ({count}, d) embeddings and ({count}, 3) positions, "
            f"not {embeddings.shape} and {positions_nm.shape}"
        )
    if not np.isfinite(embeddings).all() or not np.isfinite(positions_nm).all():
        raise TableError(
            f"some of {count} places have an embedding or a position that is NaN or infinite: "
            "embed these places again, or leave them out"
        )
