"""The composition root: every part of the running app is made here, handed to the others, and ended again."""

import secrets
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from segclr.em.geometry import Box
from segclr.em.volume import Volume
from segclr.embeddings.table import EmbeddingTable
from segclr.errors import SegclrError
from segclr_viewer.cluster_job import ClusterJobs
from segclr_viewer.cutout_pictures import CutoutPictures
from segclr_viewer.embedder import WorkerSettings
from segclr_viewer.growing_table import GrowingTable
from segclr_viewer.index_job import IndexJobs
from segclr_viewer.kept_layouts import KeptLayouts
from segclr_viewer.latest import LatestThread
from segclr_viewer.layout_job import LEAST_ROWS, first_layout
from segclr_viewer.log.events import NewEvent
from segclr_viewer.log.segment_reading import segments_at
from segclr_viewer.log.store import LabelStore, can_be_written
from segclr_viewer.log.training_file import TrainingFile
from segclr_viewer.log.views_file import ViewsFile
from segclr_viewer.notices import notice_of
from segclr_viewer.opening import Opened
from segclr_viewer.overlay.mesh_process import MeshProcess
from segclr_viewer.overlay.nearest import NearestNodes
from segclr_viewer.overlay.overlay import Overlay, RowMaps
from segclr_viewer.overlay.read_ahead import ReadAhead
from segclr_viewer.overlay.surfaces import Surfaces
from segclr_viewer.ports import Ports, SharedPorts, Worker
from segclr_viewer.published import how_to_add
from segclr_viewer.release_fetcher import ReleaseFetcher
from segclr_viewer.same_address import name_of_log, usual_port
from segclr_viewer.scatter import Scatter
from segclr_viewer.scene import Scene
from segclr_viewer.serving.columns import Columns
from segclr_viewer.serving.exports import export_routes
from segclr_viewer.serving.page_files import load_page_files
from segclr_viewer.serving.routes import data_routes
from segclr_viewer.serving.server import AppServer
from segclr_viewer.session.session import Session
from segclr_viewer.session.workspace import Workspace
from segclr_viewer.viewer import Neuroglancer, NeuroglancerView
from segclr_viewer.worker import EncoderWorker, NoEncoder
from segclr_viewer.world import World, choice_of

_GREY_SAMPLE_VOXELS = 128
_DARKEST, _BRIGHTEST = 0.5, 99.5  # percentiles shown as black and white


class RunningApp:
    """The app, serving until it is closed.

    Attributes:
        addresses: what each annotator opens.
    """

    def __init__(
        self,
        opened: Opened,
        table: EmbeddingTable,
        first_labels: Callable[[], Sequence[NewEvent]] = tuple,
        generated: bool = False,
    ) -> None:
        """Start everything.

        Args:
            first_labels: makes what an empty label log begins with; not called for one that has events.
            generated: the volume is a phantom, and the page says so.

        Raises:
            SegclrError: one cannot listen on the port, or a part cannot be started; nothing keeps running.
        """
        with ExitStack() as closing:
            self.addresses = _start(closing, opened, table, first_labels, generated)
            self._closing = closing.pop_all()

    def close(self) -> None:
        """End every process and thread, the last started first."""
        self._closing.close()


