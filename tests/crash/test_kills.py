"""SIGKILL at random moments, in short; `make crashtest` does it a thousand times."""

import random
from pathlib import Path

from segclr_viewer.log.events import LabelEvent, SavedPlace, numbered
from tests.crash.kills import Tally, compare, kill_many
from tests.crash.writer import Append, append_number

KILLS = 15


def test_what_was_acknowledged_survives_a_kill_at_any_moment(tmp_path: Path) -> None:
    tally = kill_many(tmp_path, KILLS, random.randrange(2**32))
    assert tally.spotless, str(tally)
    assert tally.kills == KILLS
    assert tally.acknowledged > KILLS


def log_of(appends: list[Append]) -> tuple[list[LabelEvent], list[SavedPlace]]:
    made = [append_number(*append) for append in appends]
    events = [event for events, _ in made for event in events]
    return [numbered(event, seq) for seq, event in enumerate(events, 1)], [place for _, new in made for place in new]


def test_the_count_would_see_what_is_lost_doubled_torn_or_out_of_order() -> None:
    appends = [(0, number) for number in range(40)]
    events, places = log_of(appends)
    group = next(at for at, event in enumerate(events) if event.uuid.endswith("-0/3"))
    cases: tuple[tuple[str, list[LabelEvent], list[SavedPlace]], ...] = (
        ("lost", [event for event in events if event.group != events[group].group], places),
        ("doubled", [*events, events[0]], places),
        ("torn", [*events[:group], *events[group + 1 :]], places),
        ("torn", events, places[1:]),
        ("torn", events, [*places, SavedPlace((0.5, 0.5, 0.5), "v1", 1, "9f86", places[0].embedding)]),
        ("misplaced", [*events[1:], events[0]], places),
    )
    whole = Tally()
    compare(appends, events, places, whole)
    assert whole.spotless
    for what, seen_events, seen_places in cases:
        tally = Tally()
        compare(appends, seen_events, seen_places, tally)
        assert getattr(tally, what) > 0, what
        assert not tally.spotless
