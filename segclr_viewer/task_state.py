"""One task of the session: its history, which rows and places its labels are for, and its newest predictions."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segclr.em.geometry import XYZ
from segclr.embeddings.aggregation import aggregate_place
from segclr.embeddings.table import EmbeddingTable
from segclr_viewer.answers import PointsReady
from segclr_viewer.events import LabelEvent, SavedPlace, TaskHistory
from segclr_viewer.fitting import FitJob, Fitted, RowVectors
from segclr_viewer.places import LABEL_REACH_NM, MAX_PLACES, KnownPlace
from segclr_viewer.project import Task


@dataclass(frozen=True, slots=True)
class Labelled:
    """The current labels, by what they are for.

    Attributes:
        unused: how many this project cannot use.
        contradicted: how many rows have labels of two classes, of which the later counts.
    """

    rows: dict[int, int]
    places: dict[XYZ, int]
    unused: int
    contradicted: int


@dataclass(frozen=True, slots=True)
class Predicted:
    """Predictions and the message that announces them."""

    fitted: Fitted
    message: PointsReady


class LabelSites:
    """Finds what a label event is for: a row of the table, or a saved place where no node is near.

    Args:
        segmentation: name of the segmentation's version; labels of another one are not used.
    """

    def __init__(self, table: EmbeddingTable, segmentation: str) -> None:
        self.table = table
        self.segmentation = segmentation
        self._saved: dict[XYZ, SavedPlace] = {}
        self._rows: dict[tuple[int, XYZ], int | None] = {}

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

    def row(self, segment_id: int, position_nm: XYZ) -> int | None:
        """The row that a label at a position is for, None when no node of the segment is near enough."""
        key = (segment_id, position_nm)
        if key not in self._rows:
            nearest = self.table.nearest_row(segment_id, position_nm)
            self._rows[key] = nearest[0] if nearest is not None and nearest[1] <= LABEL_REACH_NM else None
        return self._rows[key]


class TaskState:
    """What the session knows of one task."""

    def __init__(self, task: Task, sites: LabelSites) -> None:
        self.task = task
        self.history = TaskHistory(task.name, task.unit)
        self.predicted: Predicted | None = None
        self._sites = sites
        self._labelled: tuple[int, Labelled] | None = None  # with the log position that it follows from
        self._vectors = RowVectors(sites.table, task.aggregation_radius_um)
        self._place_vectors: dict[int, NDArray[np.float32]] = {}

    def current_prediction(self) -> Predicted | None:
        """The predictions, if they follow from the newest label."""
        if self.predicted is None or self.predicted.fitted.seq != self.history.seq:
            return None
        return self.predicted

    def labelled(self) -> Labelled:
        """The current labels; where two are for one row, the later one counts."""
        if self._labelled is None or self._labelled[0] != self.history.seq:
            self._labelled = (self.history.seq, self._labels_now())
        return self._labelled[1]

    def _labels_now(self) -> Labelled:
        rows: dict[int, int] = {}
        places: dict[XYZ, int] = {}
        contradicted: set[int] = set()
        unused = 0
        for event in sorted(self.history.current().values(), key=lambda event: event.seq):
            given = self.task.class_index(event.class_name)
            row = self._sites.row(event.segment_id, event.position_nm)
            if given is None or event.segmentation != self._sites.segmentation:
                unused += 1
            elif row is not None:
                if rows.get(row, given) != given:
                    contradicted.add(row)
                rows[row] = given
            elif self._sites.saved(event.position_nm) is not None:
                places[event.position_nm] = given
            else:
                unused += 1
        return Labelled(rows, places, unused, len(contradicted))

    def labels_for(self, segment_id: int, position_nm: XYZ) -> list[LabelEvent]:
        """The current labels, oldest first, of what a label at that position would be for."""
        if self.task.unit == "segment":
            found = self.history.label_of((self._sites.segmentation, segment_id))
            return [] if found is None else [found]
        row = self._sites.row(segment_id, position_nm)
        labels = [
            event
            for event in self.history.current().values()
            if event.segmentation == self._sites.segmentation and event.segment_id == segment_id
            if event.position_nm == position_nm
            or (row is not None and self._sites.row(event.segment_id, event.position_nm) == row)
        ]
        return sorted(labels, key=lambda event: event.seq)

    def class_given(self, segment_id: int, position_nm: XYZ) -> int | None:
        """The class that a label gives to what is at that position."""
        if self.task.unit == "segment":
            found = self.history.label_of((self._sites.segmentation, segment_id))
            return None if found is None else self.task.class_index(found.class_name)
        labelled, row = self.labelled(), self._sites.row(segment_id, position_nm)
        return labelled.places.get(position_nm) if row is None else labelled.rows.get(row)

    def job(self, now: Callable[[], str]) -> FitJob:
        """What it takes to fit a head on the current labels."""
        labelled = self.labelled()
        saved = [(self._sites.saved(position), given) for position, given in labelled.places.items()]
        notes = []
        if labelled.unused:
            notes.append(
                f"{labelled.unused} labels in the log are not used: their class, segmentation version or place is not "
                "in this project"
            )
        if labelled.contradicted:
            notes.append(f"{labelled.contradicted} nodes have labels that contradict each other: the latest counts")
        return FitJob(
            task=self.task,
            seq=self.history.seq,
            vectors=self._vectors,
            row_classes=labelled.rows,
            place_classes=tuple((place, given) for place, given in saved if place is not None),
            note="; ".join(notes),
            now=now,
        )

    def classify(self, places: Sequence[KnownPlace]) -> list[tuple[float, ...] | None]:
        """Probability of each class at each place, None without a head.

        In a segment task they are those of its segment, as it is painted, if the table has the segment.
        """
        if self.predicted is None or self.predicted.fitted.head is None or not places:
            return [None] * len(places)
        fitted, head = self.predicted.fitted, self.predicted.fitted.head
        probabilities = head.predict(np.stack([self._vector(place) for place in places]))
        if fitted.segment_probabilities is not None:
            for at, place in enumerate(places):
                if place.node_row is not None:
                    index = int(np.searchsorted(self._sites.table.first_row, place.node_row, side="right")) - 1
                    probabilities[at] = fitted.segment_probabilities[index]
        return [tuple(row) for row in probabilities.tolist()]

    def _vector(self, place: KnownPlace) -> NDArray[np.float32]:
        """What the head sees of a place; kept, since all places are classified at every repaint."""
        if place.place_id not in self._place_vectors:
            self._place_vectors[place.place_id] = aggregate_place(
                self._sites.table, place.segment_id, place.position_nm, place.embedding, self.task.aggregation_radius_um
            )
            if len(self._place_vectors) > MAX_PLACES:
                del self._place_vectors[next(iter(self._place_vectors))]
        return self._place_vectors[place.place_id]
