"""A session between fakes of its ports, over a small world."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any, TypeVar

import numpy as np
import pytest
from numpy.typing import NDArray

from segclr.em.cutout import CutoutSpec
from segclr.em.geometry import XYZ
from segclr.embeddings.provenance import Provenance
from segclr.embeddings.table import EmbeddingTable, build_table
from segclr.errors import LabelStoreError, LayoutError, SegclrError
from segclr.explore.fitted import FittedLayout, Source
from segclr.explore.layout import make_layout, pca_layout
from segclr.explore.settings import stamp
from segclr_viewer.clusters import ClusterOrder, ClusterProgress, FoundClusters, find_clusters
from segclr_viewer.log.events import LabelEvent, NewEvent, SavedPlace
from segclr_viewer.log.training_file import Chosen
from segclr_viewer.log.views_file import KeptSelection, KeptView
from segclr_viewer.points import Points
from segclr_viewer.ports import Embedded, KeptLayout, LabelLog, LayoutWish, Ports, SharedPorts
from segclr_viewer.project import ClassSpec, Task
from segclr_viewer.session.session import Session
from segclr_viewer.session.workspace import Workspace
from segclr_viewer.wire.answers import Failed, Labels, Place, PointsReady, Saved, SelectionMade, ToPage
from segclr_viewer.wire.messages import EmbedRequest, LabelRequest, LassoRequest, Target, TaskRequest, encode
from segclr_viewer.world import World

T = TypeVar("T")
Message = TypeVar("Message")

BIG = 2**63 + 5
NODES = Task(
    name="subcompartment",
    unit="node",
    classes=(
        ClassSpec("axon", "#3b82f6", "1"),
        ClassSpec("dendrite", "#ef4444", "2"),
        ClassSpec("spine", "#f59e0b", "3"),
    ),
)
CELLS = Task(
    name="cell type",
    unit="segment",
    aggregation_radius_um=3.5,
    classes=(ClassSpec("astrocyte", "#10b981", "1"), ClassSpec("microglia", "#8b5cf6", "2")),
)
# segment, number of nodes, y of its line of nodes (nm), what its nodes look like
SEGMENTS = ((11, 4, 1000.0, 0), (500, 5, 9000.0, 1), (977, 3, 20000.0, 0), (BIG, 6, 30000.0, 2))
LOOKS = np.array([[4, 0, 0, 1, 0], [0, 4, 0, 0, 1], [0, 0, 4, 1, 1]], np.float32)


def small_table() -> EmbeddingTable:
    """Four cells, each a line of nodes 1500 nm apart along x; embeddings in three clusters."""
    rng = np.random.default_rng(0)
    segments = np.repeat(np.array([row[0] for row in SEGMENTS], np.uint64), [row[1] for row in SEGMENTS])
    nodes = np.concatenate([np.arange(row[1]) for row in SEGMENTS])
    positions = np.column_stack(
        [1500.0 * nodes, np.repeat([row[2] for row in SEGMENTS], [row[1] for row in SEGMENTS]), 40.5 * nodes]
    )
    looks = np.repeat([row[3] for row in SEGMENTS], [row[1] for row in SEGMENTS])
    embeddings = LOOKS[looks] + 0.1 * rng.standard_normal((len(nodes), 5)).astype(np.float32)
    same = np.flatnonzero(segments[1:] == segments[:-1])
    edges = np.column_stack([same, same + 1])
    provenance = Provenance("9f86", CutoutSpec(33, (32.0, 32.0, 40.0)), "/em", "/seg", "test", "0")
    return build_table(segments, nodes, positions, embeddings.astype(np.float32), edges, provenance)


@dataclass
class HeldWorker:
    """Holds its answers until the test releases them."""

    held: list[tuple[XYZ, int | None, Callable[[Embedded], None], Callable[[SegclrError], None]]] = field(
        default_factory=list
    )

    def embed(
        self,
        position_nm: XYZ,
        segment_id: int | None,
        done: Callable[[Embedded], None],
        failed: Callable[[SegclrError], None],
    ) -> None:
        self.held.append((position_nm, segment_id, done, failed))

    def answer(self, at: int = 0, *, segment_id: int = 500, look: int = 1) -> None:
        """Answer the question `at`, by default with the look of segment 500."""
        position_nm, asked, done, _ = self.held.pop(at)
        planes = tuple(np.full(shape, 9, np.uint8) for shape in ((5, 7), (3, 7), (3, 5)))
        done(Embedded(asked or segment_id, position_nm, LOOKS[look].copy(), planes, {"cut": 2.0, "embed": 40.0}))  # type: ignore[arg-type]

    def fail(self, error: SegclrError, at: int = 0) -> None:
        self.held.pop(at)[3](error)


@dataclass
class HeldJobs:
    """Holds jobs until the test runs them, in any order: even an answer that a newer job has overtaken is given."""

    held: list[tuple[Callable[[], Any], Callable[[Any], None], Callable[[SegclrError], None]]] = field(
        default_factory=list
    )

    def submit(self, job: Callable[[], T], done: Callable[[T], None], failed: Callable[[SegclrError], None]) -> None:
        self.held.append((job, done, failed))

    def run(self, at: int = 0) -> None:
        job, done, failed = self.held.pop(at)
        try:
            result = job()
        except SegclrError as error:
            failed(error)
        else:
            done(result)

    def run_newest(self) -> None:
        """Run until nothing waits any more."""
        while self.held:
            self.run()


@dataclass
class HeldClusterer:
    """Holds what is asked until the test has it found in the small table."""

    table: EmbeddingTable
    held: list[tuple[ClusterOrder, Any, Any, Any]] = field(default_factory=list)
    stopped: int = 0

    def start(
        self,
        order: ClusterOrder,
        done: Callable[[FoundClusters], None],
        failed: Callable[[SegclrError], None],
        progress: Callable[[ClusterProgress], None],
    ) -> None:
        self.held.append((order, done, failed, progress))

    def stop(self) -> None:
        self.stopped += 1

    def run(self, at: int = 0) -> None:
        order, done, _, progress = self.held.pop(at)
        done(find_clusters(self.table, order, progress))


@dataclass
class MemoryLog:
    """The log, in memory; it can be told to fail, and calls `before_append` first."""

    stored: list[LabelEvent] = field(default_factory=list)
    stored_places: list[SavedPlace] = field(default_factory=list)
    error: LabelStoreError | None = None
    before_append: Callable[[], None] = lambda: None

    def events(self, after: int = 0) -> list[LabelEvent]:
        return self.stored[after:]

    def places(self) -> list[SavedPlace]:
        return list(self.stored_places)

    def append(self, events: Sequence[NewEvent], places: Sequence[SavedPlace] = ()) -> list[LabelEvent]:
        self.before_append()
        if self.error is not None:
            raise self.error
        self.stored_places += places
        answers = []
        for event in events:
            known = next((old for old in self.stored if old.uuid == event.uuid), None)
            if known is None:
                values = {name: getattr(event, name) for name in NewEvent.__dataclass_fields__}
                known = LabelEvent(**values, seq=len(self.stored) + 1)
                self.stored.append(known)
            answers.append(known)
        return answers


@dataclass
class MemoryTraining:
    """What was chosen to train on, in memory; it can be told to fail."""

    kept: dict[str, Chosen] = field(default_factory=dict)
    error: LabelStoreError | None = None

    def read(self) -> dict[str, Chosen]:
        return dict(self.kept)

    def write(self, chosen: Mapping[str, Chosen]) -> None:
        if self.error is not None:
            raise self.error
        self.kept = dict(chosen)


@dataclass
class MemoryViews:
    """Views and selections, in memory; it can be told to fail."""

    kept: list[KeptView] = field(default_factory=list)
    selections: dict[str, KeptSelection] = field(default_factory=dict)
    error: LabelStoreError | None = None

    def views(self) -> list[KeptView]:
        return list(self.kept)

    def write(self, views: Sequence[KeptView]) -> None:
        if self.error is not None:
            raise self.error
        self.kept = list(views)

    def keep(self, selection: KeptSelection) -> str:
        if self.error is not None:
            raise self.error
        name = next((name for name, kept in self.selections.items() if kept == selection), "")
        name = name or f"{len(self.selections) + 1:024x}"
        self.selections[name] = selection
        return name

    def selection(self, name: str) -> KeptSelection:
        if name not in self.selections:
            raise LabelStoreError("that selection is not kept")
        return self.selections[name]


@dataclass
class HeldLayouts:
    """Keeps layouts in memory, and holds a fit until the test lets it go on."""

    made: dict[str, FittedLayout] = field(default_factory=dict)
    shown_last: str = ""
    wish: LayoutWish | None = None
    earlier: str = ""
    tell: tuple[Callable[[FittedLayout], None], Callable[[str], None], Callable[[str, float], None]] | None = None

    def kept(self) -> list[KeptLayout]:
        return [
            KeptLayout(stamp, each.settings, each.source, "2026-11-03T09:15:04+00:00")
            for stamp, each in reversed(self.made.items())
        ]

    def stamp_of(self, wish: LayoutWish) -> str:
        return stamp(wish.settings, f"small {wish.radius_um:g} um", wish.labels)

    def opened(self, stamp: str) -> FittedLayout:
        if stamp not in self.made:
            raise LayoutError("that layout cannot be read any more: fit it again")
        return self.made[stamp]

    def fit(
        self,
        wish: LayoutWish,
        earlier: str,
        done: Callable[[FittedLayout], None],
        failed: Callable[[str], None],
        progress: Callable[[str, float], None],
    ) -> None:
        self.wish, self.earlier, self.tell = wish, earlier, (done, failed, progress)

    def stop(self) -> None:
        self.wish = self.tell = None

    def remembered(self) -> str:
        return self.shown_last

    def remember(self, stamp: str) -> None:
        self.shown_last = stamp

    def finish(self, xy: NDArray[np.float32]) -> FittedLayout:
        """Let the fit under way end with these coordinates."""
        assert self.wish is not None
        assert self.tell is not None
        guide = self.wish.labels_of if self.wish.settings.supervised else ""
        fitted = FittedLayout(
            make_layout("umap", xy, np.arange(len(xy)), self.wish.settings.metric),
            self.wish.settings,
            self.stamp_of(self.wish),
            np.zeros(len(xy), np.uint64),
            np.zeros(len(xy), np.int64),
            np.zeros(len(xy), np.float32),
            source=Source("small", self.wish.radius_um, guide),
        )
        self.made[fitted.stamp] = fitted
        self.tell[0](fitted)
        return fitted


@dataclass
class PageRecord:
    """All that the pages were sent."""

    sent: list[ToPage] = field(default_factory=list)

    def send(self, message: ToPage) -> None:
        assert encode(message)
        self.sent.append(message)

    def all(self, kind: type[Message]) -> list[Message]:
        return [message for message in self.sent if isinstance(message, kind)]

    def last(self, kind: type[Message]) -> Message:
        found = self.all(kind)
        assert found, f"no {kind.__name__} among {[type(message).__name__ for message in self.sent]}"
        return found[-1]


@dataclass
class ViewRecord:
    """All that the viewer was told."""

    said: list[str] = field(default_factory=list)
    painted: list[Points] = field(default_factory=list)
    class_keys: list[dict[str, str]] = field(default_factory=list)

    def say(self, text: str) -> None:
        self.said.append(text)

    def repaint(self, points: Points) -> None:
        self.painted.append(points)

    def set_class_keys(self, class_ids: Mapping[str, str]) -> None:
        self.class_keys.append(dict(class_ids))


@dataclass
class AheadRecord:
    """All places that were expected."""

    expected: list[list[tuple[int, XYZ]]] = field(default_factory=list)

    def expect(self, places: Sequence[tuple[int, XYZ]]) -> None:
        self.expected.append(list(places))


def at_once(seconds: float, function: Callable[[], None]) -> None:
    """A clock for which no time passes."""
    function()


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
    training: MemoryTraining = field(default_factory=MemoryTraining)
    views: MemoryViews = field(default_factory=MemoryViews)
    layouts: HeldLayouts = field(default_factory=HeldLayouts)
    ahead: AheadRecord = field(default_factory=AheadRecord)
    page: PageRecord = field(default_factory=PageRecord)
    view: ViewRecord = field(default_factory=ViewRecord)

    beside: "Desk | None" = None  # whose workspace it shares

    def __post_init__(self) -> None:
        if self.beside is None:
            shared = SharedPorts(
                worker=self.worker,
                fitter=self.fitter,
                chooser=self.chooser,
                judge=self.judge,
                searcher=self.searcher,
                layouts=self.layouts,
                log=self.log,
                training=self.training,
                views=self.views,
                later=at_once,
            )
            new_id = lambda: f"id {next(self.ids)}"  # noqa: E731
            self.workspace = Workspace(self.world, shared, lambda: "2026-11-03T09:15:04Z", new_id)
        else:
            self.workspace = self.beside.workspace
            self.worker, self.fitter = self.beside.worker, self.beside.fitter
            self.chooser, self.judge = self.beside.chooser, self.beside.judge
            self.searcher = self.beside.searcher
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


@pytest.fixture
def table() -> EmbeddingTable:
    """The small world's table."""
    return small_table()


