"""What choosing costs on a table of a million rows, on one core."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from segclr.heads.linear import fit_head
from segclr.heads.one_thread import one_blas_thread
from segclr.queue.candidates import Answered, Candidates
from segclr.queue.picking import propose
from segclr.queue.pool import draw_pool

ROWS, DIMENSIONS, CLASSES, BATCH = 1_000_000, 64, 13, 5
_REPEATS = 7
_NODES_PER_SEGMENT = 100
_FITTED = 1000  # labels; the head's own cost is not measured here


@dataclass(frozen=True, slots=True)
class Cost:
    """Least milliseconds of processor time, with that many labels.

    Attributes:
        draw: the pool out of all rows, by predicted class.
        assess: gather the pool's embeddings, and the head's probabilities and novelty on them.
        propose: check the arrays and choose a batch.
    """

    labels: int
    draw: float
    assess: float
    propose: float


def costs(label_counts: tuple[int, ...], rows: int = ROWS) -> list[Cost]:
    """Measure on random embeddings, of which one predicted class in a thousand rows is not the common one."""
    rng = np.random.default_rng(0)
    embeddings = rng.standard_normal((rows, DIMENSIONS), dtype=np.float32)
    positions = rng.random((rows, 3)) * 1e5
    segments = (np.arange(rows) // _NODES_PER_SEGMENT).astype(np.uint64)
    predicted = np.where(rng.random(rows) < 1e-3, rng.integers(1, CLASSES, rows), 0).astype(np.uint8)
    found = []
    for count in label_counts:
        labelled = rng.choice(rows, count, replace=False)
        classes = rng.integers(0, CLASSES, count)
        some = labelled[:_FITTED]
        head = fit_head(embeddings[some], classes[: len(some)], segments[some], CLASSES).head
        known = Answered(
            embeddings[labelled], classes, positions[labelled], segments[labelled], tuple(map(str, range(CLASSES)))
        )
        closed = np.zeros(rows, np.bool_)
        closed[labelled] = True
        least = np.full(3, np.inf)
        for seed in range(_REPEATS):
            times = [time.process_time()]
            pool = draw_pool(rows, predicted, seed=seed)
            times.append(time.process_time())
            with one_blas_thread():
                vectors = embeddings[pool]
                probabilities, novelty = head.predict(vectors), head.novelty.score(vectors)
            times.append(time.process_time())
            asked = Candidates(pool, vectors, positions[pool], segments[pool], closed[pool], probabilities, novelty)
            propose(asked, known, seed=seed, count=BATCH, at_nm=positions[0])
            times.append(time.process_time())
            least = np.minimum(least, 1e3 * np.diff(times))
        found.append(Cost(count, *least.tolist()))
    return found
