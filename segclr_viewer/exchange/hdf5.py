"""Reading HDF5 files as h5py writes them by default, without the HDF5 library.

Enough for the skeleton files of connectomics: groups as symbol tables, arrays of numbers, whole or in deflated chunks,
and scalars of bytes. Format: "HDF5 File Format Specification Version 3.0", sections II to IV, version 0
superblocks. Anything else is refused.
"""

import math
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segclr_viewer.exchange.errors import ExchangeError

_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_DATASPACE, _DATATYPE, _LAYOUT, _FILTERS, _CONTINUATION, _SYMBOL_TABLE = 0x01, 0x03, 0x08, 0x0B, 0x10, 0x11
_DEFLATE = 1  # the one filter that is known
_NOWHERE = 2**64 - 1


class Hdf5File:
    """An HDF5 file, read into memory."""

    def __init__(self, path: Path) -> None:
        """Read the file.

        Raises:
            ExchangeError: it cannot be read, or is no HDF5 file of the version that is known.
        """
        self._path = path
        try:
            self._bytes = path.read_bytes()
        except OSError as error:
            raise ExchangeError(f"{path} cannot be read ({error.strerror or error}): check the path") from None
        if not self._bytes.startswith(_SIGNATURE):
            raise ExchangeError(f"{path} is no HDF5 file")
        if self._bytes[8] != 0 or self._bytes[13:15] != b"\x08\x08":
            raise self._refusal(f"superblock version {self._bytes[8]}")
        with self._damage("its head"):
            (length,) = struct.unpack_from("<Q", self._bytes, 40)
            if length > len(self._bytes):
                raise ValueError(f"it has {len(self._bytes)} of its {length} bytes")
            self._datasets = dict(self._walk("", struct.unpack_from("<Q", self._bytes, 64)[0]))

    def names(self) -> list[str]:
        """Paths of all datasets, such as `skeleton/vertices`."""
        return sorted(self._datasets)

    def read(self, name: str) -> NDArray[Any]:
        """The array of a dataset; a text or other bytes are an array of bytes.

        Raises:
            ExchangeError: there is none of that name, it is of a kind that is not known, or the file is damaged.
        """
        if name not in self._datasets:
            raise ExchangeError(f"{self._path} has no {name}: it has {', '.join(self.names())}")
        with self._damage(name):
            return self._read(dict(self._messages(self._datasets[name])))

    @contextmanager
    def _damage(self, where: str) -> Iterator[None]:
        """Turn what garbled bytes lead to into one sentence."""
        try:
            yield
        except ExchangeError:
            raise
        except (
            struct.error,
            zlib.error,
            LookupError,
            ValueError,
            ArithmeticError,
            RecursionError,
            MemoryError,
        ) as error:
            raise ExchangeError(f"{self._path} is damaged at {where} ({error}): fetch it again") from None

    def _walk(self, prefix: str, address: int) -> Iterator[tuple[str, int]]:
        """Path and address of the object header of every dataset below a group."""
        messages = dict(self._messages(address))
        if _SYMBOL_TABLE not in messages:
            yield prefix, address
            return
        tree, heap = struct.unpack("<QQ", messages[_SYMBOL_TABLE][:16])
        (names,) = struct.unpack_from("<Q", self._bytes, heap + 24)
        for node in self._leaves(tree, key_size=8):
            (count,) = struct.unpack_from("<H", self._bytes, node.address + 6)
            for entry in range(count):
                name, header = struct.unpack_from("<QQ", self._bytes, node.address + 8 + 40 * entry)
                end = self._bytes.index(b"\0", names + name)
                text = self._bytes[names + name : end].decode()
                yield from self._walk(f"{prefix}/{text}" if prefix else text, header)

    def _messages(self, address: int) -> Iterator[tuple[int, bytes]]:
        """Type and content of the messages of an object header."""
        version, _, count, _, size = struct.unpack_from("<BBHII", self._bytes, address)
        if version != 1:
            raise self._refusal(f"object header version {version}")
        blocks = [(address + 16, size)]
        while blocks and count:
            at, left = blocks.pop(0)
            while left >= 8 and count:
                kind, length = struct.unpack_from("<HH", self._bytes, at)
                content = self._bytes[at + 8 : at + 8 + length]
                at, left, count = at + 8 + length, left - 8 - length, count - 1
                if kind == _CONTINUATION:
                    blocks.append(struct.unpack("<QQ", content[:16]))
                yield kind, content

    def _leaves(self, address: int, key_size: int) -> Iterator["_Leaf"]:
        """What a version 1 B-tree leads to, in order."""
        signature, _, level, count = struct.unpack_from("<4sBBH", self._bytes, address)
        if signature != b"TREE":
            raise self._refusal("a tree that is none")
        for index in range(count):
            at = address + 24 + index * (key_size + 8)
            (child,) = struct.unpack_from("<Q", self._bytes, at + key_size)
            if level:
                yield from self._leaves(child, key_size)
            else:
                yield _Leaf(self._bytes[at : at + key_size], child)

    def _read(self, messages: dict[int, bytes]) -> NDArray[Any]:
        shape, dtype = self._shape(messages[_DATASPACE]), self._dtype(messages[_DATATYPE])
        layout = messages[_LAYOUT]
        if layout[0] != 3:
            raise self._refusal(f"data layout version {layout[0]}")
        if layout[1] == 0:
            return np.frombuffer(layout, dtype, math.prod(shape), 4).reshape(shape)
        if layout[1] == 1:
            (address,) = struct.unpack_from("<Q", layout, 2)
            if address == _NOWHERE:
                return np.zeros(shape, dtype)
            return np.frombuffer(self._bytes, dtype, math.prod(shape), address).reshape(shape)
        if layout[1] != 2:
            raise self._refusal(f"data layout class {layout[1]}")
        return self._read_chunks(layout, shape, dtype, self._is_deflated(messages.get(_FILTERS)))

    def _read_chunks(self, layout: bytes, shape: tuple[int, ...], dtype: np.dtype[Any], deflated: bool) -> NDArray[Any]:
        rank = len(shape)
        (tree,) = struct.unpack_from("<Q", layout, 3)
        chunk = struct.unpack_from(f"<{rank}I", layout, 11)
        result = np.zeros(shape, dtype)
        if tree == _NOWHERE:
            return result
        for leaf in self._leaves(tree, key_size=8 + 8 * (rank + 1)):
            size, mask, *start = struct.unpack(f"<II{rank}Q", leaf.key[: 8 + 8 * rank])
            content = self._bytes[leaf.address : leaf.address + size]
            if deflated and not mask & 1:
                content = zlib.decompress(content)
            values = np.frombuffer(content, dtype, math.prod(chunk)).reshape(chunk)
            inside = tuple(slice(0, min(c, n - s)) for c, n, s in zip(chunk, shape, start, strict=True))
            result[tuple(slice(s, s + c) for s, c in zip(start, chunk, strict=True))] = values[inside]
        return result

    def _shape(self, content: bytes) -> tuple[int, ...]:
        version, rank = content[0], content[1]
        if version not in (1, 2):
            raise self._refusal(f"dataspace version {version}")
        return struct.unpack_from(f"<{rank}Q", content, 8 if version == 1 else 4)

    def _dtype(self, content: bytes) -> np.dtype[Any]:
        kind, flags = content[0] & 15, content[1]
        (size,) = struct.unpack_from("<I", content, 4)
        order = ">" if flags & 1 else "<"
        if kind == 0 and size in (1, 2, 4, 8):
            return np.dtype(f"{order}{'i' if flags & 8 else 'u'}{size}")
        if kind == 1 and size in (2, 4, 8):
            return np.dtype(f"{order}f{size}")
        if kind in (3, 5):  # text of fixed length, and opaque bytes
            return np.dtype(f"V{size}")
        if kind == 8:  # an enumeration, as h5py writes truth values
            return np.dtype(f"u{size}")
        raise self._refusal(f"data type class {kind} of {size} bytes")

    def _is_deflated(self, content: bytes | None) -> bool:
        if content is None:
            return False
        filters = content[1]
        (number,) = struct.unpack_from("<H", content, 8)
        if content[0] != 1 or filters != 1 or number != _DEFLATE:
            raise self._refusal(f"{filters} filters, the first of number {number}")
        return True

    def _refusal(self, what: str) -> ExchangeError:
        return ExchangeError(
            f"{self._path} is an HDF5 file of a kind that is not read ({what}): save it with h5py again"
        )


@dataclass(frozen=True, slots=True)
class _Leaf:
    key: bytes
    address: int
