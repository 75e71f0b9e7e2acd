"""What all annotators share: the label log and what follows from it, the layout, the remembered places.

Every annotator has a session (`session.py`); what one of them stores is told to all whom it concerns. One thread, as
for the sessions.
"""

import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial

import numpy as np

from segclr.embeddings.table import EmbeddingTable
from segclr.errors import SegclrError
from segclr.explore.layout import Layout
from segclr.explore.placement import Placement
from segclr_viewer.growing_table import GrowingTable
from segclr_viewer.heads.fitting import Seen
from segclr_viewer.heads.task_state import Predicted, TaskState
from segclr_viewer.labels.group_commit import GroupCommit
from segclr_viewer.labels.label_sites import LabelSites
from segclr_viewer.labels.places import Places
from segclr_viewer.log.events import LabelEvent, NewEvent, SavedPlace
from segclr_viewer.log.training_file import Chosen
from segclr_viewer.points import Points
from segclr_viewer.ports import SharedPorts
from segclr_viewer.scatter import Scatter
from segclr_viewer.session.agreeing import Agreeing
from segclr_viewer.session.entering import Entering, stem_of
from segclr_viewer.session.fetching import Fetching
from segclr_viewer.session.indexing import Indexing
from segclr_viewer.session.laying_out import LayingOut, Shown
from segclr_viewer.session.member import Member
from segclr_viewer.session.named_columns import NamedColumns
from segclr_viewer.session.one_by_one import OneByOne
from segclr_viewer.session.pacing import Pacer
from segclr_viewer.session.predicting import Predicting
from segclr_viewer.session.queue_memory import QueueMemory
from segclr_viewer.session.searches import Searches
from segclr_viewer.world import World

MOST_VISIBLE = 200  # segments of a large table that are looked after
POINTS_EACH = 200  # of theirs that enter the scatter
_LAYOUTS_KEPT = 8  # of one fit, with ever more points
_REST_S = 0.15  # between two repaints where several look: each makes every page and viewer of them fetch anew


