"""What a label event is for in the volume as it is now."""

from collections.abc import Sequence

import numpy as np

from segclr.em.geometry import XYZ
from segclr.embeddings.table import EmbeddingTable
from segclr_viewer.labels.nearest_row import NearestRow
from segclr_viewer.labels.places import LABEL_REACH_NM
from segclr_viewer.log.attach import SegmentAt, attach, is_loose
from segclr_viewer.log.events import LabelEvent, SavedPlace


class LabelSites:
    """Finds what a label event is for: a row of the table, or a saved place where no node is near.

    Args:
        segmentation: name of the segmentation's version.
        segment_at: the segments at positions, by which labels of other versions are used; without it they are not.
    """

    def __init__(self, table: EmbeddingTable, segmentation: str, segment_at: SegmentAt | None = None) -> None:
        self.table = table
        self.segmentation = segmentation
        self._segment_at = segment_at
        self._nearest = NearestRow(table)
        self._attached: dict[str, int] = {}
        self._saved: dict[XYZ, SavedPlace] = {}
        self._rows: dict[tuple[int, XYZ], int | None] = {}

    def attach(self, events: Sequence[LabelEvent]) -> None:
        """Find the segments of those events that are of another version of the segmentation, or name none.

        Raises:
            VolumeUnavailable: the segmentation cannot be read.
        """
        if self._segment_at is not None:
            self._attached |= attach(events, self.segmentation, self._segment_at).segments

    def segment_of(self, event: LabelEvent) -> int | None:
        """The segment that a statement is about now, 0 where there is none any more, None where nobody can tell."""
        if is_loose(event, self.segmentation):
            return self._attached.get(event.uuid)
        return event.segment_id

    def save(self, places: Sequence[SavedPlace]) -> None:
        """Take in saved places; those of another encoder or segmentation, or without numbers, are passed over."""
        for place in places:
            if (place.segmentation, place.encoder_hash) != (self.segmentation, self.table.provenance.encoder_hash):
                continue
            if place.embedding.shape == (self.table.dimensions,) and np.isfinite(place.embedding).all():
                self._saved[place.position_nm] = place

    def saved(self, position_nm: XYZ) -> SavedPlace | None:
        """The saved place at exactly that position."""
        return self._saved.get(position_nm)

    def all_saved(self) -> list[SavedPlace]:
        """All saved places that fit the project, in the order of saving."""
        return list(self._saved.values())

    def table_grown(self) -> None:
        """Look for rows again where there were none."""
        self._rows = {key: row for key, row in self._rows.items() if row is not None}

    def row(self, segment_id: int, position_nm: XYZ) -> int | None:
        """The row that a label at a position is for, None when no node of the segment is near enough."""
        key = (segment_id, position_nm)
        if key not in self._rows:
            nearest = self._nearest.find(segment_id, position_nm)
            self._rows[key] = nearest[0] if nearest is not None and nearest[1] <= LABEL_REACH_NM else None
        return self._rows[key]
