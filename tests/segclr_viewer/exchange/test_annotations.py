"""Layers of points: read back by our reader and by Neuroglancer's own, compared with its writer, and real ones read."""

import json
from pathlib import Path
from typing import Any

import neuroglancer
import numpy as np
import pytest
from neuroglancer.read_precomputed_annotations import AnnotationReader
from neuroglancer.write_annotations import AnnotationWriter

from segclr.embeddings.table import EmbeddingTable
from segclr_viewer.exchange.annotation_reader import read_labels_annotations, read_point_layer
from segclr_viewer.exchange.annotation_writer import (
    AnnotatedPoints,
    points_of_labels,
    points_of_predictions,
    write_annotations,
)
from segclr_viewer.exchange.errors import ExchangeError
from segclr_viewer.exchange.labels import ClassNames, CurrentLabel
from segclr_viewer.exchange.predictions import prediction_chunks
from segclr_viewer.points import NO_CLASS, Points

CLASSES = ("axon", "myelinated axon", "spine")
NAMES = ClassNames("part", CLASSES)
H01_CLASSES = ClassNames(
    "part", ("axon", "dendrite", "astrocyte", "soma", "cilium", "AIS", "myelinated axon", "myelinated fragment")
)


def layer_of(points: AnnotatedPoints, folder: Path, points_per_cell: int = 30) -> dict[str, Any]:
    write_annotations(folder, points, CLASSES, {}, points_per_cell)
    info: dict[str, Any] = json.loads((folder / "info").read_text())
    return info


def test_labels_come_back_the_same(labels: list[CurrentLabel], tmp_path: Path) -> None:
    layer_of(points_of_labels(labels, CLASSES), tmp_path / "layer")
    back = read_labels_annotations(tmp_path / "layer", NAMES, "segment").labels
    assert [(one.class_name, one.segment_id) for one in back] == [(one.class_name, one.segment_id) for one in labels]
    given = np.array([label.position_nm for label in labels])
    np.testing.assert_array_equal(np.array([one.position_nm for one in back]), given.astype(np.float32))
    assert all(one.segmentation == "" for one in back)  # the format has no place for it


def test_neuroglancers_own_reader_finds_every_point_in_every_index(
    table: EmbeddingTable, points: Points, tmp_path: Path
) -> None:
    written = points_of_predictions(prediction_chunks(table, points, 77))
    info = layer_of(written, tmp_path / "layer")
    assert len(info["spatial"]) > 2
    reader = AnnotationReader(f"file://{tmp_path / 'layer'}")
    found = {int(one.id): one for one in reader.get_within_spatial_bounds()}
    assert sorted(found) == list(range(len(written.classes)))
    for index, one in found.items():
        assert [float(value) for value in one.point] == written.positions_nm[index].astype(np.float32).tolist()
        confidence, code = one.props  # its wrapper turns numpy's small integers into text
        assert (confidence, int(code)) == (written.confidence[index], written.classes[index])
    assert [list(reader.by_id[index].segments[0]) for index in (0, 200)] == [
        [written.segment_ids[0]],
        [written.segment_ids[200]],
    ]
    for segment in table.segment_ids.tolist():
        ids = sorted(int(one.id) for one in reader.relationships["segment"][segment])
        assert ids == np.flatnonzero(written.segment_ids == segment).tolist()


def test_a_box_finds_the_points_in_it(table: EmbeddingTable, points: Points, tmp_path: Path) -> None:
    written = points_of_predictions(prediction_chunks(table, points))
    layer_of(written, tmp_path / "layer")
    low, high = np.array([50_000.0, 20_000.0, 10_000.0]), np.array([200_000.0, 150_000.0, 90_000.0])
    reader = AnnotationReader(f"file://{tmp_path / 'layer'}")
    found = sorted(int(one.id) for one in reader.get_within_spatial_bounds(lower_bound=low, upper_bound=high))
    inside = ((written.positions_nm >= low) & (written.positions_nm <= high)).all(axis=1)
    assert found == np.flatnonzero(inside).tolist()
    assert 0 < len(found) < len(inside)


