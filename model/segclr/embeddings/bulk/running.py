"""A job from begin to end: what is missing is embedded, what fails is tried again, what is there is merged."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from segclr.embeddings.bulk.blocks import BlockEmbedder, Work
from segclr.embeddings.bulk.job import JobFolder
from segclr.embeddings.bulk.merging import merge_blocks
from segclr.embeddings.bulk.plan import block_grid, chosen_nodes, make_plan
from segclr.embeddings.embed import SpecLike
from segclr.embeddings.storage.lock import writing_alone
from segclr.embeddings.storage.stored_table import open_stored
from segclr.embeddings.table import table_exists
from segclr.errors import SegclrError, TableError

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """A block that is done, or why it is not.

    Attributes:
        nodes: of the block, those skipped included; 0 if it failed.
        failure: one sentence; empty if the block is done.
    """

    block: int
    nodes: int
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Finished:
    """What a job came to.

    Attributes:
        rows: of the table.
        failed: blocks that are not in the table, each with one sentence.
    """

    rows: int
    failed: dict[int, str]


class Workers(Protocol):
    """What does the blocks: this process, or others."""

    def outcomes(self, blocks: Iterable[int]) -> Iterator[Outcome]:
        """Do blocks, in any order; a block that fails has an outcome too."""
        ...


class ThisProcess:
    """Does the blocks here, one after the other."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._embedder: BlockEmbedder | None = None

    def outcomes(self, blocks: Iterable[int]) -> Iterator[Outcome]:
        for block in blocks:
            if self._embedder is None:
                self._embedder = self._work.open()
            yield attempt(self._embedder, block)


def attempt(embedder: BlockEmbedder, block: int) -> Outcome:
    """Do a block; whatever goes wrong becomes a sentence, so that the others go on."""
    try:
        return Outcome(block, embedder.embed(block))
    except SegclrError as error:
        return Outcome(block, 0, str(error))
    except Exception as error:
        return Outcome(block, 0, f"unexpected {type(error).__name__}: {error}")


def run_job(
    work: Work, spec: SpecLike, workers: Workers, retries: int = 2, report: Report = lambda text: None
) -> Finished:
    """Do what is missing of a job, and write its table.

    Args:
        spec: of the encoder.
        workers: do the blocks.
        retries: how often a block that fails is tried again, after all others.
        report: is told in words what goes on.

    Raises:
        TableError: The table is there already, the job was begun with other settings, another program is at it, no node
            can be embedded, or the disk is full.
        SegclrError: The volumes or skeletons cannot be opened.
    """
    settings, folder = work.settings, JobFolder.of(work.settings)
    table = Path(settings.table_folder)
    if table_exists(table) and not folder.path.exists():
        return _found(table, work, spec)
    _make(folder.path)
    with writing_alone(folder.path):
        _plan(work, spec, folder, report)
        blocks = len(folder.plan())
        done = folder.done(blocks)
        if done:
            report(f"going on: {len(done)} of {blocks} blocks are done")
        failed = _embed(folder, workers, blocks, done, retries, report)
        whole = [folder.block(block) for block in range(blocks) if block not in failed]
        if not whole:
            raise TableError(f"all {blocks} blocks failed, the first because {next(iter(failed.values()))}")
        report(f"merging {len(whole)} blocks")
        rows = merge_blocks(whole, folder.plan(), table, folder.path / "merging")
        if not failed:
            folder.remove()
    return Finished(rows, failed)


def _found(table: Path, work: Work, spec: SpecLike) -> Finished:
    """What a job that was finished before came to."""
    stored = open_stored(table)
    made = stored.provenance
    if (made.encoder_hash, made.nodes_from) != (spec.hash, work.settings.nodes_from):
        raise TableError(
            f"there is another table in {table} already, by {made.maker()}, of {made.nodes_from or 'nodes unknown'}: "
            "delete it, or name another folder"
        )
    return Finished(len(stored), {})


def _plan(work: Work, spec: SpecLike, folder: JobFolder, report: Report) -> None:
    """Choose the nodes, unless that was done before."""
    if folder.has_plan(work.settings, spec.hash):
        return
    segmentation = work.settings.open_segmentation()
    nodes = chosen_nodes(work.settings, segmentation, report)
    edge_nm, origin_nm = block_grid(work.settings, work.settings.open_em(), segmentation, spec.cutout)
    plan = make_plan(nodes, edge_nm, origin_nm)
    folder.begin(plan, work.settings, spec.hash)
    report(f"{len(nodes.segment_ids)} nodes in {len(plan)} blocks")


def _embed(
    folder: JobFolder, workers: Workers, blocks: int, done: set[int], retries: int, report: Report
) -> dict[int, str]:
    """Do the blocks that are not done; returns those that failed to the end."""
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
                report(f"{count} of {blocks} blocks, {outcome.nodes} nodes in the last one")
            folder.write_progress(count, blocks, failed)
        wanted = again
    return failed


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TableError(f"{folder} cannot be made: {error.strerror or error}") from None
