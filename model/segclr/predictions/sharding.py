"""Many small chunks in few files, as Neuroglancer reads them from any web server that knows ranges of bytes.

Format: google/neuroglancer, src/datasource/precomputed/sharded.md (`neuroglancer_uint64_sharded_v1`).
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

KIND = "neuroglancer_uint64_sharded_v1"
_CHUNKS_AT_ONCE = 1 << 16
_SHARD_BYTES = 1 << 26

Contents = Callable[[NDArray[np.int64]], Iterator[bytes]]
"""The contents of chunks, given by their index, one after the other; in pieces of any length."""


@dataclass(frozen=True, slots=True)
class Sharding:
    """Which file a chunk is in, and where its entry is.

    A chunk's id, without its lowest `preshift_bits`, is hashed; the lowest `minishard_bits` of that are its minishard,
    the next `shard_bits` its shard.
    """

    preshift_bits: int
    hash: Literal["identity", "murmurhash3_x86_128"]
    minishard_bits: int
    shard_bits: int

    def to_json(self) -> dict[str, object]:
        """As the `sharding` of an `info` has it."""
        return {
            "@type": KIND,
            "preshift_bits": self.preshift_bits,
            "hash": self.hash,
            "minishard_bits": self.minishard_bits,
            "shard_bits": self.shard_bits,
            "minishard_index_encoding": "gzip",
            "data_encoding": "raw",
        }

    def places(self, ids: NDArray[np.uint64]) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
        """Return shard and minishard of chunk ids, both (n,) uint64."""
        hashed = ids >> np.uint64(self.preshift_bits)
        if self.hash != "identity":
            hashed = murmur_hashes(hashed)
        minishard = hashed & np.uint64((1 << self.minishard_bits) - 1)
        return (hashed >> np.uint64(self.minishard_bits)) & np.uint64((1 << self.shard_bits) - 1), minishard

    def file_of(self, shard: int) -> str:
        return f"{shard:0{-(-self.shard_bits // 4)}x}.shard"


def sharding_of_runs(count: int, size: int, in_minishard: int = 512) -> Sharding:
    """Choose a sharding for ids from 0 to `count` - 1, of `size` bytes in all: neighbours are in one minishard.

    Args:
        in_minishard: ids of a minishard, whose entries a viewer must fetch to find one of them.
    """
    preshift = min(_bits(count), _bits(in_minishard))
    shards = _bits(-(-size // _SHARD_BYTES))
    minishards = max(0, _bits(count) - preshift - shards)
    return Sharding(preshift, "identity", minishards, _bits(-(-count >> (preshift + minishards))))


def sharding_of_any(count: int, size: int, in_minishard: int = 512) -> Sharding:
    """Choose a sharding for `count` ids of any kind, of `size` bytes in all."""
    shards = _bits(-(-size // _SHARD_BYTES))
    return Sharding(0, "murmurhash3_x86_128", max(0, _bits(-(-count // in_minishard)) - shards), shards)


def write_shards(
    folder: Path, sharding: Sharding, ids: NDArray[np.uint64], sizes: NDArray[np.int64], contents: Contents
) -> None:
    """Write chunks into the shards of a folder that is there.

    Args:
        ids: (n,), none twice.
        sizes: (n,) bytes of each.

    Raises:
        OSError: A file cannot be written.
    """
    for shard, some in _by_shard(sharding, ids):
        minishard = sharding.places(ids[some])[1]
        path = folder / sharding.file_of(shard)
        _write_shard(path, 1 << sharding.minishard_bits, minishard, ids[some], sizes[some], contents, some)


def _by_shard(sharding: Sharding, ids: NDArray[np.uint64]) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """Yield each shard that has chunks, and which, by minishard and id."""
    if sharding.hash == "identity" and (ids[1:] > ids[:-1]).all():  # they lie in order; nothing is held of all of them
        width = sharding.preshift_bits + sharding.minishard_bits
        borders = np.searchsorted(ids, np.arange(1 << sharding.shard_bits, dtype=np.uint64) << np.uint64(width))
        for shard, (start, stop) in enumerate(zip(borders, [*borders[1:], len(ids)], strict=True)):
            if start < stop:
                yield shard, np.arange(start, stop)
        return
    shards, minishards = sharding.places(ids)
    order = np.lexsort((ids, minishards, shards))
    starts = np.flatnonzero(np.diff(shards[order], prepend=np.uint64(1 << 63))).tolist()
    for start, stop in zip(starts, [*starts[1:], len(order)], strict=True):
        yield int(shards[order[start]]), order[start:stop]


def _write_shard(
    path: Path,
    minishards: int,
    minishard: NDArray[np.uint64],
    ids: NDArray[np.uint64],
    sizes: NDArray[np.int64],
    contents: Contents,
    order: NDArray[np.int64],
) -> None:
    """Write one file: the index of minishards, all chunks, and the entries of each minishard."""
    ends = np.cumsum(sizes)
    index = np.zeros((minishards, 2), "<u8")
    with path.open("wb") as file:
        file.write(index.tobytes())  # its place; filled when all is known
        for start in range(0, len(order), _CHUNKS_AT_ONCE):
            for piece in contents(order[start : start + _CHUNKS_AT_ONCE]):
                file.write(piece)
        if file.tell() != index.nbytes + int(ends[-1]):
            raise ValueError(f"{path.name}: the chunks have {file.tell() - index.nbytes} bytes, not {int(ends[-1])}")
        begins = np.flatnonzero(np.diff(minishard, prepend=np.uint64(1 << 63))).tolist()
        at = int(ends[-1])
        for begin, end in zip(begins, [*begins[1:], len(order)], strict=True):
            entries = np.zeros((3, end - begin), "<u8")
            entries[0] = np.diff(ids[begin:end], prepend=np.uint64(0))
            entries[1, 0] = ends[begin] - sizes[begin]  # from the end of the index; all others follow at once
            entries[2] = sizes[begin:end]
            packed = gzip.compress(entries.tobytes(), compresslevel=6, mtime=0)
            index[int(minishard[begin])] = (at, at + len(packed))
            at += len(packed)
            file.write(packed)
        file.seek(0)
        file.write(index.tobytes())


def murmur_hashes(ids: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return the lower 8 bytes of MurmurHash3_x86_128 (Appleby, 2011), seed 0, of each id as 8 little-endian bytes."""
    mask = np.uint64(0xFFFFFFFF)

    def times(value: NDArray[np.uint64], factor: int) -> NDArray[np.uint64]:
        return (value * np.uint64(factor)) & mask

    def turned(value: NDArray[np.uint64], bits: int) -> NDArray[np.uint64]:
        return ((value << np.uint64(bits)) | (value >> np.uint64(32 - bits))) & mask

    def mixed(value: NDArray[np.uint64]) -> NDArray[np.uint64]:
        value = times(value ^ (value >> np.uint64(16)), 0x85EBCA6B)
        value = times(value ^ (value >> np.uint64(13)), 0xC2B2AE35)
        return value ^ (value >> np.uint64(16))

    # 8 bytes are a tail: no block of 16 is there
    k1 = times(turned(times(ids & mask, 0x239B961B), 15), 0xAB0E9789)
    k2 = times(turned(times(ids >> np.uint64(32), 0xAB0E9789), 16), 0x38B34AE5)
    length = np.uint64(8)
    h1, h2 = k1 ^ length, k2 ^ length
    h3 = h4 = np.full_like(ids, length)
    h1 = (h1 + h2 + h3 + h4) & mask
    h2, h3, h4 = (h2 + h1) & mask, (h3 + h1) & mask, (h4 + h1) & mask
    h1, h2, h3, h4 = mixed(h1), mixed(h2), mixed(h3), mixed(h4)
    h1 = (h1 + h2 + h3 + h4) & mask
    return h1 | (((h2 + h1) & mask) << np.uint64(32))


def _bits(count: int) -> int:
    """Return how many bits number so many things."""
    return max(0, (count - 1).bit_length())
