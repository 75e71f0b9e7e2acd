"""Skeletons of a data set, found by segment id."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from segclr.em.address import parse_address
from segclr.em.precomputed_skeletons import SkeletonFormat, decode_skeleton, parse_skeleton_info
from segclr.em.skeleton import Skeleton
from segclr.em.store import Store
from segclr.errors import VolumeUnavailable


class SkeletonSource(Protocol):
    def segment_ids(self) -> NDArray[np.uint64]:
        """Return the segments that have a skeleton, sorted."""

    def skeleton(self, segment_id: int) -> Skeleton | None:
        """Return a segment's skeleton, None if it has none."""


class PrecomputedSkeletons:
    """Skeletons in Neuroglancer's format, one file each."""

    def __init__(self, store: Store, form: SkeletonFormat) -> None:
        self._store = store
        self._form = form

    def segment_ids(self) -> NDArray[np.uint64]:
        names = (name.removesuffix(".gz") for name in self._store.names())
        return np.array(sorted({int(name) for name in names if name.isdecimal()}), np.uint64)

    def skeleton(self, segment_id: int) -> Skeleton | None:
        data = self._store.read(str(segment_id))
        if data is None:
            return None
        try:
            return decode_skeleton(data, segment_id, self._form)
        except (ValueError, OverflowError) as error:
            raise VolumeUnavailable(f"skeleton {segment_id} in {self._store.root} is damaged: {error}") from error


def open_skeletons(url: str) -> SkeletonSource:
    """Open the skeletons at a `precomputed://` address, or at a bare one.

    Raises:
        VolumeUnavailable: there are none, or they cannot be reached.
    """
    store = Store(parse_address(url).root)
    info = store.read_json("info")
    if info is None:
        raise VolumeUnavailable(f"there are no skeletons at {store.root}: it has no info file")
    return PrecomputedSkeletons(store, parse_skeleton_info(info, store.root))
