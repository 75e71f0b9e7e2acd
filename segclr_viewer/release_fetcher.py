"""Fetches segments of a published release while the app runs, on threads of its own; what comes is kept on the disk."""

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from segclr.errors import NotInRelease, ReleaseError, ReleaseUnavailable, SegclrError
from segclr.release.disk_cache import default_cache
from segclr.release.http import RangeReader
from segclr.release.reader import ReleaseReader
from segclr.release.registry import release_named
from segclr.release.release_table import add_to_table, as_table
from segclr_viewer.ports import Brought

CONNECTIONS = 4

log = logging.getLogger(__name__)


class ReleaseFetcher:
    """The session's `ReleaseSource` port.

    Args:
        release: its name or URL, as in the project file.
        folder: of the project's table, to which segments are added.
        post: runs a callback on the session's thread.
        http: to read with.
    """

    def __init__(
        self, release: str, folder: Path, post: Callable[[Callable[[], None]], None], http: RangeReader | None = None
    ) -> None:
        self.release = release_named(release)
        self._folder = folder
        self._post = post
        self._closed = False
        self._http = http or RangeReader()
        self._reader = ReleaseReader(self.release, default_cache(), self._http)
        self._readers = ThreadPoolExecutor(CONNECTIONS, "release")
        self._writer = ThreadPoolExecutor(1, "release table")

    def fetch(self, segment_ids: Sequence[int], done: Callable[[Brought], None]) -> None:
        """Bring some segments; `done` is told of each as it comes."""
        for segment_id in segment_ids:
            self._readers.submit(self._bring, segment_id, done)

    def close(self) -> None:
        """Ask for nothing more, and give up what is under way; what has come is on the disk."""
        self._closed = True
        self._http.close()
        self._readers.shutdown(wait=True, cancel_futures=True)
        self._writer.shutdown(wait=True)

    def _bring(self, segment_id: int, done: Callable[[Brought], None]) -> None:
        brought = self._read(segment_id)
        if self._closed:
            return
        if brought.table is not None:
            self._writer.submit(self._keep, segment_id)
        self._post(partial(done, brought))

    def _read(self, segment_id: int) -> Brought:
        try:
            return Brought(segment_id, as_table([self._reader.segment(segment_id)], self.release))
        except NotInRelease as error:
            return Brought(segment_id, is_missing=True, problem=str(error))
        except ReleaseUnavailable as error:
            return Brought(segment_id, is_network_down=True, problem=str(error))
        except SegclrError as error:
            return Brought(segment_id, problem=str(error))
        except Exception as error:
            log.exception("segment %d could not be fetched", segment_id)
            return Brought(segment_id, problem=f"something went wrong ({type(error).__name__}: {error})")

    def _keep(self, segment_id: int) -> None:
        """Add a segment to the table on the disk, for the next run; else it comes from the cache then."""
        try:
            add_to_table(self._reader, [segment_id], self._folder)
        except (SegclrError, ReleaseError, OSError) as error:
            log.warning("segment %d is not kept in %s: %s", segment_id, self._folder, error)
