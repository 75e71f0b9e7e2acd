"""Reading the tensors of a TensorFlow checkpoint without TensorFlow.

A checkpoint ("tensor bundle") is a table ``PREFIX.index`` and the bytes of its tensors in
``PREFIX.data-00000-of-00001`` and so on. The table's values are protocol buffers: BundleHeaderProto and
BundleEntryProto of tensorflow/core/protobuf/tensor_bundle.proto. Here only what is needed of them is read.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from segclr.encoder.leveldb_table import masked_crc32c, read_table, read_varint
from segclr.errors import CheckpointMismatch

FLOAT32 = 1
"""TensorFlow's number for the type (tensorflow/core/framework/types.proto, DT_FLOAT)."""

_HEADER_KEY = b""
_LITTLE_ENDIAN = 0


@dataclass(frozen=True, slots=True)
class BundleEntry:
    """Where a tensor lies and what it is."""

    dtype: int  # TensorFlow's number
    shape: tuple[int, ...]
    shard: int
    offset: int  # bytes
    size: int  # bytes
    checksum: int  # of the bytes, masked CRC-32C
    sliced: bool  # stored in parts, under other keys


@dataclass(frozen=True, slots=True)
class TensorBundle:
    """An opened checkpoint; ``entries`` are in the order of their keys."""

    prefix: Path
    shards: int
    entries: Mapping[str, BundleEntry]

    def read(self, key: str) -> NDArray[np.float32]:
        """One tensor, in its shape.

        Raises:
            CheckpointMismatch: It is no float32 tensor, or its bytes cannot be read or are damaged.
        """
        entry = self.entries[key]
        if entry.dtype != FLOAT32 or entry.sliced:
            kind = "stored in slices" if entry.sliced else f"of TensorFlow's type number {entry.dtype}"
            raise CheckpointMismatch(f"{key} in {self.prefix} is {kind}: only whole float32 tensors can be read")
        path = self.prefix.with_name(f"{self.prefix.name}.data-{entry.shard:05d}-of-{self.shards:05d}")
        try:
            with path.open("rb") as file:
                file.seek(entry.offset)
                content = file.read(entry.size)
        except OSError as error:
            raise CheckpointMismatch(
                f"the checkpoint's file {path} cannot be read: {error.strerror}; it must lie beside its .index file"
            ) from None
        if len(content) != entry.size or masked_crc32c(content) != entry.checksum:
            raise CheckpointMismatch(f"{path} is damaged: {key} differs from its checksum; copy the file again")
        if entry.size != 4 * int(np.prod(entry.shape, dtype=np.int64)):
            raise CheckpointMismatch(f"{self.prefix} is damaged: {key} has {entry.size} bytes for shape {entry.shape}")
        return np.frombuffer(content, "<f4").reshape(entry.shape)


def open_bundle(prefix: Path) -> TensorBundle:
    """Read a checkpoint's list of tensors.

    Args:
        prefix: Path without ``.index``, as TensorFlow names checkpoints; the name of the .index file will do too.

    Raises:
        CheckpointMismatch: There is no such checkpoint, or its index is damaged.
    """
    if prefix.suffix == ".index":
        prefix = prefix.with_suffix("")
    index = prefix.with_name(prefix.name + ".index")
    try:
        content = index.read_bytes()
    except OSError as error:
        raise CheckpointMismatch(
            f"{index} cannot be read: {error.strerror}; name a TensorFlow checkpoint by its path without .index"
        ) from None
    try:
        table = read_table(content)
        header = dict(_fields(table.pop(_HEADER_KEY)))
        shards, endianness = _integer(header.get(1, 1)), header.get(2, _LITTLE_ENDIAN)
        entries = {key.decode(): _entry(value) for key, value in table.items()}
    except KeyError:
        raise CheckpointMismatch(f"{index} is a table but no index of a TensorFlow checkpoint: no header") from None
    except ValueError as error:
        raise CheckpointMismatch(f"{index} is damaged, or no index of a TensorFlow checkpoint: {error}") from None
    if endianness != _LITTLE_ENDIAN:
        raise CheckpointMismatch(f"{index} belongs to a big-endian checkpoint: only little-endian ones can be read")
    return TensorBundle(prefix, shards, entries)


def _entry(message: bytes) -> BundleEntry:
    """Decode a BundleEntryProto; a field that is absent is 0."""
    dtype = shard = offset = size = checksum = 0
    shape: tuple[int, ...] = ()
    sliced = False
    for number, value in _fields(message):
        match number:
            case 1:
                dtype = _integer(value)
            case 2:
                shape = _shape(_bytes(value))
            case 3:
                shard = _integer(value)
            case 4:
                offset = _integer(value)
            case 5:
                size = _integer(value)
            case 6:
                checksum = _integer(value)
            case 7:
                sliced = True
    return BundleEntry(dtype, shape, shard, offset, size, checksum, sliced)


def _shape(message: bytes) -> tuple[int, ...]:
    """Decode a TensorShapeProto: field 2 is a dimension, whose field 1 is its length."""
    return tuple(
        _integer(dict(_fields(_bytes(dimension))).get(1, 0)) for number, dimension in _fields(message) if number == 2
    )


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Numbers and values of a protocol buffer's fields."""
    position = 0
    while position < len(message):
        tag, position = read_varint(message, position)
        wire_type = tag & 7
        if wire_type == 0:
            value, position = read_varint(message, position)
            yield tag >> 3, value
            continue
        if wire_type == 2:
            size, position = read_varint(message, position)
        elif wire_type in (1, 5):
            size = 8 if wire_type == 1 else 4
        else:
            raise ValueError(f"a field of unknown type {wire_type}")
        content = message[position : position + size]
        if len(content) != size:
            raise ValueError("an entry is cut short")
        position += size
        yield tag >> 3, content if wire_type == 2 else int.from_bytes(content, "little")


def _integer(value: int | bytes) -> int:
    if isinstance(value, bytes):
        raise ValueError("text where a number belongs")
    return value


def _bytes(value: int | bytes) -> bytes:
    if isinstance(value, int):
        raise ValueError("a number where a message belongs")
    return value
