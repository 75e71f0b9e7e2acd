"""Events and saved places as rows of the label log's tables."""

import sqlite3
from typing import Any

import numpy as np

from segclr_viewer.log.events import LabelEvent, NewEvent, SavedPlace

EVENT_COLUMNS = """uuid, action_group, at, annotator, kind, task, provenance, class_name, x_nm, y_nm, z_nm,
segmentation, segment_id, supervoxel_id, target, new_name, color, class_key, text, verdict, about, import_count,
file_name, file_format"""
PLACE_COLUMNS = "x_nm, y_nm, z_nm, segmentation, segment_id, encoder_hash, embedding"

_INSERT_EVENT = f"INSERT INTO event ({EVENT_COLUMNS}) VALUES ({','.join('?' * 24)}) ON CONFLICT (uuid) DO NOTHING"  # noqa: S608
_SELECT_EVENT = f"SELECT seq, {EVENT_COLUMNS} FROM event"  # noqa: S608 (our own column names)
_INSERT_PLACE = f"INSERT OR IGNORE INTO place ({PLACE_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)"  # noqa: S608


def insert_event(connection: sqlite3.Connection, event: NewEvent) -> LabelEvent:
    """Store an event, unless one with its uuid is there; returns the stored one."""
    connection.execute(
        _INSERT_EVENT,
        (
            event.uuid,
            event.group,
            event.at,
            event.annotator,
            event.kind,
            event.task,
            event.provenance,
            event.class_name,
            *(event.position_nm or (None, None, None)),
            event.segmentation,
            str(event.segment_id),
            None if event.supervoxel_id is None else str(event.supervoxel_id),
            event.target,
            event.new_name,
            event.color,
            event.key,
            event.text,
            event.verdict,
            event.about,
            event.count,
            event.file_name,
            event.file_format,
        ),
    )
    return _event(connection.execute(f"{_SELECT_EVENT} WHERE uuid = ?", (event.uuid,)).fetchone())


def select_events(connection: sqlite3.Connection, after: int) -> list[LabelEvent]:
    """All events numbered above `after`, in order. ValueError for one that no program of ours wrote."""
    rows = connection.execute(f"{_SELECT_EVENT} WHERE seq > ? ORDER BY seq", (after,))
    return [_event(row) for row in rows]


def insert_place(connection: sqlite3.Connection, place: SavedPlace) -> bool:
    """Store a place, unless it is there; returns whether it was not."""
    done = connection.execute(
        _INSERT_PLACE,
        (
            *place.position_nm,
            place.segmentation,
            str(place.segment_id),
            place.encoder_hash,
            place.embedding.astype("<f4").tobytes(),
        ),
    )
    return done.rowcount > 0


def select_places(connection: sqlite3.Connection) -> list[SavedPlace]:
    """All places, in the order of saving."""
    rows = connection.execute(f"SELECT {PLACE_COLUMNS} FROM place ORDER BY rowid")  # noqa: S608
    return [
        SavedPlace((x, y, z), segmentation, int(segment), encoder, np.frombuffer(blob, "<f4"))
        for x, y, z, segmentation, segment, encoder, blob in rows
    ]


def _event(row: tuple[Any, ...]) -> LabelEvent:
    (seq, uuid, group, at, annotator, kind, task, provenance, class_name, x, y, z, segmentation, segment) = row[:14]
    (supervoxel, target, new_name, color, key, text, verdict, about, count, file_name, file_format) = row[14:]
    return LabelEvent(
        seq=seq,
        uuid=uuid,
        group=group,
        at=at,
        annotator=annotator,
        kind=kind,
        task=task,
        provenance=provenance,
        class_name=class_name,
        position_nm=None if x is None else (x, y, z),
        segmentation=segmentation,
        segment_id=int(segment),
        supervoxel_id=None if supervoxel is None else int(supervoxel),
        target=target,
        new_name=new_name,
        color=color,
        key=key,
        text=text,
        verdict=verdict,
        about=about,
        count=count,
        file_name=file_name,
        file_format=file_format,
    )
