"""Files in Neuroglancer's own client, read from a web server that knows nothing but files.

The client and the scene come from Neuroglancer's Python server, for the packaged client is made for that.
"""

import functools
import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import neuroglancer
from playwright.sync_api import Page, sync_playwright

from tests.chromium import FLAGS, chromium_path

# finds a layer by its name, and the ids of all points that a source has loaded
SEEN = """
  const layer = (name) => viewer.layerManager.managedLayers.find((one) => one.name == name)?.layer;
  const idsOf = (source) => {
    const ids = new Set();
    for (const level of source.spatiallyIndexedSources)
      for (const chunk of level.chunks.values())
        for (const found of chunk.data?.serializedAnnotations?.typeToIds ?? []) found.forEach((id) => ids.add(id));
    return ids;
  };
"""
LOAD_MS = 120_000


class _Files(http.server.SimpleHTTPRequestHandler):
    """Files and parts of them, for pages of other origins."""

    def end_headers(self) -> None:
        self.send_header("Access-Control-Allow-Origin", "*")
        super().end_headers()

    def do_OPTIONS(self) -> None:
        self.send_response(204)
        self.send_header("Access-Control-Allow-Headers", "Range")
        self.end_headers()

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        if wanted is None:
            super().do_GET()
            return
        content = Path(self.translate_path(self.path)).read_bytes()
        first, _, last = wanted.removeprefix("bytes=").partition("-")
        start, stop = int(first), min(len(content), int(last or len(content)) + 1)
        self.send_response(206)
        self.send_header("Content-Range", f"bytes {start}-{stop - 1}/{len(content)}")
        self.send_header("Content-Length", str(stop - start))
        self.end_headers()
        self.wfile.write(content[start:stop])

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Where a web server has the folder."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Files, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    neuroglancer.server.stop()
    server.shutdown()
    server.server_close()
    thread.join()


@contextmanager
def shown(viewer: neuroglancer.Viewer, width: int, height: int) -> Iterator[Page]:
    """The viewer in a tab; errors that its page throws fail the test."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=FLAGS)
        page = browser.new_page(viewport={"width": width, "height": height})
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(viewer.get_viewer_url())
        yield page
        browser.close()
    assert errors == []
