"""Comparing two selections; rules as in `answers.py`."""

from typing import Literal

from msgspec import Struct

from segclr_viewer.wire.types import RequestText
from segclr_viewer.wire.views import KeptName


class CompareRequest(Struct, frozen=True, forbid_unknown_fields=True, tag="compare"):
    """How does the present selection differ from one that is kept? Of one page's questions the newest is answered."""

    request: RequestText
    page: RequestText
    task: str
    first: KeptName


class DifferenceInfo(Struct, frozen=True, forbid_unknown_fields=True):
    """A mean over the cells of either selection, null where no cell has a value.

    Of a class (its id in `name`) it is the share of each cell's points, as predicted or as labelled. `p` is of as large
    a difference by chance, `corrected` after Benjamini and Hochberg; null where it was not tested.
    """

    kind: Literal["predicted", "labelled", "column"]
    name: str
    unit: str
    first: float | None
    second: float | None
    p: float | None
    corrected: float | None


class ComparisonReady(Struct, frozen=True, forbid_unknown_fields=True, tag="comparison"):
    """How two selections differ. Rows that both have count in neither.

    `distance` is that of the means in the task's embedding (cosine), `spread` how far cells lie from their own mean.
    `tests` counts the p-values that were corrected for each other, `exchanges` how often cells were exchanged.
    """

    request: str
    task: str
    rows: tuple[int, int]
    cells: tuple[int, int]
    shared_rows: int
    shared_cells: int
    distance: float | None
    spread: float | None
    differences: list[DifferenceInfo]
    tests: int
    exchanges: int
