"""Neuroglancer's precomputed format as the server speaks it: info objects, and names of raw chunks."""

import re
import struct
from typing import Literal

import compressed_segmentation
import numpy as np
from numpy.typing import NDArray

from segclr.em.geometry import Box, Mip
from segclr.em.mesh import Mesh

Kind = Literal["image", "segmentation"]

CHUNK = 64  # voxels, along each axis
_BLOCK = 8  # voxels, along each axis, of a block of a compressed chunk

_BOX = re.compile(r"(-?[0-9]{1,9})-(-?[0-9]{1,9})_(-?[0-9]{1,9})-(-?[0-9]{1,9})_(-?[0-9]{1,9})-(-?[0-9]{1,9})")

MESH_INFO: dict[str, object] = {"@type": "neuroglancer_legacy_mesh"}


def volume_info(mips: tuple[Mip, ...], kind: Kind, data_type: str) -> dict[str, object]:
    """The `info` of a volume that is served in chunks of `chunk_body`, each mip under its number."""
    encoding: dict[str, object] = {"encoding": "raw"}
    if _is_compressed(kind, data_type):
        encoding = {"encoding": "compressed_segmentation", "compressed_segmentation_block_size": [_BLOCK] * 3}
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
                **encoding,
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


def chunk_body(voxels: NDArray[np.generic], kind: Kind) -> bytes:
    """The body of a chunk of (z, y, x) voxels, little-endian.

    Segment ids take blocks with tables of the few ids in each (Neuroglancer's compressed_segmentation), a fiftieth of
    their 2 MiB, which the viewer keeps compressed; all else is raw: (x, y, z) in Fortran order, (z, y, x) in C order.
    """
    little = np.ascontiguousarray(voxels, voxels.dtype.newbyteorder("<"))
    if _is_compressed(kind, voxels.dtype.name):
        block = (_BLOCK, _BLOCK, _BLOCK)
        compressed: bytes = compressed_segmentation.compress(little.T[..., np.newaxis], block, order="F")
        return compressed
    body: bytes = little.tobytes()
    return body


def _is_compressed(kind: Kind, data_type: str) -> bool:
    """Whether the format of compressed chunks can hold it."""
    return kind == "segmentation" and data_type in ("uint32", "uint64")


def mesh_manifest(part: int, cut: int) -> dict[str, object]:
    """The manifest of a mesh that is one fragment, under another name for every way that its segment is cut."""
    return {"fragments": [f"part_{part}_{cut}"]}


def mesh_fragment(mesh: Mesh) -> bytes:
    """The body of a fragment: uint32 number of vertices, float32 xyz in nm, uint32 triangles."""
    vertices, faces = mesh.vertices_nm.astype("<f4"), mesh.faces.astype("<u4")
    return struct.pack("<I", len(vertices)) + vertices.tobytes() + faces.tobytes()
