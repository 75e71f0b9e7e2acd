"""A web server of one folder that answers requests for ranges, with faults when asked for; of this machine alone."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class RangeServer(ThreadingHTTPServer):
    """Serves the files of a folder.

    Attributes:
        faults: what goes wrong with the next requests for .npy files, one each: a status ("500"), "cut" (the answer
            breaks off), "reset" (no answer), "whole" (all of the file with status 200).
        asked: "name start-stop" of each request.
        latency_s: that every answer waits.
    """

    daemon_threads = True

    def __init__(self, folder: Path, latency_s: float = 0.0) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.folder, self.latency_s = folder, latency_s
        self.faults: list[str] = []
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: RangeServer

    def do_GET(self) -> None:
        wanted = self.headers.get("Range", "").removeprefix("bytes=")
        self.server.asked.append(f"{self.path.lstrip('/')} {wanted}".strip())
        time.sleep(self.server.latency_s)
        fault = self.server.faults.pop(0) if self.server.faults and self.path.endswith(".npy") else ""
        if fault == "reset":
            self.close_connection = True
            return
        path = self.server.folder / self.path.lstrip("/")
        if fault.isdigit() or not path.is_file():
            self._answer(int(fault or 404), b"")
            return
        content = path.read_bytes()
        if not wanted or fault == "whole":
            self._answer(200, content)
            return
        start, last = (int(part) for part in wanted.split("-"))
        if start >= len(content):
            self._answer(416, b"")
            return
        some = content[start : last + 1]
        self._answer(206, some, f"bytes {start}-{start + len(some) - 1}/{len(content)}", cut=fault == "cut")

    def _answer(self, status: int, content: bytes, content_range: str = "", cut: bool = False) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        if content_range:
            self.send_header("Content-Range", content_range)
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if cut else content)
        self.close_connection = self.close_connection or cut

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (its name there)
        pass


@contextmanager
def serving(folder: Path, latency_s: float = 0.0) -> Iterator[RangeServer]:
    """Serve a folder while the block runs."""
    server = RangeServer(folder, latency_s)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
