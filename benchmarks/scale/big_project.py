"""A project with a table of millions of rows: cells of very unequal sizes, some of which are there as a volume, too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from segclr.em.cutout import CutoutSpec
from segclr.em.precomputed import PrecomputedWriter
from segclr.embeddings.columns import version_of
from segclr.embeddings.provenance import Provenance
from segclr.embeddings.storage.precision import Storage
from segclr.embeddings.storage.shard_writing import Content
from segclr.embeddings.storage.writer import open_writer

DIMENSIONS = 64
RESOLUTION_NM = (32.0, 32.0, 40.0)
COLUMN_VOXELS = 16  # a cell of the volume is a column along z, so wide in x and y
GRID = 24  # columns along x, and along y
DEPTH_VOXELS = 256
FIRST_ID = 2**60

_KINDS, _CLASSES = 60, 4
_NEIGHBOURS_ALIKE = 0.9  # correlation of the embeddings of two nodes in a row
_NODES_DEEP = 7  # from end to end of a column, so that nodes are 1.5 um apart
_BLOCK = 1 << 17

_TASKS = """
[[task]]
name = "subcompartment"
unit = "node"
[[task.class]]
name = "axon"
key = "1"
[[task.class]]
name = "dendrite"
key = "2"
[[task.class]]
name = "soma"
key = "3"
[[task.class]]
name = "astrocyte"
key = "4"
[[task]]
name = "cell type"
unit = "segment"
aggregation_radius_um = 5
[[task.class]]
name = "neuron"
key = "1"
[[task.class]]
name = "glia"
key = "2"
"""


@dataclass(frozen=True, slots=True, eq=False)
class BigProject:
    """A project file, and what is true of its rows: (n,) uint8 class."""

    file: Path
    classes: NDArray[np.uint8]
    first_row: NDArray[np.int64]


def write_big_project(folder: Path, rows: int, storage: Storage) -> BigProject:
    """Write volume, table and project file; the same for the same arguments.

    Args:
        rows: n; of segments of 1 to some 30,000 rows (log-normal, median 300).
    """
    rng = np.random.default_rng(0)
    first_row = _first_rows(rows, rng)
    count = len(first_row) - 1
    segment_ids = FIRST_ID + 3 * np.arange(count, dtype=np.uint64)
    _write_volume(folder, segment_ids)
    kind = _kinds(rows, first_row, rng)
    _write_table(folder / "table", rows, first_row, segment_ids, kind, storage)
    file = folder / "project.toml"
    shown = ", ".join(f'"{segment_id}"' for segment_id in segment_ids[: GRID : GRID // 4])
    file.write_text(
        f'name = "big table"\nstart_segments = [{shown}]\n'
        '[segmentation]\nurl = "precomputed://segmentation"\nversion = "generated"\n'
        f'[table]\nfolder = "table"\n[labels]\nfile = "labels.sqlite"\n{_TASKS}'
    )
    return BigProject(file, (kind % _CLASSES).astype(np.uint8), first_row)


def _first_rows(rows: int, rng: np.random.Generator) -> NDArray[np.int64]:
    sizes = np.minimum(30_000, 1 + rng.lognormal(np.log(300), 1.4, rows // 100)).astype(np.int64)
    ends = np.cumsum(sizes)
    ends = ends[ends < rows]
    return np.concatenate([[0], ends, [rows]]).astype(np.int64)


def _kinds(rows: int, first_row: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.uint8]:
    """(n,) which of some kinds of places each row is; it changes every few dozen rows, and with the segment."""
    starts = np.union1d(first_row[:-1], rng.integers(0, rows, rows // 40))
    kinds = rng.integers(0, _KINDS, len(starts), dtype=np.uint8)
    return np.repeat(kinds, np.diff(np.append(starts, rows)))


def _write_table(
    folder: Path,
    rows: int,
    first_row: NDArray[np.int64],
    segment_ids: NDArray[np.uint64],
    kind: NDArray[np.uint8],
    storage: Storage,
) -> None:
    segment = np.repeat(np.arange(len(segment_ids)), np.diff(first_row))
    along = np.arange(rows) - first_row[segment]
    joined = np.flatnonzero(along[1:] > 0)
    centres = np.random.default_rng(1).normal(0, 2, (_KINDS, DIMENSIONS)).astype(np.float32)

    def positions() -> Iterator[NDArray[np.float64]]:
        x = (segment % GRID + 0.5) * COLUMN_VOXELS
        y = (segment // GRID % GRID + 0.5) * COLUMN_VOXELS
        lap, step = np.divmod(along, _NODES_DEEP)  # up and down the column, and never at one place
        step = np.where(lap % 2, _NODES_DEEP - 1 - step, step) + 0.25 + 0.5 * lap / (lap.max() + 1)
        z = step * DEPTH_VOXELS / _NODES_DEEP
        for start in range(0, rows, _BLOCK):
            piece = slice(start, start + _BLOCK)
            yield np.stack([x[piece], y[piece], z[piece]], axis=1) * RESOLUTION_NM

    def embeddings() -> Iterator[NDArray[np.float32]]:
        rng = np.random.default_rng(2)
        for start in range(0, rows, _BLOCK):
            some = kind[start : start + _BLOCK]
            noise = rng.standard_normal((len(some), DIMENSIONS), np.float32)
            noise[1:] = _NEIGHBOURS_ALIKE * noise[:-1] + (1 - _NEIGHBOURS_ALIKE**2) ** 0.5 * noise[1:]
            yield centres[some] + noise

    provenance = Provenance("big", CutoutSpec(33, RESOLUTION_NM), None, "generated", "generated", "0")
    version = version_of([("", np.dtype(np.uint8), kind.shape, (kind,))], provenance)  # of what all of it follows from
    edges = np.stack([joined, joined + 1], axis=1)
    content = Content(segment_ids, first_row, along, edges, DIMENSIONS, positions, embeddings, {})
    with open_writer(folder) as writer:
        writer.replace(content, provenance, storage, version)


def _write_volume(folder: Path, segment_ids: NDArray[np.uint64]) -> None:
    edge = GRID * COLUMN_VOXELS
    shown = np.zeros(GRID * GRID, np.uint64)
    shown[: len(segment_ids)] = segment_ids[: GRID * GRID]
    plane = shown.reshape(GRID, GRID).repeat(COLUMN_VOXELS, axis=0).repeat(COLUMN_VOXELS, axis=1)
    volume = np.broadcast_to(plane, (DEPTH_VOXELS, edge, edge))
    writer = PrecomputedWriter(
        folder / "segmentation",
        "segmentation",
        volume.dtype,
        RESOLUTION_NM,
        (edge, edge, DEPTH_VOXELS),
        mips=1,
        encoding="compressed_segmentation",
    )
    writer.write(np.ascontiguousarray(volume))
