"""What is labelled in one repeat: the train side of a split as an embedding table, and the test side to score on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from benchmarks.science.features import Features
from benchmarks.science.places import Places
from benchmarks.science.splits import Split
from segclr.embeddings.aggregation import aggregate
from segclr.embeddings.provenance import Provenance
from segclr.embeddings.table import EmbeddingTable, build_table
from segclr.heads.evaluation import macro_f1
from segclr.heads.linear import LinearHead
from segclr.queue.pool import typical_rows

_BLOCK_STEP = 1 << 40  # segment ids of different blocks are different
_GAP_NM = 5000.0  # between blocks, which are laid side by side


@dataclass(frozen=True, slots=True)
class TaskOf:
    """A task as a project has it."""

    name: str
    unit: Literal["node", "segment"]
    radius_um: float
    class_names: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """Rows of some cells.

    Attributes:
        table: their embeddings, grouped by segment.
        vectors: (n, d) float32 as the head sees them.
        segments: (n,) uint64.
        truth: (n,) int64 classes.
        rows: (m,) what can be asked, or is scored: every row, or the typical row of every segment.
    """

    table: EmbeddingTable
    vectors: NDArray[np.float32]
    segments: NDArray[np.uint64]
    truth: NDArray[np.int64]
    rows: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """One repeat's places."""

    task: TaskOf
    train: Side
    test: Side

    def probabilities(self, head: LinearHead, side: Side) -> NDArray[np.float32]:
        """(m, C) of the rows that can be asked: of a segment the mean over its rows, as the app paints it."""
        everywhere = head.predict(side.vectors)
        if self.task.unit == "node":
            return everywhere
        starts = side.table.first_row[:-1]
        sums = np.add.reduceat(everywhere.astype(np.float64), starts, axis=0)
        return (sums / np.diff(side.table.first_row)[:, None]).astype(np.float32)

    def f1(self, head: LinearHead) -> float:
        """Macro F1 on the test side."""
        predicted = self.probabilities(head, self.test).argmax(axis=1)
        return macro_f1(predicted, self.test.truth[self.test.rows])


class Blocks:
    """All blocks as one volume."""

    def __init__(self, places: Places, found: Features) -> None:
        self._places = places
        sizes = [len(block) for block in places.blocks]
        number = np.repeat(np.arange(len(sizes)), sizes)
        starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
        self._values = found.values
        self._segments = np.concatenate([block.segment_ids for block in places.blocks]) + (
            number.astype(np.uint64) * np.uint64(_BLOCK_STEP)
        )
        self._nodes = np.concatenate([block.node_ids for block in places.blocks])
        self._edges = np.concatenate(
            [block.edges + start for block, start in zip(places.blocks, starts.tolist(), strict=True)]
        )
        self._positions = np.concatenate([block.positions_nm for block in places.blocks])
        width = max(float(block.positions_nm[:, 0].max()) for block in places.blocks) + _GAP_NM
        self._positions[:, 0] += number * width

    def field(self, task: TaskOf, classes: NDArray[np.int64], split: Split) -> Field:
        """The places of a split, for a task whose (n,) classes are given."""
        return Field(task, self.side(task, classes, split.train), self.side(task, classes, split.test))

    def side(self, task: TaskOf, classes: NDArray[np.int64], rows: NDArray[np.int64]) -> Side:
        """Some rows, whole segments of them, as a table."""
        ordered = rows[np.lexsort((self._nodes[rows], self._segments[rows]))]
        index = np.full(len(self._segments), -1)
        index[ordered] = np.arange(len(ordered))
        edges = index[self._edges]
        made_by = Provenance("benchmark", self._places.blocks[0].cutout, "", "", "truth", "")
        table = build_table(
            self._segments[ordered],
            self._nodes[ordered],
            self._positions[ordered],
            self._values[ordered],
            edges[(edges >= 0).all(axis=1)],
            made_by,
        )
        assert np.array_equal(table.node_ids, self._nodes[ordered]), "a table's rows are by segment, then by node"
        vectors = aggregate(table, task.radius_um)
        asked = np.arange(len(table)) if task.unit == "node" else typical_rows(vectors, table.first_row)
        return Side(table, vectors, self._segments[ordered], classes[ordered], asked)
