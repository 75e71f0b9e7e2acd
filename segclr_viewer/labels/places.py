"""Places that were embedded live: remembered while the app runs, the newest thousand of them, for all annotators."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from segclr.em.geometry import XYZ
from segclr.embeddings.aggregation import aggregate_place
from segclr.embeddings.table import EmbeddingTable
from segclr.explore.layout import Layout
from segclr.explore.placement import Placement
from segclr_viewer.log.events import SavedPlace
from segclr_viewer.scatter import Scatter
from segclr_viewer.wire.answers import XY, Planes, Stages

MAX_PLACES = 1000
LABEL_REACH_NM = 2000.0  # a label given within this distance of a node of the same segment is for that node


@dataclass(frozen=True, slots=True, eq=False)
class KnownPlace:
    """An embedded place.

    Attributes:
        request: the request that it answers.
        embedding: (d,) float32.
        node_row: the nearest row of the same segment, None where the table does not have the segment.
        xy: where it lies in the layout.
        planes: the cutout's pictures; None, and the stages zero, for a place that was restored from the label log.
    """

    place_id: int
    request: str
    position_nm: XYZ
    segment_id: int
    embedding: NDArray[np.float32]
    node_row: int | None
    node_distance_nm: float | None
    xy: XY
    stages_ms: Stages
    planes: Planes | None


class Places:
    """The remembered places, oldest first.

    Args:
        layout: that they are placed in, until `lay_out` brings a better one.
        scatter: the points that it is of.

    Attributes:
        placement: places new points in the layout.
    """

    def __init__(self, table: EmbeddingTable, layout: Layout, scatter: Scatter) -> None:
        self._table = table
        self._scatter = scatter
        self.placement = layout.placement(scatter.of(table.embeddings))
        self._radius_um = 0.0
        self._by_id: dict[int, KnownPlace] = {}
        self._next_id = 1

    def made(
        self,
        request: str,
        segment_id: int,
        position_nm: XYZ,
        embedding: NDArray[np.float32],
        planes: Planes | None,
    ) -> KnownPlace:
        """A new place, not remembered yet: with its nearest node, and where it lies in the layout."""
        nearest = self._table.nearest_row(segment_id, position_nm)
        self._next_id += 1
        return KnownPlace(
            place_id=self._next_id - 1,
            request=request,
            position_nm=position_nm,
            segment_id=segment_id,
            embedding=embedding,
            node_row=None if nearest is None else nearest[0],
            node_distance_nm=None if nearest is None else nearest[1],
            xy=self._xy(segment_id, position_nm, embedding),
            stages_ms=Stages(cut=0, embed=0, predict=0, place=0, total=0),
            planes=planes,
        )

    def restore(self, saved: SavedPlace) -> None:
        """Remember a place of the label log."""
        self.add(self.made("", saved.segment_id, saved.position_nm, saved.embedding, None))

    def lay_out(self, layout: Layout, radius_um: float = 0.0, placement: Placement | None = None) -> None:
        """Move all places to where they lie in a newer layout.

        Args:
            radius_um: within which the embeddings were averaged that the layout is of; a place's is averaged alike.
            placement: places such means; may be left out for a layout of the embeddings themselves.
        """
        self.placement = placement or layout.placement(self._scatter.of(self._table.embeddings))
        self._radius_um = radius_um
        for place in self:
            xy = self._xy(place.segment_id, place.position_nm, place.embedding)
            self._by_id[place.place_id] = replace(place, xy=xy)

    def table_grown(self) -> None:
        """Find the nearest row of places whose segment had none."""
        for place in self:
            nearest = self._table.nearest_row(place.segment_id, place.position_nm) if place.node_row is None else None
            if nearest is not None:
                self._by_id[place.place_id] = replace(place, node_row=nearest[0], node_distance_nm=nearest[1])

    def add(self, place: KnownPlace) -> None:
        """Remember a place; the oldest is forgotten when there are too many."""
        self._by_id[place.place_id] = place
        if len(self._by_id) > MAX_PLACES:
            del self._by_id[next(iter(self._by_id))]

    def get(self, place_id: int) -> KnownPlace | None:
        """The place with that id, None if it is unknown or forgotten."""
        return self._by_id.get(place_id)

    def _xy(self, segment_id: int, position_nm: XYZ, embedding: NDArray[np.float32]) -> XY:
        laid_out = aggregate_place(self._table, segment_id, position_nm, embedding, self._radius_um)
        x, y = self.placement.place(laid_out)
        return (x, y)

    def __iter__(self) -> Iterator[KnownPlace]:
        return iter(list(self._by_id.values()))
