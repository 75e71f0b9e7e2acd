"""The running app: one method per use case, on one thread, without locks.

It knows no server, no viewer, no encoder and no database: those are ports (`ports.py`). The use cases are in
`clicking.py`, `labelling.py`, `painting.py`, `selecting.py`, `queueing.py`, `proposals.py` and `judging.py`; what they
share is in `app_state.py`.
"""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

import numpy as np

from segclr.em.geometry import XYZ
from segclr.explore.layout import Layout
from segclr_viewer.answers import ClassInfo, Device, Hello, LayoutReady, Status, TaskInfo, ToPage
from segclr_viewer.app_state import AppState, World
from segclr_viewer.clicking import Clicking
from segclr_viewer.judging import Judging
from segclr_viewer.labelling import Labelling
from segclr_viewer.messages import (
    AcceptRequest,
    AheadRequest,
    ClearRequest,
    EmbedRequest,
    EvaluateRequest,
    LabelRequest,
    LassoRequest,
    Mark,
    MarkRequest,
    ProposeRequest,
    QueueRequest,
    RedoRequest,
    ReviewRequest,
    SegmentsRequest,
    TaskRequest,
    ToServer,
    UndoRequest,
)
from segclr_viewer.one_by_one import OneByOne
from segclr_viewer.painting import Painting
from segclr_viewer.points import Points
from segclr_viewer.ports import Ports
from segclr_viewer.project import Task
from segclr_viewer.proposals import Proposals
from segclr_viewer.queueing import Queueing
from segclr_viewer.selecting import Selecting

__all__ = ["Session", "World"]


