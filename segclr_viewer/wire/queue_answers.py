"""What the server says to the page of the labelling queue and of proposals; rules as in `answers.py`."""

from typing import Literal

from msgspec import Struct, field

from segclr_viewer.wire.types import XYZ, SegmentText


class QueueItem(Struct, frozen=True, forbid_unknown_fields=True):
    """A row to ask about: which strategy chose it, why in words, and what the model believes (null without a head)."""

    row: int
    strategy: str
    reason: str
    position_nm: XYZ
    segment_id: SegmentText
    probabilities: list[float] | None


class Belief(Struct, frozen=True, forbid_unknown_fields=True):
    """What the model believes of a row now."""

    row: int
    probabilities: list[float] | None


class QueueReady(Struct, frozen=True, forbid_unknown_fields=True, tag="queue"):
    """What to ask next, in this order; for the page whose request it answers, the others pass it over.

    `stamp` names the predictions that the items follow from, empty where there are none. `note` says why there are no
    items, or what they are chosen without.
    """

    request: str
    task: str
    stamp: str
    items: list[QueueItem]
    renewed: list[Belief]
    note: str


class ProposalMade(Struct, frozen=True, forbid_unknown_fields=True, tag="proposal"):
    """Rows that one class might be given to at once; for the page whose request it answers.

    Nothing is stored until the page accepts. `handful` are some of the rows, drawn at random, to be looked at first;
    `suggested` is the class that most rows are predicted as.
    """

    request: str
    task: str
    origin: Literal["lasso", "neighbour"]
    rows: list[int]
    handful: list[int]
    suggested: int | None = field(name="class")
    note: str
