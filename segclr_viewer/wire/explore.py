"""Exploring by the embedding: what is alike, and what is said meanwhile; rules as in `answers.py`."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from segclr_viewer.wire.types import RequestText, SegmentText

MOST_ALIKE = 200  # rows in one answer

Scope = Literal["point", "cell", "selection"]


class SimilarRequest(Struct, frozen=True, forbid_unknown_fields=True, tag="similar"):
    """Which rows are most like a row, the mean of its cell, or the mean of the selection?

    Of the questions of one page (`page` names it) the newest is answered. `row` is null for the selection. Only rows
    predicted as one of the `classes` (ids; empty: any) and of the `segment` (null: any) answer; with `once`, each cell
    answers at most once, and that of the question does not.
    """

    request: RequestText
    page: RequestText
    task: str
    scope: Scope
    row: Annotated[int, Meta(ge=0, lt=2**53)] | None
    classes: Annotated[list[str], Meta(max_length=200)]
    segment: SegmentText | None
    once: bool
    count: Annotated[int, Meta(ge=1, le=MOST_ALIKE)]

    def __post_init__(self) -> None:
        if (self.scope == "selection") != (self.row is None):
            raise ValueError("a row is named for a point or a cell, and for nothing else")


class Exploring(Struct, frozen=True, forbid_unknown_fields=True, tag="exploring"):
    """What is being done for a request, and the share of it that is done, 0 to 1; null where that is not known."""

    request: str
    text: str
    share: float | None


class SimilarReady(Struct, frozen=True, forbid_unknown_fields=True, tag="similar"):
    """The rows that are most alike, the nearest first, with their cosine distances in the task's embedding.

    `rows_asked` counts the rows whose mean was asked about, `among` those that could answer.
    """

    request: str
    task: str
    scope: Scope
    row: int | None
    rows: list[int]
    distances: list[float]
    rows_asked: int
    among: int
    note: str
