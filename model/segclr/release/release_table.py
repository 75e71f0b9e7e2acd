"""Segments of a release as an embedding table of this program: the one place that knows how such a table is written."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

from segclr.embeddings.provenance import Provenance
from segclr.embeddings.table import EmbeddingTable, build_table
from segclr.errors import ReleaseError
from segclr.release.csv_rows import SegmentRows
from segclr.release.reader import ReleaseReader
from segclr.release.registry import Release


def write_release_table(reader: ReleaseReader, segment_ids: Sequence[int], folder: Path) -> EmbeddingTable:
    """Write segments as a table, replacing one that is there; positions are nm in the frame of the release's volumes.

    The table has no edges, since a release has none. A row keeps the publisher's node id; where a segment has one
    twice, its rows are numbered in the order of the file.

    Args:
        segment_ids: those not yet in the cache are read first.

    Raises:
        ReleaseError: There is no segment, or they have different dimensions.
        NotInRelease, ReleaseUnavailable: See `ReleaseReader.segment`.
        TableError: The table cannot be written.
    """
    segments = [reader.segment(segment_id) for segment_id in dict.fromkeys(segment_ids)]
    _check(segments, reader.release)
    table = build_table(
        np.concatenate([np.full(len(rows), rows.segment_id, np.uint64) for rows in segments]),
        np.concatenate([_node_ids(rows) for rows in segments]),
        np.concatenate([reader.release.to_nm(rows.coordinates) for rows in segments]),
        np.concatenate([rows.embeddings for rows in segments]),
        np.empty((0, 2), np.int64),
        provenance_of(reader.release),
    )
    table.save(folder)
    return table


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


def _check(segments: Sequence[SegmentRows], release: Release) -> None:
    if not segments:
        raise ReleaseError(f"no segment of {release.name} to write: a table needs at least one")
    first = segments[0]
    for rows in segments:
        if rows.embeddings.shape[1] != first.embeddings.shape[1]:
            raise ReleaseError(
                f"segment {rows.segment_id} of {release.name} has embeddings of {rows.embeddings.shape[1]} numbers, "
                f"segment {first.segment_id} of {first.embeddings.shape[1]}: they cannot be in one table"
            )


def _node_ids(rows: SegmentRows) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    if len(np.unique(rows.node_ids)) == len(rows):
        return rows.node_ids
    return np.arange(len(rows), dtype=np.int64)
