"""One import: labels from a file of another program, into a project's log."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from segclr.em.geometry import XYZ
from segclr.embeddings.table import EmbeddingTable, open_table
from segclr.wording import counted, counted_are, verb
from segclr_viewer.exchange.annotation_reader import read_labels_annotations
from segclr_viewer.exchange.csv_import import read_labels_csv
from segclr_viewer.exchange.errors import ExchangeError
from segclr_viewer.exchange.foreign_table import ARROW_SUFFIXES
from segclr_viewer.exchange.from_log import task_named
from segclr_viewer.exchange.labels import ClassNames, ImportedFile
from segclr_viewer.exchange.microns import read_labels_meshwork, read_labels_skeleton_json
from segclr_viewer.exchange.node_sites import one_per_node
from segclr_viewer.exchange.synapses import Sides, read_synapses_arrow, read_synapses_meshwork
from segclr_viewer.exchange.to_log import ImportSource, Placed, PlacedLabel, digest_of, place_labels, to_events
from segclr_viewer.labels.places import LABEL_REACH_NM
from segclr_viewer.log.events import LabelEvent, NewEvent
from segclr_viewer.log.fold import fold
from segclr_viewer.log.segment_reading import segments_at
from segclr_viewer.log.store import LabelStore
from segclr_viewer.opening import open_segmentation
from segclr_viewer.project import Project, Task

_SUFFIXES = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".json": "skeleton",
    ".h5": "meshwork",
    ".hdf5": "meshwork",
    **dict.fromkeys(ARROW_SUFFIXES, "synapses"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRequest:
    """What to read, and what the user says of it.

    Attributes:
        frame: the segmentation whose coordinates and ids the file has, empty if the user said nothing.
        resolution_nm: of the voxels that a CSV file or a table of synapses counts.
        renamed: what names of classes in the file stand for; an empty text leaves them out.
        relationship: the one of an annotation layer that names segments.
        synapses: which synapses of a cell to read; None takes the compartments of a cell's file, and of a table of
            synapses those that it has.
    """

    file: Path
    task: str
    frame: str = ""
    resolution_nm: XYZ | None = None
    renamed: Mapping[str, str] = field(default_factory=dict)
    relationship: str = ""
    synapses: Sides | None = None


@dataclass(frozen=True, slots=True, eq=False)
class ImportPlan:
    """The events of an import that nothing has stored yet, and what the user should know of it."""

    events: list[NewEvent]
    sentences: list[str]


def dry_run(project: Project, request: ImportRequest, now: Callable[[], str]) -> list[str]:
    """Say what an import would do; the log is only read, and may be open in an app.

    Raises:
        SegclrError: as `import_labels`.
    """
    path = Path(project.labels.file)
    stored: list[LabelEvent] = []
    if path.exists():
        log = LabelStore.open(path, reader=True)
        try:
            stored = log.events()
        finally:
            log.close()
    plan = plan_import(project, request, stored, now)
    return [*plan.sentences, "nothing was stored: this was a dry run"]


def import_labels(project: Project, request: ImportRequest, now: Callable[[], str]) -> list[str]:
    """Read a file and append its labels to the project's log, all or none; returns sentences that say what was done.

    Raises:
        SegclrError: an app has the log open, the file is unclear, or something cannot be read or written; nothing is
            stored.
    """
    log = LabelStore.open(Path(project.labels.file))
    try:
        stored = log.events()
        plan = plan_import(project, request, stored, now)
        known = stored[-1].seq if stored else 0
        new = sum(event.seq > known and event.kind == "label" for event in log.append(plan.events))
    finally:
        log.close()
    before = len(plan.events) - 1 - new
    again = (
        f"; {before:,} had been imported before, and {verb(before, 'was', 'were')} not stored twice" if before else ""
    )
    return [
        *plan.sentences,
        f"{counted(new, 'label')} {verb(new, 'was', 'were')} stored in {project.labels.file}{again}",
    ]


def plan_import(
    project: Project, request: ImportRequest, stored: list[LabelEvent], now: Callable[[], str]
) -> ImportPlan:
    """Read the file and find out where its labels belong.

    Args:
        stored: the events of the log, whose changes of the classes count.

    Raises:
        SegclrError: the file is unclear, or something cannot be read.
    """
    task = task_named(project, request.task)
    classes = _class_names(task, request, stored)
    file_format, file = _read(request, task, classes)
    if not file.labels:
        others = f", but {file.of_other_tasks} of others" if file.of_other_tasks else ""
        raise ExchangeError(f"{request.file} holds no label of the task {task.name!r}{others}")
    table = open_table(Path(project.table.folder))

    def segment_at(positions_nm: NDArray[np.float64]) -> NDArray[np.uint64]:
        return segments_at(open_segmentation(project), positions_nm)

    placed = place_labels(file.labels, request.frame, project.segmentation.version, task.unit, table, segment_at)
    if not placed.labels:
        raise ExchangeError(
            f"none of {counted(len(file.labels), 'label')} in {request.file} lies on a segment of the project: is "
            "that its volume, and are the units right?"
        )
    sentences: list[str] = []
    if file.one_per_node:
        placed, sentences = _on_nodes(placed, table, project.segmentation.version)
    source = ImportSource(request.file.name, file_format, digest_of(request.file), request.synapses or "")
    events = to_events(placed.labels, task.name, project.annotator, now(), source)
    return ImportPlan(events, [*_sentences(file, placed, task, table, project.segmentation.version), *sentences])


def _read(request: ImportRequest, task: Task, classes: ClassNames) -> tuple[str, ImportedFile]:
    """The format of the file, told by its name, and its labels."""
    file_format = "annotations" if request.file.is_dir() else _SUFFIXES.get(request.file.suffix.casefold())
    if file_format == "meshwork" and request.synapses is not None:
        file_format = "synapses"
    if request.synapses is not None and file_format not in (None, "synapses"):
        raise ExchangeError(f"{request.file.name} has no tables of synapses that are read: leave --synapses away")
    if file_format == "annotations":
        return file_format, read_labels_annotations(request.file, classes, request.relationship)
    if file_format == "csv":
        return file_format, read_labels_csv(request.file, classes, request.resolution_nm)
    if file_format == "skeleton":
        return file_format, read_labels_skeleton_json(request.file, classes)
    if file_format == "meshwork":
        return file_format, read_labels_meshwork(request.file, classes)
    if file_format == "synapses":
        return file_format, _read_synapses(request, task, classes)
    if not request.file.exists():
        raise ExchangeError(f"there is no file {request.file}: check the path")
    raise ExchangeError(
        f"what {request.file.name} holds is not known: a table must end in .csv or .tsv, a skeleton in .json, a cell "
        "of MICrONS in .h5, a table of synapses in .feather, .arrow or .parquet, and an annotation layer is a folder"
    )


def _read_synapses(request: ImportRequest, task: Task, classes: ClassNames) -> ImportedFile:
    if task.unit != "node":
        raise ExchangeError(
            f"synapses are sites on a cell, and the task {task.name!r} gives each whole cell one class: name a task of "
            "nodes"
        )
    if request.file.suffix.casefold() not in ARROW_SUFFIXES and request.synapses is not None:
        return read_synapses_meshwork(request.file, classes, request.resolution_nm, request.synapses)
    if request.synapses == "both":
        raise ExchangeError(
            f"{request.file.name} is read as the synapses of one side of a cell: say --synapses pre or --synapses post"
        )
    return read_synapses_arrow(request.file, classes, request.resolution_nm, request.synapses)


def _on_nodes(placed: Placed, table: EmbeddingTable, segmentation: str) -> tuple[Placed, list[str]]:
    """One label for each node, and what became of the other sites."""
    found = one_per_node(placed.labels, table, segmentation)
    sentences = []
    if found.merged:
        sentences.append(
            f"{counted(found.merged, 'more site')} {verb(found.merged, 'lies', 'lie')} at nodes that got a label of "
            "the same class, which takes one"
        )
    if found.contradicted:
        sentences.append(
            f"{counted(found.contradicted, 'node')} with {counted(found.of_contradicted, 'site')} of different classes "
            f"{verb(found.contradicted, 'gets', 'get')} no label"
        )
    return replace(placed, labels=found.labels), sentences


def _class_names(task: Task, request: ImportRequest, stored: list[LabelEvent]) -> ClassNames:
    """The classes as the log's changes have made them; names that a class once had are known, too."""
    known = fold(stored, task.name, task.unit, task.classes).classes
    names = tuple(spec.name for spec in known.specs)
    former = {old: new for old, new in known.names.items() if old not in names and new in names}
    return ClassNames(task.name, names, {**former, **request.renamed})


