"""Writing TensorFlow checkpoints without TensorFlow, for the tests of reading them."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import google_crc32c
import numpy as np
from numpy.typing import NDArray

MAGIC = 0xDB4775248B80FB57
DTYPES = {"float32": 1, "int64": 9}
GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"
STRING = 7  # TensorFlow's number for the type


def masked_crc(content: bytes) -> bytes:
    checksum = google_crc32c.value(content)
    return ((((checksum >> 15) | (checksum << 17)) + 0xA282EAD8) & 0xFFFFFFFF).to_bytes(4, "little")


def varint(value: int) -> bytes:
    result = bytearray()
    while value >= 0x80:
        result.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*result, value])


def number_field(number: int, value: int) -> bytes:
    return varint(number << 3) + varint(value)


def bytes_field(number: int, content: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(content)) + content


def snappy_compressed(content: bytes) -> bytes:
    """Greedy compression: copies with distances of 1, 2 and 4 bytes' tags, literals of any length between them."""
    result, literal, position = bytearray(varint(len(content))), bytearray(), 0
    last: dict[bytes, int] = {}
    while position < len(content):
        word = content[position : position + 4]
        found = last.get(word) if len(word) == 4 else None
        last[word] = position
        if found is None:
            literal.append(content[position])
            position += 1
            continue
        size = 4
        while size < 64 and position + size < len(content) and content[found + size] == content[position + size]:
            size += 1
        result += _literal(literal) + _copy(position - found, size)
        literal.clear()
        position += size
    return bytes(result + _literal(literal))


def _literal(content: bytes | bytearray) -> bytes:
    size = len(content) - 1
    if size < 0:
        return b""
    if size < 60:
        return bytes([size << 2]) + content
    extra = (size.bit_length() + 7) // 8
    return bytes([59 + extra << 2]) + size.to_bytes(extra, "little") + content


def _copy(distance: int, size: int) -> bytes:
    if size <= 11 and distance < 2048:
        return bytes([1 | size - 4 << 2 | distance >> 8 << 5, distance & 0xFF])
    if distance < 65536:
        return bytes([2 | size - 1 << 2]) + distance.to_bytes(2, "little")
    return bytes([3 | size - 1 << 2]) + distance.to_bytes(4, "little")


def table(entries: Sequence[tuple[bytes, bytes]], compress: bool = False, per_block: int = 40) -> bytes:
    """A LevelDB table of sorted entries, a new block after so many of them."""
    content = bytearray()

    def write_block(rows: Iterable[tuple[bytes, bytes]]) -> bytes:
        block = _block(rows)
        stored = snappy_compressed(block) if compress else block
        handle = varint(len(content)) + varint(len(stored))
        kind = bytes([int(compress)])
        content.extend(stored + kind + masked_crc(stored + kind))
        return handle

    index = []
    for first in range(0, len(entries), per_block):
        rows = entries[first : first + per_block]
        index.append((rows[-1][0], write_block(rows)))
    footer = write_block([]) + write_block(index)
    return bytes(content) + footer.ljust(40, b"\0") + MAGIC.to_bytes(8, "little")


def _block(rows: Iterable[tuple[bytes, bytes]], restart_every: int = 16) -> bytes:
    result, restarts, previous = bytearray(), [0], b""
    for count, (key, value) in enumerate(rows):
        shared = 0
        if count % restart_every:
            while shared < min(len(key), len(previous)) and key[shared] == previous[shared]:
                shared += 1
        elif count:
            restarts.append(len(result))
        result += varint(shared) + varint(len(key) - shared) + varint(len(value)) + key[shared:] + value
        previous = key
    return bytes(result) + b"".join(at.to_bytes(4, "little") for at in (*restarts, len(restarts)))


def header(shards: int = 1, endianness: int = 0) -> bytes:
    """A BundleHeaderProto; field 3 is the version."""
    order = number_field(2, endianness) if endianness else b""
    return number_field(1, shards) + order + bytes_field(3, number_field(1, 1))


def entry(dtype: int, shape: tuple[int, ...], shard: int, offset: int, content: bytes) -> bytes:
    """A BundleEntryProto; as protocol buffers do it, zeros are left out."""
    dimensions = b"".join(bytes_field(2, number_field(1, edge)) for edge in shape)
    numbers = {3: shard, 4: offset, 5: len(content)}
    return (
        number_field(1, dtype)
        + bytes_field(2, dimensions)
        + b"".join(number_field(number, value) for number, value in numbers.items() if value)
        + varint(6 << 3 | 5)
        + masked_crc(content)
    )


def write_bundle(
    prefix: Path, tensors: Mapping[str, NDArray[np.generic]], compress: bool = False, shards: int = 1
) -> Path:
    """Write tensors by key as a checkpoint, spread over its shards in turn, with an object graph beside them."""
    rows = {b"": header(shards)}
    data = [bytearray() for _ in range(shards)]
    for count, key in enumerate(sorted([*tensors, GRAPH])):
        shard = count % shards
        if key == GRAPH:
            content, dtype, shape = b"\x05graph", STRING, ()
        else:
            array = tensors[key]
            content, dtype, shape = array.tobytes(), DTYPES[array.dtype.name], array.shape
        rows[key.encode()] = entry(dtype, shape, shard, len(data[shard]), content)
        data[shard] += content
    for shard, content in enumerate(data):
        prefix.with_name(f"{prefix.name}.data-{shard:05d}-of-{shards:05d}").write_bytes(content)
    prefix.with_name(prefix.name + ".index").write_bytes(table(sorted(rows.items()), compress))
    return prefix
