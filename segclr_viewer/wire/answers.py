"""What the server says to the page: one frozen struct per message, told apart by `type`.

Segment ids are decimal strings (JavaScript numbers end at 2**53), positions are nm (x, y, z), rows are rows of the
embedding table named in `hello`, classes are indices into the task's list, as it was told last. Answers echo the
`request` of the page. `tests/wire` holds one example of each message, read by this package's tests and by the page's.
"""

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct, field, structs

from segclr_viewer.keys import Keys
from segclr_viewer.project import Axis
from segclr_viewer.wire.annotators import AgreementReady, ConflictsReady, PeopleReady
from segclr_viewer.wire.classes import ClassesChanged, ClassInfo, TaskInfo
from segclr_viewer.wire.coloring import Colored, Colorings
from segclr_viewer.wire.comparing import ComparisonReady
from segclr_viewer.wire.evaluation import EvaluationReady
from segclr_viewer.wire.explore import ClustersReady, Exploring, SimilarReady
from segclr_viewer.wire.layouts import Fitting, LayoutsKnown
from segclr_viewer.wire.listing import Attached, Listed, Seen
from segclr_viewer.wire.queue_answers import ProposalMade, QueueReady
from segclr_viewer.wire.types import XY, XYZ, SegmentText
from segclr_viewer.wire.views import SelectionKept, ViewsKnown

__all__ = [
    "XY",
    "XYZ",
    "AgreementReady",
    "ClassInfo",
    "ClassesChanged",
    "Colored",
    "Colorings",
    "ConflictsReady",
    "EvaluationReady",
    "PeopleReady",
    "ProposalMade",
    "QueueReady",
    "SegmentText",
    "TaskInfo",
]


class PlaceSummary(Struct, frozen=True, forbid_unknown_fields=True):
    """A remembered place without its picture, for drawing it in the scatter."""

    place_id: int
    position_nm: XYZ
    segment_id: SegmentText
    node_row: int | None
    xy: XY
    class_index: int | None = field(name="class")
    labelled: int | None


class Hello(Struct, frozen=True, forbid_unknown_fields=True, tag="hello"):
    """The first message of a connection: all about the project, its label log named, and the remembered places.

    `run` names this run of the app, whose places and points of a growing scatter have numbers of their own. With
    `reads_only` no answer can be stored. `notice` is to be read as long as the page is open, empty for none. Depth is
    told along the `depth_axis`.
    """

    project: str
    generated: bool
    log: str
    run: str
    reads_only: bool
    notice: str
    annotator: str
    viewer_url: str
    device: str
    encoder: str
    rows: int
    segments: int
    table_version: str
    resolution_nm: XYZ
    bounds_nm: tuple[XYZ, XYZ]
    tasks: list[TaskInfo]
    task: str
    places: list[PlaceSummary]
    start_segments: list[SegmentText]
    depth_axis: Axis
    keys: Keys


class RowsReady(Struct, frozen=True, forbid_unknown_fields=True, tag="rows"):
    """There are more points than the page was told; those that it knows keep their numbers.

    Columns of the `table_version` have all of them. `segments` counts those of the whole table.
    """

    rows: int
    segments: int
    table_version: str


class ReleaseState(Struct, frozen=True, forbid_unknown_fields=True, tag="release"):
    """What is being fetched of a published release, and what could not be; the text is empty when all is well."""

    text: str
    is_busy: bool = field(name="busy")
    can_retry: bool = field(name="retry")


class LayoutReady(Struct, frozen=True, forbid_unknown_fields=True, tag="layout"):
    """Where the scatter's coordinates are: float32 x of every row, then float32 y."""

    id: str
    method: str
    url: str
    rows: int
    note: str


class HeldOutInfo(Struct, frozen=True, forbid_unknown_fields=True):
    """How well the head does on segments it was not fitted on; `low` and `high` are the 95 % interval of accuracy."""

    macro_f1: float
    accuracy: float
    low: float
    high: float
    count: int


class HeadInfo(Struct, frozen=True, forbid_unknown_fields=True):
    """The head behind the predictions; `version` is the number of the last label event it was fitted on.

    `fit_ms` is the fit alone, `repaint_ms` all from the label being on disk to the predictions being sent.
    """

    version: int
    labels: int
    fitted_at: str
    fit_ms: float
    repaint_ms: float
    held_out: HeldOutInfo | None


class PointsReady(Struct, frozen=True, forbid_unknown_fields=True, tag="points"):
    """Where the predictions of a task are: uint8 class of every row (255: none), then uint8 confidence.

    `predicted` counts nodes for a node task and segments for a segment task; `labelled` counts labels.
    """

    stamp: str
    task: str
    url: str
    rows: int
    predicted: list[int]
    labelled: list[int]
    labels: int
    head: HeadInfo | None
    note: str

    def of_all(self, predicted: Sequence[int], note: str) -> "PointsReady":
        """The same predictions when every row is predicted: their column is another one."""
        stem = self.url.removesuffix(".bin").partition("~")[0]
        return structs.replace(self, url=f"{stem}.bin", predicted=list(predicted), note=note)

    def of_points(self, count: int) -> "PointsReady":
        """The same predictions, of so many points alone."""
        stem, _, part = self.url.removesuffix(".bin").partition("~")
        return structs.replace(self, url=f"{stem}~{count}{part}.bin", rows=count)


