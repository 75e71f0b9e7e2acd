"""Ways to choose that were tried before the default was."""

from benchmarks.queue.course import Choose, blindly, by_margin, by_queue
from benchmarks.queue.rivals import by_badge, by_distance
from segclr.queue.settings import DEFAULT, QueueSettings


def _mix(
    uncertainty: float = 0, balance: float = 0, diversity: float = 0, novelty: float = 0, random: float = 0,
    travel: float = DEFAULT.travel, audit: float = DEFAULT.audit,
) -> Choose:  # fmt: skip
    return by_queue(QueueSettings(uncertainty, novelty, balance, diversity, random, audit=audit, travel=travel))


MIXES: dict[str, Choose] = {
    "default": by_queue(DEFAULT),
    "random": blindly,
    "smallest margin": by_margin,
    "margin x distance to labels": by_distance,
    "BADGE": by_badge,
    "uncertainty alone": _mix(uncertainty=1),
    "diversity alone": _mix(diversity=1),
    "diversity alone, no audit, travel free": _mix(diversity=1, audit=0, travel=0),
}
