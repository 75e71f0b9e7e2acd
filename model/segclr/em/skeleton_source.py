"""Skeletons of a data set, found by segment id."""

from __future__ import annotations

from pathlib import Path
from struct import error as StructError  # noqa: N812 (the module's only class, named like a function)
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from segclr.em.address import parse_address
from segclr.em.geometry import XYZ
from segclr.em.precomputed_skeletons import SkeletonFormat, decode_skeleton, parse_skeleton_info
from segclr.em.sharded_store import ShardedStore
from segclr.em.skeleton import Skeleton
from segclr.em.store import Store
from segclr.em.swc import read_swc
from segclr.errors import VolumeUnavailable


class SkeletonSource(Protocol):
    """Several threads may ask at once."""

    def segment_ids(self) -> NDArray[np.uint64]:
        """Return the segments that have a skeleton, sorted.

        Raises:
            VolumeUnavailable: the server does not list its files.
        """

    def skeleton(self, segment_id: int) -> Skeleton | None:
        """Return a segment's skeleton, None if it has none.

        Raises:
            VolumeUnavailable: it cannot be read.
        """


class PrecomputedSkeletons:
    """Skeletons in Neuroglancer's format, one file each or in shards."""

    def __init__(self, store: Store, form: SkeletonFormat) -> None:
        self._store = store
        self._form = form
        self._shards = None if form.sharding is None else ShardedStore(store, form.sharding)

    def segment_ids(self) -> NDArray[np.uint64]:
        if self._shards is not None:
            return np.array(sorted(self._shards.numbers()), np.uint64)
        names = (name.removesuffix(".gz") for name in self._store.names())
        return np.array(sorted({int(name) for name in names if name.isdecimal()}), np.uint64)

    def skeleton(self, segment_id: int) -> Skeleton | None:
        data = self._store.read(str(segment_id)) if self._shards is None else self._shards.read(segment_id)
        if data is None:
            return None
        try:
            return decode_skeleton(data, segment_id, self._form)
        except (ValueError, StructError) as error:
            raise VolumeUnavailable(f"skeleton {segment_id} in {self._store.root} is damaged: {error}") from error


class SwcFolder:
    """SWC files named by their segment."""

    def __init__(self, folder: Path, scale_nm: XYZ) -> None:
        self._folder = folder
        self._scale_nm = scale_nm

    def segment_ids(self) -> NDArray[np.uint64]:
        found = (path.stem for path in self._folder.glob("*.swc"))
        return np.array(sorted(int(stem) for stem in found if stem.isdecimal()), np.uint64)

    def skeleton(self, segment_id: int) -> Skeleton | None:
        path = self._folder / f"{segment_id}.swc"
        return read_swc(path, self._scale_nm) if path.is_file() else None


def open_skeletons(url: str, swc_scale_nm: XYZ = (1.0, 1.0, 1.0)) -> SkeletonSource:
    """Open the skeletons at a `precomputed://` address, or of the segmentation there, or the folder of an `swc://` one.

    Args:
        swc_scale_nm: what a unit in the SWC files is along x, y and z.

    Raises:
        VolumeUnavailable: there are none, or they cannot be reached.
    """
    address = parse_address(url)
    store = Store(address.root)
    if store.folder is not None and not store.folder.is_dir():
        raise VolumeUnavailable(f"there is no folder {store.folder}")
    if address.format == "swc":
        if store.folder is None:
            raise VolumeUnavailable(f"SWC files are read from a local folder only, not from {store.root}")
        return SwcFolder(store.folder, swc_scale_nm)
    if address.format not in (None, "precomputed"):
        raise VolumeUnavailable(f"{url} cannot hold skeletons; they are read from precomputed:// or swc:// addresses")
    info = store.read_json("info")
    if info is not None and "scales" in info:
        inner = info.get("skeletons")
        if not isinstance(inner, str):
            raise VolumeUnavailable(f"the segmentation at {store.root} has no skeletons")
        store = Store(f"{store.root}/{inner.strip('/')}")
        info = store.read_json("info")
    if info is None:
        raise VolumeUnavailable(f"there are no skeletons at {store.root}: it has no info file")
    return PrecomputedSkeletons(store, parse_skeleton_info(info, store.root))
