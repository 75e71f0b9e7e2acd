"""What the scatter's points may be coloured by beside their class; rules as in `answers.py`.

What a page can tell from the columns that it has anyway (class, label, confidence, position, cell) is not announced.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from segclr_viewer.wire.types import RequestText


class ColoringInfo(Struct, frozen=True, forbid_unknown_fields=True):
    """One way to colour. `follows` tells what makes its values others: the task's predictions, or another table.

    `version` is another one when its values are others though table and predictions are the same, as of clusters.
    """

    name: str
    title: str
    follows: Literal["predictions", "table"]
    version: str = ""


class Colorings(Struct, frozen=True, forbid_unknown_fields=True, tag="colorings"):
    """All ways to colour that the server makes a column for."""

    known: list[ColoringInfo]


class ColorRequest(Struct, frozen=True, forbid_unknown_fields=True, tag="color"):
    """Make the column of a way to colour; `task` is the one that predictions are of."""

    request: RequestText
    task: str
    name: Annotated[str, Meta(min_length=1, max_length=80)]


class Colored(Struct, frozen=True, forbid_unknown_fields=True, tag="colored"):
    """Where the column is: uint8 of every row.

    Of numbers 0 is `low` and 254 is `high`; `below` and `above` tell whether some rows lie outside and have
    the code of that end. Of words it is the place in `names`, or 254 for all others. 255 is no value, as `missing` rows
    have; `low` and `high` are null for words, and where no row has a number. `stamp` names what it was made of.
    """

    request: str
    task: str
    name: str
    stamp: str
    url: str
    rows: int
    low: float | None
    high: float | None
    below: bool
    above: bool
    names: list[str]
    missing: int
    note: str
