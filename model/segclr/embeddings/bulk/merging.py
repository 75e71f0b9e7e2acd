"""The blocks' tables as one: sorted, in one shard, with the edges that lead from block to block."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from segclr.embeddings.bridging import bridged
from segclr.embeddings.bulk.plan import Plan
from segclr.embeddings.embed import refuse_nothing
from segclr.embeddings.growing import merge_tables
from segclr.embeddings.storage.node_edges import NodeEdges
from segclr.embeddings.storage.stored_table import open_stored

_AT_ONCE = 64  # tables: each keeps some ten files open


def merge_blocks(blocks: Sequence[Path], plan: Plan, folder: Path, scratch: Path) -> int:
    """Write one table of the blocks' tables; returns its number of rows.

    Args:
        blocks: folders of the tables. Nodes of the others have no row; their neighbours are joined in their stead.
        scratch: folder for what is merged in between; gone afterwards.

    Raises:
        TableError: There is no row, a table is damaged (it is said which), or the disk is full.
    """
    shutil.rmtree(scratch, ignore_errors=True)
    kept = np.zeros(len(plan.nodes.segment_ids), np.bool_)
    numbering = _Numbering(plan.nodes.segment_ids)
    for block in blocks:
        for reader in open_stored(block).readers():
            segment_ids = reader.segment_of(np.arange(reader.shard.rows))
            kept[numbering.rows(segment_ids, reader.read("node_ids", 0, reader.shard.rows))] = True
    level = 0
    while len(blocks) > _AT_ONCE:
        groups = [blocks[start : start + _AT_ONCE] for start in range(0, len(blocks), _AT_ONCE)]
        blocks = [scratch / f"{level}" / f"{number}" for number in range(len(groups))]
        for group, target in zip(groups, blocks, strict=True):
            merge_tables([open_stored(block) for block in group], target)
        shutil.rmtree(scratch / f"{level - 1}", ignore_errors=True)
        level += 1
    tables = [open_stored(block) for block in blocks]
    for table in tables[:1] if not kept.any() else ():
        refuse_nothing(0, table.provenance)
    merge_tables(tables, folder, edges=_edges(plan, kept))
    shutil.rmtree(scratch, ignore_errors=True)
    return int(kept.sum())


class _Numbering:
    """Rows of the plan, found by segment and node."""

    def __init__(self, segment_of_row: NDArray[np.uint64]) -> None:
        self._ids, self._first = np.unique(segment_of_row, return_index=True)

    def rows(self, segment_ids: NDArray[np.uint64], node_ids: NDArray[np.int64]) -> NDArray[np.int64]:
        found: NDArray[np.int64] = self._first[np.searchsorted(self._ids, segment_ids)] + node_ids
        return found


def _edges(plan: Plan, kept: NDArray[np.bool_]) -> NodeEdges:
    edges = bridged(plan.nodes.edges, kept)
    return NodeEdges(plan.nodes.segment_ids[edges[:, 0]], plan.nodes.node_ids[edges])
