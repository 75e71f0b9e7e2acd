"""Places that were embedded live: remembered while the app runs, the newest thousand of them."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segclr.em.geometry import XYZ
from segclr_viewer.answers import XY, Planes, Stages

MAX_PLACES = 1000
LABEL_REACH_NM = 2000.0  # a label given within this distance of a node of the same segment is for that node


@dataclass(frozen=True, slots=True, eq=False)
class KnownPlace:
    """An embedded place.

    Attributes:
        request: the request that it answers.
        embedding: (d,) float32.
        node_row: the nearest row of the same segment, None where the table does not have the segment.
        xy: where it lies in the layout.
        planes: the cutout's pictures; None, and the stages zero, for a place that was restored from the label log.
    """

    place_id: int
    request: str
    position_nm: XYZ
    segment_id: int
    embedding: NDArray[np.float32]
    node_row: int | None
    node_distance_nm: float | None
    xy: XY
    stages_ms: Stages
    planes: Planes | None


class Places:
    """The remembered places, oldest first."""

    def __init__(self) -> None:
        self._by_id: dict[int, KnownPlace] = {}
        self._next_id = 1

    def next_id(self) -> int:
        """An id that no place has had."""
        self._next_id += 1
        return self._next_id - 1

    def add(self, place: KnownPlace) -> None:
        """Remember a place; the oldest is forgotten when there are too many."""
        self._by_id[place.place_id] = place
        if len(self._by_id) > MAX_PLACES:
            del self._by_id[next(iter(self._by_id))]

    def replace(self, place: KnownPlace) -> None:
        """Put a place in the stead of the one with its id."""
        self._by_id[place.place_id] = place

    def get(self, place_id: int) -> KnownPlace | None:
        """The place with that id, None if it is unknown or forgotten."""
        return self._by_id.get(place_id)

    def newest(self) -> KnownPlace | None:
        """The place that was added last."""
        return next(reversed(self._by_id.values()), None)

    def __iter__(self) -> Iterator[KnownPlace]:
        return iter(list(self._by_id.values()))
