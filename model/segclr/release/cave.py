"""Today's CAVE root ids as those of a release. Needs the extra `cave` (caveclient), and an account at CAVE.

A root id is that of a cell as it is proofread at one time. A release knows the ids of its own time only, and a cell of
today may be several segments there; likewise, a segment of then may since have been split, so that some of its rows
lie on another cell of today.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from segclr.errors import ReleaseError, ReleaseUnavailable
from segclr.release.registry import Release
from segclr.release.sharding import check_id

_AT_ONCE = 500


class PastRoots(Protocol):
    """What is needed of CAVE; `caveclient.CAVEclient(...).chunkedgraph` is one."""

    def get_past_ids(
        self,
        root_ids: NDArray[np.uint64],
        timestamp_past: datetime | None = None,
        timestamp_future: datetime | None = None,
    ) -> Mapping[str, Mapping[int, Iterable[int]]]:
        """Answer "past_id_map": per root id, the ids at `timestamp_past` that may hold parts of the same object."""
        ...


@dataclass(frozen=True, slots=True)
class PastIds:
    """The ids at the time of a release.

    Attributes:
        of_root: per root id asked for, in that order; empty where CAVE knows none.
    """

    of_root: Mapping[int, tuple[int, ...]]

    @property
    def segment_ids(self) -> tuple[int, ...]:
        """All of them, each once."""
        return tuple(dict.fromkeys(past for ids in self.of_root.values() for past in ids))

    @property
    def unknown(self) -> tuple[int, ...]:
        """Root ids for which CAVE knows none."""
        return tuple(root for root, ids in self.of_root.items() if not ids)


def past_ids(roots: Sequence[int], graph: PastRoots, release: Release, at: datetime | None = None) -> PastIds:
    """Map root ids of any time to those of a release.

    Args:
        at: the release's time, for one of which it is not registered; with a time zone.

    Raises:
        ReleaseError: The release's time is not known, or an id is none.
        ReleaseUnavailable: CAVE cannot be asked.
    """
    at = at or release.materialised
    if at is None or at.tzinfo is None:
        raise ReleaseError(
            f"the time at which the segmentation of {release.name} was taken from CAVE is not registered: give it, "
            "with its time zone (--cave-time 2022-02-24T08:10+00:00)"
        )
    asked = list(dict.fromkeys(roots))
    for root in asked:
        check_id(root)
    found: dict[int, tuple[int, ...]] = {}
    for start in range(0, len(asked), _AT_ONCE):
        batch = asked[start : start + _AT_ONCE]
        try:
            # an array: of a list with ids beyond 2^63 caveclient would make floats
            answer = graph.get_past_ids(np.array(batch, np.uint64), timestamp_past=at)["past_id_map"]
        except (OSError, ValueError, KeyError) as error:  # requests' errors are of OSError
            raise ReleaseUnavailable(f"CAVE cannot map {len(batch)} root ids ({error}): try again later") from None
        for root in batch:
            found[root] = tuple(int(past) for past in answer.get(root, ()))
    return PastIds(found)


def open_cave(datastack: str) -> PastRoots:
    """Connect to CAVE, with the token that caveclient keeps.

    Raises:
        ReleaseUnavailable: caveclient is not installed, CAVE cannot be reached, or it refuses the token.
    """
    try:
        from caveclient import CAVEclient
    except ImportError:
        raise ReleaseUnavailable(
            "caveclient is not installed, which asks CAVE for root ids: pip install 'segclr-viewer[cave]'"
        ) from None
    try:
        graph: PastRoots = CAVEclient(datastack).chunkedgraph
    except (OSError, ValueError) as error:
        raise ReleaseUnavailable(f"CAVE's {datastack} cannot be opened ({error}): is your token right?") from None
    return graph
