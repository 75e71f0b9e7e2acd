"""Small HDF5 files as h5py writes them by default: superblock 0, groups as symbol tables, contiguous arrays.

Format: "HDF5 File Format Specification Version 3.0", sections II to IV.
"""

import struct
from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

NOWHERE = 2**64 - 1


def hdf5_bytes(arrays: Mapping[str, NDArray[Any] | bytes]) -> bytes:
    """A file with these datasets by path; bytes become one opaque value."""
    tree: dict[str, Any] = {}
    for path, array in arrays.items():
        *groups, name = path.split("/")
        at = tree
        for group in groups:
            at = at.setdefault(group, {})
        at[name] = array
    file = bytearray(96)  # the superblock, written last
    root = _group(file, tree)
    file[:96] = (
        b"\x89HDF\r\n\x1a\n"
        + bytes([0, 0, 0, 0, 0, 8, 8, 0])
        + struct.pack("<HHI", 64, 16, 0)
        + struct.pack("<QQQQ", 0, NOWHERE, len(file), NOWHERE)
        + struct.pack("<QQII16x", 0, root, 0, 0)
    )
    return bytes(file)


def _group(file: bytearray, members: Mapping[str, Any]) -> int:
    """Write a group with all that is below it; returns the address of its object header."""
    headers = {
        name: _group(file, value) if isinstance(value, dict) else _dataset(file, value)
        for name, value in sorted(members.items())
    }
    names, offsets = b"\0" * 8, {}
    for name in headers:
        offsets[name] = len(names)
        names += name.encode() + b"\0"
    data = _put(file, names)
    heap = _put(file, b"HEAP" + struct.pack("<IQQQ", 0, len(names), 1, data))
    entries = b"".join(struct.pack("<QQII16x", offsets[name], header, 0, 0) for name, header in headers.items())
    node = _put(file, b"SNOD" + struct.pack("<BBH", 1, 0, len(headers)) + entries)
    tree = _put(
        file, b"TREE" + struct.pack("<BBHQQ", 0, 0, 1, NOWHERE, NOWHERE) + struct.pack("<QQQ", 0, node, len(names))
    )
    return _header(file, [(0x11, struct.pack("<QQ", tree, heap))])


def _dataset(file: bytearray, array: NDArray[Any] | bytes) -> int:
    if isinstance(array, bytes):
        content, shape = array, ()
        datatype = struct.pack("<B3sI", 0x15, b"\0\0\0", len(array)) + b"\0" * 8
    else:
        content, shape, size = array.tobytes(), array.shape, array.dtype.itemsize
        if array.dtype.kind == "f":
            datatype = struct.pack("<B3sI", 0x11, b"\x20\x3f\0", size) + struct.pack(
                "<HHBBBBI", 0, 64, 52, 11, 0, 52, 1023
            )
        else:
            sign = b"\x08\0\0" if array.dtype.kind == "i" else b"\0\0\0"
            datatype = struct.pack("<B3sI", 0x10, sign, size) + struct.pack("<HH4x", 0, 8 * size)
    dataspace = struct.pack("<BBB5x", 1, len(shape), 0) + struct.pack(f"<{len(shape)}Q", *shape)
    layout = struct.pack("<BBQQ6x", 3, 1, _put(file, content), len(content))
    return _header(file, [(0x01, dataspace), (0x03, datatype), (0x08, layout)])


def _header(file: bytearray, messages: list[tuple[int, bytes]]) -> int:
    content = b"".join(struct.pack("<HHB3x", kind, len(body), 0) + body for kind, body in messages)
    return _put(file, struct.pack("<BBHII4x", 1, 0, len(messages), 1, len(content)) + content)


def _put(file: bytearray, content: bytes) -> int:
    file.extend(b"\0" * (-len(file) % 8))
    address = len(file)
    file.extend(content)
    return address
