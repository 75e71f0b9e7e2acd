"""The resolution levels of Zarr and N5 data sets, from the several ways in which people write them down.

Understood, in this order:
    OME-NGFF `multiscales`: axes with units, a scale and a translation per level. OME positions are those of voxel
        centres; writers who count from corners come to the same whole voxel.
    N5 groups of s0, s1, ...: per level `transform` (axes, scale, translate, units), or `downsamplingFactors` times the
        group's or s0's resolution, or what is understood for single arrays, or the ratio of the shapes.
    Single arrays: `transform`, `pixelResolution` (dimensions, unit), or `resolution` (or `voxel_size`) with `offset` in
        `units` (nm if not said), all in the order of the array's dimensions.
Dimensions have the names of the OME axes, `dimension_names` (Zarr 3), `_ARRAY_DIMENSIONS` (Zarr 2) or `axes` (N5). An
array without names is (..., z, y, x) in Zarr and (x, y, z, ...) in N5.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

from segclr.em.geometry import XYZ, IntXYZ
from segclr.em.store import Store
from segclr.em.zarr_nodes import Attributes, Node, read_node
from segclr.errors import VolumeUnavailable

_NM_PER_UNIT = {
    **dict.fromkeys(("nm", "nanometer", "nanometers", "nanometre", "nanometres"), 1.0),
    **dict.fromkeys(("um", "\u00b5m", "\u03bcm", "micrometer", "micrometers", "micrometre", "micron", "microns"), 1e3),
    **dict.fromkeys(("mm", "millimeter", "millimeters", "millimetre"), 1e6),
    **dict.fromkeys(("m", "meter", "meters", "metre"), 1e9),
    "angstrom": 0.1,
}


@dataclass(frozen=True, slots=True)
class Level:
    """One array; `start` is its first voxel, counted in its own voxels from the origin of the data set."""

    node: Node
    resolution_nm: XYZ
    start: IntXYZ


@dataclass(frozen=True, slots=True)
class _Grid:
    """Voxel size and position of the first voxel, by axis name, in nm; in an unknown unit where `known` is False."""

    scale: dict[str, float]
    translation: dict[str, float]
    known: bool

    def times(self, factors: dict[str, float]) -> _Grid:
        return _Grid({axis: scale * factors[axis] for axis, scale in self.scale.items()}, self.translation, self.known)


def read_levels(store: Store, n5: bool, resolution_nm: XYZ | None) -> list[Level]:
    """Find the levels of the data set at the store's root, finest first.

    Args:
        resolution_nm: of the finest level, where the data set does not say.

    Raises:
        VolumeUnavailable: there is no array, or nothing tells the size of its voxels.
    """
    root = read_node(store, "", n5)
    if root is None:
        raise VolumeUnavailable(f"there is no {'N5' if n5 else 'Zarr'} array or group at {store.root}")
    try:
        multiscale = _multiscale(root.attributes)
        if multiscale is not None:
            found = _ome(store, multiscale, n5)
        elif root.shape is not None:
            found = [(root, _own_grid(root))]
        else:
            found = _numbered(store, root, n5)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise VolumeUnavailable(
            f"the metadata of {store.root} are damaged ({type(error).__name__}: {error})"
        ) from error
    if not found:
        raise VolumeUnavailable(f"{store.root} is a group without multiscales; give the address of an array in it")
    return _levels(store.root, found, resolution_nm)


def _levels(where: str, found: Sequence[tuple[Node, _Grid | None]], resolution_nm: XYZ | None) -> list[Level]:
    first_node, first_grid = found[0]
    first = first_grid or _Grid(dict.fromkeys("xyz", 1.0), dict.fromkeys("xyz", 0.0), known=False)
    if first.known:
        nm = dict.fromkeys("xyz", 1.0)
    elif resolution_nm is not None:
        nm = {axis: r / first.scale[axis] for axis, r in zip("xyz", resolution_nm, strict=True)}
    else:
        raise VolumeUnavailable(f"{where} does not say how large its voxels are; give its resolution_nm")
    levels = []
    for node, own in found:
        ratio = {axis: float(round(_extent(first_node, axis) / _extent(node, axis))) for axis in "xyz"}
        grid = own or first.times(ratio)
        x, y, z = (grid.scale[axis] * nm[axis] for axis in "xyz")
        # A translation is that of a voxel's centre; the first level's own half voxel is left out, as everybody does.
        # Who counts from corners is less than half a voxel away, and rounds to the same.
        a, b, c = (
            round((grid.translation[axis] - (grid.scale[axis] - first.scale[axis]) / 2) / grid.scale[axis])
            for axis in "xyz"
        )
        levels.append(Level(node, (x, y, z), (a, b, c)))
    return levels


def _ome(store: Store, multiscale: Attributes, n5: bool) -> list[tuple[Node, _Grid | None]]:
    axes = [axis if isinstance(axis, dict) else {"name": axis} for axis in multiscale.get("axes", [])]
    everywhere = multiscale.get("coordinateTransformations", [])
    found: list[tuple[Node, _Grid | None]] = []
    for dataset in multiscale["datasets"]:
        node = read_node(store, str(dataset["path"]).strip("/"), n5)
        if node is None or node.shape is None:
            raise VolumeUnavailable(f"{store.root} names a level {dataset['path']!r} that is not there")
        names = tuple(axis["name"].lower() for axis in axes) or node.names
        node = replace(node, names=names)
        scale, translation = [1.0] * len(names), [0.0] * len(names)
        stated = False
        for step in [*dataset.get("coordinateTransformations", []), *everywhere]:
            if step["type"] == "scale":
                stated = True
                scale = [a * float(b) for a, b in zip(scale, step["scale"], strict=True)]
                translation = [a * float(b) for a, b in zip(translation, step["scale"], strict=True)]
            elif step["type"] == "translation":
                translation = [a + float(b) for a, b in zip(translation, step["translation"], strict=True)]
        if stated:
            found.append((node, _grid(names, scale, translation, [axis.get("unit") for axis in axes])))
        else:
            found.append((node, _own_grid(node)))
    return found


def _numbered(store: Store, group: Node, n5: bool) -> list[tuple[Node, _Grid | None]]:
    found: list[tuple[Node, _Grid | None]] = []
    base: _Grid | None = None
    for index in count():
        node = read_node(store, f"s{index}", n5)
        if node is None or node.shape is None:
            return found
        own = _own_grid(node)
        if index == 0:
            base = _own_grid(replace(group, shape=node.shape, names=node.names)) or own
        factors = node.attributes.get("downsamplingFactors")
        if factors is not None and base is not None and "transform" not in node.attributes:
            own = base.times(dict(zip(node.names, map(float, factors), strict=True)))
        found.append((node, own or (base if index == 0 else None)))
    return found


def _own_grid(node: Node) -> _Grid | None:
    """Return what an array's own attributes say, None if nothing."""
    attributes = node.attributes
    transform = attributes.get("transform")
    if isinstance(transform, dict) and "scale" in transform:
        names = tuple(name.lower() for name in transform["axes"])
        shift = transform.get("translate", [0] * len(names))
        return _grid(names, transform["scale"], shift, transform.get("units"))
    pixel = attributes.get("pixelResolution")
    if isinstance(pixel, dict):
        return _grid(node.names, pixel["dimensions"], _offset(node), [pixel.get("unit")] * len(node.names))
    scale = next((attributes[key] for key in ("resolution", "voxel_size") if key in attributes), None)
    if not isinstance(scale, list):
        return None
    units = attributes.get("units", "nm")
    return _grid(node.names, scale, _offset(node), units if isinstance(units, list) else [units] * len(node.names))


