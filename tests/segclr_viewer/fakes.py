"""Fakes of a session's ports: they hold what they were asked until the test answers, and keep what they were told."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from segclr.em.geometry import XYZ
from segclr.embeddings.table import EmbeddingTable
from segclr.errors import LabelStoreError, LayoutError, SegclrError
from segclr.explore.faiss_index import Index
from segclr.explore.fitted import FittedLayout, Source
from segclr.explore.layout import make_layout
from segclr.explore.settings import stamp
from segclr_viewer.clusters import ClusterOrder, ClusterProgress, FoundClusters, find_clusters
from segclr_viewer.log.events import LabelEvent, NewEvent, SavedPlace
from segclr_viewer.log.training_file import Chosen
from segclr_viewer.log.views_file import KeptSelection, KeptView
from segclr_viewer.points import Points
from segclr_viewer.ports import Embedded, KeptLayout, LayoutWish
from segclr_viewer.wire.answers import ToPage
from segclr_viewer.wire.messages import encode
from tests.segclr_viewer.small_world import LOOKS

T = TypeVar("T")
Message = TypeVar("Message")


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
class HeldIndexer:
    """Holds what is to be built until the test builds it."""

    built: dict[float, Index] = field(default_factory=dict)
    asked: list[float] = field(default_factory=list)
    held: list[tuple[Callable[[], None], Callable[[SegclrError], None], Callable[[float], None]]] = field(
        default_factory=list
    )

    def kept(self, radius_um: float) -> Index | None:
        return self.built.get(radius_um)

    def build(
        self,
        radius_um: float,
        done: Callable[[], None],
        failed: Callable[[SegclrError], None],
        progress: Callable[[float], None],
    ) -> None:
        self.asked.append(radius_um)
        self.held.append((done, failed, progress))

    def finish(self, index: Index) -> None:
        self.built[self.asked[-1]] = index
        self.held.pop()[0]()

    def fail(self, error: SegclrError) -> None:
        self.held.pop()[1](error)

    def progress(self, share: float) -> None:
        self.held[-1][2](share)

    def stop(self) -> None:
        self.held.clear()


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

    def drop(self, stamp: str) -> None:
        del self.made[stamp]

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
