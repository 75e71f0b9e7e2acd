"""Exported layers in Neuroglancer's own client, read from a web server that knows nothing but files.

The client and the scene come from Neuroglancer's Python server, for the packaged client is made for that.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import neuroglancer
import numpy as np
import pytest

from segclr.predictions import export
from segclr.predictions.stored import NO_CLASS
from tests.chromium import MARKS
from tests.in_neuroglancer import LOAD_MS, SEEN, served, shown
from tests.segclr.embeddings.made_tables import BIG
from tests.segclr.predictions.conftest import PredictedTable

pytestmark = [*MARKS]
# what the client has loaded; null until all of it is there
LOADED = (
    f"(count) => {{ {SEEN}"
    + """
  const source = layer('part')?.annotationStates?.states[0]?.source;
  const map = layer('segments')?.displayState?.segmentationGroupState?.value?.segmentPropertyMap?.value;
  if (!source?.spatiallyIndexedSources || !map) return null;
  const ids = idsOf(source);
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
)
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
    """Where a web server has the folder."""
    with served(tmp_path) as made:
        yield made


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
    with shown(viewer, 900, 700) as page:
        loaded = page.wait_for_function(LOADED, arg=count, timeout=LOAD_MS).json_value()
        painted = page.wait_for_function(
            f"(colors) => {{ const found = ({COLORED})(colors); return found.every((n) => n > 20) && found; }}",
            arg=[colors[code] for code in np.unique(found.classes[found.classes != NO_CLASS]).tolist()],
            timeout=60_000,
        ).json_value()
        if folder := os.environ.get("SCREENSHOTS"):
            page.screenshot(path=str(Path(folder) / "exported_layers.png"))
    assert loaded["points"] == count
    rows = predicted.table.rows_of(BIG)
    assert loaded["of_cell"] == [row for row in range(rows.start, rows.stop) if found.classes[row] != NO_CLASS]
    assert loaded["properties"] == [["confidence", "float32"], ["class_label", "uint8"], ["color", "rgb"]]
    assert loaded["numbers"] == ["rows", "share", "confidence", "share_axon", "share_myelinated_axon", "share_spine"]
    assert loaded["label"].startswith("#")
    assert len(painted) > 1
