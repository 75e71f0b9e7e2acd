"""How far and how fast an annotator labels; pure. Times are ISO 8601 in UTC, so that their texts sort as they do."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

WINDOW = timedelta(minutes=10)
_LEAST_MINUTES = 1.0  # a pace over seconds would say nothing
_ONE_BY_ONE = frozenset({"key", "queue", "audit"})
_SECONDS = len("2026-11-03T09:15:04")


class Given(Protocol):
    """What is needed of a label event."""

    @property
    def at(self) -> str: ...

    @property
    def annotator(self) -> str: ...

    @property
    def provenance(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Progress:
    """An annotator's progress in one task.

    Attributes:
        today: labels of this day, in local time, that still hold; imported ones do not count.
        per_minute: labels given one by one within the last ten minutes, per minute since the first of them; None when
            there are none. Many labels accepted at once are no pace.
    """

    today: int
    per_minute: float | None


def progress(labels: Iterable[Given], annotator: str, now: str) -> Progress:
    """Count the labels that hold now.

    Args:
        now: ISO 8601; the day begins at midnight of this machine's time zone.
    """
    moment = datetime.fromisoformat(now)
    midnight = _text(moment.astimezone().replace(hour=0, minute=0, second=0, microsecond=0))
    window = _text(moment - WINDOW)
    mine = [label for label in labels if label.annotator == annotator and label.provenance != "import"]
    recent = [label.at for label in mine if label.provenance in _ONE_BY_ONE and label.at[:_SECONDS] >= window]
    today = sum(label.at[:_SECONDS] >= midnight for label in mine)
    if not recent:
        return Progress(today, None)
    minutes = (moment - datetime.fromisoformat(min(recent))).total_seconds() / 60
    return Progress(today, len(recent) / max(minutes, _LEAST_MINUTES))


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")[:_SECONDS]
