"""What the use cases of one annotator's session share."""

from collections import deque
from collections.abc import Callable

from segclr.em.geometry import XYZ
from segclr.errors import LabelStoreError, NotYetThere, ReleaseUnavailable, SegclrError, VolumeUnavailable, WorkerDied
from segclr.explore.layout import Layout
from segclr_viewer.heads.task_state import TaskState
from segclr_viewer.ports import Ports
from segclr_viewer.session.workspace import Workspace
from segclr_viewer.wire.answers import Failed
from segclr_viewer.world import World

_PASSING = (LabelStoreError, NotYetThere, ReleaseUnavailable, VolumeUnavailable, WorkerDied)
_VIEWER_REQUESTS = 100  # so many are remembered as made in the viewer


class AppState:
    """The session's memory; what all sessions share is in `workspace`.

    Attributes:
        active: the task that is shown.
        newest_place: id of the place that the annotator clicked last, 0 before the first.
        is_open: whether the annotator has a page open.
    """

    def __init__(self, workspace: Workspace, world: World, ports: Ports) -> None:
        self.workspace = workspace
        self.world = world
        self.ports = ports
        self.shared = workspace.ports
        self.now = workspace.now
        self.new_id = workspace.new_id
        self.sites = workspace.sites
        self.tasks = workspace.tasks
        self.places = workspace.places
        self.active = self.tasks[world.tasks[0].name]
        self.newest_place = 0
        self.is_open = False
        self._death: WorkerDied | None = None
        self._in_viewer: deque[str] = deque(maxlen=_VIEWER_REQUESTS)

    @property
    def layout(self) -> Layout:
        """The newest layout."""
        return self.workspace.layout

    def viewer_request(self) -> str:
        """The name of a new request that was made in the viewer: it is answered there, too."""
        request = self.new_id()
        self._in_viewer.append(request)
        return request

    def say(self, request: str | None, text: str) -> None:
        """Say a sentence in the viewer if that is where the request comes from; what pages ask, pages answer."""
        if request in self._in_viewer:
            self.ports.view.say(text)

    def answering(self, request: str | None, act: Callable[[], None]) -> None:
        """Do something for a request; an expected failure is told in its one sentence.

        While an action of the annotator is being made durable, it has to wait: it may depend on that.
        """
        if self.workspace.commits.is_waiting(self.world.annotator):
            self.workspace.commits.after(lambda: self.answering(request, act))
            return
        try:
            act()
        except SegclrError as error:
            self.fail(request, error)

    def fail(self, request: str | None, error: SegclrError) -> None:
        """Tell a failure. All that waited for one dead process get the same error, which the viewer is told once."""
        self.ports.page.send(Failed(request, str(error), again=isinstance(error, _PASSING)))
        if error is not self._death:
            self.say(request, str(error))
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
