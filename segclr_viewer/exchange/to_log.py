"""Imported labels on their way into the log: where each belongs, and the events that say so."""

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from segclr.em.geometry import XYZ
from segclr.embeddings.table import EmbeddingTable
from segclr_viewer.exchange.errors import ExchangeError
from segclr_viewer.exchange.labels import ImportedLabel
from segclr_viewer.log.attach import SegmentAt
from segclr_viewer.log.events import NewEvent, Unit

_NAMESPACE = uuid.UUID("5b0f9a52-1d0f-4f5c-9b8a-7f5a3c1f0e42")  # of the ids of imported labels


@dataclass(frozen=True, slots=True)
class PlacedLabel:
    """An imported label with all that an event needs; `segment_id` is 0 where that version's id is not known."""

    class_name: str
    position_nm: XYZ
    segment_id: int
    segmentation: str


@dataclass(frozen=True, slots=True)
class Placed:
    """Labels that can be imported, and how many cannot.

    Attributes:
        off_segments: labels at whose positions is no segment.
        not_in_table: labels of a segment alone, which the table does not have, so that they have no place.
    """

    labels: tuple[PlacedLabel, ...]
    off_segments: int
    not_in_table: int


@dataclass(frozen=True, slots=True)
class ImportSource:
    """The file that labels come from.

    Attributes:
        digest: names its content.
        part: what of it was imported, where it holds several things that are imported apart.
    """

    file_name: str
    file_format: str
    digest: str
    part: str = ""


def place_labels(
    labels: Sequence[ImportedLabel],
    frame: str,
    segmentation: str,
    unit: Unit,
    table: EmbeddingTable,
    segment_at: SegmentAt,
) -> Placed:
    """Find position and segment of every label.

    Args:
        frame: the segmentation whose coordinates and ids the user says the file has, empty if nothing was said.
        segmentation: the project's.
        segment_at: the project's segments at positions; asked only for labels that name none.

    Raises:
        ExchangeError: it is not clear which segmentation a label belongs to, or a label cannot be one of this task.
    """
    framed = [replace(label, segmentation=_frame_of(label, frame, segmentation)) for label in labels]
    with_place: list[ImportedLabel] = []
    for label in framed:
        if label.position_nm is not None:
            with_place.append(label)
        elif (place := _place_of_segment(label, segmentation, unit, table)) is not None:
            with_place.append(replace(label, position_nm=place))
    found = _segments(with_place, segmentation, segment_at)
    placed = []
    for label, segment in zip(with_place, found, strict=True):
        if segment is not None and label.position_nm is not None:
            placed.append((PlacedLabel(label.class_name, label.position_nm, segment, label.segmentation), label.where))
    if unit == "segment":
        _refuse_two_classes_of_a_segment(placed)
    return Placed(tuple(label for label, _ in placed), found.count(None), len(framed) - len(with_place))


def to_events(
    labels: Sequence[PlacedLabel], task: str, annotator: str, at: str, source: ImportSource
) -> list[NewEvent]:
    """One action: a label for each, and the record of the import.

    The ids follow from file and content, so that importing a file once more stores nothing twice.
    """
    of_file = _id(source.digest, task)
    group = _id(of_file, source.part) if source.part else of_file
    events = [
        NewEvent(
            uuid=_id(of_file, repr(label)),
            group=group,
            at=at,
            annotator=annotator,
            kind="label",
            task=task,
            provenance="import",
            class_name=label.class_name,
            position_nm=label.position_nm,
            segmentation=label.segmentation,
            segment_id=label.segment_id,
        )
        for label in labels
    ]
    record = NewEvent(
        uuid=_id(group, repr(tuple(labels))),
        group=group,
        at=at,
        annotator=annotator,
        kind="import",
        task=task,
        provenance="import",
        count=len(labels),
        file_name=source.file_name,
        file_format=source.file_format,
    )
    return [*events, record]


def digest_of(path: Path) -> str:
    """What names the content of a file, or of all files in a folder."""
    digest = hashlib.sha256()
    for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
        if file.is_file():
            digest.update(file.relative_to(path).as_posix().encode() + b"\0")
            digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def _frame_of(label: ImportedLabel, frame: str, segmentation: str) -> str:
    """The segmentation that a label belongs to, refused unless the file or the user says so."""
    if label.segmentation and frame and label.segmentation != frame:
        raise ExchangeError(
            f"{label.where}: the label is of the segmentation {label.segmentation!r}, but --frame says {frame!r}: "
            "leave --frame away, or correct it"
        )
    if not label.segmentation and not frame:
        raise ExchangeError(
            f"{label.where}: the file does not say in which segmentation's coordinates and ids it is: if in the "
            f"project's, say --frame {segmentation!r}"
        )
    named = label.segmentation or frame
    if named not in (segmentation, frame):
        raise ExchangeError(
            f"{label.where}: the label is of the segmentation {named!r}, the project's is {segmentation!r}: if they "
            f"have the same coordinates, say --frame {named!r}, and the labels are attached by their positions"
        )
    return named


def _place_of_segment(label: ImportedLabel, segmentation: str, unit: Unit, table: EmbeddingTable) -> XYZ | None:
    """The middle node of a label's segment, None where the table has none."""
    if unit == "node":
        raise ExchangeError(
            f"{label.where}: the label names a segment alone, but this task is about nodes: give its position, too"
        )
    if label.segmentation != segmentation or label.segment_id is None:
        raise ExchangeError(
            f"{label.where}: the label names a segment of {label.segmentation!r} alone, which the project, with "
            f"{segmentation!r}, cannot find: give its position, too"
        )
    rows = table.rows_of(label.segment_id)
    if rows.start == rows.stop:
        return None
    x, y, z = np.asarray(table.positions_nm[(rows.start + rows.stop) // 2], np.float64).tolist()
    return (x, y, z)


def _segments(labels: Sequence[ImportedLabel], segmentation: str, segment_at: SegmentAt) -> list[int | None]:
    """The segment id to record for each label, None where there is no segment at its position."""
    ids = [label.segment_id for label in labels]
    asked = [index for index, segment in enumerate(ids) if segment is None]
    if asked:
        positions = np.array([labels[index].position_nm for index in asked], np.float64)
        for index, segment in zip(asked, segment_at(positions).tolist(), strict=True):
            if segment:
                ids[index] = segment if labels[index].segmentation == segmentation else 0
    return ids


def _refuse_two_classes_of_a_segment(placed: Sequence[tuple[PlacedLabel, str]]) -> None:
    seen: dict[int, tuple[PlacedLabel, str]] = {}
    for label, where in placed:
        before, there = seen.setdefault(label.segment_id, (label, where))
        if label.segment_id and before.class_name != label.class_name:
            raise ExchangeError(
                f"{where} makes segment {label.segment_id} {label.class_name!r}, but {there} makes it "
                f"{before.class_name!r}: keep one of them"
            )


def _id(*parts: str) -> str:
    return str(uuid.uuid5(_NAMESPACE, "\0".join(parts)))
