"""One segment's file out of a shard, unpacked piece by piece: a whole cell's may be larger than memory should hold."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from segclr.errors import ReleaseError
from segclr.release.http import Part, RangeReader
from segclr.release.zip_directory import Member, ZipDirectory

_HEADER = b"PK\3\4"
_HEADER_SIZE = 30
_LIKELY_EXTRA = 64  # a member's header may have an extra field, of a length that only the header itself tells
_AT_ONCE = 8 << 20
_STORED, _DEFLATED = 0, 8


class ShardChanged(Exception):  # noqa: N818
    """The shard is not the one whose directory is at hand: read the directory again."""


def unpacked(reader: RangeReader, url: str, directory: ZipDirectory, member: Member) -> Iterator[bytes]:
    """Yield the bytes of a member's file; a small one is read in one request.

    Raises:
        ShardChanged: Before anything was yielded.
        ReleaseUnavailable: See `RangeReader.read`.
        ReleaseError: The member is damaged, or packed in a way that no release is.
    """
    where = f"{url}, {member.name}"
    if member.method not in (_STORED, _DEFLATED):
        raise ReleaseError(f"{where}: packed by method {member.method}, but only 'deflated' and 'stored' are known")
    inflater = zlib.decompressobj(-zlib.MAX_WBITS) if member.method == _DEFLATED else None
    crc = size = 0
    for block in _inflated(_packed(reader, url, directory, member), inflater, where):
        crc, size = zlib.crc32(block, crc), size + len(block)
        if size > member.size:
            raise ReleaseError(f"{where}: damaged, it unpacks to more than the {member.size} bytes announced")
        yield block
    if size != member.size or crc != member.crc:
        raise ReleaseError(f"{where}: damaged, its checksum or its size of {size} bytes is not the one announced")


def _inflated(blocks: Iterator[bytes], inflater: zlib._Decompress | None, where: str) -> Iterator[bytes]:
    """Unpack, never more than `_AT_ONCE` bytes at a time."""
    if inflater is None:
        yield from blocks
        return
    try:
        for block in blocks:
            packed = block
            while packed:
                yield inflater.decompress(packed, _AT_ONCE)
                packed = inflater.unconsumed_tail
        yield inflater.flush()
    except zlib.error as error:
        raise ReleaseError(f"{where}: damaged, it cannot be unpacked ({error})") from None
    if not inflater.eof:
        raise ReleaseError(f"{where}: damaged, it ends too early")


def _packed(reader: RangeReader, url: str, directory: ZipDirectory, member: Member) -> Iterator[bytes]:
    """Yield the member's bytes as they are in the shard."""
    guess = _HEADER_SIZE + len(member.name) + _LIKELY_EXTRA + member.packed
    at = member.offset
    part = reader.read(url, at, min(at + min(guess, _AT_ONCE), directory.total))
    _same(part, directory)
    at += _header_size(part.content, member, f"{url}, {member.name}")
    stop = at + member.packed
    block = part.content[at - part.start : stop - part.start]
    while True:
        yield block
        at += len(block)
        if at >= stop:
            return
        part = reader.read(url, at, min(at + _AT_ONCE, stop))
        if (part.total, part.etag) != (directory.total, directory.etag):
            raise ReleaseError(f"{url} was changed while {member.name} was read: try again")
        block = part.content


def _same(part: Part, directory: ZipDirectory) -> None:
    if (part.total, part.etag) != (directory.total, directory.etag):
        raise ShardChanged


def _header_size(content: bytes, member: Member, where: str) -> int:
    """Return how many bytes come before the member's own, and check that the header is this member's."""
    name = member.name.encode()
    if not content.startswith(_HEADER) or content[_HEADER_SIZE : _HEADER_SIZE + len(name)] != name:
        raise ReleaseError(f"{where}: damaged, the shard's directory leads to something else")
    name_size, extra_size = struct.unpack("<26x2H", content[:_HEADER_SIZE])
    if name_size != len(name):
        raise ReleaseError(f"{where}: damaged, the shard's directory leads to something else")
    return _HEADER_SIZE + int(name_size) + int(extra_size)
