"""Segments of a release as an embedding table of this program: the one place that knows how such a table is written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from segclr.embeddings.growing import append_table, compact_table
from segclr.embeddings.provenance import Provenance
from segclr.embeddings.storage.stored_table import open_stored
from segclr.embeddings.table import EmbeddingTable, build_table, table_exists
from segclr.errors import ReleaseError
from segclr.release.csv_rows import SegmentRows
from segclr.release.reader import ReleaseReader
from segclr.release.registry import Release

ROWS_AT_ONCE = 500_000  # that are held in memory: 128 MB of embeddings


def segments_in(folder: Path) -> list[int]:
    """Return the segments of a table, ascending; none where there is no table.

    Raises:
        TableError: The table is damaged.
    """
    if not table_exists(folder):
        return []
    ids = [reader.segment_ids for reader in open_stored(folder).readers()]
    return [int(segment_id) for segment_id in np.unique(np.concatenate(ids))] if ids else []


def add_to_table(reader: ReleaseReader, segment_ids: Iterable[int], folder: Path) -> None:
    """Add segments to the table in a folder, or begin one; positions are nm in the frame of the release's volumes.

    Segments that the table has are left as they are. The table has no edges, since a release has none. A row keeps the
    publisher's node id; where a segment has one twice, its rows are numbered in the order of the file. Whoever ends the
    program leaves a table with some of the segments, to which the others can be added.

    Args:
        segment_ids: those not yet in the cache are read first.

    Raises:
        ReleaseError: Segments have different dimensions.
        NotInRelease, ReleaseUnavailable: See `ReleaseReader.segment`.
        TableError: The table is of something else, or cannot be written.
    """
    there = set(segments_in(folder))
    wanted = [segment_id for segment_id in dict.fromkeys(segment_ids) if segment_id not in there]
    for segments in _batches(reader, wanted):
        append_table(folder, as_table(segments, reader.release))
    if wanted:
        compact_table(folder)


def _batches(reader: ReleaseReader, segment_ids: Sequence[int]) -> Iterator[list[SegmentRows]]:
    """Yield the segments, as many together as fit in memory."""
    batch: list[SegmentRows] = []
    rows = 0
    for segment_id in segment_ids:
        batch.append(reader.segment(segment_id))
        rows += len(batch[-1])
        if rows >= ROWS_AT_ONCE:
            yield batch
            batch, rows = [], 0
    if batch:
        yield batch


def as_table(segments: Sequence[SegmentRows], release: Release) -> EmbeddingTable:
    """Return segments of a release as `add_to_table` writes them, in memory alone.

    Raises:
        ReleaseError: They have different dimensions.
        TableError: A number is not finite.
    """
    _check_alike(segments, release)
    return build_table(
        np.concatenate([np.full(len(rows), rows.segment_id, np.uint64) for rows in segments]),
        np.concatenate([_node_ids(rows) for rows in segments]),
        np.concatenate([release.to_nm(rows.coordinates) for rows in segments]),
        np.concatenate([rows.embeddings for rows in segments]),
        np.empty((0, 2), np.int64),
        provenance_of(release),
    )


def provenance_of(release: Release) -> Provenance:
    """Say what a release's table was made of."""
    try:
        code_version = version("segclr-viewer")
    except PackageNotFoundError:
        code_version = "not installed"
    return Provenance(
        encoder_hash=release.maker,
        cutout=release.encoder.cutout,
        em_url=release.volumes.em,
        segmentation_url=release.volumes.segmentation,
        nodes_from=release.url,
        code_version=code_version,
    )


def _check_alike(segments: Sequence[SegmentRows], release: Release) -> None:
    first = segments[0]
    for rows in segments:
        if rows.embeddings.shape[1] != first.embeddings.shape[1]:
            raise ReleaseError(
                f"segment {rows.segment_id} of {release.name} has embeddings of {rows.embeddings.shape[1]} numbers, "
                f"segment {first.segment_id} of {first.embeddings.shape[1]}: they cannot be in one table"
            )


def _node_ids(rows: SegmentRows) -> NDArray[np.int64]:
    if len(np.unique(rows.node_ids)) == len(rows):
        return rows.node_ids
    return np.arange(len(rows), dtype=np.int64)
