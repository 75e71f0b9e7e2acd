"""The server as a browser, a foreign page and another program meet it; on Neuroglancer's real one."""

import asyncio
import http.client
import json
import logging
import re
import struct
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np
import pytest
from tornado.httpclient import HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

from segclr.em.mesh import Mesh
from segclr.em.volume import open_volume
from segclr.errors import ProjectError, VolumeUnavailable
from segclr.explore.layout import Layout
from segclr_viewer.answers import Status, ToPage
from segclr_viewer.columns import Columns
from segclr_viewer.messages import ClearRequest, ToServer
from segclr_viewer.nearest import NearestNodes
from segclr_viewer.overlay import Overlay, code
from segclr_viewer.page_files import PageFile
from segclr_viewer.points import Points
from segclr_viewer.project import ClassSpec, Task
from segclr_viewer.routes import data_routes
from segclr_viewer.scene import Scene
from segclr_viewer.server import AppServer
from segclr_viewer.surfaces import Surfaces, part_of
from segclr_viewer.viewer import Neuroglancer, NeuroglancerView

TASK = Task(name="t", unit="node", classes=(ClassSpec("a", "#ff0000", "1"), ClassSpec("b", "#00ff00", "2")))
TRIANGLE = Mesh(np.array([[1, 2, 3], [4, 5, 6], [7, 8, 10]], np.float32), np.array([[0, 1, 2]], np.uint32))


@dataclass
class Listener:
    """A session that writes down what it is told."""

    received: list[ToServer] = field(default_factory=list)
    fault: Callable[[], None] = lambda: None

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


@dataclass
class App:
    """A running server over a small world."""

    running: Neuroglancer
    server: AppServer
    view: NeuroglancerView
    session: Listener
    overlay: Overlay
    rows: int
    read_fault: list[Exception]

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.running.port}"

    @property
    def cookie(self) -> str:
        return f"{self.server.guard.cookie_name}={self.server.guard.cookie}"

    def paint(self, class_index: int, stamp: str = "s1") -> Points:
        classes = np.full(self.rows, class_index, np.uint8)
        points = Points(stamp, "t", classes, np.full(self.rows, 255, np.uint8), (), (), "")
        self.server.call(lambda: self.view.repaint(points))
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


