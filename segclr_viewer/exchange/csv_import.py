"""Labels from a CSV file. Whatever could be read in two ways is refused, with the line and the column."""

import csv
import math
import re
from collections.abc import Iterator
from pathlib import Path

from segclr.em.geometry import XYZ
from segclr.wording import verb
from segclr_viewer.exchange.cells import unguarded
from segclr_viewer.exchange.csv_columns import CsvColumns, count_known, find_columns
from segclr_viewer.exchange.errors import ExchangeError
from segclr_viewer.exchange.labels import ClassNames, ImportedFile, ImportedLabel, parse_segment_id

_SEPARATORS = (",", ";", "\t")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_WHOLE = re.compile(r"[+-]?[0-9]+")


def read_labels_csv(path: Path, classes: ClassNames, resolution_nm: XYZ | None = None) -> ImportedFile:
    """Read labels; lines of other tasks are passed over and counted.

    The columns are found by name: `class`, then `x_nm, y_nm, z_nm` or `x_vox, y_vox, z_vox` and/or `segment_id`;
    `task` and `segmentation` count where they are there. CAVE's names are known too. Cells are separated
    by commas, semicolons or tabs. A whole number of voxels names a voxel and stands for its centre; one with a
    fraction is a coordinate.

    Args:
        resolution_nm: size of the voxels that `x_vox, y_vox, z_vox` count.

    Raises:
        ExchangeError: the file cannot be read, or a cell of it cannot be, or could be read in two ways.
    """
    rows = _rows(path)
    header_line, header = next(rows, (0, []))
    if not header:
        raise ExchangeError(f"{path.name} is empty: there is no label in it")
    columns = find_columns(header, f"{path.name} line {header_line}")
    if columns.unit == "vox" and columns.position is not None and resolution_nm is None:
        raise ExchangeError(
            f"{path.name} gives positions in voxels ({columns.names[columns.position[0]]}): say of what size, "
            "such as --resolution-nm 4 4 40"
        )
    row_reader = _RowReader(path.name, columns, classes, resolution_nm)
    labels = []
    for line, cells in rows:
        label = row_reader.read(line, cells)
        if label is not None:
            labels.append(label)
    _refuse_contradictions(labels)
    notes = [_not_used(columns.unused)] if columns.unused else []
    if "annotator" in columns.names:
        notes.append("the labels count as given by whoever imports them: only import-log keeps who gave them")
    return ImportedFile(tuple(labels), row_reader.of_other_tasks, tuple(notes))


def _not_used(names: tuple[str, ...]) -> str:
    many = len(names)
    return f"the {verb(many, 'column', 'columns')} {', '.join(names)} {verb(many, 'is', 'are')} not used"


class _RowReader:
    """Reads the rows of one file."""

    def __init__(self, name: str, columns: CsvColumns, classes: ClassNames, resolution_nm: XYZ | None) -> None:
        self.of_other_tasks = 0
        self._name = name
        self._columns = columns
        self._classes = classes
        self._resolution_nm = resolution_nm

    def read(self, line: int, cells: list[str]) -> ImportedLabel | None:
        """The label of a row, None where it is of another task or of a class that is left out."""
        columns, where = self._columns, f"{self._name} line {line}"
        if len(cells) != len(columns.names):
            raise ExchangeError(
                f"{where}: there are {len(cells)} cells, but the header has {len(columns.names)}: is a separator "
                "missing, or one inside a text without quotes?"
            )
        if self._text(cells, columns.task) not in ("", self._classes.task):
            self.of_other_tasks += 1
            return None
        class_where = self._where(line, columns.class_name)
        given = self._text(cells, columns.class_name)
        if not given:
            raise ExchangeError(f"{class_where}: there is no class: write one, or take the line out")
        class_name = self._classes.resolve(given, class_where)
        if class_name is None:
            return None
        position_nm = self._position(line, cells)
        segment = self._text(cells, columns.segment_id)
        if not segment and position_nm is None:
            raise ExchangeError(f"{where}: the label has neither a position nor a segment id: give one of them")
        return ImportedLabel(
            class_name=class_name,
            position_nm=position_nm,
            segment_id=parse_segment_id(segment, self._where(line, columns.segment_id)) if segment else None,
            segmentation=self._text(cells, columns.segmentation),
            where=where,
        )

    def _position(self, line: int, cells: list[str]) -> XYZ | None:
        at = self._columns.position
        if at is None or not any(self._text(cells, index) for index in at):
            return None
        x, y, z = (self._coordinate(line, cells, index, axis) for axis, index in enumerate(at))
        return (x, y, z)

    def _coordinate(self, line: int, cells: list[str], index: int, axis: int) -> float:
        text, where = self._text(cells, index), self._where(line, index)
        if not _NUMBER.fullmatch(text) or not math.isfinite(float(text)):
            advice = "write the decimal point as '.'" if "," in text else "write digits, such as 4112.5"
            raise ExchangeError(f"{where}: {text!r} is no number: {advice}")
        if self._columns.unit == "nm" or self._resolution_nm is None:
            return float(text)
        in_voxels = int(text) + 0.5 if _WHOLE.fullmatch(text) else float(text)
        return in_voxels * self._resolution_nm[axis]

    def _text(self, cells: list[str], index: int | None) -> str:
        return "" if index is None else unguarded(cells[index].strip(" "))

    def _where(self, line: int, index: int | None) -> str:
        column = "" if index is None else f", column {self._columns.names[index]}"
        return f"{self._name} line {line}{column}"


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Line number and cells of every row that is not empty, the header first."""
    separator = _separator(path)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, delimiter=separator, strict=True)
            for cells in reader:
                is_hint = reader.line_num == 1 and cells and cells[0].startswith("sep=")
                if any(cell.strip() for cell in cells) and not is_hint:
                    yield reader.line_num, cells
    except csv.Error as error:
        raise ExchangeError(f"{path.name} line {reader.line_num}: the quotes or cells are garbled ({error})") from None
    except OSError as error:
        raise _unreadable(path, error) from None
    except UnicodeDecodeError:
        raise _not_utf8(path) from None


def _separator(path: Path) -> str:
    """What separates the cells: that with which the header has most names that are known."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            header = next((line for line in file if line.strip() and not line.startswith("sep=")), "")
    except OSError as error:
        raise _unreadable(path, error) from None
    except UnicodeDecodeError:
        raise _not_utf8(path) from None
    return max(_SEPARATORS, key=lambda separator: count_known(header.replace('"', "").split(separator)))


def _unreadable(path: Path, error: OSError) -> ExchangeError:
    return ExchangeError(f"{path} cannot be read ({error.strerror or error}): check the path")


def _not_utf8(path: Path) -> ExchangeError:
    return ExchangeError(f"{path.name} is not UTF-8 text: save it as 'CSV UTF-8'")


def _refuse_contradictions(labels: list[ImportedLabel]) -> None:
    seen: dict[tuple[int | None, XYZ | None], ImportedLabel] = {}
    for label in labels:
        before = seen.setdefault((label.segment_id, label.position_nm), label)
        if before.class_name != label.class_name:
            raise ExchangeError(
                f"{label.where} calls {label.class_name!r} what {before.where} calls {before.class_name!r}: "
                "keep one of them"
            )
