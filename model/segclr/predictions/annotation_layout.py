"""The binary layout of Neuroglancer's precomputed annotations: records of points, and lists of them.

Format: google/neuroglancer, src/datasource/precomputed/annotations.md.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

KIND = "neuroglancer_annotations_v1"
CLASS, CONFIDENCE, SEGMENT = "class_label", "confidence", "segment"  # of points that have a class
POINT_NAMES = ("point", "POINT")  # Python's writer and the format's text differ; both are read

# type of a property -> numpy's, and how many numbers
PROPERTY_TYPES: dict[str, tuple[str, int]] = {
    "uint8": ("|u1", 1),
    "int8": ("|i1", 1),
    "uint16": ("<u2", 1),
    "int16": ("<i2", 1),
    "uint32": ("<u4", 1),
    "int32": ("<i4", 1),
    "float32": ("<f4", 1),
    "rgb": ("|u1", 3),
    "rgba": ("|u1", 4),
}


@dataclass(frozen=True, slots=True)
class Property:
    """A property of every annotation."""

    id: str
    type: str


def record_type(rank: int, properties: tuple[Property, ...]) -> np.dtype[np.void]:
    """The record of one point: its position, then the properties of 4, of 2 and of 1 byte, then padding to 4 bytes."""
    fields: list[tuple[str, str, int]] = [("position", "<f4", rank)]
    for size in (4, 2, 1):
        for one in properties:
            kind, count = PROPERTY_TYPES[one.type]
            if np.dtype(kind).itemsize == size:
                fields.append((f"property_{one.id}", kind, count))
    padding = -sum(np.dtype(kind).itemsize * count for _, kind, count in fields) % 4
    if padding:
        fields.append(("padding", "|u1", padding))
    return np.dtype([(name, kind, (count,)) if count > 1 else (name, kind) for name, kind, count in fields])


def encode_list(records: NDArray[np.void], ids: NDArray[np.uint64]) -> bytes:
    """The content of a cell of a spatial index, or of an object's list: how many, all records, all ids."""
    return struct.pack("<Q", len(records)) + records.tobytes() + ids.astype("<u8").tobytes()


def decode_list(content: bytes, record: np.dtype[np.void]) -> tuple[NDArray[np.void], NDArray[np.uint64]]:
    """Records and ids of such a list.

    Raises:
        ValueError: the content is not as long as its first number says.
    """
    (count,) = struct.unpack_from("<Q", content) if len(content) >= 8 else (-1,)
    if len(content) != 8 + count * (record.itemsize + 8):
        raise ValueError(f"{len(content)} bytes cannot hold {count} annotations of {record.itemsize} bytes")
    records = np.frombuffer(content, record, count, 8)
    return records, np.frombuffer(content, "<u8", count, 8 + records.nbytes)


def encode_single(record: NDArray[np.void], segment_id: int) -> bytes:
    """The content of the index by id: a record, then its one related object."""
    return record.tobytes() + struct.pack("<IQ", 1, segment_id)


def decode_related(content: bytes, record: np.dtype[np.void], relationships: int) -> tuple[tuple[int, ...], ...]:
    """The related objects of one annotation, for each relationship.

    Raises:
        ValueError: the content is cut short.
    """
    at, related = record.itemsize, []
    try:
        for _ in range(relationships):
            (count,) = struct.unpack_from("<I", content, at)
            related.append(struct.unpack_from(f"<{count}Q", content, at + 4))
            at += 4 + 8 * count
    except struct.error as error:
        raise ValueError(f"the related objects are cut short ({error})") from None
    return tuple(related)


def info_of_classes(
    lower: NDArray[np.float64], extent: NDArray[np.float64], class_names: Sequence[str], confidence: str
) -> dict[str, object]:
    """The start of a layer's info: points in nm (xyz) with a class and its confidence; what is indexed comes after.

    Args:
        lower, extent: (3,) nm, xyz: the corner of the layer, and how far it reaches from there.
        confidence: what the number is, in words.
    """
    return {
        "@type": KIND,
        "dimensions": {axis: [1e-9, "m"] for axis in "xyz"},
        "lower_bound": lower.tolist(),
        "upper_bound": (lower + extent).tolist(),
        "annotation_type": "POINT",
        "properties": [
            {"id": CONFIDENCE, "type": "float32", "description": confidence},
            {
                "id": CLASS,
                "type": "uint8",
                "description": "class",
                "enum_values": list(range(len(class_names))),
                "enum_labels": list(class_names),
            },
        ],
    }
