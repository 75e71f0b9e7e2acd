"""The app's web server: our handlers on Neuroglancer's own Tornado server, with one guard in front of everything."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol, TypeVar

from tornado import httputil, routing, web, websocket
from tornado.httpserver import HTTPServer

from segclr.errors import SegclrError
from segclr_viewer.serving.entrance import Handler, stand_guard
from segclr_viewer.serving.guard import Guard
from segclr_viewer.serving.page_files import PageFile
from segclr_viewer.serving.routes import Route
from segclr_viewer.wire.answers import Failed, ToPage
from segclr_viewer.wire.messages import ToServer, decode, encode, request_of

log = logging.getLogger(__name__)

T = TypeVar("T")

_THREADS = 4  # for chunks and columns; meshes and the encoder have processes of their own
_LONGEST_FRAME = 2 << 20  # bytes: a lasso of 20,000 corners is half of it
_REPEAT_S = 10.0  # the same failure is not said again within this time


class Running(Protocol):
    """Neuroglancer's server, listening: its Tornado objects and the loop that its thread runs."""

    host: str
    port: int
    loop: asyncio.AbstractEventLoop
    application: web.Application
    http_server: HTTPServer


class Session(Protocol):
    """What pages speak to; called on the loop's thread."""

    def page_joined(self, send: Callable[[ToPage], None]) -> None: ...

    def pages_gone(self) -> None: ...

    def receive(self, message: ToServer) -> None: ...


class PagesOf:
    """The pages of one annotator: the session's `Page` port. Called on the loop's thread."""

    def __init__(self) -> None:
        self.sockets: set[_Socket] = set()

    def send(self, message: ToPage) -> None:
        """Send a message to each of the annotator's pages."""
        if self.sockets:
            self.send_frame(encode(message))

    def send_frame(self, frame: str) -> None:
        for socket in list(self.sockets):
            socket.send_frame(frame)


class AppServer:
    """Our side of the server; what it sends must be sent on the loop's thread."""

    def __init__(self, running: Running, annotators: Sequence[str] = ("",)) -> None:
        """Put the guard in front of everything; nothing of ours is served before `open`.

        Args:
            annotators: who may sign in, each at an own address (`guard.address`).
        """
        self._loop = running.loop
        self._application = running.application
        self._said: dict[str, float] = {}
        self.pages = {annotator: PagesOf() for annotator in annotators}
        self.guard = Guard(running.host, running.port, annotators)
        self.call(lambda: self._stand_guard(running.http_server))

    def open(self, sessions: Mapping[str, Session], routes: Sequence[Route], files: Mapping[str, PageFile]) -> None:
        """Serve the page, its WebSocket and the data from now on.

        Args:
            sessions: by annotator.
        """
        handlers: list[routing.URLSpec] = [_rule("/ws", _Socket, server=self, sessions=sessions)]
        handlers += [_rule(path, _File, file=file) for path, file in files.items()]
        handlers += [_rule(route.pattern, _Data, server=self, route=route) for route in routes]
        self.call(lambda: self._application.add_handlers(r".*", handlers))

    def post(self, function: Callable[[], None]) -> None:
        """Run a function on the loop's thread, soon; from any thread."""
        self._loop.call_soon_threadsafe(function)

    def later(self, seconds: float, function: Callable[[], None]) -> None:
        """Run a function on the loop's thread after some time; called on that thread."""
        self._loop.call_later(seconds, function)

    def send(self, message: ToPage) -> None:
        """Send a message to every page of every annotator."""
        frame = encode(message)
        for pages in self.pages.values():
            pages.send_frame(frame)

    def call(self, function: Callable[[], T]) -> T:
        """Run a function on the loop's thread and wait for it, from another thread; what it raises is raised here."""
        done: Future[T] = Future()

        def run() -> None:
            try:
                done.set_result(function())
            except BaseException as error:
                done.set_exception(error)

        self._loop.call_soon_threadsafe(run)
        return done.result()

    def say_failure(self, text: str) -> None:
        """Tell every page that something failed, but not the same thing again and again."""
        now = self._loop.time()
        if now - self._said.get(text, -_REPEAT_S) >= _REPEAT_S:
            self._said = {text: now}
            self.send(Failed(None, text))

    def annotator_of(self, request: httputil.HTTPServerRequest) -> str:
        """Who asks, by the cookie; the guard has let the request in."""
        cookie = request.cookies.get(self.guard.cookie_name)
        annotator = self.guard.annotator_of_cookie(None if cookie is None else cookie.value)
        if annotator is None:
            raise web.HTTPError(403)
        return annotator

    def _stand_guard(self, http_server: HTTPServer) -> None:
        self._loop.set_default_executor(ThreadPoolExecutor(_THREADS, "data"))
        self._application.settings["websocket_max_message_size"] = _LONGEST_FRAME
        stand_guard(self.guard, self._application, http_server)


