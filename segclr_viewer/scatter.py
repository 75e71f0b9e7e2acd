"""Which rows of the table are points of the scatter: all of them, or of a large table a sample, and what is looked at.

Pages know points by number, the session rows of the table. A point keeps its number; others come after it.
"""

import numpy as np
from numpy.typing import NDArray

from segclr.embeddings.storage.stored_embeddings import EmbeddingRows
from segclr.embeddings.table import EmbeddingTable

WHOLE_ROWS = 1 << 20  # that a browser still draws and selects from well
SAMPLE_ROWS = 100_000  # that a browser draws and a UMAP is fitted among without a wait


class Scatter:
    """The points of one table. Changed on the session's thread alone; any other may read.

    Args:
        most: rows of a table that is shown whole.
        sample: rows drawn of a larger one, each with the same chance, and none far from the next.
        table_grows: rows will come after those that are there; all of them are points.
    """

    def __init__(
        self, table: EmbeddingTable, most: int = WHOLE_ROWS, sample: int = SAMPLE_ROWS, table_grows: bool = False
    ) -> None:
        self._table = table
        self.is_whole = table_grows or len(table) <= most
        self.may_grow = table_grows or not self.is_whole
        self._sampled = None if self.is_whole else table.stratified_sample(sample)
        self._rows: NDArray[np.int64] = np.empty(0, np.int64) if self._sampled is None else self._sampled
        self._later: dict[int, int] = {}  # number of each row that came after the sample

    def __len__(self) -> int:
        return len(self._table) if self.is_whole else len(self._rows)

    @property
    def version(self) -> str:
        """Names the table and its points."""
        version = self._table.version
        return f"{version}~{len(self)}" if self.may_grow else version

    @property
    def sampled(self) -> NDArray[np.int64] | None:
        """The rows, ascending, that were drawn; None if all are points."""
        return self._sampled

    @property
    def rows(self) -> NDArray[np.int64]:
        """(m,) the row of each point."""
        return np.arange(len(self._table)) if self.is_whole else self._rows

    def of(self, values: EmbeddingRows) -> EmbeddingRows:
        """The rows of the points from the first on that were drawn; all if all are points."""
        return values if self._sampled is None else values[self._sampled]

    def row(self, point: int) -> int | None:
        """The row of a point; None if there is no such point."""
        if not 0 <= point < len(self):
            return None
        return point if self.is_whole else int(self._rows[point])

    def point(self, row: int) -> int | None:
        """The number of a row; None if it is no point."""
        if self.is_whole:
            return row
        at = int(self.points(np.array([row]))[0])
        return None if at < 0 else at

    def enter(self, rows: NDArray[np.integer]) -> int:
        """Let rows be points from now on; returns how many were none."""
        if self.is_whole:
            return 0
        fresh = np.unique(rows[self.points(rows) < 0]).astype(np.int64)
        if len(fresh):
            self._later.update(zip(fresh.tolist(), range(len(self._rows), len(self._rows) + len(fresh)), strict=True))
            self._rows = np.append(self._rows, fresh)
        return len(fresh)

    def points(self, rows: NDArray[np.integer]) -> NDArray[np.int64]:
        """The number of each row, -1 for those that are no points."""
        if self.is_whole:
            return rows.astype(np.int64)
        sampled = self._rows[:0] if self._sampled is None else self._sampled
        places = np.minimum(np.searchsorted(sampled, rows), max(0, len(sampled) - 1)).astype(np.int64)
        absent = sampled[places] != rows
        places[absent] = [self._later.get(row, -1) for row in rows[absent].tolist()]
        return places
