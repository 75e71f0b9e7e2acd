"""Labels from a layer of points in Neuroglancer's precomputed format, on disk, plain or gzipped, not sharded.

What makes a class is a property with named values. Positions are in the layer's own units, which its `info` states;
which segmentation they belong to it does not say.
"""

import gzip
import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segclr.predictions.annotation_layout import (
    KIND,
    POINT_NAMES,
    PROPERTY_TYPES,
    Property,
    decode_list,
    decode_related,
    record_type,
)
from segclr_viewer.exchange.errors import ExchangeError
from segclr_viewer.exchange.labels import ClassNames, ImportedFile, ImportedLabel

_NM_PER_UNIT = {"m": 1e9, "cm": 1e7, "mm": 1e6, "um": 1e3, "µm": 1e3, "nm": 1.0}


@dataclass(frozen=True, slots=True, eq=False)
class PointLayer:
    """A layer as it is on disk, points by ascending id.

    Attributes:
        ids: (n,) uint64.
        positions_nm: (n, 3) float64, xyz.
        properties: (n,) values of each property.
        class_names: for each property with named values, the name of each value.
        segments: for each relationship, the ids that are related to each annotation; without those of no relation.
        absent: keys of the spatial levels whose folders are not there, as in an excerpt.
    """

    ids: NDArray[np.uint64]
    positions_nm: NDArray[np.float64]
    properties: Mapping[str, NDArray[Any]]
    class_names: Mapping[str, Mapping[int, str]]
    segments: Mapping[str, Mapping[int, tuple[int, ...]]]
    absent: tuple[str, ...]


def read_labels_annotations(folder: Path, classes: ClassNames, relationship: str = "") -> ImportedFile:
    """Read a layer's points as labels.

    Args:
        relationship: the one whose objects are segments of the segmentation; by default none is taken for that.

    Raises:
        ExchangeError: the layer cannot be read, it has no property of classes or several, or a class is unknown.
    """
    layer = read_point_layer(folder)
    if len(layer.class_names) != 1:
        found = ", ".join(layer.class_names) or "none"
        raise ExchangeError(f"{folder} must have one property with named values, for the class; found: {found}")
    if relationship and relationship not in layer.segments:
        known = ", ".join(layer.segments) or "none"
        raise ExchangeError(f"{folder} has no relationship {relationship!r}: it has {known}")
    ((name, names),) = layer.class_names.items()
    related = layer.segments.get(relationship, {})
    resolved: dict[str, str | None] = {}
    labels = []
    columns = (layer.ids.tolist(), layer.properties[name].tolist(), layer.positions_nm.tolist())
    for number, value, (x, y, z) in zip(*columns, strict=True):
        where = f"{folder.name}, annotation {number}"
        given = names.get(value, str(value))
        if given not in resolved:
            resolved[given] = classes.resolve(given, where)
        class_name = resolved[given]
        if class_name is not None:
            segment = _one_segment(related.get(number, ()), where)
            labels.append(ImportedLabel(class_name=class_name, position_nm=(x, y, z), segment_id=segment, where=where))
    notes = (f"spatial levels that are not there: {', '.join(layer.absent)}",) if layer.absent else ()
    return ImportedFile(tuple(labels), notes=notes)


def read_point_layer(folder: Path) -> PointLayer:
    """Read all points of a layer.

    Raises:
        ExchangeError: the layer cannot be read, is not of points in three dimensions, or is sharded.
    """
    info = _info(folder)
    try:
        return _read(folder, info)
    except (KeyError, TypeError, ValueError, EOFError, zlib.error) as error:
        if isinstance(error, ExchangeError):
            raise
        raise ExchangeError(f"the annotation layer {folder} is damaged: {error}") from None
    except OSError as error:
        raise ExchangeError(f"the annotation layer {folder} cannot be read ({error.strerror or error})") from None