class Labels(Struct, frozen=True, forbid_unknown_fields=True, tag="labels"):
    """All current labels of a task; replaces what the page knew. `places` are labelled places that have no row.

    `unsure` and `bad_segmentation` are rows with that answer instead of a class. `today` counts the annotator's labels
    of this day that still hold, `per_minute` is the pace of those given one by one within the last ten minutes.
    `conflicts` counts the places on which the annotators disagree.
    `retired` counts the labels of each retired class, by its id.
    """

    task: str
    rows: list[int]
    classes: list[int]
    places: list[int]
    place_classes: list[int]
    unsure: list[int]
    bad_segmentation: list[int]
    retired: dict[str, int]
    today: int
    per_minute: float | None
    conflicts: int


class Working(Struct, frozen=True, forbid_unknown_fields=True, tag="working"):
    """A request was taken up and its answer will follow."""

    request: str
    text: str


class Stages(Struct, frozen=True, forbid_unknown_fields=True):
    """Milliseconds that a click spent: reading and masking, encoder, head, layout; `total` is click to answer."""

    cut: float
    embed: float
    predict: float
    place: float
    total: float


class Planes(Struct, frozen=True, forbid_unknown_fields=True):
    """The masked cutout's three central planes as PNG data URLs."""

    xy: str
    xz: str
    yz: str


class Place(Struct, frozen=True, forbid_unknown_fields=True, tag="place"):
    """The answer to a click; sent again, with the same `place_id`, when its class or label changes.

    `node_row` is the nearest row of the same segment, null where the table does not have the segment.
    """

    request: str
    place_id: int
    position_nm: XYZ
    segment_id: SegmentText
    node_row: int | None
    node_distance_nm: float | None
    task: str
    class_index: int | None = field(name="class")
    probabilities: list[float] | None
    xy: XY
    stages_ms: Stages
    planes: Planes | None
    labelled: int | None


class KnownPlaces(Struct, frozen=True, forbid_unknown_fields=True, tag="places"):
    """All remembered places, oldest first; replaces what the page knew. Follows each `points` and `layout`."""

    task: str
    places: list[PlaceSummary]


class Saved(Struct, frozen=True, forbid_unknown_fields=True, tag="saved"):
    """The request's label events are on disk. `seq` is the number of the last of them.

    `rows` are those that it was about, at most 100, and `at_nm` the first place, null where it was about none: where to
    look for what an undo has changed.
    """

    request: str
    seq: int
    text: str
    task: str
    at_nm: XYZ | None
    rows: list[int]
    can_undo: bool
    can_redo: bool
    undo_text: str
    redo_text: str


class History(Struct, frozen=True, forbid_unknown_fields=True, tag="history"):
    """What undo and redo would do; sent when it changed without anything being saved (a task switch, a new page)."""

    task: str
    can_undo: bool
    can_redo: bool
    undo_text: str
    redo_text: str


class SelectionMade(Struct, frozen=True, forbid_unknown_fields=True, tag="selection"):
    """The selection, which replaces the former one.

    `mask` is where its rows are, a bit for each row of the table; null when there are none. A page that has drawn a
    lasso has found them already, by the same rule as the server. `segments` and `marks` are capped; `segment_total` and
    `row_total` are not, and `note` says so. `can_back`, `can_forward`: whether there are selections before and after.
    """

    request: str
    origin: Literal["lasso", "segments", "clear"]
    mask: str | None
    row_total: int
    segments: list[SegmentText]
    segment_total: int
    marks: list[XYZ]
    mark_rows: list[int]
    note: str
    can_back: bool
    can_forward: bool


class Failed(Struct, frozen=True, forbid_unknown_fields=True, tag="failed"):
    """One sentence for the user; `request` is null when it answers none.

    `again`: what was asked is right, and the same may be done later, as when a disk was full.
    """

    request: str | None
    text: str
    again: bool = False


class Status(Struct, frozen=True, forbid_unknown_fields=True, tag="status"):
    """One line for the status line."""

    text: str


class Device(Struct, frozen=True, forbid_unknown_fields=True, tag="device"):
    """The encoder is loaded: where it runs, for the status line."""

    device: str
    encoder: str


ToPage = (
    Hello
    | ClassesChanged
    | RowsReady
    | ReleaseState
    | LayoutReady
    | LayoutsKnown
    | Fitting
    | PointsReady
    | Labels
    | Working
    | Place
    | KnownPlaces
    | Saved
    | History
    | SelectionMade
    | Colorings
    | Colored
    | QueueReady
    | ProposalMade
    | ConflictsReady
    | AgreementReady
    | PeopleReady
    | Listed
    | Seen
    | Attached
    | EvaluationReady
    | Exploring
    | SimilarReady
    | ClustersReady
    | ComparisonReady
    | SelectionKept
    | ViewsKnown
    | Failed
    | Status
    | Device
)
