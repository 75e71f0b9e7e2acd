"""Batches of augmented views, cut by reader threads ahead of the network.

The batch of a step depends on the seed and the step alone: not on the threads, nor on where a run was resumed.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segclr.training.augmentation import augment_view
from segclr.training.config import TrainingConfig
from segclr.training.pairs import PairTable
from segclr.training.volumes import TrainingVolume

_AHEAD = 3  # batches per reader


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Pairs of views.

    Attributes:
        views: (2B, z, y, x) uint8: B first views, then B second ones.
        segment: (B,) int64, equal for pairs of the same segment.
    """

    views: NDArray[np.uint8]
    segment: NDArray[np.int64]


def make_batch(config: TrainingConfig, volumes: Sequence[TrainingVolume], pairs: PairTable, step: int) -> Batch:
    """Draw, cut and augment the pairs of one step."""
    rng = np.random.default_rng([config.seed, step])
    chosen = pairs.draw(config.pairs, rng)
    size, content = config.view.size, config.view.content
    x_nm, y_nm, _ = config.view.resolution_nm
    views = np.empty((2 * config.pairs, size, size, size), np.uint8)
    for row, place in enumerate(chosen.T.reshape(-1)):
        volume = volumes[pairs.volume[place]]
        image, mask = volume.cut(pairs.centre(int(place)), int(pairs.segment[place]), size)
        views[row] = augment_view(image, None if content == "em" else mask, config.augmentation, x_nm == y_nm, rng)
    return Batch(views, pairs.segment_key[chosen[:, 0]])


def batches(
    config: TrainingConfig, volumes: Sequence[TrainingVolume], pairs: PairTable, first_step: int
) -> Iterator[Batch]:
    """The batches from a step to the last one, in order."""
    with ThreadPoolExecutor(config.reader_threads, thread_name_prefix="reader") as readers:
        waiting: deque[Future[Batch]] = deque()
        try:
            for step in range(first_step, config.steps):
                waiting.append(readers.submit(make_batch, config, volumes, pairs, step))
                if len(waiting) > _AHEAD * config.reader_threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for batch in waiting:
                batch.cancel()
