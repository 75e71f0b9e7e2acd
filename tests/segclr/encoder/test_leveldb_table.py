"""Tables of sorted keys, and the compression of their blocks."""

import numpy as np
import pytest

from segclr.encoder.leveldb_table import masked_crc32c, read_table, read_varint, snappy_decompressed
from tests.segclr.encoder.bundle_writer import MAGIC, masked_crc, snappy_compressed, table, varint

ROWS = [(f"layer_{row:03d}/kernel".encode(), bytes([row]) * (row % 7)) for row in range(131)]


@pytest.mark.parametrize("compress", [False, True], ids=["plain", "compressed"])
@pytest.mark.parametrize("per_block", [1, 17, 40, 500])
def test_all_keys_and_values_come_back_in_order(compress: bool, per_block: int) -> None:
    assert list(read_table(table(ROWS, compress, per_block)).items()) == ROWS


def test_an_empty_table_has_no_keys() -> None:
    assert read_table(table([])) == {}


def test_the_checksum_is_that_of_the_format() -> None:
    # leveldb/util/crc32c_test.cc: the CRC of 32 zeros is 0x8a9136aa; the mask is kMaskDelta after a rotation by 15
    crc = 0x8A9136AA
    assert masked_crc32c(bytes(32)) == (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF


@pytest.mark.parametrize("value", [0, 1, 127, 128, 300, 2**53 + 1, 2**64 - 1])
def test_numbers_of_seven_bits_a_byte_come_back(value: int) -> None:
    assert read_varint(b"x" + varint(value) + b"y", 1) == (value, 1 + len(varint(value)))


@pytest.mark.parametrize(
    ("stored", "expected"),
    [  # google/snappy, format_description.txt
        (b"\x05\x10hello", b"hello"),
        (b"\x00", b""),
        (b"\x08\x00a\x0d\x01", b"a" * 8),  # a copy of 7 bytes from 1 back repeats that one
        (b"\x0b\x04xa\x15\x02", b"xaxaxaxaxax"),  # a copy of 9 bytes from 2 back
        (b"\x06\x08abc\x0a\x03\x00", b"abcabc"),  # distance of two bytes
        (b"\x06\x08abc\x0b\x03\x00\x00\x00", b"abcabc"),  # distance of four bytes
        (b"\x3d\xf0\x3c" + bytes(range(61)), bytes(range(61))),  # a length beside the tag
    ],
)
def test_each_kind_of_compressed_element_is_undone(stored: bytes, expected: bytes) -> None:
    assert snappy_decompressed(stored) == expected


@pytest.mark.parametrize("size", [1, 59, 60, 61, 256, 257, 70_000])
def test_noise_and_repetition_come_back_from_compression(size: int) -> None:
    noise = np.random.default_rng(size).integers(0, 256, size, np.uint8).tobytes()
    for content in (noise, noise[:50] * (size // 50 + 1), noise + noise[::-1] + noise[: size // 2]):
        assert snappy_decompressed(snappy_compressed(content)) == content


@pytest.mark.parametrize(
    ("stored", "text"),
    [
        (b"", "cut short"),
        (b"\x05\x10hel", "cut short"),
        (b"\x06\x10hello", "5 bytes where 6 were promised"),
        (b"\x04\x10hello", "5 bytes where 4 were promised"),
        (b"\x08\x00a\x0d\x02", "before its beginning"),
        (b"\x08\x00a\x0d\x00", "before its beginning"),
        (b"\xff" * 11, "cut short or too long"),
    ],
)
def test_what_is_not_compressed_bytes_is_refused(stored: bytes, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        snappy_decompressed(stored)


def with_checksum(block: bytes, kind: int) -> bytes:
    """A table of one index block, stored as given."""
    body = block + bytes([kind])
    handle = varint(0) + varint(len(block))
    return body + masked_crc(body) + (handle * 2).ljust(40, b"\0") + MAGIC.to_bytes(8, "little")


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", "does not end as a LevelDB table"),
        (bytes(100), "does not end as a LevelDB table"),
        (table(ROWS)[:-1], "does not end as a LevelDB table"),
        (table(ROWS)[5:], "lies beyond its end|checksum"),
        (b"\xff" + table(ROWS)[1:], "differs from its checksum"),
        (with_checksum(bytes(8), 2), "unknown way, number 2"),
        (with_checksum(b"", 0), "cut short"),
        (with_checksum(b"\x09\x01\x00k" + bytes(4) + b"\x01\0\0\0", 0), "beyond its block"),
        (with_checksum(b"\x00\x01\x63k" + bytes(4) + b"\x01\0\0\0", 0), "beyond its block"),
    ],
)
def test_what_is_no_whole_table_is_refused(content: bytes, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        read_table(content)
