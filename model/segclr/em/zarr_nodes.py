"""The metadata files of Zarr 2, Zarr 3 and N5, brought to one form; only names and sizes are interpreted here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from segclr.em.store import Store

Driver = Literal["zarr", "zarr3", "n5"]
Attributes = dict[str, Any]  # other people's JSON: checked where it is used


@dataclass(frozen=True, slots=True)
class Node:
    """A group or an array.

    Attributes:
        driver: TensorStore's name of the format.
        shape: None for a group; in the order in which TensorStore gives the dimensions.
        names: of the dimensions, in lower case; a guess where nothing names them.
    """

    driver: Driver
    path: str
    attributes: Attributes
    shape: tuple[int, ...] | None
    names: tuple[str, ...]


def read_node(store: Store, path: str, n5: bool) -> Node | None:
    """Return what is at a path, None if nothing is."""
    prefix = f"{path}/" if path else ""
    if n5:
        attributes = store.read_json(prefix + "attributes.json")
        if attributes is None:
            return None
        return _node("n5", path, attributes, attributes.get("dimensions"), attributes.get("axes"))
    v3 = store.read_json(prefix + "zarr.json")
    if v3 is not None:
        return _node("zarr3", path, v3.get("attributes"), v3.get("shape"), v3.get("dimension_names"))
    v2 = store.read_json(prefix + ".zarray") or {}
    attributes = store.read_json(prefix + ".zattrs") or {}
    if not v2 and not attributes and store.read_json(prefix + ".zgroup") is None:
        return None
    return _node("zarr", path, attributes, v2.get("shape"), attributes.get("_ARRAY_DIMENSIONS"))


def _node(driver: Driver, path: str, attributes: Any, shape: Any, names: Any) -> Node:
    if not isinstance(attributes, dict):
        attributes = {}
    if not isinstance(shape, list):
        return Node(driver, path, attributes, None, ())
    rank = len(shape)
    known = isinstance(names, list) and len(names) == rank and all(isinstance(name, str) for name in names)
    if known and {"x", "y", "z"} <= {name.lower() for name in names}:
        return Node(driver, path, attributes, tuple(shape), tuple(name.lower() for name in names))
    extra = tuple(f"extra{index}" for index in range(rank - 3))
    # each format's own convention: Zarr slowest first, N5 fastest first
    guess = ("x", "y", "z", *extra) if driver == "n5" else (*extra, "z", "y", "x")
    return Node(driver, path, attributes, tuple(shape), guess[:rank] if driver == "n5" else guess[-rank:])
