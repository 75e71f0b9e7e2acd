"""What a session is about."""

from dataclasses import dataclass

from segclr.em.geometry import XYZ
from segclr.embeddings.table import EmbeddingTable
from segclr.explore.layout import Layout
from segclr_viewer.keys import USUAL_KEYS, Keys
from segclr_viewer.log.attach import SegmentAt
from segclr_viewer.log.consensus import ALL, Choice
from segclr_viewer.project import Axis, Task, TrainOn
from segclr_viewer.scatter import Scatter


@dataclass(frozen=True, slots=True)
class World:
    """What a session is about and what does not change while it runs.

    The sessions of several annotators differ in `annotator` and `viewer_url` alone.

    Attributes:
        project: name shown to the user.
        generated: the volume is a phantom.
        annotator: who labels; written into every event.
        segmentation: name of the segmentation's version; labels are anchored to it.
        viewer_url: path of Neuroglancer's client on our own origin.
        resolution_nm, bounds_nm: finest voxel, and the corners of the volume.
        start_segments: shown when the viewer opens.
        depth_axis: along which the tissue changes with depth.
        table: its provenance names the encoder that live places must be embedded with too.
        layout: the first one; a better one may follow.
        keys: as configured.
        segment_at: the segments at positions, for labels of another version of the segmentation.
        double_share: of the queue, the share that every annotator is asked, blind.
        train_on: which statements of the log the heads are fitted on.
        log: names the label log, the same in every run.
        run: names this run of the app.
        reads_only: the label log cannot be written.
        notice: a sentence that every page shows as long as it is open; empty for none.
        scatter: which rows of the table are points; None for the usual ones.
        embeds: whether the project has an encoder, so that places can be embedded.
    """

    project: str
    generated: bool
    annotator: str
    segmentation: str
    viewer_url: str
    resolution_nm: XYZ
    bounds_nm: tuple[XYZ, XYZ]
    start_segments: tuple[int, ...]
    tasks: tuple[Task, ...]
    table: EmbeddingTable
    layout: Layout
    keys: Keys = USUAL_KEYS
    segment_at: SegmentAt | None = None
    double_share: float = 0.0
    train_on: Choice = ALL
    scatter: Scatter | None = None
    embeds: bool = True
    log: str = ""
    run: str = ""
    reads_only: bool = False
    notice: str = ""
    depth_axis: Axis = "z"


def choice_of(train_on: TrainOn) -> Choice:
    """What the project file says of what trains."""
    lists = (train_on.annotators, train_on.provenances)
    annotators, provenances = (None if names is None else frozenset(names) for names in lists)
    return Choice(annotators, provenances, None if train_on.reviews is None else frozenset(train_on.reviews))
