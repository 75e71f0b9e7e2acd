"""Exports in Neuroglancer's own client, in a headless Chromium: loaded without an error, with what was written."""

from collections.abc import Iterator
from pathlib import Path

import neuroglancer
import numpy as np
import pytest

from segclr.embeddings.table import EmbeddingTable
from segclr_viewer.exchange.annotation_writer import points_of_predictions, write_annotations
from segclr_viewer.exchange.labels import CurrentLabel
from segclr_viewer.exchange.predictions import prediction_chunks
from segclr_viewer.exchange.segment_properties import write_segment_properties
from segclr_viewer.exchange.segments import predicted_segments
from segclr_viewer.points import NO_CLASS, Points
from tests.chromium import MARKS
from tests.in_neuroglancer import LOAD_MS, SEEN, served, shown

pytestmark = [*MARKS]
CLASSES = ("axon", "myelinated axon", "spine")
SHADER = "void main() { setColor(vec3(prop_confidence(), float(prop_class_label()), 0)); setPointMarkerSize(4.0); }"
# what the client has loaded; null until all of it is there
LOADED = (
    f"(count) => {{ {SEEN}"
    + """
  const source = layer('points')?.annotationStates?.states[0]?.source;
  const map = layer('cells')?.displayState?.segmentationGroupState?.value?.segmentPropertyMap?.value;
  if (!source?.spatiallyIndexedSources || !map) return null;
  const ids = idsOf(source);
  if (ids.size < count) return null;
  return {
    points: ids.size,
    properties: source.properties.map((one) => [one.identifier, one.type, one.enumLabels ?? null]),
    tags: map.tags.tags,
    numbers: map.numericalProperties.map((one) => one.id),
    labels: ['7', '864691135000000001', '9223372036854775813'].map((id) => map.getSegmentLabel(BigInt(id))),
  };
}"""
)


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """Where a web server has the folder."""
    with served(tmp_path) as made:
        yield made


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
    with shown(viewer, 500, 400) as page:
        loaded = page.wait_for_function(LOADED, arg=count, timeout=LOAD_MS).json_value()
    assert loaded["points"] == count
    assert loaded["properties"] == [["confidence", "float32", None], ["class_label", "uint8", list(CLASSES)]]
    assert loaded["tags"] == ["axon", "myelinated_axon", "spine"]
    assert loaded["numbers"] == ["labels", "confidence", "share"]
    tags = ["axon", "myelinated_axon", "spine"]
    assert loaded["labels"] == [f"#{tags[found]}" for (found,) in segments.classes]
