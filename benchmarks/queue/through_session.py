"""The same course through the running app's session: its requests, its label log on disk, its queue, its head."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from benchmarks.queue.field import Field
from segclr.em.geometry import XYZ
from segclr.errors import SegclrError
from segclr.explore.layout import pca_layout
from segclr_viewer.cluster_job import ClusterJobs
from segclr_viewer.heads.fitting import Fitted
from segclr_viewer.index_job import IndexJobs
from segclr_viewer.kept_layouts import KeptLayouts
from segclr_viewer.log.store import LabelStore
from segclr_viewer.log.training_file import TrainingFile
from segclr_viewer.log.views_file import ViewsFile
from segclr_viewer.points import Points
from segclr_viewer.ports import Ports, SharedPorts
from segclr_viewer.project import ClassSpec, Task
from segclr_viewer.scatter import Scatter
from segclr_viewer.session.session import Session
from segclr_viewer.session.workspace import Workspace
from segclr_viewer.wire.answers import Failed, QueueReady, ToPage
from segclr_viewer.wire.labelling import LabelRequest, Target
from segclr_viewer.wire.messages import QueueRequest
from segclr_viewer.worker import NoEncoder
from segclr_viewer.world import World

T = TypeVar("T")


class _AtOnce:
    """Runs every job where it is submitted."""

    def submit(self, job: Callable[[], T], done: Callable[[T], None], failed: Callable[[SegclrError], None]) -> None:
        try:
            answer = job()
        except SegclrError as error:
            failed(error)
        else:
            done(answer)


@dataclass
class _LastPage:
    """Remembers the last queue; a failure ends the benchmark."""

    queue: QueueReady | None = None

    def send(self, message: ToPage) -> None:
        if isinstance(message, Failed):
            raise RuntimeError(message.text)
        if isinstance(message, QueueReady):
            self.queue = message


class _NoView:
    def say(self, text: str) -> None:
        pass

    def repaint(self, points: Points) -> None:
        pass

    def set_class_keys(self, class_ids: Mapping[str, str]) -> None:
        pass

    def expect(self, places: Sequence[tuple[int, XYZ]]) -> None:
        pass


def _soon(seconds: float, function: Callable[[], None]) -> None:
    """Everything is done where it is asked."""
    function()


@dataclass
class _Requests:
    """Names requests."""

    count: int = field(default=0)

    def __call__(self) -> str:
        self.count += 1
        return f"request {self.count}"


@dataclass(frozen=True, slots=True, eq=False)
class SessionCourse:
    """Rows labelled through the session, in their order, and the head that it has then."""

    rows: NDArray[np.int64]
    fitted: Fitted


def label_through_session(place: Field, said: NDArray[np.int64], most: int, batch: int) -> SessionCourse:
    """Ask the session's queue for a batch, label it by requests as a page does, and so on up to `most` labels."""
    table, task = place.train.table, _task(place)
    with tempfile.TemporaryDirectory(prefix="segclr-queue-") as folder:
        log, page, view, request = LabelStore.open(Path(folder) / "labels.sqlite"), _LastPage(), _NoView(), _Requests()
        at_once = _AtOnce()
        world = World(
            project="benchmark",
            generated=True,
            annotator="expert",
            segmentation="truth",
            viewer_url="",
            resolution_nm=(1.0, 1.0, 1.0),
            bounds_nm=((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
            start_segments=(),
            tasks=(task,),
            table=table,
            layout=pca_layout(table.embeddings),
        )
        shared = SharedPorts(
            worker=NoEncoder(),
            fitter=at_once,
            chooser=at_once,
            judge=at_once,
            searcher=at_once,
            indexer=IndexJobs(Path(folder), table, lambda act: act()),
            layouts=KeptLayouts(Path(folder), table, Scatter(table), lambda post: post()),
            log=log,
            training=TrainingFile(Path(folder) / "labels.sqlite"),
            views=ViewsFile(Path(folder) / "labels.sqlite"),
            later=_soon,
        )
        workspace = Workspace(world, shared, lambda: "2026-11-21T00:00:00+00:00", request)
        session = Session(
            workspace,
            world,
            Ports(
                finder=at_once, clusterer=ClusterJobs(Path(folder), lambda act: act()), ahead=view, page=page, view=view
            ),
        )
        workspace.start()
        ids = session.active.classes.ids
        rows: list[int] = []
        x, y, z = table.positions_nm[place.train.rows].mean(axis=0).tolist()
        while len(rows) < most:
            count = min(batch, most - len(rows))
            session.receive(QueueRequest(request(), "expert", task.name, count, [], [], (x, y, z)))
            if page.queue is None or not page.queue.items:
                break
            for item in page.queue.items:
                provenance: Literal["audit", "queue"] = "audit" if item.strategy == "audit" else "queue"
                given = int(said[item.row])
                session.receive(LabelRequest(request(), task.name, ids[given], Target(row=item.row), provenance))
                rows.append(item.row)
                x, y, z = item.position_nm
        fitted = session.active.predicted  # what the session shows of it are 255ths
        log.close()
    assert fitted is not None
    return SessionCourse(np.array(rows, np.int64), fitted.fitted)


def _task(place: Field) -> Task:
    keys = "123456789abcdefghi"
    classes = tuple(ClassSpec(name, "#777777", key) for name, key in zip(place.task.class_names, keys, strict=False))
    return Task(name=place.task.name, unit=place.task.unit, classes=classes, aggregation_radius_um=place.task.radius_um)
