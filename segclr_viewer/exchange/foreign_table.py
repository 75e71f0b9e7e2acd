"""Tables of other programs as they come, and those that lie in Arrow and Parquet files, which need pyarrow."""

import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from segclr_viewer.exchange.errors import ExchangeError

ARROW_SUFFIXES = (".feather", ".arrow", ".parquet")
_NAMED = 12  # columns in a sentence


@dataclass(frozen=True, slots=True)
class ForeignTable:
    """A table of another program, its values not looked at yet.

    Attributes:
        name: of the file and the table, for sentences.
        rows: the names of the rows.
        columns: by name the value of each row.
    """

    name: str
    rows: tuple[str, ...]
    columns: dict[str, tuple[object, ...]]

    def column(self, name: str) -> tuple[object, ...]:
        """The values of a column.

        Raises:
            ExchangeError: there is none of that name.
        """
        if name not in self.columns:
            found = ", ".join([*list(self.columns)[:_NAMED], *(["..."] if len(self.columns) > _NAMED else [])])
            raise ExchangeError(f"{self.name} has no column {name} (found: {found or 'none'})")
        return self.columns[name]


def read_arrow_table(path: Path) -> ForeignTable:
    """Read all columns but those of times; rows are named by their number, from 0, and gaps are None.

    Raises:
        ExchangeError: pyarrow is missing, or the file cannot be read.
    """
    arrow, reader = _arrow(path)
    try:
        content = reader.read_table(str(path))
    except (OSError, arrow.ArrowException) as error:
        if not path.exists():
            raise ExchangeError(f"there is no file {path}: check the path") from None
        raise ExchangeError(
            f"{path} cannot be read ({str(error).splitlines()[0]}): is it a {path.suffix} file, and whole?"
        ) from None
    columns = {
        name: tuple(content.column(name).to_pylist())
        for name in content.column_names
        if not arrow.types.is_temporal(content.column(name).type)
    }
    return ForeignTable(path.name, tuple(map(str, range(content.num_rows))), columns)


def _arrow(path: Path) -> tuple[Any, Any]:
    """pyarrow, and its module for such files; they have no types."""
    kind = "parquet" if path.suffix == ".parquet" else "feather"
    try:
        return importlib.import_module("pyarrow"), importlib.import_module(f"pyarrow.{kind}")
    except ImportError:
        raise ExchangeError(
            f"{path.name} can be read with pyarrow alone: install it with `pip install segclr-viewer[parquet]`"
        ) from None
