"""A server on this machine with files laid out as Google's releases are, and with the faults of a real one."""

import hashlib
import io
import re
import socket
import struct
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread

import numpy as np
from numpy.typing import NDArray

RANGE = re.compile(r"bytes=(\d*)-(\d*)")


def shard_by_the_book(segment_id: int, shards: int, width: int) -> int:
    """The published recipe, written down anew: MD5 of the little-endian id, read as a little-endian number."""
    digest = hashlib.md5(struct.pack("<Q", segment_id).ljust(width, b"\0"), usedforsecurity=False).digest()
    low, high = struct.unpack("<QQ", digest)
    return ((high << 64) | low) % shards


def csv_text(
    coordinates: NDArray[np.float64], embeddings: NDArray[np.float32], ends: str = "\n", last: str = "", first_node=0
) -> bytes:
    """A segment's file: no header, and by default no end of the last line, as in the release."""
    lines = [
        ",".join([str(first_node + at), *(f"{value:.17g}" for value in place), *(str(value) for value in embedding)])
        for at, (place, embedding) in enumerate(zip(coordinates, embeddings, strict=True))
    ]
    return (ends.join(lines) + last).encode()


def zip_of(files: Mapping[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", compression) as writer:
        for name, content in files.items():
            writer.writestr(name, content)
    return archive.getvalue()


@dataclass(slots=True)
class Fault:
    """What the server does instead of answering rightly, `times` times."""

    kind: str  # status, truncate, reset, silent, slow, no_length, whole, shifted, no_range_told
    times: int = 1
    status: int = 500
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Request:
    path: str
    range: str
    connection: int = 0  # the other end's port
    sent: int = 0


class Replica:
    """The server. `files` are its files by path; `faults` wait for requests that begin with a path."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.faults: dict[str, list[Fault]] = {}
        self.requests: list[Request] = []
        self.go_on, self.fell_silent = Event(), Event()
        self.tell_etag = True
        self.waited_out = False  # a client has waited to the end of a slow answer
        self._lock = Lock()
        replica = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # an answer is one packet or so

            def do_GET(self) -> None:
                replica.answer(self)

            def log_message(self, *args: object) -> None:
                pass

        self._http = _Server(("127.0.0.1", 0), Handler)
        self._thread = Thread(target=self._http.serve_forever, args=(0.01,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._http.server_port}"

    def reset(self) -> None:
        """Forget everything; whoever still waits goes on."""
        self.go_on.set()
        self.files, self.faults, self.requests, self.tell_etag, self.waited_out = {}, {}, [], True, False
        self.go_on, self.fell_silent = Event(), Event()

    def close(self) -> None:
        self.go_on.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def put(self, folder: str, segments: Mapping[int, bytes], shards: int, width: int, all_shards: bool = True) -> None:
        """Write segments' files into the shards they belong to, and by default shards with no segment too."""
        by_shard: dict[int, dict[str, bytes]] = {shard: {} for shard in range(shards if all_shards else 0)}
        for segment_id, content in segments.items():
            shard = shard_by_the_book(segment_id, shards, width)
            by_shard.setdefault(shard, {})[f"{segment_id}.csv"] = content
        for shard, files in by_shard.items():
            self.files[f"/{folder}/{shard}.zip"] = zip_of(files)

    def fail(self, path: str, fault: Fault) -> None:
        self.faults.setdefault(path, []).append(fault)

    def bytes_sent(self) -> int:
        return sum(request.sent for request in self.requests)

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        request = Request(handler.path, handler.headers.get("Range", ""), handler.client_address[1])
        with self._lock:
            self.requests.append(request)
            fault = self._next_fault(handler.path)
        content = self.files.get(handler.path)
        if fault is not None and fault.kind == "status":
            return _send(handler, fault.status, b"sorry", fault.headers, 5)
        if fault is not None and fault.kind == "reset":
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            handler.connection.close()
            handler.close_connection = True
            handler.wfile = io.BytesIO()
            return None
        if fault is not None and fault.kind == "silent":
            self.fell_silent.set()
            self.go_on.wait(10)
            handler.close_connection = True
            return None
        if content is None:
            return _send(handler, 404, b"no such object", {}, 14)
        etag = {"ETag": f'"{hashlib.sha256(content).hexdigest()}"'} if self.tell_etag else {}
        wanted = RANGE.fullmatch(request.range)
        if wanted is None or (fault is not None and fault.kind == "whole"):
            return _send(handler, 200, content, etag, len(content))
        start, stop = _bounds(wanted[1], wanted[2], len(content))
        if start >= stop:
            return _send(handler, 416, b"", {"Content-Range": f"bytes */{len(content)}"}, 0)
        if fault is not None and fault.kind == "shifted":
            start, stop = start + 1, min(stop + 1, len(content))
        body = content[start:stop]
        headers = etag | {"Content-Range": f"bytes {start}-{stop - 1}/{len(content)}"}
        if fault is not None and fault.kind == "no_range_told":
            headers.pop("Content-Range")
        request.sent = len(body)
        if fault is None or fault.kind not in ("truncate", "slow", "no_length"):
            return _send(handler, 206, body, headers, len(body))
        request.sent = len(body) // 2
        _send(handler, 206, body[: len(body) // 2], headers, None if fault.kind == "no_length" else len(body))
        handler.wfile.flush()
        if fault.kind == "slow" and not self.go_on.wait(10):
            self.waited_out = True
        handler.close_connection = True
        return None

    def _next_fault(self, path: str) -> Fault | None:
        for begin, faults in self.faults.items():
            if path.startswith(begin) and faults:
                faults[0].times -= 1
                return faults.pop(0) if faults[0].times == 0 else faults[0]
        return None


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *args: object) -> None:
        """Clients that go away are what the tests are about."""


class FakeClock:
    """Time that passes only when somebody waits, or by `ticks`, one each time it is looked at."""

    def __init__(self, calendar: float = 1_700_000_000.0) -> None:
        self.now, self._calendar = 0.0, calendar
        self.waits: list[float] = []
        self.ticks: list[float] = []
        self.on_wait: Callable[[], None] = lambda: None

    def passed(self) -> float:
        if self.ticks:
            self.now += self.ticks.pop(0)
        return self.now

    def calendar(self) -> float:
        return self._calendar + self.now

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds
        self.on_wait()


def _bounds(first: str, last: str, size: int) -> tuple[int, int]:
    if not first:
        return max(0, size - int(last)), size
    return int(first), min(int(last) + 1, size) if last else size


def _send(
    handler: BaseHTTPRequestHandler, status: int, body: bytes, headers: Mapping[str, str], length: int | None
) -> None:
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name, value)
    if length is not None:
        handler.send_header("Content-Length", str(length))
    handler.end_headers()
    handler.wfile.write(body)