def _sentences(file: ImportedFile, placed: Placed, task: Task, table: EmbeddingTable, segmentation: str) -> list[str]:
    counts = Counter(label.class_name for label in placed.labels)
    found = ", ".join(f"{count:,} {name}" for name, count in counts.most_common())
    sentences = [f"{counted(len(placed.labels), 'label')} of {task.name!r}: {found}", *file.notes]
    if file.of_other_tasks:
        sentences.append(
            f"{counted(file.of_other_tasks, 'label of another task', 'labels of other tasks')} "
            f"{verb(file.of_other_tasks, 'is', 'are')} passed over"
        )
    if placed.off_segments:
        sentences.append(f"{counted_are(placed.off_segments, 'label')} left out: there is no segment at that position")
    if placed.not_in_table:
        sentences.append(f"{counted_are(placed.not_in_table, 'label')} left out: the table does not have the segment")
    here = [label for label in placed.labels if label.segmentation == segmentation and label.segment_id]
    far = _count_far(here, table)
    if far:
        sentences.append(
            f"{counted_are(far, 'label')} for no node of the table (none of the segment within "
            f"{LABEL_REACH_NM / 1000:g} um), and {verb(far, 'counts', 'count')} only with a table that has one"
        )
    if len(here) < len(placed.labels):
        sentences.append(
            f"{counted_are(len(placed.labels) - len(here), 'label')} attached by position when a project opens"
        )
    return sentences


def _count_far(labels: list[PlacedLabel], table: EmbeddingTable) -> int:
    """How many labels have no node of their segment within reach."""
    by_segment: dict[int, list[XYZ]] = {}
    for label in labels:
        by_segment.setdefault(label.segment_id, []).append(label.position_nm)
    far = 0
    for segment, positions in by_segment.items():
        nodes = np.asarray(table.positions_nm[table.rows_of(segment)], np.float64)
        if len(nodes):
            far += int(np.count_nonzero(cKDTree(nodes).query(np.array(positions))[0] > LABEL_REACH_NM))
        else:
            far += len(positions)
    return far
