"""The log of a run: one line of a CSV file per step."""

import csv
import math
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import TextIO

from segclr.errors import ProjectError


@dataclass(frozen=True, slots=True)
class LogRow:
    """One step; the last two columns tell of the machine and differ from run to run."""

    step: int  # steps done
    loss: float
    alignment: float
    uniformity: float
    learning_rate: float
    probe_f1: float | None  # only after some steps
    cutouts_per_second: float  # of the run since it was started or resumed
    waiting_share: float  # of the time, for the readers


def read_log(path: Path, steps: int) -> list[LogRow]:
    """Rows of the steps that the saved state has seen; a run that broke off may have logged more.

    Raises:
        ProjectError: The file is damaged.
    """
    if steps == 0 or not path.exists():
        return []
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = [_parsed(values) for values in csv.DictReader(file)]
    except (OSError, ValueError, KeyError, TypeError, csv.Error) as error:
        raise ProjectError(f"the log {path} is damaged ({error}): move it away, and training goes on") from None
    return [row for row in rows if row.step <= steps]


class Journal:
    """An open log."""

    def __init__(self, file: TextIO, rows: Iterable[LogRow]) -> None:
        self._file = file
        self._writer = csv.writer(file)
        self._writer.writerow(field.name for field in fields(LogRow))
        self._writer.writerows(_cells(row) for row in rows)

    def write(self, row: LogRow) -> None:
        """Add a step, at once."""
        self._writer.writerow(_cells(row))
        self._file.flush()


def last_probe(rows: list[LogRow]) -> float | None:
    """The latest F1 that was measured."""
    return next((row.probe_f1 for row in reversed(rows) if row.probe_f1 is not None), None)


def mean_loss(rows: list[LogRow], steps: int) -> float:
    """Mean loss of the last steps."""
    losses = [row.loss for row in rows[-steps:]]
    return sum(losses) / len(losses) if losses else math.nan


def _cells(row: LogRow) -> list[str]:
    return ["" if value is None else repr(value) for value in astuple(row)]


def _parsed(values: dict[str, str]) -> LogRow:
    probe_f1 = values["probe_f1"]
    numbers = {field.name: float(values[field.name]) for field in fields(LogRow) if field.name != "probe_f1"}
    return LogRow(step=int(numbers.pop("step")), probe_f1=float(probe_f1) if probe_f1 else None, **numbers)
