"""The way in: one guard in front of every request, and the answers to those that do not come in.

Neuroglancer's server has no checks but an unguessable path, so the guard must also stand before its handlers. Tornado
hands every request, WebSockets included, to `HTTPServer.request_callback`; that callback is replaced by a router that
asks the guard first and only then the application. No handler can be added that it does not cover.
"""

import logging

from tornado import httputil, routing, web
from tornado.httpserver import HTTPServer

from segclr_viewer.serving.guard import Guard, Knock, protecting_headers

log = logging.getLogger(__name__)

_REFUSED = "<!doctype html><meta charset=utf-8><title>segclr-viewer</title><p>{}</p>"
_WELCOME = "<!doctype html><meta charset=utf-8><title>segclr-viewer</title><meta http-equiv=refresh content='0;url={}'>"


def stand_guard(guard: Guard, application: web.Application, http_server: HTTPServer) -> None:
    """Let the guard be asked about every request from now on; called on the loop's thread."""
    application.add_transform(_SafeHeaders)
    http_server.request_callback = _GuardedRouter(guard, application)


class Handler(web.RequestHandler):
    """What our handlers share: no ETag (it would hash every chunk on the loop), no address in the log."""

    def compute_etag(self) -> None:
        return None

    def log_exception(self, typ: object, value: BaseException | None, tb: object) -> None:
        if not isinstance(value, web.HTTPError):
            log.error("%s failed", type(self).__name__, exc_info=value)

    def write_error(self, status_code: int, **_: object) -> None:
        self.finish(f"{status_code}: {self._reason}\n")


class _GuardedRouter(routing.Router):
    """Asks the guard about every request before anything else sees it, its body included."""

    def __init__(self, guard: Guard, application: web.Application) -> None:
        self._guard = guard
        self._application = application

    def find_handler(self, request: httputil.HTTPServerRequest, **_: object) -> httputil.HTTPMessageDelegate | None:
        cookie = request.cookies.get(self._guard.cookie_name)
        # the exchange of the token for the cookie: this path and method only
        exchange = request.path == "/" and request.method == "GET" and "token" in request.query_arguments
        token = request.query_arguments["token"][-1].decode("utf-8", "replace") if exchange else None
        headers = request.headers
        refusal = self._guard.refusal(
            Knock(
                host=headers.get("Host"),
                origin=headers.get("Origin"),
                fetch_site=headers.get("Sec-Fetch-Site"),
                cookie=None if cookie is None else cookie.value,
                token=token,
                path=request.uri or "",
            )
        )
        if refusal is not None:
            return self._application.get_handler_delegate(request, _Refused, {"text": refusal})
        annotator = None if token is None else self._guard.annotator_of_token(token)
        if annotator is not None:
            return self._application.get_handler_delegate(
                request, _Welcome, {"guard": self._guard, "annotator": annotator}
            )
        return self._application.find_handler(request)


class _SafeHeaders(web.OutputTransform):
    """Sets the headers of every response, of Neuroglancer's handlers too."""

    def __init__(self, request: httputil.HTTPServerRequest) -> None:
        self._path = request.path

    def transform_first_chunk(
        self, status_code: int, headers: httputil.HTTPHeaders, chunk: bytes, finishing: bool
    ) -> tuple[int, httputil.HTTPHeaders, bytes]:
        for name, value in protecting_headers(self._path).items():
            headers[name] = value
        return status_code, headers, chunk


class _Refused(Handler):
    """Answers what the guard refused, whatever the method."""

    def initialize(self, text: str) -> None:
        self.text = text

    def prepare(self) -> None:
        self.set_status(403)
        self.set_header("Cache-Control", "no-store")
        self.finish(_REFUSED.format(self.text))


class _Welcome(Handler):
    """Exchanges the token, which the guard has checked, for the cookie, at the one address that the viewer works at."""

    def initialize(self, guard: Guard, annotator: str) -> None:
        self.guard = guard
        self.annotator = annotator

    def get(self) -> None:
        self.set_header("Cache-Control", "no-store")
        if f"http://{self.request.host}" == self.guard.origin:
            cookie = self.guard.secrets[self.annotator].cookie
            self.set_cookie(self.guard.cookie_name, cookie, path="/", httponly=True, samesite="Strict")
            self._lead_to("/")
        else:
            self._lead_to(self.guard.address(self.annotator))

    def _lead_to(self, address: str) -> None:
        """Redirect; but after a link on another page, where a redirect would still count as that page's, by a page."""
        if self.request.headers.get("Sec-Fetch-Site", "none") in ("none", "same-origin"):
            self.redirect(address, status=303)
        else:
            self.finish(_WELCOME.format(address))
