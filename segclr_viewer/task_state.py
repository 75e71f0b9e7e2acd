"""One task of the session: its history, which rows and places its labels are for, and its newest predictions."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segclr.em.geometry import XYZ
from segclr.embeddings.aggregation import aggregate_place
from segclr.embeddings.table import EmbeddingTable
from segclr_viewer.answers import PointsReady
from segclr_viewer.double_places import DoublePlaces
from segclr_viewer.fitting import FitJob, Fitted, RowVectors
from segclr_viewer.log.attach import SegmentAt, Site, SiteConflict, attach, is_loose, settle
from segclr_viewer.log.classes import with_classes
from segclr_viewer.log.consensus import ADJUDICATION, ALL, Choice
from segclr_viewer.log.events import STATEMENTS, Anchor, LabelEvent, SavedPlace
from segclr_viewer.log.fold import TaskHistory
from segclr_viewer.places import LABEL_REACH_NM, MAX_PLACES, KnownPlace
from segclr_viewer.project import Task


@dataclass(frozen=True, slots=True)
class Labelled:
    """The current labels, by what they are for.

    Attributes:
        rows, places: class of each labelled row, and of each labelled place that no row stands for; in a segment task
            one row or place per labelled segment.
        segments: class of each labelled segment, of a segment task.
        unused: how many this project cannot use.
        lost: how many lie where the segmentation has nothing any more.
        contradicted: how many rows have labels of two classes, of which the later counts.
        conflicts: labels that the change of the segmentation brought together; none of them counts.
    """

    rows: dict[int, int]
    places: dict[XYZ, int]
    segments: dict[int, int]
    unused: int
    lost: int
    contradicted: int
    conflicts: list[SiteConflict]


@dataclass(frozen=True, slots=True)
class Marked:
    """Rows of which an annotator said something else than a class."""

    unsure: list[int]
    bad_segmentation: list[int]


@dataclass(frozen=True, slots=True)
class Predicted:
    """Predictions and the message that announces them."""

    fitted: Fitted
    message: PointsReady


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

    def row(self, segment_id: int, position_nm: XYZ) -> int | None:
        """The row that a label at a position is for, None when no node of the segment is near enough."""
        key = (segment_id, position_nm)
        if key not in self._rows:
            nearest = self.table.nearest_row(segment_id, position_nm)
            self._rows[key] = nearest[0] if nearest is not None and nearest[1] <= LABEL_REACH_NM else None
        return self._rows[key]


@dataclass(frozen=True, slots=True)
class Own:
    """What one annotator holds, judgements left out.

    Attributes:
        statements: labels and marks, in no order.
        sites: what they are for.
    """

    statements: list[LabelEvent]
    sites: frozenset[Site]


class TaskState:
    """What all sessions know of one task; `task` has the classes that the log's events make of the project's.

    Args:
        double_share: share of the places that every annotator is asked about, blind.
        choice: which statements train the head.
    """

    def __init__(self, task: Task, sites: LabelSites, double_share: float = 0.0, choice: Choice = ALL) -> None:
        self.task = task
        self.choice = choice
        self.doubles = DoublePlaces(sites.table, task, double_share)
        self.history = TaskHistory(task.name, task.unit, task.classes)
        self.predicted: Predicted | None = None
        self._sites = sites
        self._anchors: dict[int, dict[Anchor, None]] = {}  # what was ever labelled on each segment, in order
        self._said_by: dict[str, dict[Anchor, None]] = {}  # what each annotator ever spoke of, in order
        # each with the log position that it follows from
        self._labelled: tuple[int, Labelled] | None = None
        self._own: dict[str, tuple[int, Own]] = {}
        self._double_rows: tuple[int, list[int]] | None = None
        self.vectors = RowVectors(sites.table, task.aggregation_radius_um)
        self._place_vectors: dict[int, NDArray[np.float32]] = {}

    def apply(self, event: LabelEvent) -> None:
        """Fold the next event of the log; its place has been attached."""
        self.history.apply(event)
        if self.history.classes.specs != self.task.classes:
            self.task = with_classes(self.task, self.history.classes)
        if event.task != self.task.name or event.kind not in STATEMENTS:
            return
        anchor = event.anchor(self.task.unit)
        self._said_by.setdefault(event.annotator, {})[anchor] = None
        if segment := self._sites.segment_of(event):
            self._anchors.setdefault(segment, {})[anchor] = None

    def current_prediction(self) -> Predicted | None:
        """The predictions, if they follow from the newest label."""
        if self.predicted is None or self.predicted.fitted.seq != self.history.seq:
            return None
        return self.predicted

    def labelled(self) -> Labelled:
        """The current labels; where two are for one row, the later one counts."""
        if self._labelled is None or self._labelled[0] != self.history.seq:
            self._labelled = (self.history.seq, self._labels_of(self.history.current().values()))
        return self._labelled[1]

    def own(self, annotator: str) -> Own:
        """What an annotator holds."""
        known = self._own.get(annotator)
        if known is None or known[0] != self.history.seq:
            statements = [
                event
                for anchor in self._said_by.get(annotator, ())
                for event in self.history.statements_at(anchor)
                if event.annotator == annotator and event.provenance != ADJUDICATION
            ]
            sites = (self.site_of(event) for event in statements)
            own = Own(statements, frozenset(site for site in sites if site is not None))
            known = self._own[annotator] = (self.history.seq, own)
        return known[1]

    def hides(self, annotator: str, row: int) -> bool:
        """Whether what others say of the row is kept from an annotator, who will be asked too and has not answered."""
        return self.doubles.has(row) and self.doubles.site_of(row) not in self.own(annotator).sites

    def hidden_rows(self, annotator: str) -> set[int]:
        """The labelled rows whose label is kept from an annotator."""
        if not self.doubles.share:
            return set()
        if self._double_rows is None or self._double_rows[0] != self.history.seq:
            self._double_rows = (self.history.seq, [row for row in self.labelled().rows if self.doubles.has(row)])
        answered = self.own(annotator).sites
        return {row for row in self._double_rows[1] if self.doubles.site_of(row) not in answered}

    def _labels_of(self, events: Iterable[LabelEvent]) -> Labelled:
        classes = {spec.name: index for index, spec in enumerate(self.task.classes)}
        sited: list[tuple[Site, LabelEvent]] = []
        unused = lost = 0
        for event in events:
            site = self.site_of(event) if self.history.name_now(event) in classes else None
            if site is not None:
                sited.append((site, event))
            elif self._sites.segment_of(event) == 0:
                lost += 1
            else:
                unused += 1
        settled = settle(sited, self.history.name_now, self._sites.segmentation)
        rows: dict[int, int] = {}
        places: dict[XYZ, int] = {}
        segments: dict[int, int] = {}
        for event in sorted(settled.labels.values(), key=lambda event: event.seq):
            given = classes[self.history.name_now(event)]
            segment = self._sites.segment_of(event) or 0
            row = self._sites.row(segment, event.place_nm)
            segments[segment] = given
            if row is not None:
                rows[row] = given
            elif event.segmentation == self._sites.segmentation and self._sites.saved(event.place_nm) is not None:
                places[event.place_nm] = given
            else:
                unused += 1
        if self.task.unit == "node":
            segments.clear()
        return Labelled(rows, places, segments, unused, lost, settled.contradicted, settled.conflicts)

    def site_of(self, event: LabelEvent) -> Site | None:
        """What a statement is for in the volume as it is now; None where that is not known, or not there any more."""
        segment = self._sites.segment_of(event)
        if not segment:
            return None
        if self.task.unit == "segment":
            return segment
        row = self._sites.row(segment, event.place_nm)
        return event.place_nm if row is None else row

    def segment_of(self, event: LabelEvent) -> int | None:
        """The segment that a statement is about now, 0 where there is none any more, None where nobody can tell."""
        return self._sites.segment_of(event)

    def segment_of_row(self, row: int) -> int:
        """The id of the segment that a row is of."""
        return int(self._sites.table.segment_of_rows(np.array([row], np.int64))[0])

    def row_of(self, event: LabelEvent) -> int | None:
        """The row that a statement is for, None where no row is, and for events that are no statements."""
        segment = self._sites.segment_of(event) if event.kind in STATEMENTS else None
        return self._sites.row(segment, event.place_nm) if segment else None

    def marked(self, annotator: str) -> Marked:
        """What the annotator could not tell, and where the annotator found the segmentation wrong."""
        marks: dict[str, list[int]] = {"unsure": [], "bad_segmentation": []}
        for event in self.own(annotator).statements:
            if event.kind in marks and (row := self.row_of(event)) is not None:
                marks[event.kind].append(row)
        return Marked(**marks)

    def answers_of(self, annotator: str, segment_id: int, position_nm: XYZ) -> list[LabelEvent]:
        """What an annotator could take back of what a label at that position would be for, oldest first.

        These are the annotator's own statements, and the imported labels that hold.
        """
        own: list[LabelEvent] = []
        for event in self._statements_on(segment_id, position_nm):
            imported = event.provenance == "import" and self.history.label_of(event.anchor(self.task.unit)) is event
            if event.annotator == annotator or imported:
                own.append(event)
        return own

    def answers_of_others(self, annotator: str, segment_id: int, position_nm: XYZ) -> list[LabelEvent]:
        """What others said, with own eyes, of what a label at that position would be for, oldest first."""
        return [
            event
            for event in self._statements_on(segment_id, position_nm)
            if event.annotator != annotator and event.provenance != "import"
        ]

    def _statements_on(self, segment_id: int, position_nm: XYZ) -> list[LabelEvent]:
        row = self._sites.row(segment_id, position_nm)
        here: Site = segment_id if self.task.unit == "segment" else position_nm if row is None else row
        statements = [
            event for anchor in self._anchors.get(segment_id, ()) for event in self.history.statements_at(anchor)
        ]
        return sorted((event for event in statements if self.site_of(event) == here), key=lambda event: event.seq)

    def class_given(self, segment_id: int, position_nm: XYZ, annotator: str) -> int | None:
        """The class that a label gives to what is at that position, as far as the annotator may know."""
        labelled = self.labelled()
        row = self._sites.row(segment_id, position_nm)
        if row is not None and self.hides(annotator, row):
            return None
        if self.task.unit == "segment":
            return labelled.segments.get(segment_id)
        return labelled.places.get(position_nm) if row is None else labelled.rows.get(row)

    def job(self, now: Callable[[], str]) -> FitJob:
        """What it takes to fit a head on the current labels."""
        labelled, conflicts = self._trained_on()
        saved = [(self._sites.saved(position), given) for position, given in labelled.places.items()]
        notes = []
        if labelled.unused:
            notes.append(
                f"{labelled.unused} labels in the log are not used: their class, segmentation version or place is not "
                "in this project"
            )
        if labelled.lost:
            notes.append(f"{labelled.lost} labels lie where the segmentation has nothing any more")
        if labelled.conflicts:
            count = sum(len(conflict.labels) for conflict in labelled.conflicts)
            notes.append(f"{count} labels conflict since the segmentation changed: label those places again")
        if conflicts:
            notes.append(f"{conflicts} places on which the annotators disagree are not trained on")
        if labelled.contradicted:
            notes.append(f"{labelled.contradicted} nodes have labels that contradict each other: the latest counts")
        return FitJob(
            task=self.task,
            seq=self.history.seq,
            vectors=self.vectors,
            row_classes=labelled.rows,
            place_classes=tuple((place, given) for place, given in saved if place is not None),
            note="; ".join(notes),
            now=now,
            choice=self.choice,
        )

    def _trained_on(self) -> tuple[Labelled, int]:
        """The labels that the head is fitted on, and on how many places the annotators disagree."""
        said = self.history.consensus(self.choice)
        labelled = self.labelled() if self.choice == ALL else self._labels_of(said.labels.values())
        return labelled, len(said.conflicts)

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
