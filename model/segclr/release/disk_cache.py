"""What has been read of a release, kept on disk: directories of shards, and segments. Several processes may share it.

A file appears at once and whole, or not at all; one that cannot be read is as if it were not there.
"""

from __future__ import annotations

import hashlib
import os
import threading
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segclr.errors import ReleaseError
from segclr.release.csv_rows import SegmentRows
from segclr.release.registry import Release
from segclr.release.zip_directory import MEMBER, ZipDirectory

_BROKEN = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile)


def default_cache() -> Path:
    """Return where downloads are kept unless one says otherwise."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "segclr-viewer" / "releases"


class CannotKeep(ReleaseError):  # noqa: N818
    """The disk is full, or cannot be written: no further segment would be kept either."""


class DiskCache:
    """A release's folder in the cache. May be used by many threads."""

    def __init__(self, folder: Path, release: Release) -> None:
        """Take the release's own folder in `folder`; copies of a release at other addresses have others."""
        address = hashlib.sha256(release.shard_url(0).encode()).hexdigest()[:12]
        self.folder = folder / f"{release.name}-{address}"

    def directory(self, shard: int) -> ZipDirectory | None:
        """Return a shard's directory, if it was kept."""
        arrays = _load(self._directory_path(shard))
        try:
            members, total, etag = arrays["members"], int(arrays["total"]), str(arrays["etag"])
        except _BROKEN:
            return None
        return ZipDirectory(members, total, etag) if members.dtype == MEMBER and members.ndim == 1 else None

    def keep_directory(self, shard: int, directory: ZipDirectory) -> None:
        """Keep a shard's directory.

        Raises:
            CannotKeep: The disk is full, or cannot be written.
        """
        arrays = {"members": directory.members, "total": np.array(directory.total), "etag": np.array(directory.etag)}
        _save(self._directory_path(shard), arrays)

    def segment(self, segment_id: int) -> SegmentRows | None:
        """Return a segment, if it was kept."""
        arrays = _load(self._segment_path(segment_id))
        try:
            rows = SegmentRows(segment_id, arrays["node_ids"], arrays["coordinates"], arrays["embeddings"])
        except _BROKEN:
            return None
        n = len(rows.node_ids)
        fits = (rows.coordinates.shape, rows.embeddings.shape[:1]) == ((n, 3), (n,)) and rows.embeddings.ndim == 2
        kinds = [array.dtype.str for array in (rows.node_ids, rows.coordinates, rows.embeddings)]
        return rows if n and fits and kinds == ["<i8", "<f8", "<f4"] else None

    def has_segment(self, segment_id: int) -> bool:
        """Return whether a segment was kept, without reading it."""
        return self._segment_path(segment_id).exists()

    def keep_segment(self, rows: SegmentRows) -> None:
        """Keep a segment.

        Raises:
            CannotKeep: The disk is full, or cannot be written.
        """
        arrays: dict[str, NDArray[Any]] = {
            "node_ids": rows.node_ids,
            "coordinates": rows.coordinates,
            "embeddings": rows.embeddings,
        }
        _save(self._segment_path(rows.segment_id), arrays)

    def _directory_path(self, shard: int) -> Path:
        return self.folder / "shards" / f"{shard}.npz"

    def _segment_path(self, segment_id: int) -> Path:
        # a folder for each last two digits: thousands of files in one folder are slow to list
        return self.folder / "segments" / f"{segment_id % 100:02d}" / f"{segment_id}.npz"


def _load(path: Path) -> Mapping[str, NDArray[Any]]:
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return dict(arrays)
    except _BROKEN:
        return {}


def _save(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    part = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with part.open("wb") as file:
                np.savez(file, allow_pickle=False, **arrays)
            part.replace(path)
        except OSError:
            part.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise CannotKeep(
            f"what was downloaded cannot be kept in {path.parent} ({error.strerror or error}): make room there, or "
            "choose another folder (--cache)"
        ) from None
