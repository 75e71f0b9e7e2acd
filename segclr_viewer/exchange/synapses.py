"""A cell's synapses as labels at their sites on that cell: outgoing ones are presynaptic, incoming ones postsynaptic.

Read from the tables `pre_syn` and `post_syn` of MICrONS' HDF5 files, and from tables of CAVE's synapse query that were
saved as Arrow files (.feather). None of them says in which unit its positions are, so the user does. A site is where
the synapse lies on the cell itself (`pre_pt_position` of an outgoing one): the centre of the cleft is outside of it,
and the vertex of the mesh that some tables name is far away (see `meshwork.py`).
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from scipy.spatial import cKDTree

from segclr.em.geometry import XYZ
from segclr.wording import counted, verb
from segclr_viewer.exchange.errors import ExchangeError
from segclr_viewer.exchange.foreign_table import ForeignTable, read_arrow_table
from segclr_viewer.exchange.labels import ClassNames, ImportedFile, ImportedLabel, parse_segment_id
from segclr_viewer.exchange.meshwork import Meshwork

Side = Literal["pre", "post"]
Sides = Literal["pre", "post", "both"]

SITE_NAMES: dict[Side, str] = {"pre": "presynaptic site", "post": "postsynaptic site"}
_TABLES: dict[Side, str] = {"pre": "pre_syn", "post": "post_syn"}
_VALID, _NOT_VALID = (True, "t", "true", "True"), (False, "f", "false", "False")
_FARTHEST_NM = 20_000.0  # of half of the synapses from the skeleton; in minnie65 they are some 1,000 away


def read_synapses_meshwork(path: Path, classes: ClassNames, resolution_nm: XYZ | None, sides: Sides) -> ImportedFile:
    """Read the tables `pre_syn`, `post_syn`, or both, of a cell's HDF5 file.

    Args:
        resolution_nm: size of the voxels that the positions count.

    Raises:
        ExchangeError: the file cannot be read, lacks a table or column, a value is not what it must be, the unit is not
            said or cannot be right, ids contradict each other, or a class is unknown.
    """
    file = Meshwork(path)
    cell = file.root_id()
    wanted: tuple[Side, ...] = ("pre", "post") if sides == "both" else (sides,)
    labels: list[ImportedLabel] = []
    notes: list[str] = []
    for side in wanted:
        sites = _read_sites(file.table(_TABLES[side]), side, classes, resolution_nm, cell)
        labels += sites.labels
        notes += sites.notes
    places = np.array([label.position_nm for label in labels], np.float64).reshape(-1, 3)
    nodes = file.nodes_nm()
    if len(places) and len(nodes):
        away = float(np.median(cKDTree(nodes).query(places)[0]))
        if away > _FARTHEST_NM:
            raise ExchangeError(
                f"half of the synapses in {path.name} would lie {away / 1000:,.0f} um or more from the cell's own "
                f"skeleton: its voxels are of another size than --resolution-nm says"
            )
    return ImportedFile(tuple(labels), notes=tuple(notes), one_per_node=True)


def read_synapses_arrow(path: Path, classes: ClassNames, resolution_nm: XYZ | None, side: Side | None) -> ImportedFile:
    """Read an Arrow file with one synapse a row, all of one cell.

    Its columns are CAVE's: `pre_pt_root_id`, and `pre_pt_position` or `pre_pt_position_x`, `_y` and `_z`, or those with
    post; `valid` counts where it is there.

    Args:
        resolution_nm: what one unit of the positions measures.
        side: None takes the side that has one cell alone.

    Raises:
        ExchangeError: as `read_synapses_meshwork`; or the table has no side, or two, with one cell alone.
    """
    table = read_arrow_table(path)
    sites = _read_sites(table, side or _side_of(table), classes, resolution_nm, None)
    return ImportedFile(sites.labels, notes=sites.notes, one_per_node=True)


def _read_sites(
    table: ForeignTable, side: Side, classes: ClassNames, resolution_nm: XYZ | None, cell: int | None
) -> ImportedFile:
    """The sites of one table on the cell; `cell` is known from elsewhere, or None."""
    ids = table.column(f"{side}_pt_root_id")
    positions = _positions(table, f"{side}_pt_position")
    valid = table.columns.get("valid", (True,) * len(table.rows))
    if resolution_nm is None:
        raise ExchangeError(
            f"{table.name} does not say in which unit {side}_pt_position is: say what one unit measures, such as "
            "--resolution-nm 4 4 40 for voxels, or --resolution-nm 1 1 1 for nm"
        )
    class_name = classes.resolve(SITE_NAMES[side], table.name)
    labels: list[ImportedLabel] = []
    not_valid = 0
    first = ""
    for row, root_id, position, is_valid in zip(table.rows, ids, positions, valid, strict=True):
        where = f"{table.name}, row {row}"
        own = parse_segment_id(str(root_id), f"{where}, {side}_pt_root_id")
        cell, first = cell or own, first or where
        if own != cell:
            raise ExchangeError(
                f"{where}: {side}_pt_root_id is {own}, but {first} is of cell {cell}: a file must be of one cell; was "
                "the other side meant, or are other rows to be taken out?"
            )
        place = _place(position, f"{where}, {side}_pt_position", resolution_nm)
        if is_valid in _NOT_VALID:
            not_valid += 1
        elif is_valid not in _VALID:
            raise ExchangeError(f"{where}: valid is {is_valid!r}, which is neither true nor false: correct it")
        elif class_name is not None:
            labels.append(ImportedLabel(class_name=class_name, position_nm=place, segment_id=own, where=where))
    notes = [f"{counted(len(labels), 'synapse')} of cell {cell} {verb(len(labels), 'is', 'are')} {side}synaptic on it"]
    if not_valid:
        notes.append(f"{counted(not_valid, 'synapse')} marked as not valid {verb(not_valid, 'is', 'are')} left out")
    return ImportedFile(tuple(labels), notes=tuple(notes))


def _side_of(table: ForeignTable) -> Side:
    """The side of which all rows have the same cell."""
    of_one_cell: list[Side] = [
        side for side in SITE_NAMES if len({str(value) for value in table.columns.get(f"{side}_pt_root_id", ())}) == 1
    ]
    if len(of_one_cell) == 1:
        return of_one_cell[0]
    for side in SITE_NAMES:
        table.column(f"{side}_pt_root_id")
    found = "both sides are" if of_one_cell else "neither side is"
    raise ExchangeError(
        f"{table.name} does not say whose synapses it has: {found} of one cell; say --synapses pre or --synapses post"
    )


def _positions(table: ForeignTable, name: str) -> Sequence[object]:
    if name in table.columns:
        return table.columns[name]
    if f"{name}_x" not in table.columns:
        return table.column(name)
    return list(zip(*(table.column(f"{name}_{axis}") for axis in "xyz"), strict=True))


def _place(position: object, where: str, resolution_nm: XYZ) -> XYZ:
    """A position in nm; a whole number of voxels names a voxel and stands for its centre, as in CSV files."""
    values = position if isinstance(position, (list, tuple)) else (position,)
    in_nm = resolution_nm == (1, 1, 1)
    found = [_coordinate(one, centred=not in_nm) for one in values]
    if len(found) != 3 or not all(math.isfinite(one) for one in found):
        raise ExchangeError(f"{where}: {_shown(position)} is no position: three numbers are needed, and not as text")
    x, y, z = (one * size for one, size in zip(found, resolution_nm, strict=True))
    return (x, y, z)


def _coordinate(value: object, centred: bool) -> float:
    """A number as it is, a whole one in the middle of its voxel; NaN for what is no number."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return math.nan
    try:
        return value + 0.5 if centred and isinstance(value, int) else float(value)
    except OverflowError:  # a whole number of hundreds of digits
        return math.nan


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
