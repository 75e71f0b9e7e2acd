"""Batches of augmented views, cut by reader threads ahead of the network.

The batch of a step depends on the seed and the step alone: not on the threads, nor on where a run was resumed, nor on
how many processes share it. Each process draws the whole batch and cuts its own share.
"""

from collections import deque
from collections.abc import Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from segclr.errors import ProjectError, SegclrError
from segclr.training.augmentation import alike_axes, draw_change
from segclr.training.config import Augmentation, TrainingConfig
from segclr.training.pairs import PairTable
from segclr.training.volumes import TrainingVolume

_AHEAD = 3  # batches per reader


@dataclass(frozen=True, slots=True)
class Share:
    """Which part of a batch a process cuts: the ``index``-th of ``count`` equal ones."""

    index: int = 0
    count: int = 1

    def of(self, pairs: int) -> range:
        """Rows of the pairs."""
        size = pairs // self.count
        return range(self.index * size, (self.index + 1) * size)


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Pairs of views: a share b of all B.

    Attributes:
        views: (2b, z, y, x) uint8: b first views, then b second ones.
        segment: (B,) int64 of the whole batch, equal for pairs of the same segment.
    """

    views: NDArray[np.uint8]
    segment: NDArray[np.int64]


def make_batch(
    config: TrainingConfig, volumes: Sequence[TrainingVolume], pairs: PairTable, step: int, share: Share
) -> Batch:
    """Draw the pairs of one step; cut and augment a share of them."""
    rng = np.random.default_rng([config.seed, step])
    chosen = pairs.draw(config.pairs, rng)
    size, content, alike = config.view.size, config.view.content, alike_axes(config.view.resolution_nm)
    settings = _without_grey(config.augmentation) if content == "mask" else config.augmentation
    changes = [draw_change(settings, alike, rng) for _ in range(2 * config.pairs)]
    rows = share.of(config.pairs)
    views = np.empty((2 * len(rows), size, size, size), np.uint8)
    for target, row in enumerate([*rows, *(config.pairs + row for row in rows)]):
        place = chosen[row % config.pairs, row // config.pairs]
        image, mask = volumes[pairs.volume[place]].cut(pairs.centre(int(place)), int(pairs.segment[place]), size)
        views[target] = changes[row].apply(image, None if content == "em" else mask)
    return Batch(views, pairs.segment_key[chosen[:, 0]])


def _without_grey(settings: Augmentation) -> Augmentation:
    """For masks: inside a segment they are 255, in training as in a cutout."""
    return replace(settings, contrast=0.0, brightness=0.0, gamma_octaves=0.0)


def batches(
    config: TrainingConfig, volumes: Sequence[TrainingVolume], pairs: PairTable, first_step: int, share: Share
) -> Generator[Batch, None, None]:
    """The batches from a step to the last one, in order.

    Raises:
        ProjectError: A reader failed.
    """
    with ThreadPoolExecutor(config.reader_threads, thread_name_prefix="reader") as readers:
        waiting: deque[Future[Batch]] = deque()
        try:
            for step in range(first_step, config.steps):
                waiting.append(readers.submit(make_batch, config, volumes, pairs, step, share))
                if len(waiting) > _AHEAD * config.reader_threads:
                    yield _result(waiting.popleft())
            while waiting:
                yield _result(waiting.popleft())
        finally:
            for batch in waiting:
                batch.cancel()


def _result(batch: Future[Batch]) -> Batch:
    try:
        return batch.result()
    except SegclrError:
        raise
    except Exception as error:
        raise ProjectError(
            f"a reader thread could not cut its views ({type(error).__name__}: {error}): with too little memory, take "
            "fewer pairs or reader_threads; the same command goes on from the last saved step"
        ) from error