def utc_now() -> str:
    """`2026-11-03T09:15:04.120+00:00`."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def random_id() -> str:
    """An id that nobody else makes."""
    return str(uuid.uuid4())


class Workspace:
    """Shared by the sessions, each of which is in `members`.

    Args:
        world: of any of the annotators.
        ports: what was chosen to train on is read here.
        now: the time in words.
        new_id: makes ids that nobody else makes.
    """

    def __init__(
        self, world: World, ports: SharedPorts, now: Callable[[], str] = utc_now, new_id: Callable[[], str] = random_id
    ) -> None:
        self.ports = ports
        self.now = now
        self._table = world.table
        self.new_id = new_id
        self.scatter = world.scatter or Scatter(world.table)
        self._visible: list[int] = []
        self.layout_radius_um = 0.0
        self.device = ""
        self.members: list[Member] = []
        self.chosen = ports.training.read()
        self.masks = NamedColumns(kept=32)
        self.color_columns = NamedColumns(kept=8)
        self.sites = LabelSites(world.table, world.segmentation, world.segment_at)
        self.tasks = {
            task.name: TaskState(task, self.sites, world.double_share, world.train_on) for task in world.tasks
        }
        for name, chosen in self.chosen.items():
            if name in self.tasks:
                self.tasks[name].choose(chosen.choice)
        self.places = Places(world.table, world.layout, self.scatter)
        self.errands = OneByOne(ports.chooser)
        self.judgements = OneByOne(ports.judge)
        self.searches = Searches(OneByOne(ports.searcher), self.tasks, ports.indexer)
        self.layouts = LayingOut(
            ports.layouts,
            world.table,
            world.layout,
            self.tasks,
            self.errands,
            self._show_layout,
            self._tell_layouts,
            self._tell_fitting,
            self.scatter,
        )
        self._entering = Entering(
            self.scatter,
            self.errands,
            self.layouts.laid_out,
            self._tell_places,
            self._fail_all,
            world.layout,
            self.places.placement,
        )
        self.layout = world.layout
        self._layouts: dict[str, Layout] = {}
        self._take_layout(self._entering.grown())
        for task in self.tasks.values():
            task.seen = self._seen
        self.queues = QueueMemory()
        self.agreeing = Agreeing(self.errands, self._tell_agreement)
        self._predicting = Predicting(
            ports.fitter,
            now,
            self._paint,
            self._tell_predictions,
            self._tell_failure,
            self._say,
            ports.later,
        )
        self.indexing = Indexing(
            ports.indexer,
            self.searches,
            len(world.table),
            lambda: {member.active.task.name for member in self.members},
            lambda: self._predicting.is_idle and not self.layouts.fitting.running,
            ports.later,
            self._say_to_all,
        )
        self.fetching: Fetching | None = None
        if ports.release is not None:
            self.fetching = Fetching(ports.release, self._has, self.segments_came, self._tell_release)
        self.commits = GroupCommit(self.append, ports.later)
        self._pacers = {name: Pacer(ports.later) for name in self.tasks}
        self._events: dict[str, LabelEvent] = {}

    def start(self) -> None:
        """Fold the log and fit the heads of the active tasks.

        Raises:
            LabelStoreError: the log cannot be read.
        """
        self.sites.save(self.ports.log.places())
        for place in self.sites.all_saved():
            self.places.restore(place)
        self._take_in(self.ports.log.events())
        for task in self.tasks.values():
            if self._watchers(task):
                self.refresh(task)
            self.agreeing.refresh(task)

    @property
    def annotators(self) -> list[str]:
        """Who may label in this run."""
        return [member.annotator for member in self.members]

    @property
    def present(self) -> set[str]:
        """Who has a page open."""
        return {member.annotator for member in self.members if member.is_open}

    def train_on(self, task: TaskState, chosen: Chosen) -> None:
        """Fit the task's head on other labels from now on, in later runs too, and tell everybody.

        Raises:
            LabelStoreError: the choice cannot be kept; nothing has changed.
        """
        name = task.task.name
        kept = {other: each for other, each in self.chosen.items() if other != name}
        if chosen.choice != task.usual_choice:
            kept[name] = chosen
        self.ports.training.write(kept)
        self.chosen = kept
        task.choose(chosen.choice)
        said = "what the project file says" if name not in kept else "a part of the labels"
        for member in self._watchers(task):
            member.tell_status(f"{name} trains on {said} now, chosen by {chosen.annotator or 'nobody named'}")
        if self._watchers(task):
            self.refresh(task)

    def event(self, uuid: str, annotator: str) -> LabelEvent | None:
        """The event of the log with that uuid, if it is the annotator's.

        Raises:
            SegclrError: it is another annotator's.
        """
        known = self._events.get(uuid)
        if known is not None and known.annotator != annotator:
            raise SegclrError("that request has the name of another annotator's: reload the page, then try again")
        return known

    def event_of_anybody(self, uuid: str) -> LabelEvent | None:
        """The event of the log with that uuid."""
        return self._events.get(uuid)

    def append(self, events: Sequence[NewEvent], places: Sequence[SavedPlace] = ()) -> list[LabelEvent]:
        """Make events durable, and fold them.

        Raises:
            LabelStoreError: nothing was stored.
            SegclrError: one has the uuid of another annotator's event; nothing was stored.
        """
        for event in events:
            self.event(event.uuid, event.annotator)
        stored = self.ports.log.append(events, places)
        self.sites.save(places)
        self._take_in(stored)
        return stored

    def changed(self, task: TaskState) -> None:
        """Events of the task were appended: tell all who look at it, and predict anew. Not at once under a stream."""
        rest_s = _REST_S if len(self._watchers(task)) > 1 else 0.0
        self._pacers[task.task.name].ask(partial(self._follow, task), rest_s)

    def refresh(self, task: TaskState) -> None:
        """Bring the task's predictions up to its labels; they are shown to all who look at it."""
        self._predicting.refresh(task)

    def points_stamped(self, stamp: str) -> Points | None:
        """The predictions with that stamp, if they are still some task's newest."""
        newest = [task.predicted.fitted.points for task in self.tasks.values() if task.predicted]
        return next((points for points in newest if points.stamp == stamp), None)

    def layout_named(self, layout_id: str) -> Layout | None:
        """The layout with that id, if it is the newest, of as many points as there were when a page was told of it."""
        return self._layouts.get(layout_id)

    def layout_ready(self, layout: Layout, radius_um: float = 0.0, placement: Placement | None = None) -> None:
        """Show a layout, of means within a radius, in the stead of the old one; `placement` places new points in it."""
        self.places.lay_out(layout, radius_um, placement)
        self._take_layout(self._entering.over(layout, radius_um, self.places.placement))
        self.layout_radius_um = radius_um
        for member in self.members:
            member.tell_layout()

    def look_at(self, segment_ids: Sequence[int]) -> None:
        """These segments are shown: of a large table they are predicted first, and of each some points enter a sample.

        Of a published release those that are not there yet are fetched.
        """
        if self.fetching is not None:
            self.fetching.want(segment_ids)
        self._visible = list(segment_ids)[:MOST_VISIBLE]
        if self.scatter.is_whole:
            return
        slices = [self._table.rows_of(segment_id) for segment_id in self._visible]
        sizes = [some.stop - some.start for some in slices]
        steps = [max(1, -(-size // POINTS_EACH)) for size in sizes]
        rows = [np.arange(some.start, some.stop, step) for some, step in zip(slices, steps, strict=True)]
        if rows and self.scatter.enter(np.concatenate(rows)):
            self.points_grown()

    def in_sight(self, segment_ids: Sequence[int]) -> None:
        """The sections show these, of which the table has none."""
        if self.fetching is not None:
            self.fetching.want_in_sight(segment_ids)

    def segments_came(self, more: EmbeddingTable) -> None:
        """Take segments into a table that grows: they appear everywhere, and the heads are fitted anew with them."""
        if not isinstance(self._table, GrowingTable) or not self._table.grow(more):
            return
        self.sites.table_grown()
        self.places.table_grown()
        self.queues.table_grown()
        events = self.ports.log.events()
        for task in self.tasks.values():
            task.table_grown(events)
        self.points_grown()
        for task in self.tasks.values():
            for member in self._watchers(task):
                member.tell_labels()
            if self._watchers(task):
                self.refresh(task)

    def _has(self, segment_id: int) -> bool:
        rows = self._table.rows_of(segment_id)
        return int(rows.stop) > int(rows.start)

    def _tell_release(self) -> None:
        for member in self.members:
            member.tell_release()

    def points_grown(self) -> None:
        """Tell all pages that there are more points."""
        self._take_layout(self._entering.grown())
        for member in self.members:
            member.tell_rows()

    def _take_layout(self, layout: Layout) -> None:
        self.layout = layout
        same = {name: each for name, each in self._layouts.items() if stem_of(name) == stem_of(layout.id)}
        self._layouts = dict([*same.items(), (layout.id, layout)][-_LAYOUTS_KEPT:])

    def _tell_places(self) -> None:
        self._take_layout(self._entering.laid())
        for member in self.members:
            member.tell_layout()

    def _seen(self) -> Seen:
        """What is predicted before all else of a large table: its points, and the rows of what the viewer shows."""
        rows = [np.arange(some.start, some.stop) for some in map(self._table.rows_of, self._visible)]
        points = None if self.scatter.is_whole else self.scatter.rows
        return Seen(points, np.concatenate([np.empty(0, np.int64), *rows]))

    def begin_layouts(self) -> None:
        """Show the layout that was shown last, or fit the first one; a failure is told to all."""
        self.layouts.begin(self._fail_all)

    def encoder_ready(self, device: str) -> None:
        """The worker has loaded the encoder on `device` (words for the status line)."""
        self.device = device
        for member in self.members:
            member.tell_device()

    def _fail_all(self, error: SegclrError) -> None:
        for member in self.members:
            member.fail(error)

    def _show_layout(self, shown: Shown) -> None:
        self.layout_ready(shown.layout, shown.radius_um, shown.placement)

    def _tell_layouts(self) -> None:
        for member in self.members:
            member.tell_layouts()

    def _tell_fitting(self) -> None:
        for member in self.members:
            member.tell_fitting()

    def _take_in(self, events: Sequence[LabelEvent]) -> None:
        self.sites.attach(events)
        before = {name: task.classes for name, task in self.tasks.items()}
        for event in events:
            self._events[event.uuid] = event
            if event.task in self.tasks:
                self.tasks[event.task].apply(event)
        for name, task in self.tasks.items():
            if task.classes is not before[name]:
                for member in self.members:
                    member.tell_classes(task)

    def _follow(self, task: TaskState) -> None:
        watchers = self._watchers(task)
        for member in watchers:
            member.tell_labels()
        if watchers:
            self.refresh(task)
        self.agreeing.refresh(task)

    def _watchers(self, task: TaskState) -> list[Member]:
        return [member for member in self.members if member.active is task]

    def _paint(self, task: TaskState, points: Points) -> None:
        for member in self._watchers(task):
            member.paint(points)

    def _tell_predictions(self, task: TaskState, predicted: Predicted) -> None:
        for member in self._watchers(task):
            member.tell_predictions(predicted)

    def _say(self, task: TaskState, text: str) -> None:
        for member in self._watchers(task):
            member.tell_status(text)

    def _say_to_all(self, text: str) -> None:
        for member in self.members:
            member.tell_status(text)

    def _tell_failure(self, task: TaskState, error: SegclrError) -> None:
        for member in self._watchers(task) or self.members:
            member.fail(error)

    def _tell_agreement(self, task: TaskState, text: str) -> None:
        for member in self._watchers(task):
            member.tell_status(text)
            member.tell_agreement(task)
