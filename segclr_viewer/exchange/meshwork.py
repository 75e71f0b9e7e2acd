"""A cell's HDF5 file as MICrONS' tools write it: a skeleton in nm, and tables as JSON bytes.

What is called mesh has a vertex per level-2 chunk, at the chunk's corner: up to 2 x 2 x 20 um from the place. So only
which node of the skeleton a vertex belongs to says where something is, never the vertex itself.
"""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segclr_viewer.exchange.errors import ExchangeError
from segclr_viewer.exchange.foreign_table import ForeignTable
from segclr_viewer.exchange.hdf5 import Hdf5File
from segclr_viewer.exchange.labels import parse_segment_id


class Meshwork:
    """One cell's file, read into memory. Every failure is an ExchangeError of one sentence."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = Hdf5File(path)

    def nodes_nm(self) -> NDArray[np.float64]:
        """The nodes of the skeleton, (n, 3), x y z."""
        nodes = self._file.read("skeleton/vertices").astype(np.float64)
        check_nodes(self.path, nodes, len(nodes))
        return nodes

    def node_of_vertex(self, nodes: int) -> NDArray[np.int64]:
        """The node of the skeleton that each vertex belongs to."""
        found = self._file.read("skeleton/mesh_to_skel_map").astype(np.int64)
        if not ((found >= 0) & (found < nodes)).all():
            raise ExchangeError(f"{self.path} is damaged: its mesh_to_skel_map leads to nodes that are not there")
        return found

    def has_table(self, table: str) -> bool:
        """Whether there is a table of that name."""
        return f"annotations/{table}/data" in self._file.names()

    def column(self, table: str, column: str) -> list[Any]:
        """The values of one column."""
        content = self._json(f"annotations/{table}/data").get(column)
        if not isinstance(content, dict):
            raise ExchangeError(f"{self.path} is damaged: the table {table} has no column {column}")
        return list(content.values())

    def table(self, table: str) -> ForeignTable:
        """A whole table; all its columns have the same rows."""
        if not self.has_table(table):
            raise ExchangeError(f"{self.path} has no table {table}: is it the file of a cell with its synapses?")
        content = self._json(f"annotations/{table}/data")
        rows: Sequence[str] | None = None
        for name, column in content.items():
            if not isinstance(column, dict) or (rows is not None and list(column) != rows):
                raise ExchangeError(f"{self.path} is damaged: column {name} of the table {table} has rows of its own")
            rows = list(column)
        columns = {name: tuple(column.values()) for name, column in content.items()}
        return ForeignTable(f"{self.path.name}, table {table}", tuple(rows or ()), columns)

    def root_id(self) -> int:
        """The cell: that of the own side of its synapses, and of its skeleton where that names one."""
        found: set[Any] = set()
        for table, column in (("pre_syn", "pre_pt_root_id"), ("post_syn", "post_pt_root_id")):
            if self.has_table(table):
                found.update(map(_hashable, self.column(table, column)))
        if "skeleton/meta" in self._file.names():
            found.add(_hashable(self._json("skeleton/meta").get("root_id")))
        found.discard(None)
        if len(found) != 1:
            ids = ", ".join(sorted(map(str, found))) or "none"
            raise ExchangeError(f"{self.path} does not say clearly which cell it is: its root ids are {ids}")
        return parse_segment_id(str(found.pop()), f"{self.path.name}, root id")

    def _json(self, name: str) -> dict[str, Any]:
        content_bytes = self._file.read(name).tobytes()
        try:
            content = json.loads(content_bytes.rstrip(b"\0"))
        except ValueError:
            raise ExchangeError(f"{self.path} is damaged: {name} is not JSON") from None
        if not isinstance(content, dict):
            raise ExchangeError(f"{self.path} is damaged: {name} is no table")
        return content


def check_nodes(path: Path, nodes: NDArray[np.float64], count: int) -> None:
    """Refuse positions that are not finite, or not as many as there are nodes."""
    if nodes.shape != (count, 3) or not all(map(math.isfinite, nodes.ravel().tolist())):
        raise ExchangeError(f"{path} is damaged: it has {count} nodes, but positions of shape {nodes.shape}")


def _hashable(value: object) -> object:
    return str(value) if isinstance(value, (list, dict)) else value
