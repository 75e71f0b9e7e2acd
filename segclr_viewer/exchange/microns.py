"""Compartments on skeletons of MICrONS: in a skeleton's JSON file, and in the tables of a cell's HDF5 file.

Both give skeleton nodes in nm of minnie65's public frame, and one root id for all. Labels are put on the nodes of the
skeleton that the listed vertices belong to, never on those vertices.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from segclr.em.geometry import XYZ
from segclr.wording import counted, verb
from segclr_viewer.exchange.errors import ExchangeError
from segclr_viewer.exchange.labels import ClassNames, ImportedFile, ImportedLabel, parse_segment_id
from segclr_viewer.exchange.meshwork import Meshwork, check_nodes

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
    check_nodes(path, vertices, len(compartments))
    unknown = sorted(set(compartments) - set(_COMPARTMENTS))
    if unknown:
        raise ExchangeError(
            f"{path} has compartments {unknown}, of which it does not say what they are: known are 1 to 4"
        )
    names: list[str | None] = [_COMPARTMENTS[code] for code in compartments]
    cell = parse_segment_id(str(root_id), f"{path.name}, root id")
    return ImportedFile(_labels(path, vertices, names, cell, classes), notes=(FRAME_NOTE,))


def read_labels_meshwork(path: Path, classes: ClassNames) -> ImportedFile:
    """Read the tables `is_axon` and `is_apical`: the nodes they list are of class axon or apical.

    A node that is in neither table, or in both, gets no label; how many those are is noted.

    Raises:
        ExchangeError: the file cannot be read, is no such cell, its ids contradict each other, or a class is unknown.
    """
    file = Meshwork(path)
    vertices = file.nodes_nm()
    node_of_vertex = file.node_of_vertex(len(vertices))
    listed = {
        name: _listed_nodes(file, table, node_of_vertex) for table, name in _TABLES.items() if file.has_table(table)
    }
    if not listed:
        raise ExchangeError(
            f"{path} has neither a table is_axon nor is_apical, so it says nothing of compartments; its synapses are "
            "read with --synapses"
        )
    names: list[str | None] = []
    several = 0
    for node in range(len(vertices)):
        found = [name for name, nodes in listed.items() if node in nodes]
        several += len(found) > 1
        names.append(found[0] if len(found) == 1 else None)
    without = names.count(None) - several
    notes = [FRAME_NOTE, f"{counted(without, 'node')} in no table {verb(without, 'gets', 'get')} no label"]
    if several:
        notes.append(
            f"{counted(several, 'node')} called {' and '.join(listed)} at once {verb(several, 'gets', 'get')} no label"
        )
    return ImportedFile(_labels(path, vertices, names, file.root_id(), classes), notes=tuple(notes))


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


def _listed_nodes(file: Meshwork, table: str, node_of_vertex: NDArray[np.int64]) -> set[int]:
    """Skeleton nodes of the vertices that a table lists."""
    listed = file.column(table, "mesh_index")
    if not all(type(value) is int for value in listed):
        raise ExchangeError(f"{file.path} is damaged: the table {table} lists vertices that are no whole numbers")
    vertices = np.array(listed, np.int64)
    if len(vertices) and not 0 <= int(vertices.min()) <= int(vertices.max()) < len(node_of_vertex):
        raise ExchangeError(f"{file.path} is damaged: the table {table} lists vertices that are not there")
    return set(node_of_vertex[vertices].tolist())