def utc_now() -> str:
    """`2026-11-03T09:15:04.120+00:00`."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def random_id() -> str:
    """An id that nobody else makes."""
    return str(uuid.uuid4())


class Session:
    """The running app. After `start`, no method raises for a user's mistake: page and viewer are told in a sentence."""

    def __init__(
        self, world: World, ports: Ports, now: Callable[[], str] = utc_now, new_id: Callable[[], str] = random_id
    ) -> None:
        self._state = AppState(world, ports, now, new_id)
        self._clicking = Clicking(self._state)
        self._painting = Painting(self._state, self._clicking)
        self._labelling = Labelling(self._state, self._clicking, self._painting)
        self._selecting = Selecting(self._state)
        errands = OneByOne(ports.chooser)
        self._queueing = Queueing(self._state, errands)
        self._proposals = Proposals(self._state, self._selecting, errands)
        self._judging = Judging(self._state, OneByOne(ports.judge))
        self._device = ""

    @property
    def task(self) -> Task:
        """The active task."""
        return self._state.active.task

    @property
    def points(self) -> Points | None:
        """The active task's newest predictions, None before the first."""
        predicted = self._state.active.predicted
        return None if predicted is None else predicted.fitted.points

    def points_stamped(self, stamp: str) -> Points | None:
        """The predictions with that stamp, if they are still some task's newest."""
        newest = [task.predicted.fitted.points for task in self._state.tasks.values() if task.predicted]
        return next((points for points in newest if points.stamp == stamp), None)

    def layout_named(self, layout_id: str) -> Layout | None:
        """The layout with that id, if it is the newest."""
        return self._state.layout if self._state.layout.id == layout_id else None

    def start(self) -> None:
        """Fold the log and fit the active task's head; the predictions follow through the view and the page.

        Raises:
            LabelStoreError: the log cannot be read.
        """
        log = self._state.ports.log
        self._state.sites.save(log.places())
        for place in self._state.sites.all_saved():
            self._clicking.restore(place)
        self._labelling.take_in(log.events())
        self._painting.refresh()

    def encoder_ready(self, device: str) -> None:
        """The worker has loaded the encoder on `device` (words for the status line)."""
        self._device = device
        self._state.ports.page.send(Device(device, self._state.world.table.provenance.encoder_hash))

    def layout_ready(self, layout: Layout) -> None:
        """A better layout has been made: show it in the stead of the old one."""
        self._state.layout = layout
        self._clicking.lay_out_anew()
        self._state.ports.page.send(self._layout_message())
        self._state.ports.page.send(self._clicking.known())
        self._selecting.show(self._state.ports.page.send)

    def page_joined(self, send: Callable[[ToPage], None]) -> None:
        """A page connected (or reloaded): tell it everything, through `send`, which reaches it alone."""
        send(self._hello())
        send(self._layout_message())
        predicted = self._state.active.predicted
        send(predicted.message if predicted else Status(f"predicting {self.task.name}"))
        send(self._painting.labels())
        send(self._labelling.history())
        self._selecting.show(send)
        self._clicking.show_newest(send)

    def receive(self, message: ToServer) -> None:
        """Do what a page asks."""
        self._state.answering(message.request, partial(self._receive, message))

    def click(self, position_nm: XYZ, segment_id: int | None) -> None:
        """Embed and classify the place; `segment_id` is the one under the mouse, None if the viewer does not know."""
        self._embed(self._state.new_id(), _plain(position_nm), None if segment_id is None else int(segment_id))

    def label_at(self, class_index: int | None, position_nm: XYZ | None, segment_id: int | None) -> None:
        """Give a class of the active task to what is under the mouse; None takes its label back."""
        request = self._state.new_id()
        where = None if position_nm is None else _plain(position_nm)
        label_at = partial(
            self._labelling.label_at, request, class_index, where, None if segment_id is None else int(segment_id)
        )
        self._state.answering(request, label_at)

    def mark_at(self, kind: Mark, position_nm: XYZ | None, segment_id: int | None) -> None:
        """Answer "unsure" or "bad segmentation" for what is under the mouse."""
        request = self._state.new_id()
        where = None if position_nm is None else _plain(position_nm)
        mark_at = partial(
            self._labelling.mark_at, request, kind, where, None if segment_id is None else int(segment_id)
        )
        self._state.answering(request, mark_at)

    def undo(self) -> None:
        """Undo the newest action of the active task."""
        self.receive(UndoRequest(self._state.new_id()))

    def redo(self) -> None:
        """Redo what was undone last in the active task."""
        self.receive(RedoRequest(self._state.new_id()))

    def _receive(self, message: ToServer) -> None:
        match message:
            case LabelRequest():
                self._labelling.label(message)
            case MarkRequest():
                self._labelling.mark(message)
            case AcceptRequest():
                self._labelling.accept(message)
            case ProposeRequest():
                self._proposals.propose(message)
            case QueueRequest():
                self._queueing.ask(message)
            case AheadRequest():
                self._expect(message.rows)
            case EvaluateRequest():
                self._judging.ask(message)
            case ReviewRequest():
                self._labelling.review(message)
            case UndoRequest():
                self._labelling.undo(message.request)
            case RedoRequest():
                self._labelling.redo(message.request)
            case TaskRequest():
                self._switch_task(message.name)
            case LassoRequest():
                self._selecting.lasso(message)
            case SegmentsRequest():
                self._selecting.segments(message.request, [int(text) for text in message.ids])
            case ClearRequest():
                self._selecting.clear(message.request)
            case EmbedRequest():
                self._embed(message.request, message.position_nm, None)

    def _embed(self, request: str, position_nm: XYZ, segment_id: int | None) -> None:
        self._state.answering(request, lambda: self._clicking.embed(request, position_nm, segment_id, lambda _: None))

    def _expect(self, rows: list[int]) -> None:
        table = self._state.world.table
        there = [row for row in rows if row < len(table)]
        segments = table.segment_of_rows(np.array(there, np.int64)).tolist()
        self._state.ports.ahead.expect(list(zip(segments, map(self._state.position_of, there), strict=True)))

    def _switch_task(self, name: str) -> None:
        self._state.active = self._state.task_named(name)
        send = self._state.ports.page.send
        send(self._labelling.history())
        send(self._painting.labels())
        self._painting.refresh()

    def _layout_message(self) -> LayoutReady:
        layout = self._state.layout
        return LayoutReady(layout.id, layout.method, f"/columns/layout/{layout.id}.bin", len(layout.xy), "")

    def _hello(self) -> Hello:
        world = self._state.world
        tasks = [
            TaskInfo(
                task.name,
                task.unit,
                task.aggregation_radius_um,
                [ClassInfo(spec.name, spec.color, spec.key) for spec in task.classes],
            )
            for task in (state.task for state in self._state.tasks.values())
        ]
        return Hello(
            project=world.project,
            generated=world.generated,
            annotator=world.annotator,
            viewer_url=world.viewer_url,
            device=self._device,
            encoder=world.table.provenance.encoder_hash,
            rows=len(world.table),
            segments=len(world.table.segment_ids),
            table_version=world.table.version,
            resolution_nm=world.resolution_nm,
            bounds_nm=world.bounds_nm,
            tasks=tasks,
            task=self.task.name,
            places=self._clicking.known().places,
            start_segments=[str(segment_id) for segment_id in world.start_segments],
            keys=world.keys,
        )


def _plain(position_nm: XYZ) -> XYZ:
    """The position as Python's own floats: a viewer's are numpy's, which neither the wire nor the log takes."""
    x, y, z = position_nm
    return (float(x), float(y), float(z))