@pytest.fixture(scope="module")
def app(world) -> Iterator[App]:  # type: ignore[no-untyped-def]
    em, segmentation = open_volume(world.em_url, "em"), open_volume(world.segmentation_url, "segmentation")
    nodes = [world.skeletons[segment].nodes_nm for segment in world.segment_ids]
    table = SimpleNamespace(
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
        server = AppServer(running)
        overlay = Overlay(segmentation, NearestNodes(table))
        low = tuple(o * r for o, r in zip(world.voxel_offset, world.resolution_nm, strict=True))
        high = tuple((o + n) * r for o, n, r in zip(world.voxel_offset, world.size, world.resolution_nm, strict=True))
        surfaces = Surfaces(OneTriangle(), (low, high), NearestNodes(table), overlay)
        scene = Scene("world", world.resolution_nm, (low, high), (1, 200), (TASK,), [(0, 7)])
        view = NeuroglancerView(running, server.guard.origin, scene, overlay, surfaces)
        layout = Layout("pca 1", "pca", np.arange(2 * rows, dtype=np.float32).reshape(rows, 2))
        app = App(running, server, view, Listener(), overlay, rows, read_fault)
        points = app.paint(0)
        columns = Columns(
            table,  # type: ignore[arg-type]
            lambda name: layout if name == layout.id else None,
            lambda stamp: points if stamp == points.stamp else None,
        )
        volumes = {"em": FaultyEm(), "segmentation": segmentation}
        files = {"/": PageFile(b"<p>page</p>", "text/html"), "/static/app.js": PageFile(b"1", "text/javascript")}
        server.open(app.session, data_routes(volumes, overlay, surfaces, columns), files)  # type: ignore[arg-type]
        yield app
    finally:
        running.stop()


def routes(app: App) -> list[tuple[str, str]]:
    """One request for every handler, ours and Neuroglancer's, and for a path that nobody answers."""
    token = app.view.path.strip("/").removeprefix("v/")
    return [
        ("GET", "/"),
        ("GET", "/static/app.js"),
        ("GET", "/ws"),
        ("GET", "/volumes/em/info"),
        ("GET", "/volumes/em/0/40-104_24-88_12-68"),
        ("GET", "/volumes/segmentation/1/20-68_12-52_12-68"),
        ("GET", "/overlay/active/info"),
        ("GET", "/overlay/active/0/40-104_24-88_12-68"),
        ("GET", "/surfaces/info"),
        ("GET", "/surfaces/1:0"),
        ("GET", "/surfaces/part_1"),
        ("GET", "/columns/0123456789abcdef/positions.bin"),
        ("GET", "/columns/prediction/s1.bin"),
        ("GET", app.view.path),
        ("GET", f"{app.view.path}index.html"),
        ("GET", f"/events/{token}?c=x&gc=&gs="),
        ("POST", f"/state/{token}"),
        ("POST", f"/action/{token}"),
        ("POST", f"/credentials/{token}"),
        ("POST", f"/volume_response/{token}/1/info"),
        ("GET", f"/neuroglancer/info/{token}.x"),
        ("GET", f"/neuroglancer/mesh/{token}.x/1"),
        ("OPTIONS", "/"),
        ("DELETE", "/nothing"),
    ]


FOREIGN: list[dict[str, str]] = [
    {"Host": "evil.example"},
    {"Host": "127.0.0.1:1"},
    {"Origin": "http://evil.example"},
    {"Origin": "null"},
    {"Sec_Fetch_Site": "cross-site"},
    {"Sec_Fetch_Site": "same-site"},
    {"Cookie": "segclr_1=x"},
]


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_no_handler_answers_a_foreign_request(app: App, headers: dict[str, str]) -> None:
    state = json.dumps({"pg": "", "g": "1", "s": {"title": "stolen"}, "c": "x"}).encode()
    before = app.view._viewer.shared_state.raw_state
    for method, path in routes(app):
        status, answered, body = app.ask(path, method, state if method == "POST" else None, **headers)
        assert status == 403, (method, path)
        assert b"open the address that the terminal printed" in body
        assert "set-cookie" not in answered
    assert app.view._viewer.shared_state.raw_state is before


def test_no_handler_answers_without_the_cookie(app: App) -> None:
    for method, path in routes(app):
        assert app.ask(path, method, b"{}" if method == "POST" else None, cookie=False)[0] == 403, (method, path)


def test_the_same_requests_are_let_in_with_the_cookie(app: App) -> None:
    for method, path in routes(app):
        if method == "GET" and path != "/ws":
            status = app.ask(path, Origin=f"http://{app.host}", Sec_Fetch_Site="same-origin")[0]
            assert status == (404 if path.startswith("/neuroglancer/") else 200), path


@pytest.mark.parametrize("site", ["none", "cross-site", "same-site"])
def test_the_printed_address_gives_the_cookie_and_leads_to_the_page(app: App, site: str) -> None:
    path = app.server.address.removeprefix(f"http://{app.host}")
    status, headers, body = app.ask(path, cookie=False, Sec_Fetch_Site=site)
    if site == "none":
        assert (status, headers["location"]) == (303, "/")
    else:  # a redirect would not send the cookie
        assert status == 200
        assert b"content='0;url=/'" in body
    assert re.fullmatch(rf"{app.cookie}; HttpOnly; Path=/; SameSite=Strict", headers["set-cookie"])
    assert headers["cache-control"] == "no-store"
    assert app.server.guard.token.encode() not in body
    assert app.ask("/", cookie=False, Cookie=f"other=x; {app.cookie}")[2] == b"<p>page</p>"


def test_under_another_name_of_this_machine_the_printed_address_leads_to_the_right_one(app: App) -> None:
    path = app.server.address.removeprefix(f"http://{app.host}")
    status, headers, _ = app.ask(path, cookie=False, Host=f"localhost:{app.running.port}")
    assert (status, headers["location"]) == (303, app.server.address)
    assert "set-cookie" not in headers


@pytest.mark.parametrize("token", ["", "x", "{cookie}"])
def test_a_wrong_token_gives_no_cookie(app: App, token: str) -> None:
    status, headers, body = app.ask("/?token=" + token.format(cookie=app.server.guard.cookie), cookie=False)
    assert status == 403
    assert "set-cookie" not in headers
    assert b"open the address that the terminal printed" in body


def test_the_token_opens_nothing_but_the_page(app: App) -> None:
    token = app.server.guard.token
    for method, path in routes(app):
        if path != "/" or method != "GET":
            asked = f"{path}{'&' if '?' in path else '?'}token={token}"
            assert app.ask(asked, method, b"{}" if method == "POST" else None, cookie=False)[0] == 403, (method, path)


def test_every_answer_carries_the_protecting_headers(app: App) -> None:
    token = app.view.path.strip("/").removeprefix("v/")
    for path in ("/", "/nothing", "/volumes/em/info", app.view.path, f"/events/{token}?c=x&gc=&gs="):
        for cookie in (True, False):
            _, headers, _ = app.ask(path, cookie=cookie)
            assert "frame-ancestors 'self'" in headers["content-security-policy"], path
            assert ("unsafe-eval" in headers["content-security-policy"]) == path.startswith("/v/")
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "no-referrer"
            assert headers["x-frame-options"] == "SAMEORIGIN"
            assert not any(name.startswith("access-control") for name in headers)


@pytest.mark.parametrize(
    "path",
    [
        "/static/../../../etc/passwd",
        "/static/%2e%2e/%2e%2e/etc/passwd",
        "/static/..%2fpyproject.toml",
        "/static/",
        "/static/app.js/",
        "/../index.html",
        "//etc/passwd",
        "/columns/..%2f..%2fetc/positions.bin",
        "/columns/0123456789abcdef/../positions.bin",
        "/columns/layout/..%2f..%2f.bin",
        "/volumes/../em/info",
        "/volumes/em/9/40-104_24-88_12-68",
        "/volumes/em/00000/40-104_24-88_12-68",
        "/volumes/em/0/41-104_24-88_12-68",
        "/volumes/em/0/40-999999999_24-999999999_12-999999999",
        "/volumes/em/0/40-104_24-88_12-68/..",
        "/overlay/active/-1/40-104_24-88_12-68",
        "/surfaces/part_x",
        "/surfaces/part_-1",
        "/v/../etc/passwd",
    ],
)
def test_no_path_reaches_anything_that_is_not_offered(app: App, path: str) -> None:
    assert app.ask(path)[0] == 404


def test_viewer_files_are_only_those_of_the_client(app: App) -> None:
    for name in ("../server.py", "..%2fserver.py", "%2e%2e/server.py", "__init__.py", "index.html/../../__init__.py"):
        assert app.ask(app.view.path + name)[0] == 404


def test_the_viewer_s_client_comes_with_our_style(app: App) -> None:
    status, headers, body = app.ask(app.view.path)
    assert status == 200
    assert headers["content-type"].startswith("text/html")
    assert b".neuroglancer-layer-add-button" in body
    assert body.count(b"</head>") == 1


def test_chunks_hold_the_volume_s_voxels(app: App, world) -> None:  # type: ignore[no-untyped-def]
    for name, array in (("em", world.em), ("segmentation", world.segmentation)):
        for path, part in (
            ("40-104_24-88_12-68", np.s_[:56, :64, :64]),
            ("104-136_88-104_12-68", np.s_[:56, 64:80, 64:96]),
        ):
            status, headers, body = app.ask(f"/volumes/{name}/0/{path}")
            assert status == 200
            assert headers["content-type"] == "application/octet-stream"
            assert body == np.ascontiguousarray(array[part]).tobytes()
    body = app.ask("/volumes/segmentation/1/20-68_12-52_12-68")[2]
    assert body == np.ascontiguousarray(world.segmentation[:, ::2, ::2]).tobytes()
    assert {2**63 + 5, 720575940600000977} <= set(np.unique(np.frombuffer(body, np.uint64)).tolist())


def test_infos_tell_what_kind_of_voxels_there_are(app: App) -> None:
    kinds = {}
    for path in ("volumes/em", "volumes/segmentation", "overlay/active"):
        info = json.loads(app.ask(f"/{path}/info")[2])
        assert [scale["voxel_offset"] for scale in info["scales"]] == [[40, 24, 12], [20, 12, 12]]
        kinds[path] = (info["type"], info["data_type"])
    assert kinds == {
        "volumes/em": ("image", "uint8"),
        "volumes/segmentation": ("segmentation", "uint64"),
        "overlay/active": ("segmentation", "uint8"),
    }


def test_a_repaint_changes_the_overlay_and_the_surfaces(app: App, world) -> None:  # type: ignore[no-untyped-def]
    chunk, first_part = "/overlay/active/0/40-104_24-88_12-68", part_of(0, 0)
    for class_index in (1, 0):
        app.paint(class_index)
        _, headers, body = app.ask(chunk)
        assert headers["cache-control"] == "no-store"
        expected = np.where(world.segmentation[:56, :64, :64] > 0, code(class_index, 7), 0).astype(np.uint8)
        assert body == expected.tobytes()
        _, headers, mesh = app.ask(f"/surfaces/part_{first_part}")
        assert headers["cache-control"] == "no-store"
        assert struct.unpack("<I", mesh[:4]) == ((3,) if class_index == 0 else (0,))


def test_every_part_has_a_mesh_be_it_empty(app: App) -> None:
    assert json.loads(app.ask("/surfaces/info")[2]) == {"@type": "neuroglancer_legacy_mesh"}
    for part in (0, 31, 10**17):
        assert json.loads(app.ask(f"/surfaces/{part}:0")[2]) == {"fragments": [f"part_{part}"]}
        assert app.ask(f"/surfaces/part_{part}")[2] == struct.pack("<I", 0)


def test_columns_are_kept_by_the_browser_since_their_address_names_the_version(app: App) -> None:
    for path in ("0123456789abcdef/segments", "layout/pca%201", "prediction/s1"):
        status, headers, body = app.ask(f"/columns/{path}.bin")
        assert status == 200
        assert len(body) in (8 * app.rows, 2 * app.rows)
        assert "immutable" in headers["cache-control"]
    assert app.ask("/columns/0123456789abcdee/segments.bin")[0] == 404


class Pages:
    """WebSockets of some pages, and what they hear."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def join(self) -> WebSocketClientConnection:
        sent = {"Cookie": self.app.cookie, "Origin": f"http://{self.app.host}"}
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


def test_a_page_is_welcomed_heard_and_told(app: App) -> None:
    async def talk() -> None:
        pages = Pages(app)
        first, second = await pages.join(), await pages.join()
        await first.write_message('{"type": "clear", "request": "r1"}')
        await first.write_message("not JSON")
        assert (await pages.hear(first))["type"] == "failed"
        assert app.session.received == [ClearRequest("r1")]
        app.server.post(lambda: app.server.send(Status("to all")))
        assert [await pages.hear(page) for page in (first, second)] == [{"type": "status", "text": "to all"}] * 2
        await pages.leave(first)
        app.server.post(lambda: app.server.send(Status("again")))
        assert (await pages.hear(second))["text"] == "again"
        await pages.leave(second)

    asyncio.run(talk())


def test_a_fault_is_logged_and_said_and_the_page_stays_connected(app: App, caplog: pytest.LogCaptureFixture) -> None:
    def fault() -> None:
        raise ZeroDivisionError("a bug")

    async def talk() -> None:
        pages = Pages(app)
        page = await pages.join()
        app.session.fault = fault
        await page.write_message('{"type": "clear", "request": "r2"}')
        told = await pages.hear(page)
        assert told["type"] == "failed"
        assert "terminal" in str(told["text"])
        app.session.fault = lambda: None
        await page.write_message('{"type": "clear", "request": "r3"}')
        app.server.post(lambda: app.server.send(Status("still here")))
        assert (await pages.hear(page))["text"] == "still here"
        await pages.leave(page)

    asyncio.run(talk())
    assert "ZeroDivisionError: a bug" in caplog.text


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_no_foreign_page_gets_a_socket(app: App, headers: dict[str, str]) -> None:
    upgrade = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec_WebSocket_Version": "13",
        "Sec_WebSocket_Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Origin": f"http://{app.host}",
    }
    assert app.ask("/ws", **upgrade | headers)[0] == 403


def test_a_volume_that_cannot_be_read_is_said_once(app: App) -> None:
    async def talk() -> None:
        pages = Pages(app)
        page = await pages.join()
        app.read_fault.append(VolumeUnavailable("the disk is gone: plug it in"))
        try:
            for _ in range(3):
                status, _, _ = await asyncio.to_thread(app.ask, "/volumes/em/0/40-104_24-88_12-68")
                assert status == 503
        finally:
            app.read_fault.clear()
        app.server.post(lambda: app.server.send(Status("the end")))
        assert await pages.hear(page) == {"type": "failed", "request": None, "text": "the disk is gone: plug it in"}
        assert (await pages.hear(page))["text"] == "the end"
        await pages.leave(page)

    asyncio.run(talk())
    assert app.ask("/volumes/em/0/40-104_24-88_12-68")[0] == 200


def test_secrets_are_in_no_log(app: App, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        app.read_fault.append(ZeroDivisionError("a bug"))
        try:
            assert app.ask("/volumes/em/0/40-104_24-88_12-68?token=" + app.server.guard.token)[0] == 500
        finally:
            app.read_fault.clear()
        app.ask(app.server.address.removeprefix(f"http://{app.host}"), cookie=False)
        app.ask("/?token=" + app.server.guard.token + "x", cookie=False)
        app.ask("/nothing?token=" + app.server.guard.token)
        app.ask("/", "POST", b"x")
    assert "a bug" in caplog.text
    assert app.server.guard.token not in caplog.text
    assert app.server.guard.cookie not in caplog.text


def test_failures_of_the_server_thread_are_raised_where_it_was_called(app: App) -> None:
    def fault() -> None:
        raise ProjectError("no")

    with pytest.raises(ProjectError):
        app.server.call(fault)
    assert app.server.call(lambda: 7) == 7
