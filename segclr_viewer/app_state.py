"""What the use cases of a session share: the world they are about, the ports, the tasks, the remembered places."""

from collections.abc import Callable
from dataclasses import dataclass

from segclr.em.geometry import XYZ
from segclr.embeddings.table import EmbeddingTable
from segclr.errors import SegclrError, WorkerDied
from segclr.explore.layout import Layout
from segclr_viewer.answers import Failed
from segclr_viewer.keys import USUAL_KEYS, Keys
from segclr_viewer.log.attach import SegmentAt
from segclr_viewer.places import Places
from segclr_viewer.ports import Ports
from segclr_viewer.project import Task
from segclr_viewer.task_state import LabelSites, TaskState


@dataclass(frozen=True, slots=True)
class World:
    """What a session is about and what does not change while it runs.

    Attributes:
        project: name shown to the user.
        generated: the volume is a phantom.
        annotator: who labels; written into every event.
        segmentation: name of the segmentation's version; labels are anchored to it.
        viewer_url: path of Neuroglancer's client on our own origin.
        resolution_nm, bounds_nm: finest voxel, and the corners of the volume.
        start_segments: shown when the viewer opens.
        table: its provenance names the encoder that live places must be embedded with too.
        layout: the first one; a better one may follow.
        keys: as configured.
        segment_at: the segments at positions, for labels of another version of the segmentation.
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


class AppState:
    """The session's memory. `now` tells the time in words, `new_id` makes ids that nobody else makes."""

    def __init__(self, world: World, ports: Ports, now: Callable[[], str], new_id: Callable[[], str]) -> None:
        self.world = world
        self.ports = ports
        self.now = now
        self.new_id = new_id
        self.sites = LabelSites(world.table, world.segmentation, world.segment_at)
        self.tasks = {task.name: TaskState(task, self.sites) for task in world.tasks}
        self.active = self.tasks[world.tasks[0].name]
        self.places = Places()
        self.layout = world.layout
        self._death: WorkerDied | None = None

    def answering(self, request: str | None, act: Callable[[], None]) -> None:
        """Do something for a request; an expected failure is told to page and viewer in its one sentence."""
        try:
            act()
        except SegclrError as error:
            self.fail(request, error)

    def fail(self, request: str | None, error: SegclrError) -> None:
        """Tell a failure. All that waited for one dead process get the same error, which the viewer is told once."""
        self.ports.page.send(Failed(request, str(error)))
        if error is not self._death:
            self.ports.view.say(str(error))
        if isinstance(error, WorkerDied):
            self._death = error

    def task_named(self, name: str) -> TaskState:
        """The task with that name."""
        if name not in self.tasks:
            raise SegclrError(f"there is no task {name!r} in this project: reload the page")
        return self.tasks[name]

    def position_of(self, row: int) -> XYZ:
        """The position of a row of the table."""
        x, y, z = self.world.table.positions_nm[row].tolist()
        return (x, y, z)
