"""A segment's file: one line per skeleton node, `node_id, x, y, z, e0, e1, ...`, without a header.

Read strictly: what is no finite number, or a line that is not like the others, is an error that names file and line.
Only line ends are free, since both kinds and an empty last line occur in the wild.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segclr.errors import ReleaseError

DIMENSIONS = (64, 128)
_BEFORE = 4  # columns before the embedding
_NODE_ID = re.compile(rb"[0-9]{1,18}")
_NUMBER = re.compile(r"[ \t]*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?[ \t]*")
_LONGEST_LINE = 1 << 20
_LARGEST_FLOAT32 = float(np.finfo(np.float32).max)


@dataclass(frozen=True, slots=True, eq=False)
class SegmentRows:
    """One segment of a release, its rows in the order of the file.

    Attributes:
        node_ids: (n,) int64, the publisher's numbers of skeleton nodes; they mean nothing outside of the release.
        coordinates: (n, 3) float64, x, y, z in the units of the release.
        embeddings: (n, d) float32.
    """

    segment_id: int
    node_ids: NDArray[np.int64]
    coordinates: NDArray[np.float64]
    embeddings: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.node_ids)


def parse_rows(segment_id: int, blocks: Iterable[bytes], where: str, dimensions: int | None) -> SegmentRows:
    """Read a segment's file.

    Args:
        blocks: its bytes, cut anywhere.
        where: the file's name, for messages.
        dimensions: of the embeddings; None takes 64 or 128, whichever the first line has.

    Raises:
        ReleaseError: The file is empty, or a line of it is not what it must be.
    """
    nodes: list[NDArray[np.int64]] = []
    values: list[NDArray[np.float64]] = []
    embeddings: list[NDArray[np.float32]] = []
    first_line = 1
    for lines in _batches(blocks, where):
        dimensions = _columns(lines[0], where, dimensions) - _BEFORE
        batch = _numbers(lines, where, first_line, _BEFORE + dimensions)
        nodes.append(_node_ids(lines, where, first_line))
        values.append(batch[:, 1:_BEFORE].copy())
        embeddings.append(batch[:, _BEFORE:].astype(np.float32))
        first_line += len(lines)
    if not nodes:
        raise ReleaseError(f"{where} is empty: a segment of the release has at least one row")
    coordinates = np.concatenate(values)
    _refuse_twice(coordinates, where)
    return SegmentRows(segment_id, np.concatenate(nodes), coordinates, np.concatenate(embeddings))


def _batches(blocks: Iterable[bytes], where: str) -> Iterator[list[bytes]]:
    """Yield the lines of each block without their ends; only the last one of all may be empty."""
    rest = b""
    count = 0
    ended = False
    for block in blocks:
        *lines, rest = (rest + block).split(b"\n")
        if len(rest) > _LONGEST_LINE:
            raise ReleaseError(
                f"{where}, line {count + len(lines) + 1}: of more than {_LONGEST_LINE} bytes: is it text?"
            )
        if lines:
            lines = [line.removesuffix(b"\r") for line in lines]
            ended = _check_filled(lines, where, count, ended)
            count += len(lines)
            if filled := [line for line in lines if line]:
                yield filled
    if rest := rest.removesuffix(b"\r"):
        _check_filled([rest], where, count, ended)
        yield [rest]


def _check_filled(lines: list[bytes], where: str, before: int, ended: bool) -> bool:
    """Refuse an empty line that others follow; returns whether the last one is empty."""
    for at, line in enumerate(lines):
        if ended and line:
            raise ReleaseError(f"{where}, line {before + at}: empty, though lines follow: the file is damaged")
        ended = not line
    return ended


def _columns(line: bytes, where: str, dimensions: int | None) -> int:
    """Return how many columns there must be, told by the first line where nothing else tells."""
    columns = line.count(b",") + 1
    allowed = DIMENSIONS if dimensions is None else (dimensions,)
    if dimensions is None and columns - _BEFORE not in allowed:
        raise ReleaseError(
            f"{where}, line 1: {columns} columns, but it must be node_id, x, y, z and 64 or 128 of the embedding"
        )
    return columns if dimensions is None else _BEFORE + dimensions


def _numbers(lines: list[bytes], where: str, first_line: int, columns: int) -> NDArray[np.float64]:
    """Return the lines as (n, columns)."""
    try:
        values = np.loadtxt([line.decode("ascii") for line in lines], np.float64, comments=None, delimiter=",", ndmin=2)
        if values.shape == (len(lines), columns) and (np.abs(values) <= _LARGEST_FLOAT32).all():
            return values
    except ValueError:  # of which UnicodeDecodeError is one
        pass
    raise ReleaseError(_what_is_wrong(lines, where, first_line, columns))


def _what_is_wrong(lines: list[bytes], where: str, first_line: int, columns: int) -> str:
    """Find the first line, and the first cell in it, that cannot be read."""
    for number, line in enumerate(lines, first_line):
        cells = line.decode("ascii", "backslashreplace").split(",")
        if len(cells) != columns:
            return (
                f"{where}, line {number}: {len(cells)} columns, but there must be {columns}: node_id, x, y, z and the "
                f"{columns - _BEFORE} numbers of the embedding"
            )
        for column, cell in enumerate(cells, 1):
            if not _NUMBER.fullmatch(cell) or abs(float(cell)) > _LARGEST_FLOAT32:
                return f"{where}, line {number}, column {column}: {cell[:40]!r} is no finite number"
    return f"{where}, lines {first_line} to {first_line + len(lines) - 1}: cannot be read"


def _node_ids(lines: list[bytes], where: str, first_line: int) -> NDArray[np.int64]:
    """Return the first column exactly, which a float would not."""
    cells = [line.partition(b",")[0].strip() for line in lines]
    for number, cell in enumerate(cells, first_line):
        if not _NODE_ID.fullmatch(cell):
            raise ReleaseError(
                f"{where}, line {number}, column 1: {cell.decode('ascii', 'replace')[:40]!r} is no node id"
            )
    return np.array(cells).astype(np.int64)


def _refuse_twice(coordinates: NDArray[np.float64], where: str) -> None:
    """Refuse two rows of one place: which of them would be the place's embedding?"""
    order = np.lexsort(coordinates.T[::-1])
    same = (coordinates[order[1:]] == coordinates[order[:-1]]).all(axis=1)
    if same.any():
        at = int(np.flatnonzero(same)[0])
        first, second = sorted((int(order[at]) + 1, int(order[at + 1]) + 1))
        x, y, z = coordinates[first - 1].tolist()
        raise ReleaseError(
            f"{where}, lines {first} and {second}: both are at ({x:.10g}, {y:.10g}, {z:.10g}), but a place has one row"
        )
