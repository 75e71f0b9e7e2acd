"""One segment of a release, from the cache or from the server."""

from __future__ import annotations

import threading
from pathlib import Path

from segclr.errors import NotInRelease, ReleaseError
from segclr.release.csv_rows import SegmentRows, parse_rows
from segclr.release.disk_cache import DiskCache
from segclr.release.http import RangeReader
from segclr.release.registry import Release
from segclr.release.sharding import check_id
from segclr.release.zip_directory import ZipDirectory, read_directory
from segclr.release.zip_member import ShardChanged, unpacked

_DIRECTORIES_AT_HAND = 16  # some MB each


class ReleaseReader:
    """Reads segments of one release; may be used by many threads. Nothing is asked for before a segment is."""

    def __init__(self, release: Release, cache: Path, http: RangeReader) -> None:
        """Use the part of the folder `cache` that belongs to the release."""
        self.release, self.cache = release, DiskCache(cache, release)
        self._http = http
        self._lock = threading.Lock()
        self._shard_locks: dict[int, threading.Lock] = {}
        self._at_hand: dict[int, ZipDirectory] = {}
        self._current: set[int] = set()  # shards whose directory came from the server, or was compared with it

    def segment(self, segment_id: int) -> SegmentRows:
        """Return a segment's rows: from the cache, or else read with two or three requests, and kept.

        Raises:
            NotInRelease: The release has no such segment.
            ReleaseUnavailable: The server cannot be reached, or does not give the file.
            ReleaseError: The segment's file is damaged, or it cannot be kept on the disk.
        """
        check_id(segment_id)
        if (kept := self.cache.segment(segment_id)) is not None:
            return kept
        shard = self.release.shard(segment_id)
        try:
            try:
                rows = self._read(segment_id, shard)
            except (ShardChanged, NotInRelease, ReleaseError):
                if not self._renewed(shard):
                    raise
                rows = self._read(segment_id, shard)
        except ShardChanged:
            raise ReleaseError(f"{self.release.shard_url(shard)} was changed while it was read: try again") from None
        self.cache.keep_segment(rows)
        return rows

    def stop(self) -> None:
        """End what is being read, with ReleaseUnavailable; nothing can be read after that."""
        self._http.close()

    def _read(self, segment_id: int, shard: int) -> SegmentRows:
        url = self.release.shard_url(shard)
        directory = self._directory(shard)
        member = directory.find(segment_id)
        if member is None:
            raise NotInRelease(
                f"segment {segment_id} is not in the release {self.release.name}: too small to be embedded, or its id "
                f"is not of the segmentation {self.release.volumes.version}"
            )
        blocks = unpacked(self._http, url, directory, member)
        return parse_rows(segment_id, blocks, f"{url}, {member.name}", self.release.dimensions)

    def _directory(self, shard: int) -> ZipDirectory:
        """Return a shard's directory; threads that want the same one wait for the one that reads it."""
        with self._lock_of(shard):
            found = self._at_hand.get(shard) or self.cache.directory(shard)
            return self._take(shard, found) if found else self._from_server(shard)

    def _renewed(self, shard: int) -> bool:
        """Ask once whether the shard is still the one whose directory was kept, and read its directory anew if not.

        Returns:
            Whether there is a new directory, with which reading may go better.
        """
        with self._lock_of(shard):
            directory = self._at_hand.get(shard)
            if shard in self._current or directory is None:
                return False
            self._current.add(shard)
            last = self._http.tail(self.release.shard_url(shard), 1)
            if (last.total, last.etag) == (directory.total, directory.etag):
                return False
            self._from_server(shard)
            return True

    def _from_server(self, shard: int) -> ZipDirectory:
        directory = read_directory(self._http, self.release.shard_url(shard))
        self._current.add(shard)
        self.cache.keep_directory(shard, directory)
        return self._take(shard, directory)

    def _take(self, shard: int, directory: ZipDirectory) -> ZipDirectory:
        with self._lock:
            self._at_hand[shard] = directory
            while len(self._at_hand) > _DIRECTORIES_AT_HAND:
                self._at_hand.pop(next(iter(self._at_hand)))
        return directory

    def _lock_of(self, shard: int) -> threading.Lock:
        with self._lock:
            return self._shard_locks.setdefault(shard, threading.Lock())
