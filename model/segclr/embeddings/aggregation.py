"""Mean embeddings of neighbourhoods: of all nodes within a radius of a node, in the same segment.

As published (SegCLR, Dorkenwald et al. 2023, fig. 3): a plain mean. Since the logits of a mean embedding are the mean
of the logits, a table is aggregated once per radius and not once per head.
"""

from __future__ import annotations

import math
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array

from segclr.em.geometry import XYZ
from segclr.embeddings.neighbourhoods import Pairs, pairs_within, rows_near_place
from segclr.embeddings.table import EmbeddingTable

ON_A_NODE_NM = 1.0
"""A place this close to a node is that node, and its embedding that of the node's row."""


def aggregate(table: EmbeddingTable, radius_um: float) -> NDArray[np.float32]:
    """Return (n, d): per row the mean embedding of the rows of its segment within a radius, itself included.

    A radius of 0 returns the embeddings themselves, not a copy.

    Raises:
        ValueError: The radius is negative or not a number.
    """
    radius_nm = _radius_nm(radius_um)
    if radius_nm == 0 or len(table) == 0:
        return table.embeddings
    embeddings = np.asarray(table.embeddings)
    total = embeddings.copy()  # every row is within any radius of itself
    count = np.ones(len(table), np.int64)
    with ThreadPoolExecutor(1, "sum") as summing:  # while the next pairs are searched for: numpy and SciPy let it run
        under_way: Future[None] | None = None
        for pairs in pairs_within(table, radius_nm):
            if under_way is not None:
                under_way.result()
            under_way = summing.submit(_add, pairs, embeddings, total, count)
        if under_way is not None:
            under_way.result()
    total /= count[:, None]
    return total


def _add(pairs: Pairs, embeddings: NDArray[np.float32], total: NDArray[np.float32], count: NDArray[np.int64]) -> None:
    """Add the neighbours' embeddings to the totals, (n, d), and their number to the counts, (n,)."""
    rows, source, neighbours = pairs
    shape = (len(rows), len(embeddings))
    total[rows] += coo_array((np.ones(len(source), np.float32), (source, neighbours)), shape=shape) @ embeddings
    count[rows] += np.bincount(source, minlength=len(rows))


def aggregate_place(
    table: EmbeddingTable, segment_id: int, position_nm: XYZ, embedding: NDArray[np.float32], radius_um: float
) -> NDArray[np.float32]:
    """Return (d,): what `aggregate` would give a place of a segment, were it a node of its skeleton.

    On a node that is the node's own mean; elsewhere the place's embedding counts as one node more.
    """
    radius_nm = _radius_nm(radius_um)
    rows = table.rows_of(segment_id)
    own = np.asarray(embedding, np.float32)
    if radius_nm == 0 or rows.start == rows.stop:
        return own
    near, nearest_nm = rows_near_place(table, segment_id, position_nm, radius_nm)
    total, count = table.embeddings[near].sum(axis=0, dtype=np.float64), len(near)
    if nearest_nm > ON_A_NODE_NM or count == 0:
        total, count = total + own, count + 1
    mean: NDArray[np.float32] = (total / count).astype(np.float32)
    return mean


def _radius_nm(radius_um: float) -> float:
    if not 0 <= radius_um < math.inf:
        raise ValueError(f"an aggregation radius of {radius_um} um: it must be 0 or more")
    return radius_um * 1000
