"""Neuroglancer's precomputed format as the server speaks it: info objects, and names of raw chunks."""

import re
import struct
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from segclr.em.geometry import Box, Mip
from segclr.em.mesh import Mesh
from segclr.em.volume import Volume

Kind = Literal["image", "segmentation"]

CHUNK = 64  # voxels, along each axis

_BOX = re.compile(r"(-?\d{1,9})-(-?\d{1,9})_(-?\d{1,9})-(-?\d{1,9})_(-?\d{1,9})-(-?\d{1,9})")
_SAMPLE = 128  # voxels, along each axis, that the grey range is taken from

MESH_INFO: dict[str, object] = {"@type": "neuroglancer_legacy_mesh"}


def volume_info(mips: tuple[Mip, ...], kind: Kind, data_type: str) -> dict[str, object]:
    """The `info` of a volume that is served in raw chunks, each mip under its number."""
    return {
        "@type": "neuroglancer_multiscale_volume",
        "type": kind,
        "data_type": data_type,
        "num_channels": 1,
        "scales": [
            {
                "key": str(number),
                "resolution": list(mip.resolution_nm),
                "size": list(mip.box.size),
                "voxel_offset": list(mip.box.start),
                "chunk_sizes": [[CHUNK, CHUNK, CHUNK]],
                "encoding": "raw",
            }
            for number, mip in enumerate(mips)
        ],
    }


def chunk_box(name: str, mip: Mip) -> Box | None:
    """The box that a chunk's name stands for, None unless it is one chunk of the mip's grid."""
    match = _BOX.fullmatch(name)
    if match is None:
        return None
    x0, x1, y0, y1, z0, z1 = (int(number) for number in match.groups())
    for start, stop, low, high in zip((x0, y0, z0), (x1, y1, z1), mip.box.start, mip.box.stop, strict=True):
        if not low <= start < high or (start - low) % CHUNK or stop != min(start + CHUNK, high):
            return None
    return Box((x0, y0, z0), (x1, y1, z1))


def raw_chunk(voxels: NDArray[np.generic]) -> bytes:
    """The body of a raw chunk: (x, y, z) in Fortran order, which is (z, y, x) in C order; little-endian."""
    body: bytes = np.ascontiguousarray(voxels, voxels.dtype.newbyteorder("<")).tobytes()
    return body


def mesh_manifest(part: int) -> dict[str, object]:
    """The manifest of a mesh that is one fragment."""
    return {"fragments": [f"part_{part}"]}


def mesh_fragment(mesh: Mesh) -> bytes:
    """The body of a fragment: uint32 number of vertices, float32 xyz in nm, uint32 triangles."""
    vertices, faces = mesh.vertices_nm.astype("<f4"), mesh.faces.astype("<u4")
    return struct.pack("<I", len(vertices)) + vertices.tobytes() + faces.tobytes()


def grey_range(em: Volume) -> tuple[int, int]:
    """The darkest and brightest grey worth showing: 1st and 99th percentile of the middle of the coarsest mip."""
    mip = em.mips[-1]
    low, high = [], []
    for start, stop in zip(mip.box.start, mip.box.stop, strict=True):
        first = max(start, (start + stop - _SAMPLE) // 2)
        low.append(first)
        high.append(min(stop, first + _SAMPLE))
    grey = em.read(Box((low[0], low[1], low[2]), (high[0], high[1], high[2])), len(em.mips) - 1).astype(np.uint8)
    inked = grey[grey > 0]  # zero is what lies outside the imaged block
    if inked.size == 0:
        return 0, 255
    dark, bright = (int(value) for value in np.percentile(inked, [1, 99]))
    return (dark, bright) if dark < bright else (0, 255)
