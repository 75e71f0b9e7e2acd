"""A session between the fakes of its ports, with the words in which the tests speak."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from segclr.em.geometry import XYZ
from segclr.embeddings.table import EmbeddingTable
from segclr_viewer.ports import LabelLog, Ports, ReleaseSource, SharedPorts
from segclr_viewer.session.session import Session
from segclr_viewer.session.workspace import Workspace
from segclr_viewer.wire.answers import Failed, Labels, Place, PointsReady, Saved, SelectionMade
from segclr_viewer.wire.labelling import LabelRequest, Target
from segclr_viewer.wire.messages import EmbedRequest, TaskRequest
from segclr_viewer.wire.selecting import LassoRequest
from segclr_viewer.world import World
from tests.segclr_viewer.fakes import (
    AheadRecord,
    HeldClusterer,
    HeldIndexer,
    HeldJobs,
    HeldLayouts,
    HeldWorker,
    MemoryTraining,
    MemoryViews,
    PageRecord,
    ViewRecord,
    at_once,
)


@dataclass
class Desk:
    """A session and the fakes round it, with the words in which the tests speak."""

    world: World
    log: LabelLog
    ids: Iterator[int]
    worker: HeldWorker = field(default_factory=HeldWorker)
    fitter: HeldJobs = field(default_factory=HeldJobs)
    finder: HeldJobs = field(default_factory=HeldJobs)
    chooser: HeldJobs = field(default_factory=HeldJobs)
    judge: HeldJobs = field(default_factory=HeldJobs)
    searcher: HeldJobs = field(default_factory=HeldJobs)
    indexer: HeldIndexer = field(default_factory=HeldIndexer)
    training: MemoryTraining = field(default_factory=MemoryTraining)
    views: MemoryViews = field(default_factory=MemoryViews)
    layouts: HeldLayouts = field(default_factory=HeldLayouts)
    ahead: AheadRecord = field(default_factory=AheadRecord)
    page: PageRecord = field(default_factory=PageRecord)
    view: ViewRecord = field(default_factory=ViewRecord)

    release: ReleaseSource | None = None
    beside: "Desk | None" = None  # whose workspace it shares

    def __post_init__(self) -> None:
        if self.beside is None:
            shared = SharedPorts(
                worker=self.worker,
                fitter=self.fitter,
                chooser=self.chooser,
                judge=self.judge,
                searcher=self.searcher,
                indexer=self.indexer,
                layouts=self.layouts,
                log=self.log,
                training=self.training,
                views=self.views,
                later=at_once,
                release=self.release,
            )
            new_id = lambda: f"id {next(self.ids)}"  # noqa: E731
            self.workspace = Workspace(self.world, shared, lambda: "2026-11-03T09:15:04Z", new_id)
        else:
            self.workspace = self.beside.workspace
            self.worker, self.fitter = self.beside.worker, self.beside.fitter
            self.chooser, self.judge = self.beside.chooser, self.beside.judge
            self.searcher, self.indexer = self.beside.searcher, self.beside.indexer
            self.training, self.layouts = self.beside.training, self.beside.layouts
            self.views = self.beside.views
        self.clusterer = HeldClusterer(self.world.table)
        ports = Ports(self.finder, self.clusterer, self.ahead, self.page, self.view)
        self.session = Session(self.workspace, self.world, ports)

    def neighbour(self, annotator: str) -> "Desk":
        """Another annotator's session of the same workspace."""
        return Desk(replace(self.world, annotator=annotator), self.log, self.ids, beside=self)

    @property
    def table(self) -> EmbeddingTable:
        return self.world.table

    def start(self) -> "Desk":
        self.workspace.start()
        self.fitter.run_newest()
        return self

    def request(self) -> str:
        return f"page {next(self.ids)}"

    def class_id(self, class_index: int, task: str = "subcompartment") -> str:
        """The id of a class by its number in the task's list, as the page knows it."""
        ids = self.workspace.tasks[task].classes.ids if task in self.workspace.tasks else ()
        return ids[class_index] if class_index < len(ids) else "no class"

    def label(
        self,
        row: int,
        class_index: int | None,
        task: str = "subcompartment",
        *,
        place: int | None = None,
        request: str | None = None,
        provenance: Any = "key",
        fit: bool = True,
    ) -> str:
        request = request or self.request()
        target = Target(row=row) if place is None else Target(place=place)
        given = None if class_index is None else self.class_id(class_index, task)
        self.session.receive(LabelRequest(request, task, given, target, provenance))
        if fit:
            self.fitter.run_newest()
        return request

    def label_all_looks(self) -> None:
        """One axon, one dendrite, one spine, so that there are predictions."""
        for row, class_index in ((0, 0), (5, 1), (13, 2)):
            self.label(row, class_index)

    def undo(self) -> None:
        self.session.undo()
        self.fitter.run_newest()

    def redo(self) -> None:
        self.session.redo()
        self.fitter.run_newest()

    def click(self, position_nm: XYZ, segment_id: int | None = 500, look: int = 1) -> Place:
        """Click and let the worker answer."""
        self.session.click(position_nm, segment_id)
        self.worker.answer(look=look)
        return self.page.last(Place)

    def embed(self, position_nm: XYZ) -> str:
        request = self.request()
        self.session.receive(EmbedRequest(request, position_nm))
        return request

    def switch(self, name: str) -> None:
        self.session.receive(TaskRequest(self.request(), name))
        self.fitter.run_newest()

    def lasso(
        self, rows: Sequence[int], mode: Any = "replace", *, hidden: Sequence[int] = (), layout: str | None = None
    ) -> str:
        """Draw a lasso along the border of a box round these rows of the layout."""
        request = self.request()
        xy = self.workspace.layout_named(self.page_layout).xy[list(rows)].astype(float)  # type: ignore[union-attr]
        (x0, y0), (x1, y1) = (xy.min(0) - 1e-4).tolist(), (xy.max(0) + 1e-4).tolist()
        ids = [self.class_id(index, self.session.task.name) for index in hidden]
        polygon = [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]
        self.session.receive(LassoRequest(request, layout or self.page_layout, polygon, mode, ids))
        return request

    @property
    def page_layout(self) -> str:
        return self.session._state.layout.id

    def points(self) -> PointsReady:
        return self.page.last(PointsReady)

    def classes(self) -> list[int]:
        """What every row is predicted as."""
        points = self.session.points
        assert points is not None
        assert points.stamp == self.points().stamp
        return points.classes.tolist()

    def labels(self) -> dict[int, int]:
        message = self.page.last(Labels)
        return dict(zip(message.rows, message.classes, strict=True))

    def labels_now(self) -> dict[int, int]:
        """The labels that a page is told when it joins."""
        self.session.page_joined(self.page.send)
        return self.labels()

    def saved(self) -> Saved:
        return self.page.last(Saved)

    def failed(self) -> Failed:
        return self.page.last(Failed)

    def selected(self) -> SelectionMade:
        return self.page.last(SelectionMade)

    def masked(self) -> list[int]:
        """The selected rows, from the mask that a page would fetch."""
        message = self.selected()
        if message.mask is None:
            return []
        body = self.workspace.masks.named(message.mask.removeprefix("/columns/mask/").removesuffix(".bin"))
        rows: list[int] = np.flatnonzero(np.unpackbits(np.frombuffer(body, np.uint8), bitorder="little")).tolist()  # type: ignore[arg-type]
        assert len(rows) == message.row_total
        return rows
