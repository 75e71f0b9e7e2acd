"""Rows of made-up cells: sizes as in a volume of fragments and a few large cells, positions along random walks."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from segclr.em.cutout import CutoutSpec
from segclr.embeddings.provenance import Provenance
from segclr.embeddings.storage.precision import ROWS_AT_ONCE
from segclr.embeddings.storage.shard_writing import Content

DIMENSIONS = 64
LARGEST_CELL = 30_000
FIRST_SEGMENT = 2**63 + 5
STEP_NM = 1500.0
WIDTH_NM = 1e6
MADE_BY = Provenance("0" * 16, CutoutSpec(129, (32.0, 32.0, 40.0)), None, "made up", "made up", "0")


def sizes_of(rows: int, seed: int = 0) -> NDArray[np.int64]:
    """Nodes of each cell, log-normal with a median of 145, none above 30,000; the first cell has that many."""
    rng = np.random.default_rng(seed)
    drawn = np.exp(rng.normal(np.log(145), 1.3, rows // 100 + 10))
    sizes = np.append(LARGEST_CELL, np.clip(drawn, 1, LARGEST_CELL)).astype(np.int64)
    last = int(np.searchsorted(np.cumsum(sizes), rows))
    sizes = sizes[: last + 1]
    sizes[-1] -= int(sizes.sum()) - rows
    return sizes


def content_of(rows: int) -> Content:
    """A table's rows, wide columns made block by block; (n, 64) embeddings of unit variance, each cell a skeleton."""
    sizes = sizes_of(rows)
    first_row = np.append(0, np.cumsum(sizes))
    starts = np.random.default_rng(1).uniform(0, WIDTH_NM, (len(sizes), 3))
    after = np.arange(1, rows)
    after = after[~np.isin(after, first_row)]

    def positions() -> Iterator[NDArray[np.float64]]:
        at = np.zeros(3)
        for start, stop in _blocks(rows):
            steps = np.random.default_rng((2, start)).normal(0, STEP_NM / np.sqrt(3), (stop - start, 3))
            walk = at + np.cumsum(steps, axis=0)
            at = walk[-1]
            cells = np.searchsorted(first_row, np.arange(start, stop), side="right") - 1
            begun = np.maximum(first_row[cells] - start, 0)
            yield starts[cells] + (walk - walk[begun]) % WIDTH_NM

    def embeddings() -> Iterator[NDArray[np.float32]]:
        some = np.random.default_rng(3).standard_normal((ROWS_AT_ONCE, DIMENSIONS), dtype=np.float32)
        for start, stop in _blocks(rows):
            yield np.roll(some, start // ROWS_AT_ONCE, axis=1)[: stop - start]

    return Content(
        segment_ids=FIRST_SEGMENT + np.arange(len(sizes), dtype=np.uint64),
        first_row=first_row,
        node_ids=np.arange(rows) - np.repeat(first_row[:-1], sizes),
        edges=np.stack([after - 1, after], axis=1),
        dimensions=DIMENSIONS,
        positions_nm=positions,
        embeddings=embeddings,
        extra={},
    )


def _blocks(rows: int) -> Iterator[tuple[int, int]]:
    for start in range(0, rows, ROWS_AT_ONCE):
        yield start, min(rows, start + ROWS_AT_ONCE)
