"""What kinds of places the queue asks, and in which shares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class QueueSettings:
    """The mix; the shares of the five strategies are taken relative to their sum.

    Attributes:
        uncertainty: places between two classes, of which the labels say little.
        novelty: places unlike anything labelled.
        balance: places that the head takes for a class with few labels.
        diversity: places whose labels say most of all others (`segclr.queue.design`).
        random: places drawn blindly.
        audit: share of all items, 0 to 1, that is drawn blindly from an order fixed in advance.
        travel: flying from one end of the volume to the other costs this share of what a place is worth.
        apart_nm: places of one segment closer than this are not asked in one batch, nor beside a label.

    Raises:
        ValueError: A share is negative or above what it may be, or all are 0.
    """

    uncertainty: float = 0.35
    novelty: float = 0.1
    balance: float = 0.15
    diversity: float = 0.35
    random: float = 0.05
    audit: float = 0.1
    travel: float = 0.1
    apart_nm: float = 3000.0

    def __post_init__(self) -> None:
        shares = (self.uncertainty, self.novelty, self.balance, self.diversity, self.random)
        if min(shares) < 0 or not 0 < sum(shares) < float("inf"):
            raise ValueError(f"the shares of a queue must be 0 or more, and not all 0: {self}")
        if not 0 <= self.audit <= 1 or not 0 <= self.travel <= 1 or not 0 <= self.apart_nm < float("inf"):
            raise ValueError(f"audit and travel are shares from 0 to 1, apart_nm is 0 or more: {self}")


DEFAULT = QueueSettings()
# Cell types overlap, so that no kind of place tells much more than a blind draw: nearly half are drawn blindly, which
# also keeps the labels like the volume. The rest are for rare classes and for what is unlike the labels.
FOR_SEGMENTS = QueueSettings(uncertainty=0.1, novelty=0.05, balance=0.2, diversity=0.2, random=0.45)


def default_for(unit: Literal["node", "segment"]) -> QueueSettings:
    """Return the mix of a task that labels places, or whole segments."""
    return DEFAULT if unit == "node" else FOR_SEGMENTS
