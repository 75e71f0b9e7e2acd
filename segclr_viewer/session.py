"""The state of the running app and one method per use case, on one thread, without locks.

It knows no server, no viewer, no encoder and no database: those are ports (`ports.py`).
"""

from collections.abc import Callable
from dataclasses import dataclass

from segclr.em.geometry import XYZ
from segclr.embeddings.table import EmbeddingTable
from segclr.explore.layout import Layout
from segclr_viewer.answers import ToPage
from segclr_viewer.messages import ToServer
from segclr_viewer.points import Points
from segclr_viewer.ports import Ports
from segclr_viewer.project import Task


@dataclass(frozen=True, slots=True)
class World:
    """What a session is about and what does not change while it runs.

    Attributes:
        project: name shown to the user.
        generated: the volume is a phantom.
        annotator: who labels; written into every event.
        segmentation: name of the segmentation's version; labels are anchored to it.
        encoder_hash: hash of the checkpoint that live places are embedded with; empty without an encoder.
        viewer_url: path of Neuroglancer's client on our own origin.
        resolution_nm, bounds_nm: finest voxel, and the corners of the volume.
        start_segments: shown when the viewer opens.
    """

    project: str
    generated: bool
    annotator: str
    segmentation: str
    encoder_hash: str
    viewer_url: str
    resolution_nm: XYZ
    bounds_nm: tuple[XYZ, XYZ]
    start_segments: tuple[int, ...]
    tasks: tuple[Task, ...]
    table: EmbeddingTable
    layout: Layout


class Session:
    """The running app. No method raises for a user's mistake: pages and viewer are told in one sentence."""

    def __init__(self, world: World, ports: Ports) -> None:
        self.world = world

    @property
    def task(self) -> Task:
        """The active task."""
        raise NotImplementedError

    @property
    def points(self) -> Points:
        """The active task's predictions."""
        raise NotImplementedError

    def points_stamped(self, stamp: str) -> Points | None:
        """The predictions with that stamp, if they are still some task's newest."""
        raise NotImplementedError

    def start(self) -> None:
        """Fold the log and fit the active task's head; the predictions follow through the view and the page."""
        raise NotImplementedError

    def encoder_ready(self, device: str) -> None:
        """The worker has loaded the encoder on `device` (words for the status line)."""
        raise NotImplementedError

    def page_joined(self, send: Callable[[ToPage], None]) -> None:
        """A page connected (or reloaded): tell it everything, through `send`, which reaches it alone."""
        raise NotImplementedError

    def receive(self, message: ToServer) -> None:
        """Do what a page asks."""
        raise NotImplementedError

    def click(self, position_nm: XYZ, segment_id: int | None) -> None:
        """Embed and classify the place; `segment_id` is the one under the mouse, None if the viewer does not know."""
        raise NotImplementedError

    def label_at(self, class_index: int, position_nm: XYZ | None, segment_id: int | None) -> None:
        """Give the active task's class to what is under the mouse."""
        raise NotImplementedError

    def undo(self) -> None:
        """Undo the newest action of the active task."""
        raise NotImplementedError

    def redo(self) -> None:
        """Redo what was undone last in the active task."""
        raise NotImplementedError
