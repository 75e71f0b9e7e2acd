"""Predictions of a large table: at once of what is seen, of the rest when it comes in sight, or by and by.

The arrays are filled in while others read them. A row changes once, from no class to its own, so that whoever looks too
early sees what has no prediction yet, and never a wrong one.
"""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from segclr.errors import TableError
from segclr.heads.linear import LinearHead
from segclr.heads.over_segments import codes_of_segments, mean_over_segments
from segclr_viewer.heads.row_vectors import RowVectors

_NO_CLASS = 255
_ROWS_AT_ONCE = 1 << 17


class Unfinished:
    """What one head says of a table. Any number of threads may ask; what two of them predict is the same.

    Attributes:
        classes, confidence: (n,) uint8, as in `Points`; no class where nothing is predicted yet.
        probabilities: (S, C) float32 of a task about whole segments, NaN where not predicted yet; else None.
    """

    def __init__(self, head: LinearHead, vectors: RowVectors, of_segments: bool) -> None:
        table = vectors.table
        self.classes = np.full(len(table), _NO_CLASS, np.uint8)
        self.confidence = np.zeros(len(table), np.uint8)
        self.probabilities: NDArray[np.float32] | None = None
        if of_segments:
            self.probabilities = np.full((len(table.segment_ids), head.class_count), np.nan, np.float32)
        self._head = head
        self._vectors = vectors
        self._first_row = table.first_row
        self._done = np.zeros(len(table.segment_ids), np.bool_)
        self._broken = np.zeros(len(table), np.bool_)  # what is no number, or is averaged with what is none

    @property
    def is_over(self) -> bool:
        """Whether every row is predicted."""
        return bool(self._done.all())

    def counts(self) -> tuple[int, ...]:
        """How many rows, or of such a task segments, are predicted as each class so far."""
        if self.probabilities is None:
            return tuple(np.bincount(self.classes, minlength=256)[: self._head.class_count].tolist())
        done = self.probabilities[self._done]
        known = done[np.isfinite(done[:, 0])].argmax(axis=1)
        return tuple(np.bincount(known, minlength=self._head.class_count).tolist())

    def note(self) -> str:
        """One sentence about rows that have been met and cannot be predicted, empty for none."""
        broken = np.flatnonzero(self._broken)
        if not len(broken):
            return ""
        places = np.unique(np.searchsorted(self._first_row, broken, side="right") - 1)
        first = f"segment {self._vectors.table.segment_ids[places[0]]}"
        where = f"in {first}" if len(places) == 1 else f"in {len(places):,} segments, the first {first}"
        average = " or averaged with such" if self._vectors.radius_um > 0 else ""
        return (
            f"{len(broken):,} of {len(self.classes):,} embeddings are NaN or infinite{average}, {where}: they are left "
            "out, and `segclr-table verify` tells about the table"
        )

    def predict_first(self, points: NDArray[np.integer] | None, visible: NDArray[np.integer]) -> None:
        """Predict what is seen: the points, too, unless all of their segments would have to be averaged for that.

        Args:
            points: None where every row is one.
        """
        self.predict_rows(visible)
        if points is None:
            if self._vectors.are_at_hand:
                self.go_on(lambda: True)
        elif self._is_by_row:
            self.predict_rows(points)

    @property
    def _is_by_row(self) -> bool:
        return self.probabilities is None and self._vectors.radius_um == 0

    def predict_rows(self, rows: NDArray[np.integer]) -> None:
        """Have some rows predicted.

        Where nothing has to be averaged they alone are; else all of their segments.
        """
        if self._is_by_row:
            todo = rows[self.classes[rows] == _NO_CLASS]
            self._fill_rows(todo, self._vectors.matrix()[todo])
        else:
            self.predict_segments(np.unique(np.searchsorted(self._first_row, rows, side="right") - 1))

    def predict_segments(self, segments: NDArray[np.integer]) -> None:
        """Have all rows of some segments predicted, given by their ascending places in the table."""
        todo = segments[~self._done[segments]]
        sizes = self._first_row[todo + 1] - self._first_row[todo]
        group = np.cumsum(sizes) // _ROWS_AT_ONCE
        for some in np.split(todo, np.flatnonzero(np.diff(group)) + 1) if len(todo) else ():
            starts = np.cumsum(np.append(0, self._first_row[some + 1] - self._first_row[some]))
            rows = np.repeat(self._first_row[some] - starts[:-1], np.diff(starts)) + np.arange(starts[-1])
            self._fill(some, rows, self._vectors.matrix()[rows], starts)

    @property
    def share(self) -> float:
        """Of all rows, those that are predicted, segment by segment."""
        return float(np.diff(self._first_row)[self._done].sum() / max(1, len(self.classes)))

    def go_on(self, is_wanted: Callable[[], bool]) -> None:
        """Predict the rest, for as long as it is wanted."""
        for first, last in self._pieces():
            if not is_wanted():
                return
            if not self._done[first:last].all():
                rows = slice(int(self._first_row[first]), int(self._first_row[last]))
                starts = self._first_row[first : last + 1] - rows.start
                self._fill(slice(first, last), rows, self._vectors.matrix()[rows], starts)

    def _pieces(self) -> Iterator[tuple[int, int]]:
        """Runs of segments with some 10^5 rows, or with one segment."""
        first, count = 0, len(self._done)
        while first < count:
            most = self._first_row[first] + _ROWS_AT_ONCE
            last = max(first + 1, int(np.searchsorted(self._first_row, most, side="right")) - 1)
            yield first, last
            first = last

    def _fill(
        self,
        segments: slice | NDArray[np.integer],
        rows: slice | NDArray[np.integer],
        embeddings: NDArray[np.float32],
        starts: NDArray[np.int64],
    ) -> None:
        """Note what the head says of all rows of some segments, each beginning at `starts` among them."""
        if self.probabilities is None:
            self._fill_rows(rows, embeddings)
        else:
            self._fill_segments(self.probabilities, segments, rows, embeddings, starts)
        self._done[segments] = True

    def _fill_rows(self, rows: slice | NDArray[np.integer], embeddings: NDArray[np.float32]) -> None:
        try:
            self._note(rows, *self._head.predict_codes(embeddings))
        except TableError:
            finite = self._finite(rows, embeddings)
            self._note(_numbers(rows)[finite], *self._head.predict_codes(embeddings[finite]))

    def _note(
        self, rows: slice | NDArray[np.integer], classes: NDArray[np.uint8], confidence: NDArray[np.uint8]
    ) -> None:
        self.confidence[rows] = confidence
        self.classes[rows] = classes  # after that: who sees a class sees how sure it is

    def _fill_segments(
        self,
        probabilities: NDArray[np.float32],
        segments: slice | NDArray[np.integer],
        rows: slice | NDArray[np.integer],
        embeddings: NDArray[np.float32],
        starts: NDArray[np.int64],
    ) -> None:
        """A segment is its rows that are finite; one that has none has no class."""
        try:
            means = mean_over_segments(self._head, embeddings, starts)
            probabilities[segments] = means
            self._note(rows, *codes_of_segments(means, starts))
        except TableError:
            finite = self._finite(rows, embeddings)
            left = np.add.reduceat(finite, starts[:-1], dtype=np.int64)
            some = left > 0
            means = mean_over_segments(self._head, embeddings[finite], np.append(0, np.cumsum(left[some])))
            probabilities[_numbers(segments)[some]] = means
            sizes = np.diff(starts)
            known = _numbers(rows)[np.repeat(some, sizes)]
            self._note(known, *codes_of_segments(means, np.append(0, np.cumsum(sizes[some]))))

    def _finite(self, rows: slice | NDArray[np.integer], embeddings: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Which rows can be predicted; notes the others."""
        finite: NDArray[np.bool_] = np.all(np.isfinite(embeddings), axis=1)
        self._broken[_numbers(rows)[~finite]] = True
        return finite


def _numbers(rows: slice | NDArray[np.integer]) -> NDArray[np.integer]:
    return np.arange(rows.start, rows.stop) if isinstance(rows, slice) else rows
