"""Chunks read by TensorStore, which decodes in parallel and without Python's lock."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import tensorstore as ts
from numpy.typing import NDArray

from segclr.em.geometry import Box, IntXYZ, Mip
from segclr.em.precomputed_info import PrecomputedInfo
from segclr.em.store import Store, unavailable
from segclr.em.zarr_levels import Level
from segclr.errors import VolumeUnavailable


class TensorStoreSource:
    """One TensorStore array per mip, each with dimensions z, y, x and indices offset included."""

    def __init__(
        self, where: str, arrays: Sequence[ts.TensorStore], mips: Sequence[Mip], chunk_sizes: Sequence[IntXYZ]
    ) -> None:
        self._where = where
        self._arrays = tuple(arrays)
        self.dtype: np.dtype[np.generic] = self._arrays[0].dtype.numpy_dtype
        self.mips = tuple(mips)
        self.chunk_sizes = tuple(chunk_sizes)

    def read(self, boxes: Sequence[Box], mip: int) -> list[NDArray[np.generic]]:
        array = self._arrays[mip]
        try:
            under_way = [
                array[box.start[2] : box.stop[2], box.start[1] : box.stop[1], box.start[0] : box.stop[0]].read(
                    order="C"
                )
                for box in boxes
            ]
            return [future.result() for future in under_way]
        except ValueError as error:
            raise unavailable(f"{self._where} (mip {mip})", error) from error


def precomputed_arrays(store: Store, info: PrecomputedInfo) -> TensorStoreSource:
    """Open every scale of a precomputed volume.

    Raises:
        VolumeUnavailable: TensorStore knows no such encoding, or the info is damaged.
    """
    under_way = [
        ts.open(
            {"driver": "neuroglancer_precomputed", "kvstore": store.spec(), "scale_index": scale},
            context=store.context,
            read=True,
        )
        for scale in info.scales
    ]
    try:
        opened = [future.result() for future in under_way]
    except ValueError as error:
        raise unavailable(store.root, error) from error
    arrays = [array[ts.d["channel"][0]][ts.d["z", "y", "x"].transpose[:]] for array in opened]
    return TensorStoreSource(store.root, arrays, info.mips, info.chunk_sizes)


def zarr_arrays(store: Store, levels: Sequence[Level]) -> TensorStoreSource:
    """Open the levels of a Zarr or N5 data set.

    Raises:
        VolumeUnavailable: an array cannot be opened, or has more than one channel or point of time.
    """
    arrays, mips, chunk_sizes = [], [], []
    for level in levels:
        node = level.node
        spec = {"driver": node.driver, "kvstore": store.spec(node.path)}
        try:
            array = ts.open(spec, context=store.context, read=True).result()
        except ValueError as error:
            raise unavailable(f"{store.root}/{node.path}", error) from error
        if not {"x", "y", "z"} <= set(node.names) or len(node.names) != array.rank:
            raise VolumeUnavailable(f"{store.root}/{node.path} has the axes {node.names}, but x, y and z are needed")
        for axis in reversed(range(array.rank)):
            if node.names[axis] not in "xyz":
                if array.shape[axis] != 1:
                    raise VolumeUnavailable(
                        f"{store.root}/{node.path} has {array.shape[axis]} entries along {node.names[axis]!r}; "
                        "a volume with one channel is needed"
                    )
                array = array[ts.d[axis][0]]
        array = array[ts.d[:].label[tuple(name for name in node.names if name in "xyz")]]
        array = array[ts.d["z", "y", "x"].transpose[:]][ts.d["z", "y", "x"].translate_to[level.start[::-1]]]
        nz, ny, nx = array.shape
        x, y, z = level.start
        mips.append(Mip(level.resolution_nm, Box(level.start, (x + nx, y + ny, z + nz))))
        cz, cy, cx = (int(edge or 64) for edge in array.chunk_layout.read_chunk.shape or (64, 64, 64))
        chunk_sizes.append((cx, cy, cz))
        arrays.append(array)
    return TensorStoreSource(store.root, arrays, mips, chunk_sizes)
