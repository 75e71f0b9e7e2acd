"""Skeletons as Neuroglancer stores them: one binary file per segment beside an `info`.

Format: google/neuroglancer, src/datasource/precomputed/skeletons.md. Sharded ones are read too, written never.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from segclr.em.skeleton import Skeleton
from segclr.errors import VolumeUnavailable

INFO_TYPE = "neuroglancer_skeletons"
_IDENTITY = (1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0)  # (3, 4), row by row


@dataclass(frozen=True, slots=True)
class VertexAttribute:
    name: str
    dtype: np.dtype[np.generic]
    components: int


@dataclass(frozen=True, slots=True, eq=False)
class SkeletonFormat:
    """`to_nm` is the (3, 4) affine transform from stored to nm; `sharding` None where every skeleton is a file."""

    to_nm: NDArray[np.float64]
    attributes: tuple[VertexAttribute, ...]
    sharding: dict[str, object] | None


def parse_skeleton_info(info: dict[str, object], where: str) -> SkeletonFormat:
    """Read a skeleton `info`.

    Raises:
        VolumeUnavailable: it is the info of something else, or damaged.
    """
    if info.get("@type") != INFO_TYPE:
        raise VolumeUnavailable(f"{where}/info does not describe skeletons but {info.get('@type', 'something else')}")
    try:
        to_nm = np.array(info.get("transform", _IDENTITY), np.float64).reshape(3, 4)
        listed = info.get("vertex_attributes", [])
        attributes = tuple(
            VertexAttribute(a["id"], np.dtype(a["data_type"]).newbyteorder("<"), int(a["num_components"]))
            for a in (listed if isinstance(listed, list) else [])
        )
    except (KeyError, TypeError, ValueError) as error:
        raise VolumeUnavailable(f"{where}/info is damaged ({type(error).__name__}: {error})") from error
    sharding = info.get("sharding")
    return SkeletonFormat(to_nm, attributes, sharding if isinstance(sharding, dict) else None)


def decode_skeleton(data: bytes, segment_id: int, form: SkeletonFormat) -> Skeleton:
    """Read one skeleton; attributes of any type become float32.

    Raises:
        ValueError: the file is cut short or names nodes that it does not have.
        struct.error: it has not even a beginning.
    """
    nodes, edges = struct.unpack_from("<II", data)
    stored = np.frombuffer(data, "<f4", nodes * 3, 8).reshape(nodes, 3).astype(np.float64)
    offset = 8 + nodes * 12
    pairs = np.frombuffer(data, "<u4", edges * 2, offset).reshape(edges, 2).astype(np.int32)
    offset += edges * 8
    attributes = {}
    for attribute in form.attributes:
        values = np.frombuffer(data, attribute.dtype, nodes * attribute.components, offset)
        offset += values.nbytes
        shape = (nodes,) if attribute.components == 1 else (nodes, attribute.components)
        attributes[attribute.name] = values.astype(np.float32).reshape(shape)
    return Skeleton(segment_id, stored @ form.to_nm[:, :3].T + form.to_nm[:, 3], pairs, attributes)


def write_skeletons(folder: Path, skeletons: Iterable[Skeleton]) -> None:
    """Write skeletons, unsharded, with the attributes of the first; all must have these, per node one number or k.

    Raises:
        ValueError: a skeleton has other attributes than the first.
    """
    folder.mkdir(parents=True, exist_ok=True)
    listed: list[dict[str, object]] | None = None
    for skeleton in skeletons:
        own: list[dict[str, object]] = [
            {"id": name, "data_type": "float32", "num_components": 1 if values.ndim == 1 else values.shape[1]}
            for name, values in skeleton.attributes.items()
        ]
        if listed is None:
            listed = own
        elif own != listed:
            raise ValueError(f"skeleton {skeleton.segment_id} has the attributes {own}, the first one {listed}")
        parts = [
            struct.pack("<II", len(skeleton.nodes_nm), len(skeleton.edges)),
            skeleton.nodes_nm.astype("<f4").tobytes(),
            skeleton.edges.astype("<u4").tobytes(),
            *(values.astype("<f4").tobytes() for values in skeleton.attributes.values()),
        ]
        (folder / str(skeleton.segment_id)).write_bytes(b"".join(parts))
    # CloudVolume insists on a transform
    info = {"@type": INFO_TYPE, "transform": _IDENTITY, "vertex_attributes": listed or []}
    (folder / "info").write_text(json.dumps(info))