def test_the_records_are_byte_for_byte_those_of_neuroglancers_writer(
    labels: list[CurrentLabel], tmp_path: Path
) -> None:
    layer_of(points_of_labels(labels, CLASSES), tmp_path / "ours")
    writer = AnnotationWriter(
        coordinate_space=neuroglancer.CoordinateSpace(names=["x", "y", "z"], units="nm", scales=[1, 1, 1]),
        annotation_type="point",
        relationships=["segment"],
        properties=[
            neuroglancer.AnnotationPropertySpec(id="confidence", type="float32"),
            neuroglancer.AnnotationPropertySpec(id="class_label", type="uint8"),
        ],
    )
    for label in labels:
        code = CLASSES.index(label.class_name)
        writer.add_point(label.position_nm, confidence=1.0, class_label=code, segment=[label.segment_id])
    writer.write(tmp_path / "theirs")
    for theirs, ours in (("by_id", "by_id"), ("rel_segment", "segment")):
        names = sorted(path.name for path in (tmp_path / theirs.join(["theirs/", ""])).iterdir())
        assert names == sorted(path.name for path in (tmp_path / "ours" / ours).iterdir())
        for name in names:
            assert (tmp_path / "ours" / ours / name).read_bytes() == (tmp_path / "theirs" / theirs / name).read_bytes()
    theirs_info = json.loads((tmp_path / "theirs" / "info").read_text())
    ours_info = json.loads((tmp_path / "ours" / "info").read_text())
    assert set(ours_info) == set(theirs_info)
    assert [(one["id"], one["type"]) for one in ours_info["properties"]] == [
        (one["id"], one["type"]) for one in theirs_info["properties"]
    ]


def test_the_spatial_index_is_what_the_format_asks_for(table: EmbeddingTable, points: Points, tmp_path: Path) -> None:
    info = layer_of(points_of_predictions(prediction_chunks(table, points)), tmp_path / "layer")
    lower, upper = np.array(info["lower_bound"]), np.array(info["upper_bound"])
    seen: list[int] = []
    before = None
    for level in info["spatial"]:
        size, grid = np.array(level["chunk_size"]), np.array(level["grid_shape"])
        np.testing.assert_allclose(size * grid, upper - lower, rtol=1e-12)
        if before is not None:
            assert set((before / size).tolist()) <= {1.0, 2.0}
        before = size
        for path in (tmp_path / "layer" / level["key"]).iterdir():
            cell = np.array([int(text) for text in path.name.split("_")])
            assert (cell >= 0).all()
            assert (cell < grid).all()
            content = path.read_bytes()
            count = int.from_bytes(content[:8], "little")
            assert 0 < count <= level["limit"] <= 30
            records = np.frombuffer(content, [("xyz", "<f4", 3), ("rest", "V8")], count, 8)
            start = lower + cell * size
            assert (records["xyz"] >= start).all()
            assert (records["xyz"] <= start + size).all()
            seen += np.frombuffer(content, "<u8", count, 8 + 20 * count).tolist()
    assert sorted(seen) == list(range(int((points.classes != NO_CLASS).sum())))
    assert info["spatial"][0]["grid_shape"] == [1, 1, 1]


def test_points_all_at_one_place_are_written_too(tmp_path: Path) -> None:
    same = AnnotatedPoints(
        np.full((50, 3), 4e6), np.zeros(50, np.uint8), np.ones(50, np.float32), np.full(50, 7, np.uint64)
    )
    layer_of(same, tmp_path / "layer", points_per_cell=2)
    assert len(read_point_layer(tmp_path / "layer").ids) == 50


