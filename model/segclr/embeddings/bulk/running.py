"""A job from begin to end: what is missing is embedded, what fails is tried again, what is there is merged."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from segclr.embeddings.bulk.blocks import EmbeddingWork
from segclr.embeddings.bulk.engine import Report, Workers, do_blocks
from segclr.embeddings.bulk.job import JobFolder
from segclr.embeddings.bulk.merging import merge_blocks
from segclr.embeddings.bulk.plan import block_grid, chosen_nodes, make_plan, open_plan
from segclr.embeddings.embed import SpecLike
from segclr.embeddings.storage.lock import writing_alone
from segclr.embeddings.storage.stored_table import open_stored
from segclr.embeddings.table import table_exists
from segclr.errors import TableError
from segclr.wording import counted


@dataclass(frozen=True, slots=True)
class Finished:
    """What a job came to.

    Attributes:
        rows: of the table.
        failed: blocks that are not in the table, each with one sentence.
    """

    rows: int
    failed: dict[int, str]


def run_job(
    work: EmbeddingWork, spec: SpecLike, workers: Workers, retries: int = 2, report: Report = lambda text: None
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
    table = Path(work.settings.table_folder)
    folder = JobFolder.beside(table)
    if table_exists(table) and not folder.path.exists():
        return _found(table, work, spec)
    folder.make()
    with writing_alone(folder.path):
        _plan(work, spec, folder, report)
        plan = open_plan(folder.path)
        blocks = len(plan)
        done = folder.done(blocks)
        if done:
            report(f"going on: {len(done)} of {blocks} blocks are done")
        failed = do_blocks(folder, workers, blocks, done, retries, report, "nodes")
        whole = [folder.block(block) for block in range(blocks) if block not in failed]
        if not whole:
            raise TableError(
                f"all of {counted(blocks, 'block')} failed, the first because {next(iter(failed.values()))}"
            )
        report(f"merging {counted(len(whole), 'block')}")
        rows = merge_blocks(whole, plan, table, folder.path / "merging")
        if not failed:
            folder.remove()
    return Finished(rows, failed)


def _found(table: Path, work: EmbeddingWork, spec: SpecLike) -> Finished:
    """What a job that was finished before came to."""
    stored = open_stored(table)
    made = stored.provenance
    if (made.encoder_hash, made.nodes_from) != (spec.hash, work.settings.nodes_from):
        raise TableError(
            f"there is another table in {table} already, by {made.maker()}, of {made.nodes_from or 'nodes unknown'}: "
            "delete it, or name another folder"
        )
    return Finished(len(stored), {})


def _plan(work: EmbeddingWork, spec: SpecLike, folder: JobFolder, report: Report) -> None:
    """Choose the nodes, unless that was done before."""
    described = {**asdict(work.settings), "encoder": spec.hash}
    if folder.has_plan(described):
        return
    segmentation = work.settings.open_segmentation()
    nodes = chosen_nodes(work.settings, segmentation, report)
    edge_nm, origin_nm = block_grid(work.settings, work.settings.open_em(), segmentation, spec.cutout)
    plan = make_plan(nodes, edge_nm, origin_nm)
    folder.begin(plan, described)
    report(f"{counted(len(nodes.segment_ids), 'node')} in {counted(len(plan), 'block')}")
