"""Reading EM and segmentation volumes of any supported format as (z, y, x) arrays.

`Volume` is what everything else sees; which library reads the chunks is decided in `open_volume`. Chunks are kept
decoded, as stored, up to a number of bytes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from segclr.em.address import Format, parse_address
from segclr.em.chunk import Chunk, PlainChunk, SegmentChunk
from segclr.em.chunk_cache import ChunkCache, Key
from segclr.em.geometry import XYZ, Box, IntXYZ, same_resolution, voxel_of
from segclr.em.precomputed_info import PrecomputedInfo, parse_info
from segclr.em.source import Source
from segclr.em.store import Store
from segclr.em.tensorstore_source import precomputed_arrays, zarr_arrays
from segclr.em.zarr_levels import read_levels
from segclr.errors import VolumeUnavailable

Kind = Literal["em", "segmentation"]

_BATCH_BYTES = 128 << 20  # of decoded chunks on their way, before segment ids are made small
_TENSORSTORE_ENCODINGS = {"raw", "jpeg", "png", "compressed_segmentation"}


class Volume:
    """One EM or segmentation volume with its mips. Any number of threads may read."""

    def __init__(self, url: str, kind: Kind, source: Source, cache_bytes: int) -> None:
        """Wrap an opened source.

        Raises:
            VolumeUnavailable: the stored type cannot serve as EM or as segment ids.
        """
        self.url = url
        self.mips = source.mips
        self.dtype: np.dtype[np.generic] = np.dtype(np.uint8 if kind == "em" else np.uint64)
        if kind == "em" and source.dtype != np.uint8:
            raise VolumeUnavailable(f"{url} holds {source.dtype.name}, but EM must be uint8; convert it first")
        if kind == "segmentation" and source.dtype.kind not in "ui":
            raise VolumeUnavailable(f"{url} holds {source.dtype.name}, but segment ids must be integers")
        self._source = source
        self._cache = ChunkCache(cache_bytes)

    def read(self, box: Box, mip: int = 0) -> NDArray[np.generic]:
        """Return the voxels of a box, (z, y, x): EM uint8, segment ids uint64, zero outside the volume.

        Raises:
            VolumeUnavailable: a chunk cannot be fetched or decoded, or there is no such mip.
        """
        out: NDArray[np.generic] = np.zeros(box.size[::-1], self.dtype)
        for chunk, whole, part in self._pieces(box, mip):
            chunk.copy_to(out[part.slices_in(box)], part.slices_in(whole))
        return out

    def mask(self, box: Box, segment_id: int, mip: int = 0) -> NDArray[np.bool_]:
        """Return where in a box a segment is, (z, y, x), without ever copying the ids."""
        out = np.zeros(box.size[::-1], np.bool_)
        for chunk, whole, part in self._pieces(box, mip):
            chunk.mask_to(out[part.slices_in(box)], part.slices_in(whole), segment_id)
        return out

    def mip_for(self, resolution_nm: XYZ) -> int:
        """Return the mip that has this resolution, to 1 %.

        Raises:
            VolumeUnavailable: there is none.
        """
        for index, mip in enumerate(self.mips):
            if same_resolution(mip.resolution_nm, resolution_nm):
                return index
        known = ", ".join(_text(mip.resolution_nm) for mip in self.mips)
        raise VolumeUnavailable(f"{self.url} has no mip of {_text(resolution_nm)} nm; it has {known}")

    def chunk_size(self, mip: int) -> IntXYZ:
        """Return the voxels along x, y and z that are read together."""
        return self._source.chunk_sizes[mip]

    def segment_at(self, position_nm: XYZ) -> int:
        """Return the segment id under a position at the finest mip; 0 for background and outside the volume."""
        x, y, z = voxel_of(position_nm, self.mips[0].resolution_nm)
        return int(self.read(Box((x, y, z), (x + 1, y + 1, z + 1)))[0, 0, 0])

    def _pieces(self, box: Box, mip: int) -> Iterator[tuple[Chunk, Box, Box]]:
        """Yield the chunks under a box, each with its own box and the part of it that is asked for."""
        if not 0 <= mip < len(self.mips):
            raise VolumeUnavailable(f"{self.url} has no mip {mip}; it has {len(self.mips)}")
        inside = box.intersect(self.mips[mip].box)
        if inside is None:
            return
        boxes = self._chunks_of(inside, mip)
        # what would push everything else out of the cache is read past it
        kept = sum(chunk.voxels for chunk in boxes) <= self._cache.limit_bytes
        batch = max(1, _BATCH_BYTES // (boxes[0].voxels * self._source.dtype.itemsize))
        for first in range(0, len(boxes), batch):
            wholes = boxes[first : first + batch]
            keys = [(mip, whole) for whole in wholes]
            chunks = self._cache.get(keys, self._load) if kept else self._load(keys)
            for chunk, whole in zip(chunks, wholes, strict=True):
                part = inside.intersect(whole)
                if part is not None:
                    yield chunk, whole, part

    def _chunks_of(self, inside: Box, mip: int) -> list[Box]:
        bounds, chunk = self.mips[mip].box, self._source.chunk_sizes[mip]
        firsts = [
            range(o + (a - o) // c * c, b, c)
            for a, b, c, o in zip(inside.start, inside.stop, chunk, bounds.start, strict=True)
        ]
        ends = bounds.stop
        return [
            Box((x, y, z), (min(x + chunk[0], ends[0]), min(y + chunk[1], ends[1]), min(z + chunk[2], ends[2])))
            for x, y, z in product(*firsts)
        ]

    def _load(self, keys: Sequence[Key]) -> list[Chunk]:
        arrays = self._source.read([box for _, box in keys], keys[0][0])
        if self.dtype == np.uint64:
            return [SegmentChunk.of(array) for array in arrays]
        return [PlainChunk(array) for array in arrays]


def open_volume(url: str, kind: Kind, cache_bytes: int = 256 << 20, resolution_nm: XYZ | None = None) -> Volume:
    """Open a volume for reading.

    Args:
        url: `precomputed://`, `zarr://`, `zarr3://` or `n5://` before a file://, gs://, s3:// or https:// address, or
            the bare address (or an absolute path) of a folder that shows what it is.
        cache_bytes: most that decoded chunks may take.
        resolution_nm: of mip 0, (x, y, z), for arrays that do not say.

    Raises:
        VolumeUnavailable: there is no such volume, it cannot be reached, or it holds something else.
    """
    address = parse_address(url)
    store = Store(address.root)
    if store.folder is not None and not store.folder.is_dir():
        raise VolumeUnavailable(f"there is no folder {store.folder}")
    form = address.format or _guess_format(store)
    source: Source
    if form == "precomputed":
        info = store.read_json("info")
        if info is None:
            raise VolumeUnavailable(f"there is no precomputed volume at {store.root}: it has no info file")
        source = _precomputed(store, parse_info(info, store.root))
    elif form == "swc":
        raise VolumeUnavailable(f"{url} is a folder of skeletons, not a volume")
    else:
        source = zarr_arrays(store, read_levels(store, form == "n5", resolution_nm))
    own_nm = source.mips[0].resolution_nm
    if resolution_nm is not None and not same_resolution(own_nm, resolution_nm):
        raise VolumeUnavailable(
            f"{store.root} says that its voxels are {_text(own_nm)} nm, not the resolution_nm of {_text(resolution_nm)}"
        )
    return Volume(url, kind, source, cache_bytes)


def _guess_format(store: Store) -> Format:
    signs: dict[str, Format] = {"info": "precomputed", "attributes.json": "n5"}
    signs |= dict.fromkeys(("zarr.json", ".zarray", ".zattrs", ".zgroup"), "zarr")
    for name, form in signs.items():
        if store.read(name) is not None:
            return form
    raise VolumeUnavailable(f"there is no volume at {store.root}: none of {', '.join(signs)} is there")


def _precomputed(store: Store, info: PrecomputedInfo) -> Source:
    packed = False
    if store.folder is not None:
        # Someone may have copied some of the mips only: the others would be read as background, silently.
        here = [scale for scale, key in zip(info.scales, info.keys, strict=True) if (store.folder / key).is_dir()]
        if not here:
            raise VolumeUnavailable(f"{store.folder} has an info file, but none of the folders of chunks it names")
        info = info.only(here)
        packed = any(_has_packed_chunks(store.folder / key) for key in info.keys)
    if packed or not _TENSORSTORE_ENCODINGS.issuperset(info.encodings):
        from segclr.em.cloudvolume_source import CloudVolumeSource  # takes most of a second, and is seldom needed

        return CloudVolumeSource(store.root, info)
    return precomputed_arrays(store, info)


def _has_packed_chunks(folder: Path) -> bool:
    """Whether chunks have a suffix like .gz: TensorStore takes them for missing, which is zeros without an error."""
    with os.scandir(folder) as entries:
        return any(entry.name.endswith((".gz", ".br", ".zstd", ".xz", ".bz2")) for entry in entries)


def _text(resolution_nm: XYZ) -> str:
    return " x ".join(f"{r:g}" for r in resolution_nm)
