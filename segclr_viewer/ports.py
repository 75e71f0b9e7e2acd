"""What the session needs of the world: one Protocol per port, and the values that cross them.

All callbacks (`done`, `failed`) arrive on the session's thread.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from segclr.em.geometry import XYZ
from segclr.embeddings.table import EmbeddingTable
from segclr.errors import SegclrError
from segclr.explore.faiss_index import Index
from segclr.explore.fitted import FittedLayout, Source
from segclr.explore.settings import LayoutSettings
from segclr.release.registry import Release
from segclr_viewer.clusters import ClusterOrder, ClusterProgress, FoundClusters
from segclr_viewer.log.events import LabelEvent, NewEvent, SavedPlace
from segclr_viewer.log.training_file import Chosen
from segclr_viewer.log.views_file import KeptSelection, KeptView
from segclr_viewer.points import Points
from segclr_viewer.wire.answers import ToPage

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Embedded:
    """The encoder's answer for one place.

    Attributes:
        segment_id: the segment under the position.
        position_nm: the position asked for.
        embedding: (d,) float32.
        planes: the masked cutout's central planes, uint8: (y, x), (z, x) and (z, y).
        stages_ms: milliseconds of `cut` and `embed`.
    """

    segment_id: int
    position_nm: XYZ
    embedding: NDArray[np.float32]
    planes: tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]
    stages_ms: dict[str, float]


class Worker(Protocol):
    """The encoder, in its own process."""

    def embed(
        self,
        position_nm: XYZ,
        segment_id: int | None,
        done: Callable[[Embedded], None],
        failed: Callable[[SegclrError], None],
    ) -> None:
        """Cut out, mask and embed a place; the segment under the position when `segment_id` is None."""


class Latest(Protocol):
    """Runs jobs off the session's thread; a job that a newer one overtook is dropped without an answer."""

    def submit(self, job: Callable[[], T], done: Callable[[T], None], failed: Callable[[SegclrError], None]) -> None:
        """Run `job` elsewhere and hand its result to `done`, unless something was submitted after it."""


class Clusterer(Protocol):
    """Finds clusters elsewhere; what is asked anew takes the place of what was asked before."""

    def start(
        self,
        order: ClusterOrder,
        done: Callable[[FoundClusters], None],
        failed: Callable[[SegclrError], None],
        progress: Callable[[ClusterProgress], None],
    ) -> None:
        """Find clusters; nothing more is told of what was being found."""

    def stop(self) -> None:
        """Give up what is being found; nothing more is told of it."""


class Later(Protocol):
    """The clock of the session's thread."""

    def __call__(self, seconds: float, function: Callable[[], None]) -> None:
        """Run `function` on the session's thread after some time; called there, and never runs it at once."""


class LabelLog(Protocol):
    """The durable, append-only log of label events."""

    def events(self, after: int = 0) -> list[LabelEvent]:
        """All events with a larger number, in order."""

    def places(self) -> list[SavedPlace]:
        """Embeddings of labelled places that no table row stands for."""

    def append(self, events: Sequence[NewEvent], places: Sequence[SavedPlace] = ()) -> list[LabelEvent]:
        """Make the events durable, all or none; they are on disk when this returns. LabelStoreError if it fails."""


class TrainingMemory(Protocol):
    """What the annotators have chosen to train on, by task; kept from run to run."""

    def read(self) -> dict[str, Chosen]:
        """All that was chosen. ProjectError if it cannot be known."""

    def write(self, chosen: Mapping[str, Chosen]) -> None:
        """Keep this instead; it is on disk when this returns. LabelStoreError if it fails."""


class ViewMemory(Protocol):
    """Views with a name, and selections; kept from run to run. LabelStoreError where that fails."""

    def views(self) -> list[KeptView]:
        """All views, the newest first."""

    def write(self, views: Sequence[KeptView]) -> None:
        """Keep these instead; they are on disk when this returns."""

    def keep(self, selection: KeptSelection) -> str:
        """Keep a selection; returns its name."""

    def selection(self, name: str) -> KeptSelection:
        """The selection with that name."""


