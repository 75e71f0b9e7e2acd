"""Events and saved places as lines of JSON. Ids are decimal strings: half of them no JSON number could hold."""

import base64
import binascii
import json
import re
from typing import Any

import numpy as np

from segclr_viewer.log.events import EVENT_FIELDS, NewEvent, SavedPlace

_IDS = frozenset({"segment_id", "supervoxel_id"})
_PLACE_FIELDS = ("position_nm", "segmentation", "segment_id", "encoder_hash", "embedding")


def event_line(event: NewEvent) -> str:
    """An event; fields that it does not have are left out, and so is its number, which belongs to one log."""
    entry = {name: value for name in EVENT_FIELDS if (value := getattr(event, name)) not in (None, "")}
    return json.dumps(
        {name: str(value) if name in _IDS else value for name, value in entry.items()}, ensure_ascii=False
    )


def place_line(place: SavedPlace) -> str:
    """A saved place; its embedding is base64 of little-endian float32."""
    embedding = base64.b64encode(place.embedding.astype("<f4").tobytes()).decode()
    values = (place.position_nm, place.segmentation, str(place.segment_id), place.encoder_hash, embedding)
    return json.dumps({"place": dict(zip(_PLACE_FIELDS, values, strict=True))}, ensure_ascii=False)


def read_line(line: str) -> NewEvent | SavedPlace:
    """What a line says.

    Raises:
        ValueError: it is damaged.
    """
    entry = json.loads(line)
    if not isinstance(entry, dict):
        raise ValueError("it is no object")
    if "place" in entry:
        return _place(entry["place"])
    _refuse_unknown(entry, EVENT_FIELDS)
    values: dict[str, Any] = {name: _event_value(name, value) for name, value in entry.items()}
    try:
        return NewEvent(**values)
    except TypeError as error:  # a field that every event has is missing
        raise ValueError(str(error).partition(" ")[2]) from None


def _event_value(name: str, value: object) -> object:
    if name in _IDS:
        return _id(value)
    if name == "position_nm":
        return _position(value)
    if name == "count":
        if not isinstance(value, int) or isinstance(value, bool):
            raise ValueError("count is no whole number")
        return value
    return _text(name, value)


def _place(entry: object) -> SavedPlace:
    if not isinstance(entry, dict) or set(entry) != set(_PLACE_FIELDS):
        raise ValueError(f"a place needs {', '.join(_PLACE_FIELDS)}")
    try:
        stored = base64.b64decode(_text("embedding", entry["embedding"]), validate=True)
        embedding = np.frombuffer(stored, "<f4")
    except (binascii.Error, ValueError):
        raise ValueError("the embedding is no base64 of 32-bit numbers") from None
    return SavedPlace(
        _position(entry["position_nm"]),
        _text("segmentation", entry["segmentation"]),
        _id(entry["segment_id"]),
        _text("encoder_hash", entry["encoder_hash"]),
        embedding,
    )


def _refuse_unknown(entry: dict[str, Any], known: tuple[str, ...]) -> None:
    unknown = sorted(set(entry) - set(known))
    if unknown:
        raise ValueError(f"{unknown[0]!r} is no field of an event")


def _text(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{name} is no text")
    return value


def _id(value: object) -> int:
    if not isinstance(value, str) or not re.fullmatch("[0-9]{1,20}", value) or int(value) >= 2**64:
        raise ValueError(f"{value!r} is no segment id: those are decimal texts of at most 64 bits")
    return int(value)


def _position(value: object) -> tuple[float, float, float]:
    if not isinstance(value, list) or len(value) != 3 or any(type(part) not in (int, float) for part in value):
        raise ValueError("position_nm is no list of three numbers")
    x, y, z = map(float, value)
    return (x, y, z)
