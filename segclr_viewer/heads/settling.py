"""Whether the predictions have settled: heads of the past fitted again, and what they say of the table compared."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from segclr.evaluation.stopping import LABELS_APART, compare, gauge
from segclr.heads.linear import fit_head
from segclr_viewer.heads.fitting import FitJob
from segclr_viewer.heads.timeline import Course
from segclr_viewer.wire.evaluation import Stopping

MOST_COMPARISONS = 6
MOST_ROWS = 200_000  # compared; of a larger table as many drawn at random, which tells shares to a tenth of a percent


def stopping(course: Course, job: FitJob, class_names: list[str], seed: int = 0) -> Stopping:
    """Compare the predictions now with those of 50 labels ago, these with those before, and so on.

    The heads are fitted again, not remembered: so the answer is the same in every run of the app.

    Args:
        class_names: C names.
        seed: draws what is compared where the table is large.
    """
    events = len(course.history.rows)
    counts = [count for ago in range(MOST_COMPARISONS + 1) if (count := events - ago * LABELS_APART) > 0]
    rows, starts = _compared(job, seed)
    seen = job.vectors.matrix()[rows]
    newest_first: list[NDArray[np.uint8]] = []
    for count in counts:
        codes = _codes(course, count, len(class_names), seen, starts)
        if codes is None:
            break
        newest_first.append(codes)
    oldest_first = newest_first[::-1]
    changes = [compare(before, now) for before, now in pairwise(oldest_first)]
    if changes:
        sentence = changes[-1].sentence(class_names)
    else:
        sentence = f"fewer than {LABELS_APART} labels since the first head: too few to tell whether more are needed"
    return Stopping(sentence, LABELS_APART, [change.share for change in changes], gauge(changes).settled)


def _compared(job: FitJob, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64] | None]:
    """Rows to predict, ascending; in a segment task all rows of some segments, and where each of these starts."""
    table, rng = job.vectors.table, np.random.default_rng(seed)
    if job.task.unit == "node":
        return np.sort(rng.permutation(len(table))[:MOST_ROWS]), None
    sizes = np.diff(table.first_row)
    order = rng.permutation(len(sizes))
    few = np.cumsum(sizes[order]) <= MOST_ROWS
    few[:1] = True
    segments = np.sort(order[few])
    pieces = [np.arange(table.first_row[at], table.first_row[at + 1]) for at in segments.tolist()]
    return np.concatenate([np.zeros(0, np.int64), *pieces]), np.cumsum(sizes[segments]) - sizes[segments]


def _codes(
    course: Course, count: int, class_count: int, seen: NDArray[np.float32], starts: NDArray[np.int64] | None
) -> NDArray[np.uint8] | None:
    """What the head after so many events predicts for (n, d) rows, or for the segments that start there; None where
    there was no head."""
    embeddings, classes, cells = course.after(count)
    if len(np.unique(classes)) < 2:
        return None
    head = fit_head(embeddings, classes, cells, class_count).head
    if starts is None or not len(seen):
        return head.predict_codes(seen)[0]
    sums = np.add.reduceat(head.predict(seen).astype(np.float64), starts, axis=0)
    codes: NDArray[np.uint8] = sums.argmax(axis=1).astype(np.uint8)
    return codes
