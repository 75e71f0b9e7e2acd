"""Rows of a table like a point, a cell or a selection, nearest first: "more like this".

Neighbours are looked for in the embedding, never in the layout. Up to `EXACT_ROWS` rows, and wherever only some rows
are allowed, every row is compared; above, an index names candidates, if there is one, whose distances are computed
exactly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segclr.embeddings.storage.stored_embeddings import EmbeddingRows
from segclr.errors import TableError
from segclr.explore.faiss_index import Index
from segclr.explore.metric import Metric, comparable, from_squared, squared_distances
from segclr.heads.one_thread import one_blas_thread

EXACT_ROWS = 100_000
_BLOCK = 16_384
_SPARE = 16  # candidates beyond those asked for: what an index or a matrix product ranks a little wrongly
_ROUNDING = 32 * 2.0**-24  # of a product of float32 vectors of some hundred dimensions, as a share of their lengths
_MOST_OWN = 1000  # rows of a question that an index answers: it names them, too
_MOST_CANDIDATES = 4096  # of the index; who wants more is answered by comparing all rows


@dataclass(frozen=True, slots=True, eq=False)
class Neighbours:
    """Nearest first.

    Attributes:
        rows: (k,) int64.
        distances: (k,) float32, in the metric of the search.
    """

    rows: NDArray[np.int64]
    distances: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True, slots=True, eq=False)
class Wanted:
    """Which rows may answer.

    Attributes:
        count: at most so many.
        allowed: (n,) bool, rows of the classes, segments or the region asked for; None for all.
        cells: (n,) the cell of each row, any integers: each cell answers at most once, with its nearest row. None for
            any number of rows of a cell.
        own_cells: whether cells that the question itself is about may answer too; only with `cells`.
    """

    count: int = 10
    allowed: NDArray[np.bool_] | None = None
    cells: NDArray[np.integer] | None = None
    own_cells: bool = False


class NeighbourSearch:
    """Neighbours among the rows of one table. It changes nothing, and may be asked from several threads."""

    def __init__(self, embeddings: EmbeddingRows, metric: Metric = "cosine", index: Index | None = None) -> None:
        """Args:
        embeddings: (n, d), may be memory-mapped; rows that are not finite are never found.
        metric: what is near.
        index: of the same rows and metric; None to compare all rows.
        """
        self.metric: Metric = metric
        self._embeddings = embeddings
        self._index = index

    def like_row(self, row: int, wanted: Wanted) -> Neighbours:
        """Rows like one of the table, itself excluded; another row with the same embedding is found at distance 0.

        Raises:
            IndexError: there is no such row.
            TableError: its embedding is not finite.
        """
        return self.like_rows(np.array([row]), wanted)

    def like_rows(self, rows: NDArray[np.integer], wanted: Wanted) -> Neighbours:
        """Rows like the mean of some rows, a segment's or a selection's; these rows are excluded.

        The mean is of embeddings scaled to length 1 where the metric is the angle.

        Raises:
            IndexError: there is no such row.
            ValueError: no rows are given.
            TableError: an embedding of theirs is not finite.
        """
        if not len(rows):
            raise ValueError("neighbours of no rows: select at least one")
        if not 0 <= int(rows.min()) <= int(rows.max()) < len(self._embeddings):
            raise IndexError(f"rows {rows.min()} to {rows.max()} of a table of {len(self._embeddings)} rows")
        total = np.zeros(self._embeddings.shape[1])
        for start in range(0, len(rows), _BLOCK):
            total += comparable(self._embeddings[rows[start : start + _BLOCK]], self.metric).sum(axis=0, dtype=float)
        return self._nearest(total / len(rows), wanted, np.unique(rows).astype(np.int64))

    def like(self, embedding: NDArray[np.floating], wanted: Wanted) -> Neighbours:
        """Rows like a new point's embedding, (d,).

        Raises:
            TableError: it is not finite.
        """
        return self._nearest(np.asarray(embedding), wanted, np.empty(0, np.int64))

    def _nearest(self, point: NDArray[np.floating], wanted: Wanted, own: NDArray[np.int64]) -> Neighbours:
        if not np.isfinite(point).all():
            raise TableError("the embedding asked about is not finite: embed this place again, or ask about another")
        asked = comparable(np.asarray(point, np.float32), self.metric)
        barred = _Barred(wanted, own)
        if wanted.count < 1:
            return Neighbours(np.empty(0, np.int64), np.empty(0, np.float32))
        if self._index is not None and wanted.allowed is None and len(own) <= _MOST_OWN:
            answer = self._by_index(self._index, asked, wanted, barred)
            if answer is not None:
                return answer
        return self._exact(asked, wanted, barred)

    def _by_index(self, index: Index, asked: NDArray[np.float32], wanted: Wanted, barred: _Barred) -> Neighbours | None:
        """None if the index's candidates are too few, as where a single cell has most of them."""
        more = wanted.count + _SPARE + len(barred.own)
        while more <= _MOST_CANDIDATES:
            candidates = index.candidates(asked, more)
            answer = self._ranked(asked, candidates, wanted, barred)
            if len(answer) == wanted.count:
                return answer
            if len(candidates) < more:
                return None
            more *= 4
        return None

    def _exact(self, asked: NDArray[np.float32], wanted: Wanted, barred: _Barred) -> Neighbours:
        near, error, rows = self._nearness(asked, wanted.allowed)
        more = wanted.count + _SPARE + len(barred.own)
        while True:
            # all that rounding may have put behind the last one wanted, so that the exact distances decide
            last = -np.inf if more >= len(near) else float(np.partition(near, -more)[-more]) - error
            candidates = np.flatnonzero((near >= last) & (near > -np.inf))
            answer = self._ranked(asked, candidates if rows is None else rows[candidates], wanted, barred)
            if len(answer) == wanted.count or more >= len(near):
                return answer
            more *= 4

    def _nearness(
        self, asked: NDArray[np.float32], allowed: NDArray[np.bool_] | None
    ) -> tuple[NDArray[np.float32], float, NDArray[np.int64] | None]:
        """How near rows are, by a matrix product: higher is nearer, -inf is not finite or too large to say.

        Also by how much that may be wrong, and which rows they are, None for all.
        """
        if allowed is not None and len(allowed) != len(self._embeddings):
            raise ValueError(f"{len(allowed)} rows are allowed or not, but the table has {len(self._embeddings)}")
        rows = None if allowed is None else np.flatnonzero(allowed)
        count = len(self._embeddings) if rows is None else len(rows)
        near = np.empty(count, np.float32)
        longest = 0.0  # squared
        with one_blas_thread(), np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            for start in range(0, count, _BLOCK):
                piece = slice(start, start + _BLOCK)
                block = self._embeddings[piece if rows is None else rows[piece]]
                squares = np.einsum("nd,nd->n", block, block)
                product = block @ asked
                if self.metric == "euclidean":
                    block_near = product - squares / 2
                else:
                    block_near = np.where(squares == 0, 0.5, product / np.sqrt(squares))  # see `comparable`
                near[piece] = np.where(np.isfinite(block_near) & np.isfinite(squares), block_near, -np.inf)
                longest = max(longest, float(np.max(squares, initial=0, where=np.isfinite(squares))))
        length = float(np.linalg.norm(asked.astype(np.float64)))
        scale = length * longest**0.5 + longest / 2 if self.metric == "euclidean" else 1.0
        return near, _ROUNDING * scale, rows

    def _ranked(
        self, asked: NDArray[np.float32], candidates: NDArray[np.int64], wanted: Wanted, barred: _Barred
    ) -> Neighbours:
        """The candidates that may answer, by their exact distances; those equally far in the order of the table."""
        rows = np.sort(barred.without(candidates))
        squared = np.empty(len(rows))
        for start in range(0, len(rows), _BLOCK):
            block = comparable(self._embeddings[rows[start : start + _BLOCK]], self.metric)
            squared[start : start + _BLOCK] = squared_distances(asked, block)
        order = np.argsort(squared, kind="stable")
        if wanted.cells is not None:
            _, first = np.unique(wanted.cells[rows[order]], return_index=True)
            order = order[np.sort(first)]
        order = order[: wanted.count]
        return Neighbours(rows[order], from_squared(squared[order], self.metric))


class _Barred:
    """Rows that the question is about, and with them their cells."""

    def __init__(self, wanted: Wanted, own: NDArray[np.int64]) -> None:
        self.own = own
        self._cells = wanted.cells
        self._own_cells = None if wanted.cells is None or wanted.own_cells else np.unique(wanted.cells[own])

    def without(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """The rows that are left."""
        left = rows[~np.isin(rows, self.own)]
        if self._cells is None or self._own_cells is None:
            return left
        return left[~np.isin(self._cells[left], self._own_cells)]