@dataclass(frozen=True, slots=True, eq=False)
class LayoutWish:
    """A UMAP that somebody wants.

    Attributes:
        settings: of the fit.
        radius_um: embeddings are averaged over nodes of their segment within it; 0 for the embeddings themselves.
        classes: (n,) predicted class of each row, for the choice of the sample.
        labels: (n,) label of each row, -1 for none, where they are to guide the fit.
        labels_of: the task of these labels.
    """

    settings: LayoutSettings = LayoutSettings()  # noqa: RUF009 (frozen)
    radius_um: float = 0.0
    classes: NDArray[np.integer] | None = None
    labels: NDArray[np.integer] | None = None
    labels_of: str = ""


@dataclass(frozen=True, slots=True)
class KeptLayout:
    """A UMAP that was fitted before; `fitted_at` is the time in words."""

    stamp: str
    settings: LayoutSettings
    source: Source
    fitted_at: str


class Layouts(Protocol):
    """UMAPs of the table, fitted elsewhere and kept from run to run."""

    def kept(self) -> list[KeptLayout]:
        """Those of this table, the newest first."""

    def stamp_of(self, wish: LayoutWish) -> str:
        """The stamp that this UMAP is kept under when it has been fitted."""

    def opened(self, stamp: str) -> FittedLayout:
        """A kept one. LayoutError if it cannot be read."""

    def drop(self, stamp: str) -> None:
        """Delete a kept one. LayoutError if that fails."""

    def fit(
        self,
        wish: LayoutWish,
        earlier: str,
        done: Callable[[FittedLayout], None],
        failed: Callable[[str], None],
        progress: Callable[[str, float], None],
    ) -> None:
        """Fit one, turned towards the kept one with the stamp `earlier` (empty: as it comes)."""

    def stop(self) -> None:
        """End the fit under way; none of its callbacks is run any more."""

    def remembered(self) -> str:
        """The stamp that was shown last, empty for none."""

    def remember(self, stamp: str) -> None:
        """Show this one in the next run, too."""


class Indexer(Protocol):
    """Indexes of the table's neighbours, one for each radius of averaging, kept from run to run."""

    def kept(self, radius_um: float) -> Index | None:
        """The index of the table as it is, None if it has not been built."""

    def build(
        self,
        radius_um: float,
        done: Callable[[], None],
        failed: Callable[[SegclrError], None],
        progress: Callable[[float], None],
    ) -> None:
        """Build and keep one elsewhere, with what nobody else needs of the cores; `progress` is told the share."""

    def stop(self) -> None:
        """Give up what is being built; nothing more is told of it."""


class Page(Protocol):
    """The connected pages of one annotator."""

    def send(self, message: ToPage) -> None:
        """Send a message to each of them."""


class View(Protocol):
    """One annotator's Neuroglancer viewer."""

    def say(self, text: str) -> None:
        """Show one sentence in the viewer."""

    def repaint(self, points: Points) -> None:
        """Paint segments and surfaces by these predictions from now on."""

    def set_class_keys(self, class_ids: Mapping[str, str]) -> None:
        """Let these keys give the classes with these ids from now on, and no other keys any class."""


class Ahead(Protocol):
    """Has what will soon be looked at ready."""

    def expect(self, places: Sequence[tuple[int, XYZ]]) -> None:
        """Segment and position of the places to come, the next one first; replaces what was expected before."""


@dataclass(frozen=True, slots=True, eq=False)
class Brought:
    """What became of a segment of a release: its rows, or why there are none.

    Attributes:
        is_missing: the release does not have it.
        is_network_down: nothing was heard of the server; asked again, it may answer.
        problem: one sentence, empty with a table.
    """

    segment_id: int
    table: EmbeddingTable | None = None
    is_missing: bool = False
    is_network_down: bool = False
    problem: str = ""


class ReleaseSource(Protocol):
    """A published release, from which segments are fetched."""

    @property
    def release(self) -> Release:
        """Which one."""

    def fetch(self, segment_ids: Sequence[int], done: Callable[[Brought], None]) -> None:
        """Bring some segments; `done` is told of each as it comes."""


@dataclass(frozen=True, slots=True)
class SharedPorts:
    """Of which there is one in a run, whoever asks."""

    worker: Worker
    fitter: Latest
    chooser: Latest
    judge: Latest
    searcher: Latest
    indexer: Indexer
    layouts: Layouts
    log: LabelLog
    training: TrainingMemory
    views: ViewMemory
    later: Later
    release: ReleaseSource | None = None


@dataclass(frozen=True, slots=True)
class Ports:
    """Those of one annotator's session."""

    finder: Latest
    clusterer: Clusterer
    ahead: Ahead
    page: Page
    view: View
