"""Rows to explore: the demo encoder's embeddings of generated blocks, and tables of any size that look like them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.science import features, places
from benchmarks.science.store import Store
from segclr.encoder.checkpoint import DEMO_CHECKPOINT
from segclr.encoder.inference import load_encoder
from segclr.explore.partition import make_partition

SEEDS = (203, 204, 205)  # blocks that the encoder has never seen
SIZE_VOXELS = (256, 384, 192)
_NEIGHBOURS = 15
_BLOCK = 50_000
_COPIES_APART = 10_000_000  # cells of different copies are different cells


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Attributes:
    embeddings: (n, d) float32.
    cells: (n,) the cell of each row.
    classes: (n,) its true subcompartment.
    depth: (n,) its y in nm.
    """

    embeddings: NDArray[np.float32]
    cells: NDArray[np.int64]
    classes: NDArray[np.int64]
    depth: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.cells)

    def take(self, rows: NDArray[np.integer]) -> Sample:
        return Sample(self.embeddings[rows], self.cells[rows], self.classes[rows], self.depth[rows])


def real(folder: Path) -> Sample:
    """All nodes of the blocks, embedded by the demo's encoder; made if they are not in the folder."""
    encoder = load_encoder(DEMO_CHECKPOINT)
    store = Store(folder / "cache")
    found = places.gather(store, folder / "blocks", SEEDS, SIZE_VOXELS, encoder.spec.cutout)
    values = features.embedded(store, found, encoder).values
    depth = np.concatenate([block.positions_nm[:, 1] for block in found.blocks])
    return Sample(np.asarray(values, np.float32), found.cell, found.subcompartment, depth)


def scaled(rows: Sample, n: int, seed: int = 0) -> Sample:
    """A table of n rows with the density of a real one at every place.

    Each row is a real one, moved by a random combination of the differences to its 15 nearest real rows; the
    combination has unit variance, so that a row moves about as far as its neighbours are, along the directions in which
    they lie. Copies of a cell are different cells.
    """
    rng = np.random.default_rng(seed)
    nearest, _ = make_partition(rows.embeddings).nearest(rows.embeddings, _NEIGHBOURS + 1, probes=64)
    embeddings = np.empty((n, rows.embeddings.shape[1]), np.float32)
    source = np.concatenate([rng.permutation(len(rows)) for _ in range(-(-n // len(rows)))])[:n]
    for start in range(0, n, _BLOCK):
        own = source[start : start + _BLOCK]
        away = rows.embeddings[nearest[own, 1:]] - rows.embeddings[own][:, None]
        weights = rng.normal(scale=_NEIGHBOURS**-0.5, size=(len(own), _NEIGHBOURS)).astype(np.float32)
        embeddings[start : start + len(own)] = rows.embeddings[own] + np.einsum("nk,nkd->nd", weights, away)
    copy = np.arange(n) // len(rows)
    cells = np.unique(rows.cells, return_inverse=True)[1]
    grown = Sample(embeddings, cells[source] + copy * _COPIES_APART, rows.classes[source], rows.depth[source])
    return grown.take(np.lexsort((np.arange(n), grown.cells)))