def _offset(node: Node) -> list[float]:
    offset: list[float] = node.attributes.get("offset", [0.0] * len(node.names))
    return offset


def _grid(names: Sequence[str], scale: Sequence[Any], translation: Sequence[Any], units: Sequence[Any] | None) -> _Grid:
    if len(scale) == 3 and len(names) > 3:  # only space is described
        names = [name for name in names if name in "xyz"]
    unit = dict(zip(names, units or [None] * len(names), strict=False))
    nm = {axis: _NM_PER_UNIT.get(str(unit.get(axis)).lower()) for axis in "xyz"}
    known = all(factor is not None for factor in nm.values())
    sizes, shifts = dict(zip(names, scale, strict=False)), dict(zip(names, translation, strict=False))
    factor = {axis: (nm[axis] or 1.0) if known else 1.0 for axis in "xyz"}
    return _Grid(
        {axis: float(sizes[axis]) * factor[axis] for axis in "xyz"},
        {axis: float(shifts.get(axis, 0)) * factor[axis] for axis in "xyz"},
        known,
    )


def _multiscale(attributes: Attributes) -> Attributes | None:
    inner = attributes.get("ome", attributes)
    listed = inner.get("multiscales")
    return listed[0] if isinstance(listed, list) and listed and "datasets" in listed[0] else None


def _extent(node: Node, axis: str) -> int:
    if node.shape is None or axis not in node.names:
        raise ValueError(f"level {node.path!r} has no axis {axis}")
    return node.shape[node.names.index(axis)]
