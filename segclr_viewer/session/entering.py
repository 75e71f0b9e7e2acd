"""Points that came after a layout was fitted: laid out among its own, off the session's thread."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from segclr.embeddings.storage.stored_embeddings import EmbeddingRows
from segclr.errors import SegclrError
from segclr.explore.layout import Layout
from segclr.explore.placement import Placement
from segclr_viewer.scatter import Scatter
from segclr_viewer.session.one_by_one import OneByOne

MARK = "~"  # in the id of a layout, before what tells how many points it has


def stem_of(layout_id: str) -> str:
    """The id of the layout as it was fitted: the same for however many points came after."""
    return layout_id.partition(MARK)[0]


class Entering:
    """Keeps the layout in step with the scatter.

    Args:
        laid_out: what layouts of means within a radius are of, by row of the table; asked on the errands' thread.
        changed: told when points have got their place.
        base, placement: the first layout, and where others belong in it.
    """

    def __init__(
        self,
        scatter: Scatter,
        errands: OneByOne,
        laid_out: Callable[[float], EmbeddingRows],
        changed: Callable[[], None],
        failed: Callable[[SegclrError], None],
        base: Layout,
        placement: Placement,
    ) -> None:
        self._scatter = scatter
        self._errands = errands
        self._laid_out = laid_out
        self._changed = changed
        self._failed = failed
        self._base = base
        self._radius_um = 0.0
        self._placement = placement
        self._placed: NDArray[np.float32] = np.empty((0, 2), np.float32)

    def over(self, base: Layout, radius_um: float, placement: Placement) -> Layout:
        """The layout of all points, of a new one of the first of them; `placement` tells where others belong."""
        self._base, self._radius_um, self._placement = base, radius_um, placement
        self._placed = self._placed[:0]
        return self.grown()

    def grown(self) -> Layout:
        """The layout of all points as they are now; those without a place lie where a neighbour does, for a moment."""
        base, start = self._base, len(self._placed)
        fresh = self._scatter.rows[len(base.xy) + start :]
        if len(fresh):
            job = partial(self._place, self._placement, self._radius_um, fresh)
            self._errands.ask("places of points", job, partial(self._found, base, start), self._failed)
        return self._layout(base, np.concatenate([self._placed, self._guessed(base, fresh)]), "")

    def laid(self) -> Layout:
        """The layout with the places that were found since."""
        late = self._guessed(self._base, self._scatter.rows[len(self._base.xy) + len(self._placed) :])
        return self._layout(self._base, np.concatenate([self._placed, late]), f"+{len(self._placed)}")

    def _layout(self, base: Layout, xy: NDArray[np.float32], mark: str) -> Layout:
        if not len(xy):
            return base
        points = np.concatenate([base.xy, xy])
        return replace(base, id=f"{base.id}{MARK}{len(points)}{mark}", xy=points)

    def _guessed(self, base: Layout, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Where the next row that was laid out lies: of the same neurite, mostly."""
        sampled = self._scatter.sampled
        if sampled is None or not len(base.xy):
            return np.zeros((len(rows), 2), np.float32)
        return base.xy[np.minimum(np.searchsorted(sampled, rows), len(base.xy) - 1)]

    def _place(self, placement: Placement, radius_um: float, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        return placement.place_all(self._laid_out(radius_um)[rows])[0]

    def _found(self, base: Layout, start: int, places: NDArray[np.float32]) -> None:
        if base is self._base and start + len(places) > len(self._placed):
            self._placed = np.concatenate([self._placed[:start], places])
            self._changed()
