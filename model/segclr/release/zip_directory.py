"""What a shard holds: the central directory of a ZIP archive, read without reading the archive (APPNOTE.TXT 4.3, 4.5).

Only what the releases need: one disk, no encryption, members named `<segment id>.csv`, sizes beyond 4 GiB (zip64).
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segclr.errors import ReleaseError
from segclr.release.http import Part, RangeReader

_END, _END_64, _LOCATOR_64, _ENTRY = b"PK\5\6", b"PK\6\6", b"PK\6\7", b"PK\1\2"
_END_SIZE, _LONGEST_COMMENT, _LOCATOR_SIZE, _END_64_SIZE, _ENTRY_SIZE = 22, 65_535, 20, 56, 46
_NAME = re.compile(rb"(0|[1-9][0-9]{0,19})\.csv")
_ZIP64_EXTRA = 1
_ENCRYPTED = 1
_IN_EXTRA = 0xFFFFFFFF  # a field of 4 bytes that says: look into the zip64 extra field
_LARGEST_ID = 2**64 - 1

MEMBER = np.dtype(
    [("segment_id", "<u8"), ("offset", "<u8"), ("packed", "<u8"), ("size", "<u8"), ("crc", "<u4"), ("method", "<u2")]
)


@dataclass(frozen=True, slots=True)
class Member:
    """One segment's file in a shard: `packed` bytes from after its header at `offset`, `size` when unpacked."""

    segment_id: int
    offset: int
    packed: int
    size: int
    crc: int
    method: int

    @property
    def name(self) -> str:
        return f"{self.segment_id}.csv"


@dataclass(frozen=True, slots=True, eq=False)
class ZipDirectory:
    """All segments of a shard.

    Attributes:
        members: (n,) of `MEMBER`, ascending by segment.
        total: bytes of the archive, which with `etag` tells it from a changed one.
    """

    members: NDArray[Any]
    total: int
    etag: str

    def find(self, segment_id: int) -> Member | None:
        """Return where a segment is."""
        ids = self.members["segment_id"]
        at = int(np.searchsorted(ids, np.uint64(segment_id)))
        if at == len(ids) or int(ids[at]) != segment_id:
            return None
        return Member(*(int(value) for value in self.members[at].item()))


def read_directory(reader: RangeReader, url: str) -> ZipDirectory:
    """Read a shard's directory: its last bytes, and then what is missing of it, if any.

    Raises:
        ReleaseUnavailable: See `RangeReader.tail`.
        ReleaseError: The file is no ZIP archive, cut short, damaged, or of a kind that is not read here.
    """
    tail = reader.tail(url, _END_SIZE + _LONGEST_COMMENT + _LOCATOR_SIZE + _END_64_SIZE)
    count, start, stop = _find_directory(reader, url, tail)
    if start >= tail.start:
        content = tail.content[start - tail.start : stop - tail.start]
    else:
        content = reader.read(url, start, min(stop, tail.start)).content + tail.content[: max(0, stop - tail.start)]
    return ZipDirectory(_parse(content, count, start, url), tail.total, tail.etag)


def _find_directory(reader: RangeReader, url: str, tail: Part) -> tuple[int, int, int]:
    """Return how many entries the directory has, its first byte, and the one after its last."""
    content = tail.content
    at = content.rfind(_END)
    while at >= 0 and at + _END_SIZE + int.from_bytes(content[at + 20 : at + 22], "little") != len(content):
        at = content.rfind(_END, 0, at)
    if at < 0:
        raise ReleaseError(f"{url} is no ZIP archive, or cut short: its end has no directory")
    disk, first_disk, here, count, size, start = struct.unpack("<4x4H2I", content[at : at + 20])
    end = tail.start + at
    locator = content[at - _LOCATOR_SIZE : at] if at >= _LOCATOR_SIZE else b""
    if locator.startswith(_LOCATOR_64):
        end = struct.unpack("<8xQ4x", locator)[0]
        if not 0 <= end <= tail.start + at - _LOCATOR_SIZE - _END_64_SIZE:
            raise ReleaseError(f"{url} is damaged: its directory is said to end at byte {end} of {tail.total}")
        inside = end >= tail.start
        record = (
            content[end - tail.start :][:_END_64_SIZE] if inside else reader.read(url, end, end + _END_64_SIZE).content
        )
        if not record.startswith(_END_64):
            raise ReleaseError(f"{url} is damaged: the end of its zip64 directory is not where it should be")
        disk, first_disk, here, count, size, start = struct.unpack("<16x2I4Q", record)
    if disk or first_disk or here != count:
        raise ReleaseError(f"{url} is one of several volumes of a ZIP archive, which no release has")
    if start + size != end:
        raise ReleaseError(
            f"{url} is damaged: its directory should reach byte {end}, but is said to be {size} bytes from {start} on"
        )
    return count, start, end


def _parse(content: bytes, count: int, start: int, url: str) -> NDArray[Any]:
    """Read the directory's entries; those that are no segment's file are left out."""
    rows: list[tuple[int, int, int, int, int, int]] = []
    at = entries = 0
    while at < len(content):
        if content[at : at + 4] != _ENTRY or at + _ENTRY_SIZE > len(content):
            raise ReleaseError(f"{url} is damaged: entry {entries + 1} of its directory is none")
        flags, method, crc, packed, size, name_size, extra_size, comment_size, offset = struct.unpack(
            "<8x2H4x3I3H8xI", content[at : at + _ENTRY_SIZE]
        )
        name_end = at + _ENTRY_SIZE + name_size
        name = content[at + _ENTRY_SIZE : name_end]
        if _IN_EXTRA in (packed, size, offset):
            extra = content[name_end : name_end + extra_size]
            size, packed, offset = _from_extra(extra, (size, packed, offset), f"{url}, entry {entries + 1}")
        at = name_end + extra_size + comment_size
        entries += 1
        found = _NAME.fullmatch(name)
        if found is None or int(found[1]) > _LARGEST_ID:
            continue
        if flags & _ENCRYPTED or offset + packed > start:
            raise ReleaseError(f"{url} is damaged: its member {name.decode()} is encrypted or lies outside of it")
        rows.append((int(found[1]), offset, packed, size, crc, method))
    if at != len(content) or entries != count:
        raise ReleaseError(f"{url} is damaged: its directory has {entries} entries, but should have {count}")
    members = np.array(rows, MEMBER)
    members.sort(order="segment_id")
    twice = np.flatnonzero(members["segment_id"][1:] == members["segment_id"][:-1])
    if len(twice):
        raise ReleaseError(f"{url} is damaged: it holds {members['segment_id'][twice[0]]}.csv twice")
    return members


def _from_extra(extra: bytes, fields: tuple[int, ...], where: str) -> list[int]:
    """Return sizes and offset, from the zip64 extra field those that did not fit into the entry."""
    at = 0
    while at + 4 <= len(extra):
        kind, size = struct.unpack("<2H", extra[at : at + 4])
        if kind == _ZIP64_EXTRA:
            values = [int.from_bytes(extra[i : i + 8], "little") for i in range(at + 4, at + 4 + size - 7, 8)]
            if len(values) >= fields.count(_IN_EXTRA):
                return [values.pop(0) if field == _IN_EXTRA else field for field in fields]
        at += 4 + size
    raise ReleaseError(f"{where}: damaged, a size beyond 4 GiB is announced but missing")