def _start(
    closing: ExitStack,
    opened: Opened,
    table: EmbeddingTable,
    first_labels: Callable[[], Sequence[NewEvent]],
    generated: bool,
) -> dict[str, str]:
    """Make all parts, each with what ends it; returns the address that each annotator opens."""
    project = opened.project
    folder = Path(project.table.folder)
    annotators = [annotator.name for annotator in project.annotators]
    if project.table.release is not None:
        table = GrowingTable.begin(table)
    running = Neuroglancer(project.server.host, project.server.port, usual_port(Path(project.labels.file)))
    closing.callback(running.stop)
    server = AppServer(running, annotators)
    log = server.call(partial(_open_log, Path(project.labels.file), first_labels))
    closing.callback(partial(server.call, log.close))

    nearest = NearestNodes(table)
    # the workspace, which is told of what comes in sight and of the encoder, is made of them: by then it is there
    workspaces: list[Workspace] = []

    def in_sight(segment_ids: list[int]) -> None:
        server.post(lambda: workspaces[0].in_sight(segment_ids))

    unknown = None if project.table.release is None else in_sight
    row_maps = RowMaps(opened.segmentation, nearest, unknown=unknown)
    source = project.segmentation
    mesher = MeshProcess(source.url, source.resolution_nm)
    closing.callback(mesher.close)
    surfaces = Surfaces(mesher, opened.bounds_nm, nearest)

    release = project.table.release
    worker: Worker = NoEncoder() if release is None else NoEncoder(how_to_add(release, folder))
    if opened.encoder is not None:
        encoder = EncoderWorker(
            WorkerSettings(project),
            server.post,
            lambda device: workspaces[0].encoder_ready(device),
            lambda error: server.say_failure(str(error)),
        )
        closing.callback(encoder.close)
        worker = encoder

    source_of_release: ReleaseFetcher | None = None
    if release is not None:
        source_of_release = ReleaseFetcher(release, folder, server.post)
        closing.callback(source_of_release.close)
    scatter = Scatter(table, table_grows=release is not None)
    layouts = KeptLayouts(folder, table, scatter, server.post)
    closing.callback(layouts.stop)
    if release is not None:
        layouts.carry_over()
    world = replace(
        _world(opened, table, scatter, generated),
        reads_only=log.reads_only,
        notice=notice_of(Path(project.labels.file), log.reads_only, folder, table.damage),
        log=name_of_log(Path(project.labels.file), server.call(log.begun_at)),
    )
    indexer = IndexJobs(folder, table, server.post)
    closing.callback(indexer.stop)
    shared = SharedPorts(
        worker=worker,
        fitter=_thread(closing, server),
        chooser=_thread(closing, server),
        judge=_thread(closing, server),
        searcher=_thread(closing, server),
        indexer=indexer,
        layouts=layouts,
        log=log,
        training=TrainingFile(Path(project.labels.file)),
        views=_views(Path(project.labels.file), log.reads_only),
        later=server.later,
        release=source_of_release,
    )
    workspace = server.call(partial(Workspace, world, shared))
    workspaces.append(workspace)
    scene = _scene(opened, table)
    sessions: dict[str, Session] = {}
    overlays = {annotator: Overlay(row_maps) for annotator in annotators}
    for annotator, overlay in overlays.items():
        view = NeuroglancerView(running, server.guard.origin, scene, overlay, surfaces)
        server.guard.reserve(view.token, annotator)
        clusterer = ClusterJobs(folder, server.post)
        closing.callback(clusterer.stop)
        ports = Ports(
            finder=_thread(closing, server),
            clusterer=clusterer,
            ahead=ReadAhead(opened.em, overlay, surfaces),
            page=server.pages[annotator],
            view=view,
        )
        own = replace(world, annotator=annotator, viewer_url=view.path)
        sessions[annotator] = server.call(partial(Session, workspace, own, ports))
        view.listen(sessions[annotator])
    columns = Columns(
        table,
        workspace.scatter,
        workspace.layout_named,
        workspace.points_stamped,
        workspace.masks.named,
        workspace.color_columns.named,
    )
    volumes = {"segmentation": opened.segmentation} | ({"em": opened.em} if opened.em is not None else {})
    seen = None if opened.encoder is None else opened.encoder.cutout
    pictures = CutoutPictures(opened.em, opened.segmentation, table, workspace.scatter, seen)
    routes = data_routes(volumes, overlays, surfaces, columns, pictures)
    routes += export_routes({annotator: session.selected_rows for annotator, session in sessions.items()})
    server.open(sessions, routes, load_page_files())
    server.call(workspace.start)
    if workspace.fetching is not None:
        server.call(partial(workspace.fetching.want, map(int, project.start_segments)))

    if len(table) >= LEAST_ROWS:
        server.call(workspace.begin_layouts)
    server.call(workspace.indexing.begin)
    return {annotator: server.guard.address(annotator) for annotator in annotators}


