"""A running server over a small world, for the tests that meet it as a browser, a foreign page and a program do."""

import asyncio
import http.client
import json
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event
from types import SimpleNamespace

import numpy as np
from tornado.httpclient import HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

from segclr.em.mesh import Mesh
from segclr.em.volume import open_volume
from segclr.explore.layout import Layout
from segclr_viewer.cutout_pictures import CutoutPictures
from segclr_viewer.overlay.nearest import NearestNodes
from segclr_viewer.overlay.overlay import Overlay, RowMaps
from segclr_viewer.overlay.surfaces import Surfaces
from segclr_viewer.points import Points
from segclr_viewer.project import ClassSpec, Task
from segclr_viewer.scatter import Scatter
from segclr_viewer.scene import Scene
from segclr_viewer.serving.columns import Columns
from segclr_viewer.serving.page_files import PageFile
from segclr_viewer.serving.routes import data_routes
from segclr_viewer.serving.server import AppServer
from segclr_viewer.viewer import Neuroglancer, NeuroglancerView
from segclr_viewer.wire.answers import Status, ToPage
from segclr_viewer.wire.messages import ToServer

ANNOTATORS = ("ana", "ben")
TASK = Task(name="t", unit="node", classes=(ClassSpec("a", "#ff0000", "1"), ClassSpec("b", "#00ff00", "2")))
TRIANGLE = Mesh(np.array([[1, 2, 3], [4, 5, 6], [7, 8, 10]], np.float32), np.array([[0, 1, 2]], np.uint32))


@dataclass
class Listener:
    """A session that writes down what it is told."""

    received: list[ToServer] = field(default_factory=list)
    fault: Callable[[], None] = lambda: None
    gone: Event = field(default_factory=Event)

    def pages_gone(self) -> None:
        self.gone.set()

    def page_joined(self, send: Callable[[ToPage], None]) -> None:
        send(Status("welcome"))

    def receive(self, message: ToServer) -> None:
        self.fault()
        self.received.append(message)


class OneTriangle:
    """Every segment is this triangle."""

    def order(self, *_: object) -> Future[Mesh]:
        answer: Future[Mesh] = Future()
        answer.set_result(TRIANGLE)
        return answer


class Table(SimpleNamespace):
    """What is asked of the embedding table here."""

    def __len__(self) -> int:
        return len(self.positions_nm)


