"""Blocks of work, done by this process or by others: what fails is tried again, and never stops the rest."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from segclr.errors import SegclrError

Report = Callable[[str], None]


class Doer(Protocol):
    """What a process holds that does blocks: opened files, an encoder or a head. Used from one thread."""

    def do(self, block: int) -> int:
        """Do a block and save what comes of it, as a whole or not at all; returns how many nodes or rows it has."""
        ...


class Work(Protocol):
    """What a process must know to do blocks of a job; sent to workers."""

    def open(self) -> Doer:
        """Open what the blocks need.

        Raises:
            SegclrError: Something cannot be opened.
        """
        ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """A block that is done, or why it is not.

    Attributes:
        count: nodes or rows of the block, those skipped included; 0 if it failed.
        failure: one sentence; empty if the block is done.
    """

    block: int
    count: int
    failure: str = ""


class Workers(Protocol):
    """What does the blocks: this process, or others."""

    def outcomes(self, blocks: Iterable[int]) -> Iterator[Outcome]:
        """Do blocks, in any order; a block that fails has an outcome too."""
        ...


class Progress(Protocol):
    """Where a job says how far it is."""

    def write_progress(self, done: int, blocks: int, failed: Mapping[int, str]) -> None: ...


class ThisProcess:
    """Does the blocks here, one after the other."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._doer: Doer | None = None

    def outcomes(self, blocks: Iterable[int]) -> Iterator[Outcome]:
        for block in blocks:
            if self._doer is None:
                self._doer = self._work.open()
            yield attempt(self._doer, block)


def attempt(doer: Doer, block: int) -> Outcome:
    """Do a block; whatever goes wrong becomes a sentence, so that the others go on."""
    try:
        return Outcome(block, doer.do(block))
    except SegclrError as error:
        return Outcome(block, 0, str(error))
    except Exception as error:
        return Outcome(block, 0, f"unexpected {type(error).__name__}: {error}")


def do_blocks(
    progress: Progress, workers: Workers, blocks: int, done: set[int], retries: int, report: Report, what: str
) -> dict[int, str]:
    """Do the blocks that are not done; returns those that failed to the end, each with one sentence.

    Args:
        blocks: how many there are, numbered from 0.
        retries: how often a block that fails is tried again, after all others.
        what: that a block has, such as "nodes", for the report.
    """
    wanted = deque(block for block in range(blocks) if block not in done)
    tries: Counter[int] = Counter()
    failed: dict[int, str] = {}
    count = len(done)
    while wanted:
        again: deque[int] = deque()
        for outcome in workers.outcomes(wanted):
            if outcome.failure:
                failed[outcome.block] = outcome.failure
                tries[outcome.block] += 1
                if tries[outcome.block] <= retries:
                    again.append(outcome.block)
                report(f"block {outcome.block} failed: {outcome.failure}")
            else:
                failed.pop(outcome.block, None)
                count += 1
                report(f"{count} of {blocks} blocks, {outcome.count} {what} in the last one")
            progress.write_progress(count, blocks, failed)
        wanted = again
    return failed
