"""A project whose embeddings were published: what it shows is downloaded, and checked against its volumes."""

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from segclr.em.volume import Volume
from segclr.embeddings.provenance import Provenance
from segclr.embeddings.storage.stored_table import open_stored
from segclr.embeddings.table import EmbeddingTable, table_exists
from segclr.encoder.checkpoint import CheckpointSpec
from segclr.encoder.config import LegacyConfig
from segclr.errors import ProjectError, ReleaseUnavailable, TableError
from segclr.release.registry import Release, release_named
from segclr_viewer.prepare import Progress, run_with_progress

PROBES = 16  # rows looked up in the segmentation
LEAST_SHARE = 0.25  # of them that must lie on their segment; thin processes miss a few

_logger = logging.getLogger(__name__)


def bring_published(release: str, folder: Path, segments: Sequence[int]) -> None:
    """Download segments that the table does not have yet; without a network, a table that is there must do.

    Raises:
        ProjectError: there is no table and no segment is named, or the release has none of them.
        TableError: the table is there, but not of this release.
        SegclrError: the release cannot be read, or the table not be written.
    """
    from segclr.release.release_table import segments_in  # with it comes HTTP: not to read a project file

    if table_exists(folder):
        _check_origin(open_stored(folder).provenance, release_named(release), folder)
    there = segments_in(folder)
    wanted = sorted(set(segments).difference(there))
    if wanted:
        try:
            run_with_progress("downloading published embeddings", _download, release, folder, wanted)
        except ReleaseUnavailable as error:
            if not there:
                raise
            _logger.warning("%s; opened without the segments that are not on this disk yet", error)
    elif not there:
        raise ProjectError(
            f"nothing of {release} is to be shown: name segments in start_segments, or {how_to_add(release, folder)}"
        )


def how_to_add(release: str, folder: Path) -> str:
    """Say how further segments come into the table."""
    return (
        f"download further segments with segclr-release fetch SEGMENT ... --release {release} --out {folder} --add, "
        "and start again"
    )


def _download(release: str, folder: Path, segments: list[int], progress: Progress) -> None:
    """Write a table of segments; runs in a process of its own."""
    from segclr.release.disk_cache import default_cache
    from segclr.release.fetch import doubt, fetch
    from segclr.release.http import RangeReader
    from segclr.release.reader import ReleaseReader
    from segclr.release.release_table import add_to_table

    http = RangeReader()
    reader = ReleaseReader(release_named(release), default_cache(), http)
    try:
        fetched = fetch(
            reader, segments, progress=lambda done, total: progress(f"{done} of {total} segments", done / total)
        )
        doubted = doubt(reader.release, fetched)
        if not fetched.found:
            reason = doubted or (fetched.failed[0][1] if fetched.failed else "the release has none of them")
            if not table_exists(folder):
                raise ProjectError(f"no segment of start_segments can be shown: {reason}")
        for segment_id, failure in fetched.failed:
            _logger.warning("segment %d is not shown: %s", segment_id, failure)
        if fetched.missing:
            _logger.warning("not in %s: %s", release, ", ".join(map(str, fetched.missing)))
        if doubted:
            _logger.warning("%s", doubted)
        add_to_table(reader, fetched.found, folder)
    finally:
        http.close()


def check_published(
    table: EmbeddingTable, release: Release, segmentation: Volume, encoder: CheckpointSpec | None
) -> None:
    """Refuse volumes, or an encoder, that do not belong to a release: everything shown would be wrong.

    Raises:
        TableError: rows do not lie on their segments, or the encoder is not the one that made the release.
        VolumeUnavailable: the segmentation cannot be read.
    """
    rows = np.unique(np.linspace(0, len(table) - 1, PROBES).round().astype(np.int64))
    ids = table.segment_of_rows(rows)
    on_it = 0
    for place, segment_id in zip(table.positions_nm[rows].tolist(), ids.tolist(), strict=True):
        x_nm, y_nm, z_nm = place
        on_it += segmentation.segment_at((x_nm, y_nm, z_nm)) == segment_id
    if on_it < LEAST_SHARE * len(rows):
        raise TableError(
            f"of {len(rows)} rows of {release.name} only {on_it} lie on their segment in {segmentation.url}: it is not "
            f"the segmentation {release.volumes.version} that the release was made from, which is "
            f"{release.volumes.segmentation}, or it is shifted"
        )
    if encoder is not None:
        _check_encoder(encoder, release)


def _check_encoder(encoder: CheckpointSpec, release: Release) -> None:
    """Refuse an encoder other than the published one; its file has no hash that could be compared."""
    wanted = release.encoder
    is_it = isinstance(encoder.encoder, LegacyConfig) and encoder.training.steps == wanted.steps
    if not is_it or encoder.cutout != wanted.cutout:
        x, y, z = wanted.cutout.resolution_nm
        raise TableError(
            f"embeddings of {encoder.path.name} cannot be compared with those of {release.name}, which {wanted.name} "
            f"made from {wanted.cutout.size}^3 voxels of {x:g} x {y:g} x {z:g} nm: convert that one "
            f"({wanted.url}; python -m segclr.encoder.convert), or leave [encoder] out"
        )


def _check_origin(made: Provenance, release: Release, folder: Path) -> None:
    if made.encoder_hash != release.maker:
        raise TableError(
            f"the table in {folder} is not of the release {release.name}, it was made by {made.maker()}: "
            "name another folder (table.folder)"
        )
