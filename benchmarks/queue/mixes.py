"""Ways to choose that were tried before the defaults were."""

from benchmarks.queue.course import Choose, blindly, by_margin, by_queue
from benchmarks.queue.rivals import by_badge, by_distance, by_truth
from segclr.queue.settings import QueueSettings


def _mix(uncertainty: float, balance: float, novelty: float, diversity: float, random: float) -> Choose:
    return by_queue(QueueSettings(uncertainty, novelty, balance, diversity, random))


MIXES: dict[str, Choose] = {
    "random": blindly,
    "smallest margin": by_margin,
    "margin x distance to labels": by_distance,
    "BADGE": by_badge,
    "truth-balanced": by_truth,
    "uncertainty alone": _mix(1, 0, 0, 0, 0),
    "balance alone": _mix(0, 1, 0, 0, 0),
    "diversity alone": _mix(0, 0, 0, 1, 0),
    "35 / 15 / 10 / 35 / 5": _mix(0.35, 0.15, 0.1, 0.35, 0.05),
    "25 / 20 / 5 / 20 / 30": _mix(0.25, 0.2, 0.05, 0.2, 0.3),
    "10 / 20 / 5 / 20 / 45": _mix(0.1, 0.2, 0.05, 0.2, 0.45),
    "20 / 10 / 5 / 15 / 50": _mix(0.2, 0.1, 0.05, 0.15, 0.5),
    "0 / 40 / 0 / 30 / 30": _mix(0, 0.4, 0, 0.3, 0.3),
}