@pytest.fixture
def make_desk() -> Callable[..., Desk]:
    """Makes a session over the small world, not started; the log may be given, and parts of the world."""
    table, ids = small_table(), count(1)

    def make(log: LabelLog | None = None, training: MemoryTraining | None = None, **changes: Any) -> Desk:
        world = World(
            project="small",
            generated=True,
            annotator="ana",
            segmentation="v1",
            viewer_url="/v/x/",
            resolution_nm=(32.0, 32.0, 40.0),
            bounds_nm=((0.0, 0.0, 0.0), (9000.0, 40000.0, 1000.0)),
            start_segments=(BIG, 11),
            tasks=(NODES, CELLS),
            table=table,
            layout=pca_layout(table.embeddings),
        )
        return Desk(replace(world, **changes), log or MemoryLog(), ids, training=training or MemoryTraining())

    return make


@pytest.fixture
def desk(make_desk: Callable[..., Desk]) -> Desk:
    """A started session with an empty log."""
    return make_desk().start()


@pytest.fixture
def task_section() -> str:
    """A task of two classes, as a project file has it."""
    classes = (("axon", "#56b4e9", "1"), ("dendrite", "#e69f00", "2"))
    return '[[task]]\nname = "part"\nunit = "node"\n' + "".join(
        f'[[task.class]]\nname = "{name}"\ncolor = "{color}"\nkey = "{key}"\n' for name, color, key in classes
    )