def _read(folder: Path, info: dict[str, Any]) -> PointLayer:
    scale_nm = [_scale_nm(folder, axis, *unit) for axis, unit in info["dimensions"].items()]
    if info["annotation_type"] not in POINT_NAMES or len(scale_nm) != 3:
        raise ExchangeError(f"{folder} holds no points in three dimensions, but {info['annotation_type']}: not read")
    properties = tuple(Property(str(one["id"]), str(one["type"])) for one in info["properties"])
    for one in properties:
        if one.type not in PROPERTY_TYPES:
            raise ExchangeError(f"{folder} has a property {one.id!r} of type {one.type!r}, which is not known")
    record = record_type(3, properties)
    parts, absent = [], []
    for level in info["spatial"]:
        if not (folder / level["key"]).is_dir():
            absent.append(str(level["key"]))
            continue
        _refuse_sharded(folder, level)
        parts += [decode_list(content, record) for _, content in _files(folder / level["key"])]
    records = np.concatenate([np.empty(0, record), *(part[0] for part in parts)])
    ids, first = np.unique(np.concatenate([np.empty(0, np.uint64), *(part[1] for part in parts)]), return_index=True)
    records = records[first]
    return PointLayer(
        ids,
        records["position"].astype(np.float64) * np.array(scale_nm),
        {one.id: records[f"property_{one.id}"] for one in properties},
        {
            str(one["id"]): dict(zip(one["enum_values"], one["enum_labels"], strict=True))
            for one in info["properties"]
            if "enum_values" in one
        },
        _related(folder, info, record),
        tuple(absent),
    )


def _related(folder: Path, info: dict[str, Any], record: np.dtype[np.void]) -> dict[str, dict[int, tuple[int, ...]]]:
    """Per relationship and annotation its objects, from the index by id and from the lists of the objects."""
    names = [str(one["id"]) for one in info["relationships"]]
    related: dict[str, dict[int, tuple[int, ...]]] = {name: {} for name in names}
    for name, relationship in zip(names, info["relationships"], strict=True):
        if (folder / relationship["key"]).is_dir():
            _refuse_sharded(folder, relationship)
            for segment_id, content in _files(folder / relationship["key"]):
                for number in decode_list(content, record)[1].tolist():
                    related[name][number] = (*related[name].get(number, ()), int(segment_id))
    if (folder / info["by_id"]["key"]).is_dir():
        _refuse_sharded(folder, info["by_id"])
        for number, content in _files(folder / info["by_id"]["key"]):
            for name, objects in zip(names, decode_related(content, record, len(names)), strict=True):
                related[name][int(number)] = objects
    return related


def _files(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Name without `.gz` and unpacked content of each file."""
    for path in sorted(folder.iterdir()):
        packed = path.suffix == ".gz"
        yield path.name.removesuffix(".gz"), gzip.decompress(path.read_bytes()) if packed else path.read_bytes()


def _info(folder: Path) -> dict[str, Any]:
    try:
        info = json.loads((folder / "info").read_bytes())
    except OSError as error:
        raise ExchangeError(f"{folder} is no annotation layer: its info cannot be read ({error.strerror})") from None
    except ValueError:
        raise ExchangeError(f"{folder} is no annotation layer: its info is not JSON") from None
    if not isinstance(info, dict) or info.get("@type") != KIND:
        raise ExchangeError(f"{folder} is no annotation layer: its info does not say {KIND}")
    return info


def _scale_nm(folder: Path, axis: str, scale: float, unit: str) -> float:
    if unit not in _NM_PER_UNIT:
        raise ExchangeError(f"{folder} measures {axis} in {unit or 'no unit'!r}, which is no length")
    return float(scale) * _NM_PER_UNIT[unit]


def _refuse_sharded(folder: Path, index: dict[str, Any]) -> None:
    if "sharding" in index:
        raise ExchangeError(
            f"{folder / index['key']} is sharded, which is not read: make an unsharded copy of the layer"
        )


def _one_segment(related: tuple[int, ...], where: str) -> int | None:
    if len(related) > 1:
        raise ExchangeError(f"{where} belongs to {len(related)} segments: a label is for one")
    return related[0] if related else None
