"""A web server for one folder that answers requests for ranges of bytes, each after a wait; run as a process."""

from __future__ import annotations

import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class RangeServer(ThreadingHTTPServer):
    """Serves the files of a folder."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, folder: Path, latency_s: float) -> None:
        super().__init__(("127.0.0.1", 0), RangeHandler)
        self.folder, self.latency_s = folder, latency_s


class RangeHandler(BaseHTTPRequestHandler):
    """Answers one connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: RangeServer

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, *, body: bool) -> None:
        time.sleep(self.server.latency_s)
        path = self.server.folder / Path(self.path).name
        size = path.stat().st_size
        wanted = self.headers.get("Range", "").removeprefix("bytes=")
        first, last = (int(part) for part in wanted.split("-")) if wanted else (0, size - 1)
        self.send_response(206 if wanted else 200)
        self.send_header("Content-Length", str(last + 1 - first))
        self.send_header("Content-Range", f"bytes {first}-{last}/{size}")
        self.end_headers()
        if body:
            with path.open("rb") as file:
                self.wfile.write(os.pread(file.fileno(), last + 1 - first, first))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (its name there)
        pass


if __name__ == "__main__":
    server = RangeServer(Path(sys.argv[1]), float(sys.argv[2]))
    print(server.server_port, flush=True)
    server.serve_forever()
