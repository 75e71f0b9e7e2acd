"""A process that labels until it is killed, and says after each append what the log has acknowledged."""

import random
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

from segclr_viewer.log.events import NewEvent, SavedPlace
from segclr_viewer.log.store import LabelStore

BIG = 2**63 + 5
Append = tuple[int, int]  # run, and number of the append in that run


def append_number(run: int, number: int) -> tuple[list[NewEvent], list[SavedPlace]]:
    """What an append stores: one label, perhaps with its place, a group of labels, or an undo.

    The uuids tell how many events belong together: `run-number-index/size`.
    """
    rng = random.Random(f"{run} {number}")
    (kind,) = rng.choices(("label", "group", "undo"), (6, 3, 1))
    if kind == "undo" and number > 0:
        return [_undo(run, number)], []
    size = rng.randint(2, 6) if kind == "group" else 1
    labels = [_label(run, number, index, size) for index in range(size)]
    with_place = size == 1 and rng.random() < 0.3
    return labels, [_place(labels[0])] if with_place else []


def write(path: Path, run: int, retry: Append | None, acknowledged: Connection) -> None:
    """Append until killed; sends run and number of each append once it has returned.

    Args:
        retry: an append whose answer was lost; it is sent again first, as a page would.
    """
    store = LabelStore.open(path)
    number = 0
    while True:
        append = (run, number) if retry is None else retry
        events, places = append_number(*append)
        stored = store.append(events, places)
        if [event.uuid for event in stored] != [event.uuid for event in events]:
            raise RuntimeError(f"append {append} was answered with other events")
        acknowledged.send(append)
        number += retry is None
        retry = None


def _label(run: int, number: int, index: int, size: int) -> NewEvent:
    return NewEvent(
        uuid=f"{run}-{number}-{index}/{size}",
        group=f"{run}-{number}",
        at="2026-11-03T09:15:04Z",
        annotator="ana",
        kind="label",
        task="subcompartment",
        provenance="key",
        class_name="axon",
        position_nm=(float(run), float(number), float(index)),
        segmentation="v1",
        segment_id=BIG,
    )


def _undo(run: int, number: int) -> NewEvent:
    label = _label(run, number, 0, 1)
    nowhere = {"class_name": None, "position_nm": None, "segmentation": "", "segment_id": 0}
    return replace(label, kind="undo", target=f"{run}-{number - 1}", **nowhere)


def _place(label: NewEvent) -> SavedPlace:
    return SavedPlace(label.place_nm, "v1", BIG, "9f86", np.full(64, label.place_nm[1], np.float32))
