"""Exported layers in Neuroglancer's own client, read from a web server that knows nothing but files.

The client and the scene come from Neuroglancer's Python server, for the packaged client is made for that.
"""

import functools
import http.server
import json
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import neuroglancer
import numpy as np
import pytest
from playwright.sync_api import sync_playwright

from segclr.predictions import export
from segclr.predictions.stored import NO_CLASS
from tests.segclr.embeddings.made_tables import BIG
from tests.segclr.predictions.conftest import PredictedTable

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: install the 'chromium' package or set CHROMIUM"),
]
FLAGS = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist"]
# what the client has loaded; null until all of it is there
LOADED = """(count) => {
  const layer = (name) => viewer.layerManager.managedLayers.find((one) => one.name == name)?.layer;
  const source = layer('part')?.annotationStates?.states[0]?.source;
  const map = layer('segments')?.displayState?.segmentationGroupState?.value?.segmentPropertyMap?.value;
  if (!source?.spatiallyIndexedSources || !map) return null;
  const ids = new Set();
  for (const level of source.spatiallyIndexedSources)
    for (const chunk of level.chunks.values())
      for (const found of chunk.data?.serializedAnnotations?.typeToIds ?? []) found.forEach((id) => ids.add(id));
  if (ids.size < count) return null;
  const cell = layer('cell')?.annotationStates?.states[0]?.source?.segmentFilteredSources?.[0];
  const of_cell = [...(cell?.chunks?.values() ?? [])].map((chunk) => chunk.data?.serializedAnnotations?.typeToIds?.[0]);
  if (!of_cell.length || !of_cell[0]) return null;
  return {
    of_cell: of_cell.flat().map(Number).sort((a, b) => a - b),
    points: ids.size,
    properties: source.properties.map((one) => [one.identifier, one.type]),
    numbers: map.numericalProperties.map((one) => one.id),
    label: map.getSegmentLabel(9223372036854775813n),
  };
}"""
# how many pixels of the picture are about of each colour
COLORED = """(colors) => {
  viewer.display.draw();
  const gl = viewer.display.gl, pixels = new Uint8Array(4 * gl.drawingBufferWidth * gl.drawingBufferHeight);
  gl.readPixels(0, 0, gl.drawingBufferWidth, gl.drawingBufferHeight, gl.RGBA, gl.UNSIGNED_BYTE, pixels);
  return colors.map(([r, g, b]) => {
    let count = 0;
    for (let i = 0; i < pixels.length; i += 4)
      if (Math.abs(pixels[i] - r) + Math.abs(pixels[i + 1] - g) + Math.abs(pixels[i + 2] - b) < 12) count++;
    return count;
  });
}"""


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """Where a web server that knows nothing but files has the folder."""

    class Files(http.server.SimpleHTTPRequestHandler):
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

        def log_message(self, *_: Any) -> None:
            """Nothing is printed."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Files, directory=str(tmp_path)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    neuroglancer.server.stop()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize("predicted", ["one shard"], indirect=True)
def test_plain_files_show_every_point_in_the_colour_of_its_class(
    predicted: PredictedTable, tmp_path: Path, address: str
) -> None:
    assert export.main([str(predicted.predictions), str(tmp_path / "layers"), "--url", f"{address}/layers"]) == 0
    found = predicted.open()
    count = int((found.classes != NO_CLASS).sum())
    colors = [list(bytes.fromhex(color[1:])) for color in found.origin.head.colors]
    viewer = neuroglancer.Viewer(allow_credentials=False)
    scene = json.loads((tmp_path / "layers" / "neuroglancer.json").read_text())
    cells, points = scene["layers"]
    cells["segments"] = [str(BIG)]
    scene["layers"].append({**points, "name": "cell", "filterBySegmentation": ["segment"]})
    viewer.set_state(scene)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 900, "height": 700})
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(viewer.get_viewer_url())
        loaded = page.wait_for_function(LOADED, arg=count, timeout=120_000).json_value()
        painted = page.wait_for_function(
            f"(colors) => {{ const found = ({COLORED})(colors); return found.every((n) => n > 20) && found; }}",
            arg=[colors[code] for code in np.unique(found.classes[found.classes != NO_CLASS]).tolist()],
            timeout=60_000,
        ).json_value()
        if folder := os.environ.get("SCREENSHOTS"):
            page.screenshot(path=str(Path(folder) / "exported_layers.png"))
        browser.close()
    assert errors == []
    assert loaded["points"] == count
    rows = predicted.table.rows_of(BIG)
    assert loaded["of_cell"] == [row for row in range(rows.start, rows.stop) if found.classes[row] != NO_CLASS]
    assert loaded["properties"] == [["confidence", "float32"], ["class_label", "uint8"], ["color", "rgb"]]
    assert loaded["numbers"] == ["rows", "share", "confidence", "share_axon", "share_myelinated_axon", "share_spine"]
    assert loaded["label"].startswith("#")
    assert len(painted) > 1
