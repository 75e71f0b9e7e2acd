"""Which column of a CSV file holds what. Names must say the unit; those that leave it open are refused."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from segclr_viewer.exchange.errors import ExchangeError

Unit = Literal["nm", "vox"]

# Names of the columns, ours first, then those of CAVE's tables.
_CLASS = ("class", "tag", "cell_type")
_SEGMENT = ("segment_id", "pt_root_id")
_POSITIONS: tuple[tuple[Unit, tuple[str, str, str]], ...] = (
    ("nm", ("x_nm", "y_nm", "z_nm")),
    ("vox", ("x_vox", "y_vox", "z_vox")),
    ("vox", ("pt_position_x", "pt_position_y", "pt_position_z")),
)
_OTHERS = ("task", "segmentation")
# what our own exports hold besides
_KNOWN_UNUSED = ("annotator", "provenance", "at", "uuid", "classification_system")
_WITHOUT_UNIT = re.compile(
    r"(ctr_?)?(pt|pos|position|point|coord|coords|coordinate|location|centroid|center|centre)?_?(position)?_?[xyz]"
    r"|(ctr_)?(pt_)?(pos|position|point|coord|coords|coordinates?|location|xyz)"
)
_SEGMENT_WITHOUT_NAME = ("id", "segment", "seg_id", "root_id", "body", "body_id", "bodyid", "cell_id", "neuron_id")


@dataclass(frozen=True, slots=True)
class CsvColumns:
    """The index of each column that is used, None where the file has none.

    Attributes:
        position: x, y and z.
        unit: of the position.
        unused: names of the columns that mean nothing here.
    """

    names: tuple[str, ...]
    class_name: int
    segment_id: int | None
    position: tuple[int, int, int] | None
    unit: Unit
    task: int | None
    segmentation: int | None
    unused: tuple[str, ...]


def count_known(names: Sequence[str]) -> int:
    """How many of the names are known, to find out what separates the cells of a header."""
    known = {*_CLASS, *_SEGMENT, *_OTHERS, *_KNOWN_UNUSED, *(name for _, xyz in _POSITIONS for name in xyz)}
    return sum(_small(name) in known for name in names)


def find_columns(cells: Sequence[str], where: str) -> CsvColumns:
    """Find the columns by the cells of the header.

    Args:
        where: the place of the header, in words.

    Raises:
        ExchangeError: a column is missing, is there twice, or does not say its unit.
    """
    names = tuple(_small(cell) for cell in cells)
    for name in names:
        if name and names.count(name) > 1:
            raise ExchangeError(f"{where}: the column {name!r} is there twice: take one out")
    class_name = _one_of(names, _CLASS, where)
    if class_name is None:
        raise ExchangeError(
            f"{where}: there is no column 'class' (found: {', '.join(name for name in names if name)}): name one so"
        )
    unit, position = _position(names, where)
    segment_id = _one_of(names, _SEGMENT, where)
    used = {class_name, segment_id, *(position or ()), *(_index(names, name) for name in _OTHERS)}
    left = [name for at, name in enumerate(names) if at not in used and name and name not in _KNOWN_UNUSED]
    _refuse_unclear(left, has_position=position is not None, has_segment=segment_id is not None, where=where)
    if position is None and segment_id is None:
        raise ExchangeError(
            f"{where}: the file says neither where nor for which segment its labels are: give columns x_nm, y_nm, z_nm "
            "(or x_vox, y_vox, z_vox), or segment_id"
        )
    return CsvColumns(
        names=names,
        class_name=class_name,
        segment_id=segment_id,
        position=position,
        unit=unit,
        task=_index(names, "task"),
        segmentation=_index(names, "segmentation"),
        unused=tuple(left),
    )


def _position(names: tuple[str, ...], where: str) -> tuple[Unit, tuple[int, int, int] | None]:
    found: list[tuple[Unit, tuple[int, int, int]]] = []
    for unit, xyz in _POSITIONS:
        present = [name for name in xyz if name in names]
        if present and len(present) < 3:
            missing = ", ".join(name for name in xyz if name not in names)
            raise ExchangeError(f"{where}: there is {', '.join(present)}, but no {missing}: a position needs all three")
        if present:
            found.append((unit, (names.index(xyz[0]), names.index(xyz[1]), names.index(xyz[2]))))
    if len(found) > 1:
        raise ExchangeError(f"{where}: positions are given twice, in different columns: keep one of them")
    return found[0] if found else ("nm", None)


def _refuse_unclear(left: list[str], has_position: bool, has_segment: bool, where: str) -> None:
    for name in left:
        if not has_position and _WITHOUT_UNIT.fullmatch(name):
            raise ExchangeError(
                f"{where}: the column {name!r} does not say its unit: call the columns x_nm, y_nm, z_nm for "
                "nanometres, or x_vox, y_vox, z_vox for voxels of --resolution-nm"
            )
        if not has_position and not has_segment and name in _SEGMENT_WITHOUT_NAME:
            raise ExchangeError(
                f"{where}: the column {name!r} does not say what it numbers: call it segment_id if those are segments"
            )


def _one_of(names: tuple[str, ...], wanted: tuple[str, ...], where: str) -> int | None:
    found = [name for name in wanted if name in names]
    if len(found) > 1:
        raise ExchangeError(f"{where}: the columns {' and '.join(found)} mean the same: keep one of them")
    return names.index(found[0]) if found else None


def _index(names: tuple[str, ...], name: str) -> int | None:
    return names.index(name) if name in names else None


def _small(cell: str) -> str:
    return cell.strip().casefold()
