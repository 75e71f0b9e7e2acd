"""Neuroglancer's precomputed format as the server speaks it: info objects, and names of raw chunks."""

import re
import struct
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from segclr.em.geometry import Box, Mip
from segclr.em.mesh import Mesh

Kind = Literal["image", "segmentation"]

CHUNK = 64  # voxels, along each axis

_BOX = re.compile(r"(-?[0-9]{1,9})-(-?[0-9]{1,9})_(-?[0-9]{1,9})-(-?[0-9]{1,9})_(-?[0-9]{1,9})-(-?[0-9]{1,9})")

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
