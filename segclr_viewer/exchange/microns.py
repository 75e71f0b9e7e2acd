"""Labels on skeletons of MICrONS: compartments in a skeleton's JSON file, and tables in a cell's HDF5 file.

Both give skeleton nodes in nm of minnie65's public frame, and one root id for all. In the HDF5 files what is called
mesh has a vertex per level-2 chunk, at the chunk's corner: up to 2 x 2 x 20 um from the place. So labels are put on the
nodes of the skeleton that the vertices belong to, never on those vertices.
"""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segclr.em.geometry import XYZ
from segclr_viewer.exchange.errors import ExchangeError
from segclr_viewer.exchange.hdf5 import Hdf5File
from segclr_viewer.exchange.labels import ClassNames, ImportedFile, ImportedLabel, parse_segment_id

FRAME_NOTE = "positions are nm of minnie65's public frame, on the nodes of the cell's skeleton"

# SWC's numbers of compartments, as far as these files use them
_COMPARTMENTS = {1: "soma", 2: "axon", 3: "dendrite", 4: "apical"}
# table of an HDF5 file -> class of the nodes it lists
_TABLES = {"is_axon": "axon", "is_apical": "apical"}


def read_labels_skeleton_json(path: Path, classes: ClassNames) -> ImportedFile:
    """Read the compartment of every node: soma, axon, dendrite or apical.

    Raises:
        ExchangeError: the file cannot be read, is no such skeleton, or a class is unknown.
    """
    try:
        skeleton = json.loads(path.read_bytes())
        vertices = np.array(skeleton["vertices"], np.float64)
        compartments = [int(code) for code in skeleton["compartment"]]
        root_id = skeleton["meta"]["root_id"]
    except OSError as error:
        raise ExchangeError(f"{path} cannot be read ({error.strerror or error}): check the path") from None
    except (KeyError, TypeError, ValueError) as error:
        raise ExchangeError(f"{path} is no skeleton with vertices, compartment and meta.root_id ({error})") from None
    _check_vertices(path, vertices, len(compartments))
    unknown = sorted(set(compartments) - set(_COMPARTMENTS))
    if unknown:
        raise ExchangeError(
            f"{path} has compartments {unknown}, of which it does not say what they are: known are 1 to 4"
        )
    names: list[str | None] = [_COMPARTMENTS[code] for code in compartments]
    return ImportedFile(_labels(path, vertices, names, _root_id(path, root_id), classes), notes=(FRAME_NOTE,))


def read_labels_meshwork(path: Path, classes: ClassNames) -> ImportedFile:
    """Read the tables `is_axon` and `is_apical`: the nodes they list are of class axon or apical.

    A node that is in neither table, or in both, gets no label; how many those are is noted.

    Raises:
        ExchangeError: the file cannot be read, is no such cell, its ids contradict each other, or a class is unknown.
    """
    file = Hdf5File(path)
    vertices = file.read("skeleton/vertices").astype(np.float64)
    node_of_vertex = file.read("skeleton/mesh_to_skel_map").astype(np.int64)
    _check_vertices(path, vertices, len(vertices))
    if not ((node_of_vertex >= 0) & (node_of_vertex < len(vertices))).all():
        raise ExchangeError(f"{path} is damaged: its mesh_to_skel_map leads to nodes that are not there")
    listed = {
        name: _listed_nodes(path, file, table, node_of_vertex)
        for table, name in _TABLES.items()
        if f"annotations/{table}/data" in file.names()
    }
    if not listed:
        raise ExchangeError(f"{path} has neither a table is_axon nor is_apical: there is no label in it")
    names: list[str | None] = []
    several = 0
    for node in range(len(vertices)):
        found = [name for name, nodes in listed.items() if node in nodes]
        several += len(found) > 1
        names.append(found[0] if len(found) == 1 else None)
    notes = [FRAME_NOTE, f"{names.count(None) - several} nodes are in no table and get no label"]
    if several:
        notes.append(f"{several} nodes are called {' and '.join(listed)} at once and get no label")
    return ImportedFile(_labels(path, vertices, names, _cell_id(path, file), classes), notes=tuple(notes))


def _labels(
    path: Path, vertices: NDArray[np.float64], names: Sequence[str | None], root_id: int, classes: ClassNames
) -> tuple[ImportedLabel, ...]:
    resolved = {
        name: classes.resolve(name, f"{path.name}, node {names.index(name)}")
        for name in dict.fromkeys(names)
        if name is not None
    }
    labels = []
    for node, (name, position) in enumerate(zip(names, vertices.tolist(), strict=True)):
        class_name = None if name is None else resolved[name]
        if class_name is not None:
            place: XYZ = (position[0], position[1], position[2])
            where = f"{path.name}, node {node}"
            labels.append(ImportedLabel(class_name=class_name, position_nm=place, segment_id=root_id, where=where))
    return tuple(labels)


def _listed_nodes(path: Path, file: Hdf5File, table: str, node_of_vertex: NDArray[np.int64]) -> set[int]:
    """Skeleton nodes of the vertices that a table lists."""
    listed = _column(path, file, table, "mesh_index")
    vertices = np.array([int(value) for value in listed], np.int64)
    if len(vertices) and not 0 <= int(vertices.min()) <= int(vertices.max()) < len(node_of_vertex):
        raise ExchangeError(f"{path} is damaged: the table {table} lists vertices that are not there")
    return set(node_of_vertex[vertices].tolist())


def _cell_id(path: Path, file: Hdf5File) -> int:
    """The root id: that of the cell's own side in its synapses, and of its skeleton where that names one."""
    found: set[Any] = set()
    for table, column in (("pre_syn", "pre_pt_root_id"), ("post_syn", "post_pt_root_id")):
        if f"annotations/{table}/data" in file.names():
            found.update(_column(path, file, table, column))
    if "skeleton/meta" in file.names():
        found.add(_json(path, file, "skeleton/meta").get("root_id"))
    found.discard(None)
    if len(found) != 1:
        raise ExchangeError(f"{path} does not say clearly which cell it is: its root ids are {sorted(found) or 'none'}")
    return _root_id(path, found.pop())


def _root_id(path: Path, value: object) -> int:
    return parse_segment_id(str(value), f"{path.name}, root id")


def _column(path: Path, file: Hdf5File, table: str, column: str) -> list[Any]:
    content = _json(path, file, f"annotations/{table}/data").get(column)
    if not isinstance(content, dict):
        raise ExchangeError(f"{path} is damaged: the table {table} has no column {column}")
    return list(content.values())


def _json(path: Path, file: Hdf5File, name: str) -> dict[str, Any]:
    try:
        content = json.loads(file.read(name).tobytes().rstrip(b"\0"))
    except ValueError as error:
        if isinstance(error, ExchangeError):
            raise
        raise ExchangeError(f"{path} is damaged: {name} is not JSON") from None
    if not isinstance(content, dict):
        raise ExchangeError(f"{path} is damaged: {name} is no table")
    return content


def _check_vertices(path: Path, vertices: NDArray[np.float64], count: int) -> None:
    if vertices.shape != (count, 3) or not all(map(math.isfinite, vertices.ravel().tolist())):
        raise ExchangeError(f"{path} is damaged: it has {count} nodes, but positions of shape {vertices.shape}")
