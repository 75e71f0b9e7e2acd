"""Blocks done in this process two at a time, so that the encoder has work while a block is read or saved."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from segclr.embeddings.bulk.blocks import BlockEmbedder, EmbeddingWork
from segclr.embeddings.bulk.engine import Outcome, attempt

_AT_ONCE = 2


class SideBySide:
    """The `Workers` of a job that is not distributed. The blocks share one encoder, which embeds for one at a time."""

    def __init__(self, work: EmbeddingWork) -> None:
        self._work = work
        self._doer: BlockEmbedder | None = None

    def outcomes(self, blocks: Iterable[int]) -> Iterator[Outcome]:
        """Do blocks; whoever stops asking waits for the batches that are being embedded, not for their blocks."""
        pending: deque[Future[Outcome]] = deque()
        with ThreadPoolExecutor(_AT_ONCE, "block") as pool:
            try:
                for block in blocks:
                    if self._doer is None:
                        self._doer = self._work.open()
                    pending.append(pool.submit(attempt, self._doer, block))
                    if len(pending) > _AT_ONCE:  # one waits, so that no thread does
                        yield pending.popleft().result()
                while pending:
                    yield pending.popleft().result()
            except BaseException:
                if self._doer is not None:
                    self._doer.stop()
                    self._doer = None
                raise
            finally:
                for future in pending:
                    future.cancel()
