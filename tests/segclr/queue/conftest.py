"""A small world to ask about: cells along lines, three classes as three clouds of embeddings."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from segclr.heads.linear import LinearHead, fit_head
from segclr.queue.candidates import Answered, Candidates

Rows = Sequence[int] | NDArray[np.integer]
NAMES = ("axon", "dendrite", "spine")
BIG = 2**63 + 5
CELLS, NODES = 24, 12
SPACING_NM = 1500.0


@dataclass(frozen=True, eq=False)
class Place:
    """All rows of a table: 24 cells of 12 nodes; of ten cells one is of the third class."""

    embeddings: NDArray[np.float32]
    positions_nm: NDArray[np.float64]
    segment_ids: NDArray[np.uint64]
    classes: NDArray[np.int64]

    def candidates(
        self, closed: NDArray[np.integer] | tuple[int, ...] = (), head: LinearHead | None = None
    ) -> Candidates:
        """Every row, some of them closed."""
        shut = np.zeros(len(self.classes), np.bool_)
        shut[np.array(closed, np.int64)] = True
        return Candidates(
            np.arange(len(self.classes)),
            self.embeddings,
            self.positions_nm,
            self.segment_ids,
            shut,
            None if head is None else head.predict(self.embeddings),
            None if head is None else head.novelty.score(self.embeddings),
        )

    def answered(self, rows: Rows = ()) -> Answered:
        """These rows labelled with the truth."""
        at = np.array(rows, np.int64)
        return Answered(self.embeddings[at], self.classes[at], self.positions_nm[at], self.segment_ids[at], NAMES)

    def head(self, rows: Rows) -> LinearHead:
        """The head of these labels."""
        known = self.answered(rows)
        return fit_head(known.embeddings, known.classes, known.segment_ids, len(NAMES)).head


def make_place(seed: int = 0) -> Place:
    rng = np.random.default_rng(seed)
    of_cell = np.where(np.arange(CELLS) % 10 == 7, 2, np.arange(CELLS) % 2)
    segments = np.repeat(np.arange(CELLS, dtype=np.uint64) + np.uint64(BIG), NODES)
    nodes = np.tile(np.arange(NODES), CELLS)
    cells = np.repeat(np.arange(CELLS), NODES)
    positions = np.column_stack([SPACING_NM * nodes, 4000.0 * cells, 40.5 * nodes])
    classes = of_cell[cells]
    looks = 3 * np.eye(5)[classes] + 0.6 * rng.standard_normal((CELLS, 5))[cells]
    embeddings = (looks + 0.8 * rng.standard_normal((len(nodes), 5))).astype(np.float32)
    return Place(embeddings, positions, segments, classes.astype(np.int64))


@pytest.fixture
def place() -> Place:
    return make_place()


@pytest.fixture
def make() -> Callable[[int], Place]:
    return make_place
