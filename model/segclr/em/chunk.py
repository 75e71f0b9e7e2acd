"""Decoded chunks as they are kept in memory: EM as it is, segment ids as small numbers beside a list of ids."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import fastremap
import numpy as np
from numpy.typing import NDArray

Slices = tuple[slice, slice, slice]


class Chunk(Protocol):
    """Part of a volume, (z, y, x)."""

    @property
    def nbytes(self) -> int: ...

    def copy_to(self, out: NDArray[np.generic], part: Slices) -> None:
        """Write the voxels of a part."""

    def mask_to(self, out: NDArray[np.bool_], part: Slices, segment_id: int) -> None:
        """Write where in a part a segment is; `out` is False everywhere before."""


@dataclass(frozen=True, slots=True, eq=False)
class PlainChunk:
    """Voxels as they are."""

    voxels: NDArray[np.generic]

    @property
    def nbytes(self) -> int:
        return self.voxels.nbytes

    def copy_to(self, out: NDArray[np.generic], part: Slices) -> None:
        out[...] = self.voxels[part]

    def mask_to(self, out: NDArray[np.bool_], part: Slices, segment_id: int) -> None:
        np.equal(self.voxels[part], np.uint64(segment_id), out=out)


@dataclass(frozen=True, slots=True, eq=False)
class SegmentChunk:
    """Segment ids, renumbered: an eighth of the memory, and a chunk without a segment is passed over when masking.

    Attributes:
        labels: (z, y, x), the smallest unsigned type that will do; rows of `ids`.
        ids: uint64.
    """

    labels: NDArray[np.unsignedinteger]
    ids: NDArray[np.uint64]

    @classmethod
    def of(cls, voxels: NDArray[np.generic]) -> SegmentChunk:
        """Renumber the ids of a chunk, of any integer type."""
        labels, label_of_id = fastremap.renumber(voxels.astype(np.uint64, copy=False), preserve_zero=True)
        ids = np.zeros(max(label_of_id.values(), default=0) + 1, np.uint64)
        for segment_id, label in label_of_id.items():
            ids[label] = segment_id
        return cls(labels, ids)

    @property
    def nbytes(self) -> int:
        return self.labels.nbytes + self.ids.nbytes

    def copy_to(self, out: NDArray[np.generic], part: Slices) -> None:
        out[...] = np.take(self.ids, self.labels[part], mode="clip")

    def mask_to(self, out: NDArray[np.bool_], part: Slices, segment_id: int) -> None:
        for label in np.flatnonzero(self.ids == np.uint64(segment_id)):
            np.equal(self.labels[part], self.labels.dtype.type(label), out=out)