def test_too_many_points_and_none_are_refused(
    table: EmbeddingTable, points: Points, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("segclr_viewer.exchange.annotation_writer.MOST_POINTS", 100)
    with pytest.raises(ExchangeError, match=r"at most 100 points.*csv or parquet"):
        points_of_predictions(prediction_chunks(table, points, 64))
    with pytest.raises(ExchangeError, match="there is nothing to write"):
        write_annotations(tmp_path / "layer", points_of_labels([], CLASSES), CLASSES, {})
    assert list(tmp_path.iterdir()) == []


def test_the_layer_of_h01_is_read(shared_data: Path) -> None:
    file = read_labels_annotations(shared_data / "h01_points", H01_CLASSES)
    names = [label.class_name for label in file.labels]
    assert {name: names.count(name) for name in set(names)} == {
        "axon": 7280,
        "dendrite": 1003,
        "astrocyte": 749,
        "myelinated axon": 455,
        "myelinated fragment": 500,
        "soma": 48,
        "AIS": 8,
    }
    assert all(label.segment_id is None for label in file.labels)
    positions = np.array([label.position_nm for label in file.labels])
    info = json.loads((shared_data / "h01_points" / "info").read_text())
    assert (positions >= info["lower_bound"]).all()
    assert (positions < info["upper_bound"]).all()
    assert "spatial11" in file.notes[0]


def test_the_relationship_of_h01_is_taken_only_when_named(shared_data: Path) -> None:
    layer = read_point_layer(shared_data / "h01_points")
    assert layer.segments["skeleton_id"][3867588737] == (4781447896,)
    assert [segment for (segment,) in layer.segments["skeleton_id"].values()].count(243895108) == 4
    with pytest.raises(ExchangeError, match="has no relationship 'cell': it has skeleton_id"):
        read_labels_annotations(shared_data / "h01_points", H01_CLASSES, "cell")


def test_a_class_of_h01_that_the_task_lacks_is_refused_or_renamed(shared_data: Path) -> None:
    few = ("axon", "dendrite", "glia")
    with pytest.raises(ExchangeError, match=r"annotation \d+: the task 'part' has no class '.*'; the nearest is"):
        read_labels_annotations(shared_data / "h01_points", ClassNames("part", few))
    renamed = {"myelinated axon": "axon", "myelinated fragment": "", "astrocyte": "glia", "soma": "", "AIS": ""}
    file = read_labels_annotations(shared_data / "h01_points", ClassNames("part", few, renamed))
    names = [label.class_name for label in file.labels]
    assert [names.count(name) for name in few] == [7280 + 455, 1003, 749]


def test_units_of_the_layer_are_heeded_and_damage_is_told(labels: list[CurrentLabel], tmp_path: Path) -> None:
    info = layer_of(points_of_labels(labels, CLASSES), tmp_path / "layer")
    before = read_point_layer(tmp_path / "layer").positions_nm
    info["dimensions"] = {"x": [4e-9, "m"], "y": [5, "nm"], "z": [0.04, "um"]}
    (tmp_path / "layer" / "info").write_text(json.dumps(info))
    np.testing.assert_allclose(read_point_layer(tmp_path / "layer").positions_nm, before * (4, 5, 40))
    info["dimensions"] = {"x": [1, "s"], "y": [1, "nm"], "z": [1, "nm"]}
    (tmp_path / "layer" / "info").write_text(json.dumps(info))
    with pytest.raises(ExchangeError, match="measures x in 's', which is no length"):
        read_point_layer(tmp_path / "layer")
    info["dimensions"]["x"] = [1, "nm"]
    info["by_id"]["sharding"] = {}
    (tmp_path / "layer" / "info").write_text(json.dumps(info))
    with pytest.raises(ExchangeError, match="by_id is sharded"):
        read_point_layer(tmp_path / "layer")
    cut = next((tmp_path / "layer" / "spatial0").iterdir())
    cut.write_bytes(cut.read_bytes()[:-3])
    with pytest.raises(ExchangeError, match=r"is damaged: \d+ bytes cannot hold"):
        read_point_layer(tmp_path / "layer")
    with pytest.raises(ExchangeError, match="is no annotation layer"):
        read_point_layer(tmp_path)
