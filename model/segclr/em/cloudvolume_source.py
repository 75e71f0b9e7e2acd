"""Chunks read by CloudVolume: what TensorStore cannot decode (compresso, fpzip, ...), and local compressed files."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from cloudvolume import Bbox, CloudVolume
from cloudvolume.chunks import check_installed
from numpy.typing import NDArray

from segclr.em.geometry import Box
from segclr.em.precomputed_info import PrecomputedInfo
from segclr.errors import VolumeUnavailable


class CloudVolumeSource:
    """A precomputed volume, one CloudVolume per mip."""

    def __init__(self, where: str, info: PrecomputedInfo) -> None:
        self._where = where
        # missing chunks are background, as everywhere
        opened = partial(CloudVolume, f"precomputed://{where}", fill_missing=True, progress=False, bounded=True)
        try:
            for encoding in info.encodings:
                check_installed(encoding)
            self._volumes = [opened(mip=scale) for scale in info.scales]
        except Exception as error:  # CloudVolume raises what the library below raised
            raise VolumeUnavailable(f"{where} cannot be opened: {_first_line(error)}") from error
        self.dtype: np.dtype[np.generic] = np.dtype(info.data_type)
        self.mips = info.mips
        self.chunk_sizes = info.chunk_sizes

    def read(self, boxes: Sequence[Box], mip: int) -> list[NDArray[np.generic]]:
        try:
            return [np.asarray(self._volumes[mip][_bbox(box)])[..., 0].T for box in boxes]
        except Exception as error:
            raise VolumeUnavailable(f"{self._where} (mip {mip}) cannot be read: {_first_line(error)}") from error


def _bbox(box: Box) -> Bbox:
    return Bbox(box.start, box.stop)


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
