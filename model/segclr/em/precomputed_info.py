"""The scales of a precomputed volume, as its `info` file tells them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from segclr.em.geometry import XYZ, Box, IntXYZ, Mip
from segclr.errors import VolumeUnavailable


@dataclass(frozen=True, slots=True)
class PrecomputedInfo:
    """One entry per mip in each tuple, finest first as in the file; `scales` are their places in the file."""

    data_type: str
    mips: tuple[Mip, ...]
    chunk_sizes: tuple[IntXYZ, ...]
    keys: tuple[str, ...]
    encodings: tuple[str, ...]
    scales: tuple[int, ...]

    def only(self, wanted: Collection[int]) -> PrecomputedInfo:
        """Return the mips at some of the places alone."""
        kept = [index for index, scale in enumerate(self.scales) if scale in wanted]
        return PrecomputedInfo(
            self.data_type,
            tuple(self.mips[index] for index in kept),
            tuple(self.chunk_sizes[index] for index in kept),
            tuple(self.keys[index] for index in kept),
            tuple(self.encodings[index] for index in kept),
            tuple(self.scales[index] for index in kept),
        )


def parse_info(info: dict[str, object], where: str) -> PrecomputedInfo:
    """Read an `info` object.

    Raises:
        VolumeUnavailable: it is not the info of a volume, is damaged, or has several channels.
    """
    scales, data_type = info.get("scales"), info.get("data_type")
    if not isinstance(scales, list) or not scales or not isinstance(data_type, str):
        kind = info.get("@type", "something else")
        raise VolumeUnavailable(f"{where}/info does not describe a volume but {kind}; is the address right?")
    channels = info.get("num_channels", 1)
    if channels != 1:
        raise VolumeUnavailable(f"{where} has {channels} channels; a volume with one is needed")
    mips, chunk_sizes = [], []
    try:
        for scale in scales:
            start = _voxels(scale.get("voxel_offset", (0, 0, 0)))
            size = _voxels(scale["size"])
            stop = (start[0] + size[0], start[1] + size[1], start[2] + size[2])
            mips.append(Mip(_nm(scale["resolution"]), Box(start, stop)))
            chunk_sizes.append(_voxels(scale["chunk_sizes"][0]))
        keys = tuple(str(scale["key"]) for scale in scales)
        encodings = tuple(str(scale["encoding"]) for scale in scales)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise VolumeUnavailable(f"{where}/info is damaged ({type(error).__name__}: {error})") from error
    return PrecomputedInfo(data_type, tuple(mips), tuple(chunk_sizes), keys, encodings, tuple(range(len(mips))))


def _voxels(values: list[int]) -> IntXYZ:
    x, y, z = values
    return int(x), int(y), int(z)


def _nm(values: list[float]) -> XYZ:
    x, y, z = values
    return float(x), float(y), float(z)
