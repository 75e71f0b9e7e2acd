"""Exports in Neuroglancer's own client, in a headless Chromium: loaded without an error, with what was written."""

import functools
import http.server
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

from segclr.embeddings.table import EmbeddingTable
from segclr_viewer.exchange.annotation_writer import points_of_predictions, write_annotations
from segclr_viewer.exchange.labels import CurrentLabel
from segclr_viewer.exchange.predictions import prediction_chunks
from segclr_viewer.exchange.segment_properties import write_segment_properties
from segclr_viewer.exchange.segments import predicted_segments
from segclr_viewer.points import NO_CLASS, Points

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: install the 'chromium' package or set CHROMIUM"),
]
CLASSES = ("axon", "myelinated axon", "spine")
FLAGS = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist"]
SHADER = "void main() { setColor(vec3(prop_confidence(), float(prop_class_label()), 0)); setPointMarkerSize(4.0); }"
# what the client has loaded; null until all of it is there
LOADED = """(count) => {
  const layer = (name) => viewer.layerManager.managedLayers.find((one) => one.name == name)?.layer;
  const source = layer('points')?.annotationStates?.states[0]?.source;
  const map = layer('cells')?.displayState?.segmentationGroupState?.value?.segmentPropertyMap?.value;
  if (!source?.spatiallyIndexedSources || !map) return null;
  const ids = new Set();
  for (const level of source.spatiallyIndexedSources)
    for (const chunk of level.chunks.values())
      for (const found of chunk.data?.serializedAnnotations?.typeToIds ?? []) found.forEach((id) => ids.add(id));
  if (ids.size < count) return null;
  return {
    points: ids.size,
    properties: source.properties.map((one) => [one.identifier, one.type, one.enumLabels ?? null]),
    tags: map.tags.tags,
    numbers: map.numericalProperties.map((one) => one.id),
    labels: ['7', '864691135000000001', '9223372036854775813'].map((id) => map.getSegmentLabel(BigInt(id))),
  };
}"""


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """Where the files of the folder are served to pages of other origins."""

    class Files(http.server.SimpleHTTPRequestHandler):
        def end_headers(self) -> None:
            self.send_header("Access-Control-Allow-Origin", "*")
            super().end_headers()

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


def test_the_client_loads_every_point_and_every_property(
    table: EmbeddingTable, points: Points, labels: list[CurrentLabel], tmp_path: Path, address: str
) -> None:
    write_annotations(
        tmp_path / "layer", points_of_predictions(prediction_chunks(table, points)), CLASSES, {}, points_per_cell=60
    )
    segments = predicted_segments(table, points, len(CLASSES), labels)
    write_segment_properties(tmp_path / "properties", segments, CLASSES, {})
    space = neuroglancer.CoordinateSpace(names=["x", "y", "z"], units="nm", scales=[4, 5, 40])
    volume = neuroglancer.LocalVolume(np.zeros((8, 8, 8), np.uint64), dimensions=space)
    viewer = neuroglancer.Viewer(allow_credentials=False)
    with viewer.txn() as state:
        state.dimensions, state.layout = space, "3d"
        state.position, state.projection_scale = [45_000, 20_000, 1_500], 200_000
        state.layers["cells"] = neuroglancer.SegmentationLayer(
            source=[
                neuroglancer.LayerDataSource(url=volume, subsources={"meshes": False}),
                neuroglancer.LayerDataSource(f"precomputed://{address}/properties"),
            ]
        )
        state.layers["points"] = neuroglancer.AnnotationLayer(
            source=f"precomputed://{address}/layer", linked_segmentation_layer={"segment": "cells"}, shader=SHADER
        )
    count = int((points.classes != NO_CLASS).sum())
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 500, "height": 400})
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(viewer.get_viewer_url())
        loaded = page.wait_for_function(LOADED, arg=count, timeout=120_000).json_value()
        browser.close()
    assert errors == []
    assert loaded["points"] == count
    assert loaded["properties"] == [["confidence", "float32", None], ["class_label", "uint8", list(CLASSES)]]
    assert loaded["tags"] == ["axon", "myelinated_axon", "spine"]
    assert loaded["numbers"] == ["labels", "confidence", "share"]
    tags = ["axon", "myelinated_axon", "spine"]
    assert loaded["labels"] == [f"#{tags[found]}" for (found,) in segments.classes]