@dataclass
class App:
    """A running server over a small world."""

    running: Neuroglancer
    server: AppServer
    views: dict[str, NeuroglancerView]
    sessions: dict[str, Listener]
    overlay: Overlay
    rows: int
    read_fault: list[Exception]

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.running.port}"

    @property
    def view(self) -> NeuroglancerView:
        return self.views["ana"]

    @property
    def session(self) -> Listener:
        return self.sessions["ana"]

    @property
    def cookie(self) -> str:
        return self.cookie_of("ana")

    def cookie_of(self, annotator: str) -> str:
        return f"{self.server.guard.cookie_name}={self.server.guard.secrets[annotator].cookie}"

    def paint(self, class_index: int, stamp: str = "s1", annotator: str = "ana") -> Points:
        classes = np.full(self.rows, class_index, np.uint8)
        points = Points(stamp, "t", classes, np.full(self.rows, 255, np.uint8), (), (), "")
        self.server.call(lambda: self.views[annotator].repaint(points))
        return points

    def ask(
        self, path: str, method: str = "GET", body: bytes | None = None, cookie: bool = True, **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers (lower case) and body; underscores in header names are hyphens."""
        sent = {"Host": self.host} | ({"Cookie": self.cookie} if cookie else {})
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        connection = http.client.HTTPConnection("127.0.0.1", self.running.port, timeout=20)
        try:
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            streaming = answer.getheader("content-type") == "text/event-stream"
            return (
                answer.status,
                {name.lower(): value for name, value in answer.getheaders()},
                b"" if streaming else answer.read(),
            )
        finally:
            connection.close()


@contextmanager
def served(world) -> Iterator[App]:  # type: ignore[no-untyped-def]
    """Serve a world until the block ends."""
    em, segmentation = open_volume(world.em_url, "em"), open_volume(world.segmentation_url, "segmentation")
    nodes = [world.skeletons[segment].nodes_nm for segment in world.segment_ids]
    segment_of_row = np.repeat(np.array(world.segment_ids, np.uint64), [len(n) for n in nodes])
    table = Table(
        segment_of_rows=lambda rows: segment_of_row[rows],
        version="0123456789abcdef",
        segment_ids=np.array(world.segment_ids, np.uint64),
        first_row=np.concatenate([[0], np.cumsum([len(n) for n in nodes])]),
        positions_nm=np.concatenate(nodes),
    )
    rows = len(table.positions_nm)
    read_fault: list[Exception] = []

    class FaultyEm:
        dtype, mips = em.dtype, em.mips

        def read(self, *box: object) -> object:
            if read_fault:
                raise read_fault[0]
            return em.read(*box)  # type: ignore[arg-type]

    running = Neuroglancer("127.0.0.1", 0)
    try:
        server = AppServer(running, ANNOTATORS)
        row_maps = RowMaps(segmentation, NearestNodes(table))
        overlays = {name: Overlay(row_maps) for name in ANNOTATORS}
        low = tuple(o * r for o, r in zip(world.voxel_offset, world.resolution_nm, strict=True))
        high = tuple((o + n) * r for o, n, r in zip(world.voxel_offset, world.size, world.resolution_nm, strict=True))
        surfaces = Surfaces(OneTriangle(), (low, high), NearestNodes(table))
        scene = Scene("world", world.resolution_nm, (low, high), (1, 200), (TASK,), [(0, 7)])
        views = {
            name: NeuroglancerView(running, server.guard.origin, scene, overlay, surfaces)
            for name, overlay in overlays.items()
        }
        for name, view in views.items():
            server.guard.reserve(view.token, name)
        layout = Layout("pca 1", "pca", np.arange(2 * rows, dtype=np.float32).reshape(rows, 2))
        sessions = {name: Listener() for name in ANNOTATORS}
        app = App(running, server, views, sessions, overlays["ana"], rows, read_fault)
        points = app.paint(0)
        columns = Columns(
            table,  # type: ignore[arg-type]
            Scatter(table),  # type: ignore[arg-type]
            lambda name: layout if name == layout.id else None,
            lambda stamp: points if stamp == points.stamp else None,
            lambda name: None,
            lambda name: None,
        )
        volumes = {"em": FaultyEm(), "segmentation": segmentation}
        files = {"/": PageFile(b"<p>page</p>", "text/html"), "/static/app.js": PageFile(b"1", "text/javascript")}
        pictures = CutoutPictures(em, segmentation, table, Scatter(table), None)  # type: ignore[arg-type]
        routes = data_routes(volumes, overlays, surfaces, columns, pictures)  # type: ignore[arg-type]
        server.open(sessions, routes, files)
        yield app
    finally:
        running.stop()


class Pages:
    """WebSockets of some pages, and what they hear."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def join(self, annotator: str = "ana") -> WebSocketClientConnection:
        sent = {"Cookie": self.app.cookie_of(annotator), "Origin": f"http://{self.app.host}"}
        page = await websocket_connect(HTTPRequest(f"ws://{self.app.host}/ws", headers=sent))
        assert await self.hear(page) == {"type": "status", "text": "welcome"}
        return page

    async def leave(self, page: WebSocketClientConnection) -> None:
        page.close()
        while await asyncio.wait_for(page.read_message(), 10) is not None:
            pass  # until the server has closed it, too

    async def hear(self, page: WebSocketClientConnection) -> dict[str, object]:
        frame = await asyncio.wait_for(page.read_message(), 10)
        assert isinstance(frame, str)
        heard: dict[str, object] = json.loads(frame)
        return heard


FOREIGN: list[dict[str, str]] = [
    {"Host": "evil.example"},
    {"Host": "127.0.0.1:1"},
    {"Origin": "http://evil.example"},
    {"Origin": "null"},
    {"Sec_Fetch_Site": "cross-site"},
    {"Sec_Fetch_Site": "same-site"},
    {"Cookie": "segclr_1=x"},
]
