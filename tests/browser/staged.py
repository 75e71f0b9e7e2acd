"""The page without an app behind it: its own files, and columns and messages that a test makes up.

So the scatter can be shown a million points, or points as no app would send them, within seconds.
"""

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Page, WebSocketRoute

from segclr_viewer.serving.page_files import PageFile, load_page_files

GOLDEN = Path(__file__).resolve().parents[1] / "wire" / "to_page"
FIRST_SEGMENT = 2**63 + 11  # ids that neither a double nor a signed number holds
FILES = load_page_files()
VIEWER = PageFile(b"<!doctype html><title>no viewer here</title>", "text/html; charset=utf-8")


def golden(kind: str, **changed: object) -> dict[str, Any]:
    """An example of a message to the page, with some of its fields changed."""
    message: dict[str, Any] = json.loads((GOLDEN / f"{kind}.json").read_text(encoding="utf-8"))
    assert set(changed) <= set(message)
    return message | changed


@dataclass
class Stage:
    """A project of made-up points in front of the page.

    Attributes:
        xy: (n, 2) float32 layout.
        classes: (n,) uint8 predicted classes, 255 for none.
        rows_per_segment: rows are of one segment after the other.
        asked: what the page has sent, oldest first.
        socket: the newest connection.
        server: what gives the page its files.
    """

    xy: NDArray[np.float32]
    classes: NDArray[np.uint8]
    rows_per_segment: int = 100
    asked: list[dict[str, Any]] = field(default_factory=list)
    socket: WebSocketRoute | None = None
    server: ThreadingHTTPServer | None = None

    @property
    def rows(self) -> int:
        return len(self.xy)

    def open(self, page: Page) -> None:
        """Show it in a tab."""
        stage = self

        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                """Send a file of the page, or a column."""
                file = stage.file(self.path)
                self.send_response(404 if file is None else 200)
                self.send_header("Content-Type", file.content_type if file else "text/plain")
                self.end_headers()
                self.wfile.write(file.body if file else b"")

            def log_message(self, *_said: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        page.route_web_socket("**/ws", self._connect)
        page.goto(f"http://127.0.0.1:{self.server.server_port}/")

    def close(self) -> None:
        """Answer no more."""
        if self.server is not None:
            self.server.shutdown()
            self.server.server_close()

    def tell(self, message: dict[str, Any]) -> None:
        """Send a message to the page."""
        assert self.socket is not None
        self.socket.send(json.dumps(message))

    def layout(self, name: str = "first") -> dict[str, Any]:
        """The announcement of the layout under a name."""
        return golden("layout", id=name, url=f"columns/layout/{name}.bin", rows=self.rows)

    def _connect(self, socket: WebSocketRoute) -> None:
        self.socket = socket
        socket.on_message(lambda text: self.asked.append(json.loads(text)))
        segments = -(-self.rows // self.rows_per_segment)
        self.tell(
            golden("hello", rows=self.rows, segments=segments, places=[], start_segments=[], viewer_url="/viewer")
        )
        if not self.rows:
            return
        self.tell(self.layout())
        counts = np.bincount(self.classes, minlength=256)[:3].tolist()
        self.tell(golden("points", rows=self.rows, predicted=counts, url="columns/prediction.bin"))

    def file(self, path: str) -> PageFile | None:
        """What is under a path."""
        column = self._column(path)
        if column is not None:
            return PageFile(column, "application/octet-stream")
        return VIEWER if path == "/viewer" else FILES.get(path)

    def _column(self, path: str) -> bytes | None:
        if path.startswith("/columns/layout/"):
            return self.xy.T.astype("<f4").tobytes()
        if path == "/columns/prediction.bin":
            return self.classes.tobytes() + np.full(self.rows, 200, np.uint8).tobytes()
        if path.endswith("/cells.bin"):
            return (np.arange(self.rows) // self.rows_per_segment).astype("<u4").tobytes()
        if path.endswith("/segments.bin"):
            return (np.arange(self.rows, dtype="<u8") // self.rows_per_segment + FIRST_SEGMENT).astype("<u8").tobytes()
        if path.endswith("/positions.bin"):
            return np.arange(3 * self.rows, dtype="<f4").tobytes()
        return None


def blobs(rows: int) -> Stage:
    """Three classes in three Gaussian blobs."""
    rng = np.random.default_rng(3)
    classes = rng.integers(0, 3, rows, dtype=np.uint8)
    centres = np.array([(-0.5, -0.4), (0.5, -0.4), (0.0, 0.5)])
    xy = np.clip(centres[classes] + rng.normal(scale=0.12, size=(rows, 2)), -1, 1)
    return Stage(xy.astype(np.float32), classes)