def _thread(closing: ExitStack, server: AppServer) -> LatestThread:
    """A thread for jobs, which ends with the app."""
    thread = LatestThread(server.post)
    closing.callback(thread.close)
    return thread


def _world(opened: Opened, table: EmbeddingTable, scatter: Scatter, generated: bool) -> World:
    """What the sessions are about; annotator and viewer are each session's own."""
    project = opened.project
    return World(
        project=project.name,
        generated=generated,
        annotator="",
        segmentation=project.segmentation.version,
        viewer_url="",
        resolution_nm=opened.segmentation.mips[0].resolution_nm,
        bounds_nm=opened.bounds_nm,
        start_segments=tuple(int(segment) for segment in project.start_segments),
        tasks=project.tasks,
        depth_axis=project.depth_axis,
        table=table,
        layout=first_layout(Path(project.table.folder), table, scatter),
        scatter=scatter,
        keys=project.keys,
        segment_at=partial(segments_at, opened.segmentation),
        double_share=project.labelling.double_share if len(project.annotators) > 1 else 0.0,
        train_on=choice_of(project.train_on),
        embeds=opened.encoder is not None,
        run=secrets.token_hex(8),
    )


def _open_log(path: Path, first_labels: Callable[[], Sequence[NewEvent]]) -> LabelStore:
    """The label log; SQLite wants it opened on the thread that will use it. One that cannot be written is read."""
    log = LabelStore.open(path, reader=not can_be_written(path))
    if not log.reads_only and not log.events() and (labels := first_labels()):
        log.append(labels)
    return log


def _views(log: Path, reads_only: bool) -> ViewsFile:
    """The saved views; kept selections that nobody needs any more are deleted here, at the start."""
    views = ViewsFile(log)
    if not reads_only:
        with suppress(SegclrError):  # views that cannot be read: the page says so, and nothing is deleted
            views.delete_unused(time.time())
    return views


def _scene(opened: Opened, table: EmbeddingTable) -> Scene:
    """What the viewer opens with."""
    project = opened.project
    shown = [int(segment) for segment in project.start_segments] or _longest_segments(table)
    start = []
    for segment in shown:
        index = int(np.searchsorted(table.segment_ids, np.uint64(segment)))
        if index < len(table.segment_ids) and int(table.segment_ids[index]) == segment:
            start.append((index, segment))
    return Scene(
        title=project.name,
        resolution_nm=opened.segmentation.mips[0].resolution_nm,
        bounds_nm=opened.bounds_nm,
        grey_range=None if opened.em is None else _grey_range(opened.em),
        tasks=project.tasks,
        start=start,
        keys=project.keys,
    )


def _longest_segments(table: EmbeddingTable, count: int = 5) -> Sequence[int]:
    """The segments with most nodes, for a first view of a project that names none."""
    order = np.argsort(-np.diff(table.first_row), kind="stable")[:count]
    return [int(segment) for segment in table.segment_ids[order]]


def _grey_range(em: Volume) -> tuple[int, int]:
    """Greys to show as black and white, from the middle of the coarsest mip; padding (0) does not count."""
    box = em.mips[-1].box
    half = _GREY_SAMPLE_VOXELS // 2
    middle = [(a + b) // 2 for a, b in zip(box.start, box.stop, strict=True)]
    x, y, z = middle
    sample = em.read(Box((x - half, y - half, z - half), (x + half, y + half, z + half)), len(em.mips) - 1).view(
        np.uint8
    )
    grey = sample[sample > 0]
    if not len(grey):
        return (0, 255)
    low, high = np.percentile(grey, (_DARKEST, _BRIGHTEST))
    return (int(low), max(int(high), int(low) + 1))
