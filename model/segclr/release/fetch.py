"""Many segments of a release at once; what has come stays in the cache, and the same request goes on where it ended."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass

from segclr.errors import NotInRelease, ReleaseError, ReleaseUnavailable
from segclr.release.disk_cache import CannotKeep
from segclr.release.reader import ReleaseReader
from segclr.release.registry import Release

GIVE_UP_AFTER = 3  # files in a row that the server did not give: by then it is the network, or the address
SUSPICIOUS_SHARE = 0.2  # of segments that are not there; small objects alone make a few per cent
SUSPICIOUS_COUNT = 3

# what may go wrong with one segment while others come
_OF_ONE = (NotInRelease, ReleaseUnavailable, ReleaseError)

# Called with the segments that are done, and all of them.
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Fetched:
    """What became of each segment, in the order asked for.

    Attributes:
        found: in the cache now.
        missing: the release does not have them.
        failed: with what went wrong; asked for again, they may come.
    """

    found: tuple[int, ...]
    missing: tuple[int, ...]
    failed: tuple[tuple[int, str], ...]


def fetch(
    reader: ReleaseReader,
    segment_ids: Iterable[int],
    *,
    connections: int = 8,
    progress: Progress = lambda done, total: None,
) -> Fetched:
    """Bring segments into the cache, those of one shard after each other.

    Args:
        segment_ids: one that comes twice counts once.
        connections: segments that are read at the same time.

    Raises:
        ReleaseUnavailable: The server gave nothing several times in a row; what has come is in the cache. After this
            and any other error the reader is of no further use: it has been told to stop waiting.
        CannotKeep: What comes cannot be kept on the disk.
        ReleaseError: An id is no segment id.
    """
    asked = list(dict.fromkeys(segment_ids))
    order = sorted(asked, key=reader.release.shard)
    wanted = [segment_id for segment_id in order if not reader.cache.has_segment(segment_id)]
    done = len(asked) - len(wanted)
    missing: set[int] = set()
    failed: dict[int, str] = {}
    silent = 0
    progress(done, len(asked))
    with closing(_read_all(reader, wanted, connections)) as outcomes:
        for segment_id, failure in outcomes:
            done += 1
            if isinstance(failure, NotInRelease):
                missing.add(segment_id)
            elif failure is not None:
                failed[segment_id] = str(failure)
            silent = silent + 1 if isinstance(failure, ReleaseUnavailable) else 0
            if silent == GIVE_UP_AFTER:
                came = done - len(missing) - len(failed)
                raise ReleaseUnavailable(
                    f"{failure}; {came} of {len(asked)} segments are on this disk, and the same command goes on from "
                    "there"
                )
            progress(done, len(asked))
    return Fetched(
        found=tuple(segment_id for segment_id in asked if segment_id not in missing and segment_id not in failed),
        missing=tuple(segment_id for segment_id in asked if segment_id in missing),
        failed=tuple((segment_id, failed[segment_id]) for segment_id in asked if segment_id in failed),
    )


def doubt(release: Release, fetched: Fetched) -> str | None:
    """Say that so many segments are missing that the ids must be those of another segmentation; None if not so many."""
    missing, all_of_them = len(fetched.missing), len(fetched.missing) + len(fetched.found) + len(fetched.failed)
    if missing < SUSPICIOUS_COUNT and missing < all_of_them:
        return None
    if not missing or missing < SUSPICIOUS_SHARE * all_of_them:
        return None
    of = release.volumes.version
    when = f", CAVE's of {release.materialised:%Y-%m-%d %H:%M} UTC" if release.materialised else ""
    return (
        f"{missing} of {all_of_them} segments are not in {release.name}: small objects alone do not make that many, "
        f"the ids are rather of another segmentation or materialisation than {of}{when}"
    )


def _read_all(
    reader: ReleaseReader, wanted: list[int], connections: int
) -> Generator[tuple[int, NotInRelease | ReleaseUnavailable | ReleaseError | None]]:
    """Yield each segment with what went wrong, as they come; a few are under way, the others not yet begun."""
    under_way: dict[Future[None], int] = {}
    waiting = iter(wanted)
    with ThreadPoolExecutor(connections, "release") as pool:
        try:
            while True:
                for segment_id in waiting:
                    under_way[pool.submit(_bring, reader, segment_id)] = segment_id
                    if len(under_way) >= 2 * connections:
                        break
                if not under_way:
                    return
                for future in wait(under_way, return_when=FIRST_COMPLETED).done:
                    segment_id = under_way.pop(future)
                    failure = future.exception()
                    if failure is None or (isinstance(failure, _OF_ONE) and not isinstance(failure, CannotKeep)):
                        yield segment_id, failure
                    else:
                        raise failure
        finally:
            for future in under_way:
                future.cancel()
            if under_way:
                reader.stop()


def _bring(reader: ReleaseReader, segment_id: int) -> None:
    """Read a segment into the cache, and let its rows go."""
    reader.segment(segment_id)