class _File(Handler):
    """One file of the page."""

    def initialize(self, file: PageFile) -> None:
        self.file = file

    def get(self) -> None:
        self.set_header("Content-Type", self.file.content_type)
        self.set_header("Cache-Control", "no-store")
        self.finish(self.file.body)


class _Data(Handler):
    """One route of the data; the work is given up when the browser does not want it any more."""

    def initialize(self, server: AppServer, route: Route) -> None:
        self.server = server
        self.answer = route.answer
        self.is_personal = route.is_personal
        self.work: asyncio.Future[None] | None = None

    async def get(self, **groups: str) -> None:
        if self.is_personal:
            groups["annotator"] = self.server.annotator_of(self.request)
        self.work = asyncio.ensure_future(self._answer(**groups))
        try:
            await self.work
        except asyncio.CancelledError:
            self.set_status(503)  # nobody listens
        except web.HTTPError:  # there is none, or not any more: whoever asked says so if it matters
            raise
        except SegclrError as error:
            log.warning("%s", error)
            self.server.say_failure(str(error))
            self.send_error(503)
        except Exception:
            self.server.say_failure("a part of the picture could not be made; the terminal says why")
            raise

    async def _answer(self, **groups: str) -> None:
        reply = await self.answer(**groups)
        if reply is None:
            raise web.HTTPError(404)
        self.set_header("Content-Type", reply.content_type)
        lasting = "private, max-age=31536000, immutable"
        self.set_header("Cache-Control", lasting if reply.lasting else "no-store")
        self.finish(reply.body)

    def on_connection_close(self) -> None:
        if self.work is not None:
            self.work.cancel()


class _Socket(websocket.WebSocketHandler):
    """The connection to one page. The guard has checked who it is."""

    def initialize(self, server: AppServer, sessions: Mapping[str, Session]) -> None:
        annotator = server.annotator_of(self.request)
        self.session = sessions[annotator]
        self.pages = server.pages[annotator]

    def check_origin(self, origin: str) -> bool:
        return True  # a browser always says its origin, and the guard has compared it with ours

    def open(self, *_: str, **__: str) -> None:
        self.set_nodelay(True)  # else an answer of two small frames waits 40 ms for the page's acknowledgement
        self.pages.sockets.add(self)
        self._do(lambda: self.session.page_joined(self.send))

    def on_message(self, message: str | bytes) -> None:
        self._do(lambda: self.session.receive(decode(message)), message)

    def on_close(self) -> None:
        self.pages.sockets.discard(self)
        if not self.pages.sockets:
            self.session.pages_gone()

    def send(self, message: ToPage) -> None:
        """Send a message to this page alone."""
        self.send_frame(encode(message))

    def send_frame(self, frame: str) -> None:
        try:
            self.write_message(frame)
        except websocket.WebSocketClosedError:
            self.pages.sockets.discard(self)

    def _do(self, work: Callable[[], None], frame: str | bytes = b"") -> None:
        """Do what a frame asks. An answer that was not understood, or met a fault, is not refused: pages keep it."""
        try:
            work()
        except SegclrError as error:
            log.warning("%s", error)
            self.send(Failed(request_of(frame), str(error), again=True))
        except Exception:
            log.exception("a page's request failed")
            said = "this did not work, through a fault of the program; the terminal says why"
            self.send(Failed(request_of(frame), said, again=True))


def _rule(pattern: str, handler: type[web.RequestHandler], **arguments: object) -> routing.URLSpec:
    return routing.URLSpec(f"{pattern}$", handler, arguments)
