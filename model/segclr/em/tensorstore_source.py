"""Chunks read by TensorStore, which decodes in parallel and without Python's lock."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import tensorstore as ts
from numpy.typing import NDArray

from segclr.em.geometry import Box, IntXYZ, Mip
from segclr.em.precomputed_info import PrecomputedInfo
from segclr.em.store import Store, unavailable


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
            {"driver": "neuroglancer_precomputed", "kvstore": store.spec(), "scale_index": index},
            context=store.context,
            read=True,
        )
        for index in range(len(info.mips))
    ]
    try:
        opened = [future.result() for future in under_way]
    except ValueError as error:
        raise unavailable(store.root, error) from error
    arrays = [array[ts.d["channel"][0]][ts.d["z", "y", "x"].transpose[:]] for array in opened]
    return TensorStoreSource(store.root, arrays, info.mips, info.chunk_sizes)
