"""Reading a LevelDB table: sorted keys with values, in blocks that may be compressed with Snappy.

TensorFlow writes the index of a checkpoint as one. Layout: leveldb/doc/table_format.md; compression:
google/snappy, format_description.txt. A table is read whole: such an index has some kilobytes.
"""

import struct
from collections.abc import Iterator

import google_crc32c

_MAGIC = 0xDB4775248B80FB57
_FOOTER = 48  # bytes: two block handles, filled up, then the magic number
_TRAILER = 5  # bytes after a block: how it is compressed, and a checksum
_PLAIN, _SNAPPY = 0, 1


def read_table(content: bytes) -> dict[bytes, bytes]:
    """All keys with their values, in the table's order.

    Raises:
        ValueError: This is no table, or a damaged one.
    """
    if len(content) < _FOOTER or int.from_bytes(content[-8:], "little") != _MAGIC:
        raise ValueError("it does not end as a LevelDB table does")
    footer = content[-_FOOTER:-8]
    _, after_metaindex = _read_handle(footer, 0)
    index_block, _ = _read_handle(footer, after_metaindex)
    entries: dict[bytes, bytes] = {}
    for _, handle in _entries(_read_block(content, index_block)):
        entries.update(_entries(_read_block(content, _read_handle(handle, 0)[0])))
    return entries


def masked_crc32c(content: bytes) -> int:
    """The checksum of LevelDB and TensorFlow: a CRC of bytes that hold CRCs would be weak, so it is rotated."""
    checksum: int = google_crc32c.value(content)
    return ((checksum >> 15 | checksum << 17) + 0xA282EAD8) & 0xFFFFFFFF


def read_varint(content: bytes, position: int) -> tuple[int, int]:
    """A number of seven bits per byte, least significant first, and the position after it."""
    value = shift = 0
    while True:
        if position >= len(content) or shift > 63:
            raise ValueError("a number in it is cut short or too long")
        byte = content[position]
        position += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, position


def snappy_decompressed(content: bytes) -> bytes:
    """Undo Snappy's compression of one block.

    Raises:
        ValueError: The bytes are not what Snappy writes.
    """
    length, position = read_varint(content, 0)
    result = bytearray()
    while position < len(content):
        tag = content[position]
        position += 1
        if tag & 3 == 0:  # literal bytes; from 60 on, the length follows in 1 to 4 bytes
            size = (tag >> 2) + 1
            if size > 60:
                extra = size - 60
                size = int.from_bytes(content[position : position + extra], "little") + 1
                position += extra
            if position + size > len(content):
                raise ValueError("a compressed block in it is cut short")
            result += content[position : position + size]
            position += size
            continue
        if tag & 3 == 1:  # a copy of 4 to 11 bytes, whose distance has 11 bits
            size, extra, high = (tag >> 2 & 7) + 4, 1, tag >> 5 << 8
        else:  # a copy of 1 to 64 bytes, whose distance has 2 or 4 bytes
            size, extra, high = (tag >> 2) + 1, 2 if tag & 3 == 2 else 4, 0
        distance = high | int.from_bytes(content[position : position + extra], "little")
        position += extra
        if not 0 < distance <= len(result):
            raise ValueError("a compressed block in it copies from before its beginning")
        pattern = result[-distance:]  # a copy may reach into what it writes itself: then the pattern repeats
        result += (pattern * (size // distance + 1))[:size]
        if len(result) > length:
            break
    if len(result) != length:
        raise ValueError(f"a compressed block in it has {len(result)} bytes where {length} were promised")
    return bytes(result)


def _read_handle(content: bytes, position: int) -> tuple[tuple[int, int], int]:
    """Where a block lies, (offset, size) in bytes without its trailer, and the position after the handle."""
    offset, position = read_varint(content, position)
    size, position = read_varint(content, position)
    return (offset, size), position


def _read_block(content: bytes, handle: tuple[int, int]) -> bytes:
    offset, size = handle
    end = offset + size
    if end + _TRAILER > len(content):
        raise ValueError("one of its blocks lies beyond its end")
    (checksum,) = struct.unpack_from("<I", content, end + 1)
    if masked_crc32c(content[offset : end + 1]) != checksum:
        raise ValueError("one of its blocks differs from its checksum")
    compression = content[end]
    if compression not in (_PLAIN, _SNAPPY):
        raise ValueError(f"one of its blocks is compressed in an unknown way, number {compression}")
    block = content[offset:end]
    return snappy_decompressed(block) if compression == _SNAPPY else block


def _entries(block: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Keys and values of a block; of each key only what differs from the key before is stored."""
    if len(block) < 4:
        raise ValueError("one of its blocks is cut short")
    restarts = int.from_bytes(block[-4:], "little")
    end = len(block) - 4 * (restarts + 1)
    position, key = 0, b""
    while position < end:
        shared, position = read_varint(block, position)
        unshared, position = read_varint(block, position)
        size, position = read_varint(block, position)
        value = position + unshared
        if shared > len(key) or value + size > end:
            raise ValueError("an entry of it lies beyond its block")
        key = key[:shared] + block[position:value]
        yield key, block[value : value + size]
        position = value + size
