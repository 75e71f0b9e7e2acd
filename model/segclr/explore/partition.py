"""Nearest neighbours of many embeddings at once, in numpy alone: for placing a whole table and for a UMAP's graph.

An inverted file (Sivic and Zisserman 2003): rows are kept by the nearest of a few hundred centres, found by k-means.
All questions near the same centre look through the rows of the same nearest centres, so that the work is products of
matrices.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segclr.explore.metric import squared_distances
from segclr.heads.chunks import by_chunks

_ROWS_PER_CENTRE = 400
_MOST_CENTRES = 1024
_SAMPLE_PER_CENTRE = 40  # rows that k-means looks at, for each centre
_ROUNDS = 6
_ASSIGNED_AT_ONCE = 8192
_ASKED_AT_ONCE = 256

PROBES = 24  # centres looked through: about 0.96 of the true neighbours are found among 10^5 rows


@dataclass(frozen=True, slots=True, eq=False)
class Partition:
    """Rows by their nearest centre.

    Attributes:
        centres: (c, d) float32.
        order: (m,) int64, the rows grouped by centre.
        start: (c + 1,) int64, where each centre's rows begin in `order`.
        rows: (m, d) float32, in the order of `order`.
        half_squares: (m,) float32, half the squared length of each.
    """

    centres: NDArray[np.float32]
    order: NDArray[np.int64]
    start: NDArray[np.int64]
    rows: NDArray[np.float32]
    half_squares: NDArray[np.float32]

    def nearest(
        self, asked: NDArray[np.float32], count: int, probes: int = PROBES
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """The nearest rows of each point asked about, nearest first, on a few threads.

        Args:
            asked: (n, d) finite.
            count: how many, at most as many as there are rows.
            probes: how many centres' rows are looked through; as many as there are centres for exact answers.

        Returns:
            (n, k) rows and (n, k) squared distances; k is `count`, less where there are fewer rows.
        """
        k = min(count, len(self.order))
        found = np.empty((len(asked), k), np.int64)
        squared = np.empty((len(asked), k), np.float32)
        if not k or not len(asked):
            return found, squared
        ways = _nearest_first(self.centres, self.start, k, probes)
        home = assign(asked, self.centres)
        by_home = np.argsort(home, kind="stable")
        first = np.searchsorted(home[by_home], np.arange(len(self.centres) + 1))
        pieces = [
            (centre, by_home[begin : min(begin + _ASKED_AT_ONCE, int(first[centre + 1]))])
            for centre in range(len(self.centres))
            for begin in range(int(first[centre]), int(first[centre + 1]), _ASKED_AT_ONCE)
        ]

        def answer(piece: slice) -> None:
            for centre, questions in pieces[piece]:
                among = np.concatenate([np.arange(self.start[c], self.start[c + 1]) for c in ways[centre]])
                found[questions], squared[questions] = self._among(asked[questions], among, k)

        by_chunks(len(pieces), answer, chunk=4)
        return found, squared

    def _among(
        self, asked: NDArray[np.float32], among: NDArray[np.int64], k: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """The k nearest of some rows, for each question."""
        far_by_product = self.half_squares[among] - asked @ self.rows[among].T
        if k == 1:
            nearest = far_by_product.argmin(axis=1)[:, None]  # much faster
        elif k < len(among):
            nearest = np.argpartition(far_by_product, k - 1, axis=1)[:, :k]
        else:
            nearest = np.broadcast_to(np.arange(len(among)), far_by_product.shape)
        places = among[nearest]
        away = self.rows[places] - asked[:, None]
        squared = np.einsum("nkd,nkd->nk", away, away)
        rows = self.order[places]
        closest_first = np.lexsort((rows, squared), axis=1)  # rows alike in their own order
        return np.take_along_axis(rows, closest_first, 1), np.take_along_axis(squared, closest_first, 1)


def make_partition(rows: NDArray[np.float32], seed: int = 0) -> Partition:
    """Group rows, (m, d) finite float32; the same rows and seed give the same groups."""
    centres = _centres(rows, max(1, min(_MOST_CENTRES, len(rows) // _ROWS_PER_CENTRE)), seed)
    home = assign(rows, centres)
    order = np.argsort(home, kind="stable")
    start = np.searchsorted(home[order], np.arange(len(centres) + 1))
    grouped = np.ascontiguousarray(rows[order])
    return Partition(centres, order, start, grouped, np.einsum("nd,nd->n", grouped, grouped) / 2)


def assign(rows: NDArray[np.float32], centres: NDArray[np.float32]) -> NDArray[np.int64]:
    """(n,) the nearest centre of each row, the first of those equally near."""
    half_squares = np.einsum("cd,cd->c", centres, centres) / 2
    home = np.empty(len(rows), np.int64)

    def work(piece: slice) -> None:
        home[piece] = (np.asarray(rows[piece], np.float32) @ centres.T - half_squares).argmax(axis=1)

    by_chunks(len(rows), work, _ASSIGNED_AT_ONCE)
    return home


def _centres(rows: NDArray[np.float32], count: int, seed: int) -> NDArray[np.float32]:
    """Some rounds of Lloyd's k-means on a sample; a centre that loses all its rows stays where it is."""
    rng = np.random.default_rng(seed)
    sample = rows[np.sort(rng.permutation(len(rows))[: count * _SAMPLE_PER_CENTRE])]
    if not len(sample):
        return np.zeros((1, rows.shape[1]), np.float32)
    centres = sample[rng.permutation(len(sample))[:count]].copy()
    for _ in range(_ROUNDS):
        home = assign(sample, centres)
        by_home = np.argsort(home, kind="stable")
        owners, first = np.unique(home[by_home], return_index=True)
        sums = np.add.reduceat(sample[by_home].astype(np.float64), first, axis=0)
        centres[owners] = sums / np.diff(np.append(first, len(sample)))[:, None]
    return centres


def _nearest_first(
    centres: NDArray[np.float32], start: NDArray[np.int64], count: int, probes: int
) -> list[NDArray[np.int64]]:
    """For each centre the centres to look through: the nearest, more where these have too few rows."""
    sizes = np.diff(start)
    ways = []
    for centre in centres:
        order = np.argsort(squared_distances(centre, centres), kind="stable")
        enough = int(np.searchsorted(np.cumsum(sizes[order]), count)) + 1
        ways.append(order[: max(min(probes, len(order)), enough)])
    return ways
