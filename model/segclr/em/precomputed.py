"""Writing Neuroglancer precomputed volumes, without packing the chunks' files, so that every reader finds them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import DTypeLike, NDArray

from segclr.em.compressed_segmentation import BLOCK, encode_chunk
from segclr.em.geometry import XYZ, Box, IntXYZ, Mip

Kind = Literal["em", "segmentation"]


class PrecomputedWriter:
    """Creates the folder and its `info`, then takes the voxels of each mip, slab by slab."""

    def __init__(
        self,
        folder: Path,
        kind: Kind,
        dtype: DTypeLike,
        resolution_nm: XYZ,
        size: IntXYZ,
        voxel_offset: IntXYZ = (0, 0, 0),
        chunk: IntXYZ = (64, 64, 64),
        mips: int = 2,
        factor: IntXYZ = (2, 2, 2),
        skeletons: str | None = None,
        encoding: Literal["raw", "compressed_segmentation"] = "raw",
    ) -> None:
        """Write the `info`.

        Args:
            size: of mip 0, (x, y, z) voxels.
            voxel_offset: of mip 0; every mip's downsampling must divide it.
            factor: downsampling from one mip to the next, (x, y, z).
            skeletons: name of the folder of skeletons inside `folder`, for a segmentation that has them.
            encoding: `compressed_segmentation` takes longer to write and a fiftieth of the space; ids only.
        """
        self.encoding = encoding
        self.folder = folder
        self.dtype = np.dtype(dtype).newbyteorder("<")
        self.chunk = chunk
        self.mips = tuple(_mip(resolution_nm, size, voxel_offset, factor, level) for level in range(mips))
        info: dict[str, object] = {
            "@type": "neuroglancer_multiscale_volume",
            "type": "image" if kind == "em" else "segmentation",
            "data_type": np.dtype(dtype).name,
            "num_channels": 1,
            "scales": [
                {
                    "key": _key(mip),
                    "encoding": encoding,
                    "resolution": list(mip.resolution_nm),
                    "size": list(mip.box.size),
                    "voxel_offset": list(mip.box.start),
                    "chunk_sizes": [list(chunk)],
                    **({} if encoding == "raw" else {"compressed_segmentation_block_size": [BLOCK] * 3}),
                }
                for mip in self.mips
            ],
        }
        if skeletons is not None:
            info["skeletons"] = skeletons
        for mip in self.mips:
            (folder / _key(mip)).mkdir(parents=True, exist_ok=True)
        (folder / "info").write_text(json.dumps(info))

    def write(self, array: NDArray[np.generic], start: IntXYZ | None = None, mip: int = 0) -> None:
        """Write a (z, y, x) array of whole chunks.

        Args:
            start: first voxel of the array in the mip, offset included; None for the beginning of the mip.

        Raises:
            ValueError: the array begins or ends inside a chunk, or leaves the mip.
        """
        bounds = self.mips[mip].box
        start = bounds.start if start is None else start
        stop = tuple(s + n for s, n in zip(start, reversed(array.shape), strict=True))
        box = Box(start, (stop[0], stop[1], stop[2]))
        aligned = all(
            (a - o) % c == 0 and ((b - o) % c == 0 or b == end) and o <= a and b <= end
            for a, b, c, o, end in zip(box.start, box.stop, self.chunk, bounds.start, bounds.stop, strict=True)
        )
        if not aligned:
            raise ValueError(
                f"box {box.start}..{box.stop} does not consist of whole chunks of {self.chunk} in the mip "
                f"{bounds.start}..{bounds.stop} (xyz, voxels)"
            )
        folder = self.folder / _key(self.mips[mip])
        for chunk in _chunks(box, self.chunk):
            name = "_".join(f"{a}-{b}" for a, b in zip(chunk.start, chunk.stop, strict=True))
            # raw precomputed chunks are Fortran ordered in (x, y, z): the bytes of a C-ordered (z, y, x) array
            voxels = np.ascontiguousarray(array[chunk.slices_in(box)], self.dtype)
            (folder / name).write_bytes(voxels.tobytes() if self.encoding == "raw" else encode_chunk(voxels))


def downsampled(array: NDArray[np.generic], kind: Kind, factor: IntXYZ = (2, 2, 2)) -> NDArray[np.generic]:
    """Return a (z, y, x) array for the next mip: the mean of EM, the first voxel of each block of a segmentation."""
    fx, fy, fz = factor
    if kind == "segmentation":
        return array[::fz, ::fy, ::fx]
    padding = [(0, -n % f) for n, f in zip(array.shape, (fz, fy, fx), strict=True)]
    full = np.pad(array, padding, mode="edge")
    z, y, x = full.shape
    blocks = full.reshape(z // fz, fz, y // fy, fy, x // fx, fx)
    means: NDArray[np.float32] = blocks.mean((1, 3, 5), dtype=np.float32)
    return np.rint(means).astype(array.dtype)


def _mip(resolution_nm: XYZ, size: IntXYZ, voxel_offset: IntXYZ, factor: IntXYZ, level: int) -> Mip:
    steps = [f**level for f in factor]
    if any(o % step for o, step in zip(voxel_offset, steps, strict=True)):
        raise ValueError(
            f"voxel offset {voxel_offset} is no multiple of {tuple(steps)}, the downsampling of mip {level}"
        )
    rx, ry, rz = (r * step for r, step in zip(resolution_nm, steps, strict=True))
    x, y, z = (o // step for o, step in zip(voxel_offset, steps, strict=True))
    nx, ny, nz = (-(-n // step) for n, step in zip(size, steps, strict=True))
    return Mip((rx, ry, rz), Box((x, y, z), (x + nx, y + ny, z + nz)))


def _key(mip: Mip) -> str:
    return "_".join(f"{r:g}" for r in mip.resolution_nm)


def _chunks(box: Box, chunk: IntXYZ) -> Iterator[Box]:
    steps = [range(a, b, c) for a, b, c in zip(box.start, box.stop, chunk, strict=True)]
    for x, y, z in product(*steps):
        yield Box(
            (x, y, z),
            (min(x + chunk[0], box.stop[0]), min(y + chunk[1], box.stop[1]), min(z + chunk[2], box.stop[2])),
        )
