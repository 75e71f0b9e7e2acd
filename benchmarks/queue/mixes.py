"""The mixes that were tried before the default was chosen, and what else was."""

from benchmarks.queue.course import Choose, blindly, by_margin, by_queue
from segclr.queue.settings import DEFAULT, QueueSettings


def _mix(
    uncertainty: float = 0, balance: float = 0, diversity: float = 0, novelty: float = 0, random: float = 0,
    travel: float = DEFAULT.travel, apart_nm: float = DEFAULT.apart_nm,
) -> Choose:  # fmt: skip
    return by_queue(QueueSettings(uncertainty, novelty, balance, diversity, random, travel=travel, apart_nm=apart_nm))


MIXES: dict[str, Choose] = {
    "default": by_queue(DEFAULT),
    "random": blindly,
    "margin alone": by_margin,
    "uncertainty alone": _mix(uncertainty=1),
    "diversity alone": _mix(diversity=1),
    "uncertainty, diversity": _mix(uncertainty=0.7, diversity=0.3),
    "without diversity": _mix(uncertainty=0.7, balance=0.15, novelty=0.1, random=0.05),
    "without balance": _mix(uncertainty=0.7, diversity=0.15, novelty=0.1, random=0.05),
    "default, travel free": _mix(0.6, 0.15, 0.1, 0.1, 0.05, travel=0),
    "default, 10 um apart": _mix(0.6, 0.15, 0.1, 0.1, 0.05, apart_nm=10_000.0),
}
