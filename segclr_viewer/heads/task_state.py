"""One task of the session: its history, which rows and places its labels are for, and its newest predictions."""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from segclr.em.geometry import XYZ
from segclr.embeddings.aggregation import aggregate_place
from segclr.errors import SegclrError
from segclr.wording import counted, verb
from segclr_viewer.heads.fitting import NOTHING_SEEN, FitJob, Fitted, Seen, predicted_where_finite
from segclr_viewer.heads.row_vectors import RowVectors
from segclr_viewer.labels.double_places import DoublePlaces
from segclr_viewer.labels.label_book import LabelBook, Labelled
from segclr_viewer.labels.label_sites import LabelSites
from segclr_viewer.labels.place_index import ListedPlace, PlaceIndex
from segclr_viewer.labels.places import MAX_PLACES, KnownPlace
from segclr_viewer.log.attach import Site
from segclr_viewer.log.classes import Classes, with_classes
from segclr_viewer.log.consensus import ALL, Choice
from segclr_viewer.log.events import LabelEvent
from segclr_viewer.log.fold import TaskHistory
from segclr_viewer.project import Task
from segclr_viewer.wire.answers import PointsReady


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


class TaskState:
    """What all sessions know of one task; `task` has the classes that the log's events make of the project's.

    Args:
        double_share: share of the places that every annotator is asked about, blind.
        choice: which statements train the head, until another one is chosen.
    """

    def __init__(self, task: Task, sites: LabelSites, double_share: float = 0.0, choice: Choice = ALL) -> None:
        self.task = task
        self.usual_choice = choice
        self.choice = choice
        self.seen: Callable[[], Seen] = lambda: NOTHING_SEEN
        self.revision = 0  # how often another one was chosen
        self.doubles = DoublePlaces(sites.table, task, double_share)
        self.history = TaskHistory(task.name, task.unit, task.classes)
        self.predicted: Predicted | None = None
        self._sites = sites
        self._book = LabelBook(self.history, sites)
        self.listed = PlaceIndex(self.history, self._book, sites, self.doubles)
        self._double_rows: tuple[int, list[int]] | None = None  # with the log position that it follows from
        self.vectors = RowVectors(sites.table, task.aggregation_radius_um)
        self._place_vectors: dict[int, NDArray[np.float32]] = {}

    def apply(self, event: LabelEvent) -> None:
        """Fold the next event of the log; its place has been attached."""
        before = self.classes.ids
        self.history.apply(event)
        if self.classes.specs != self.task.classes:
            self.task = with_classes(self.task, self.classes)
        if self.classes.ids != before:
            self.predicted = None  # its numbers mean other classes
        if event.task == self.task.name:
            self._book.apply(event)
            self.listed.apply(event)

    def table_grown(self, events: Sequence[LabelEvent]) -> None:
        """There are more rows: find anew what the events of the log are for, and predict anew."""
        self.revision += 1
        if self.predicted is not None:  # until then, who asks for a row that has come finds no class
            self.predicted = replace(self.predicted, fitted=self.predicted.fitted.grown(self._sites.table))
        self._book = LabelBook(self.history, self._sites)
        self.listed = PlaceIndex(self.history, self._book, self._sites, self.doubles)
        self._double_rows = None
        self._place_vectors.clear()
        for event in events:
            if event.task == self.task.name:
                self._book.apply(event)
                self.listed.apply(event)

    @property
    def classes(self) -> Classes:
        """The classes as the log's events have made them."""
        return self.history.classes

    def class_meant(self, class_id: str) -> str:
        """The name of the class that a page or viewer means; one that was merged since counts as its heir.

        Raises:
            SegclrError: it is no class of the task any more, or has been retired.
        """
        name = self.classes.by_identity.get(class_id)
        if name is None:
            raise SegclrError(f"that is no class of {self.task.name} any more: choose another one")
        if self.task.class_index(name) is None:
            raise SegclrError(f"the class {name} has been retired: choose another one, or bring it back")
        return name

    def labels_out_of_use(self) -> Counter[str]:
        """How many labels have a class that cannot be given, by its name. Not to be changed.

        It is retired, or none of the task's: the project file has lost it, or who added it has undone that.
        """
        return self.labelled().out_of_use

    def choose(self, choice: Choice) -> None:
        """Train on these statements from now on."""
        if choice != self.choice:
            self.choice = choice
            self.revision += 1

    @property
    def moment(self) -> tuple[int, int]:
        """What the predictions are to follow from: the newest label, and the newest choice of what trains."""
        return (self.history.seq, self.revision)

    def current_prediction(self) -> Predicted | None:
        """The predictions, if they follow from the newest label and choice."""
        if self.predicted is None or self.predicted.fitted.moment != self.moment:
            return None
        return self.predicted

    def labelled(self) -> Labelled:
        """The current labels; where two are for one row, the later one counts. Not to be changed."""
        return self._book.labelled()

    def own(self, annotator: str) -> list[LabelEvent]:
        """What an annotator holds, labels and marks, judgements left out."""
        return self._book.own(annotator)

    def hides(self, annotator: str, row: int) -> bool:
        """Whether what others say of the row is kept from an annotator, who will be asked too and has not answered."""
        return self.doubles.has(row) and self.doubles.site_of(row) not in self._book.own_sites(annotator)

    def hidden_rows(self, annotator: str) -> set[int]:
        """The labelled rows whose label is kept from an annotator."""
        if not self.doubles.share:
            return set()
        if self._double_rows is None or self._double_rows[0] != self.history.seq:
            self._double_rows = (self.history.seq, [row for row in self.labelled().rows if self.doubles.has(row)])
        answered = self._book.own_sites(annotator)
        return {row for row in self._double_rows[1] if self.doubles.site_of(row) not in answered}

    def segment_of(self, event: LabelEvent) -> int | None:
        """The segment that a statement is about now, 0 where there is none any more, None where nobody can tell."""
        return self._sites.segment_of(event)

    def segment_of_row(self, row: int) -> int:
        """The id of the segment that a row is of."""
        return int(self._sites.table.segment_of_rows(np.array([row], np.int64))[0])

    def row_of(self, event: LabelEvent) -> int | None:
        """The row that a statement or comment is for, None where no row is, and for events without a place."""
        return self._book.row_of(event)

    def marked(self, annotator: str) -> Marked:
        """What the annotator could not tell, and where the annotator found the segmentation wrong."""
        marks: dict[str, list[int]] = {"unsure": [], "bad_segmentation": []}
        for event in self.own(annotator):
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
        statements = self._book.statements_on(segment_id)
        return sorted((event for event in statements if self._book.site_of(event) == here), key=lambda event: event.seq)

    def said_at(self, segment_id: int, position_nm: XYZ) -> ListedPlace | None:
        """All that stands about what a label at that position would be for."""
        row = self._sites.row(segment_id, position_nm)
        site: Site = segment_id if self.task.unit == "segment" else position_nm if row is None else row
        return self.listed.place_at(site)

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
        labelled, conflicts = self.trained_on(self.choice)
        saved = [(self._sites.saved(position), given) for position, given in labelled.places.items()]
        notes = []
        if self.choice != ALL:
            notes.append("trained on a part of the labels, as chosen")
        if labelled.retired:
            notes.append(
                f"{counted(labelled.retired, 'label')} of retired classes {verb(labelled.retired, 'is', 'are')} not "
                "trained on"
            )
        if labelled.unused:
            notes.append(
                f"{counted(labelled.unused, 'label')} in the log {verb(labelled.unused, 'is', 'are')} not used: class, "
                "segmentation version or place is not in this project"
            )
        if labelled.lost:
            notes.append(
                f"{counted(labelled.lost, 'label')} {verb(labelled.lost, 'lies', 'lie')} where the segmentation has "
                "nothing any more"
            )
        if labelled.conflicts:
            count = sum(len(conflict.labels) for conflict in labelled.conflicts)
            notes.append(f"{count} labels conflict since the segmentation changed: label those places again")
        if conflicts:
            notes.append(
                f"{counted(conflicts, 'place')} on which the annotators disagree {verb(conflicts, 'is', 'are')} not "
                "trained on"
            )
        if labelled.contradicted:
            notes.append(
                f"{counted(labelled.contradicted, 'node')} {verb(labelled.contradicted, 'has', 'have')} labels that "
                "contradict each other: the latest counts"
            )
        return FitJob(
            task=self.task,
            seq=self.history.seq,
            vectors=self.vectors,
            row_classes=labelled.rows,
            place_classes=tuple((place, given) for place, given in saved if place is not None),
            note="; ".join(notes),
            now=now,
            choice=self.choice,
            revision=self.revision,
            seen=self.seen(),
        )

    def trained_on(self, choice: Choice) -> tuple[Labelled, int]:
        """The labels that a head is fitted on with that choice, and on how many places the annotators disagree."""
        if choice == ALL:
            return self.labelled(), len(self.history.conflicts())
        said = self.history.consensus(choice)
        return self._book.labelled_by(said.labels.values()), len(said.conflicts)

    def classify(self, places: Sequence[KnownPlace]) -> list[tuple[float, ...] | None]:
        """Probability of each class at each place, None without a head, and where the embedding is no number.

        In a segment task they are those of its segment, as it is painted, if the table has the segment.
        """
        if self.predicted is None or self.predicted.fitted.head is None or not places:
            return [None] * len(places)
        fitted, head = self.predicted.fitted, self.predicted.fitted.head
        vectors = np.stack([self._vector(place) for place in places])
        probabilities = predicted_where_finite(head, vectors)
        if fitted.segment_probabilities is not None:
            for at, place in enumerate(places):
                if place.node_row is not None:
                    index = int(np.searchsorted(self._sites.table.first_row, place.node_row, side="right")) - 1
                    of_segment = fitted.probabilities_of_segments(np.array([index]))[0]
                    probabilities[at] = of_segment if np.isfinite(of_segment).all() else probabilities[at]
        return [None if math.isnan(row[0]) else tuple(row) for row in probabilities.tolist()]

    def _vector(self, place: KnownPlace) -> NDArray[np.float32]:
        """What the head sees of a place; kept, since all places are classified at every repaint."""
        if place.place_id not in self._place_vectors:
            self._place_vectors[place.place_id] = aggregate_place(
                self._sites.table, place.segment_id, place.position_nm, place.embedding, self.task.aggregation_radius_um
            )
            if len(self._place_vectors) > MAX_PLACES:
                del self._place_vectors[next(iter(self._place_vectors))]
        return self._place_vectors[place.place_id]
