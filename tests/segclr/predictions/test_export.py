"""Layers of predictions, read back by Neuroglancer's own reader."""

import json
from pathlib import Path

import numpy as np
import pytest
from neuroglancer.read_precomputed_annotations import AnnotationReader

from segclr.embeddings.growing import append_table
from segclr.embeddings.storage.stored_table import open_stored
from segclr.errors import TableError
from segclr.predictions import export, point_layer, segment_layer
from segclr.predictions.stored import NO_CLASS
from tests.segclr.embeddings.made_tables import BIG, made_table
from tests.segclr.predictions.conftest import PredictedTable
from tests.segclr.predictions.made_heads import CLASSES, made_head


def write_points(predicted: PredictedTable, folder: Path, per_cell: int = 30) -> AnnotationReader:
    folder.mkdir()
    point_layer.write_point_layer(folder, open_stored(predicted.folder), predicted.open(), per_cell)
    return AnnotationReader(f"file://{folder}/")


def test_every_point_is_found_by_id_with_class_colour_and_segment(predicted: PredictedTable, tmp_path: Path) -> None:
    reader, found = write_points(predicted, tmp_path / "points"), predicted.open()
    names = [one.id for one in reader.properties]
    colors = [list(bytes.fromhex(color[1:])) for color in made_head().origin.colors]
    for row in range(len(found)):
        point = reader.by_id.get(row).result()
        if found.classes[row] == NO_CLASS:
            assert point is None
            continue
        values = dict(zip(names, point.props, strict=True))
        np.testing.assert_array_equal(point.point, predicted.table.positions_nm[row].astype(np.float32))
        assert values["class_label"] == found.classes[row]
        assert values["confidence"] == pytest.approx(found.confidence[row] / 255)
        assert values["color"].tolist() == colors[found.classes[row]]
        assert [list(one) for one in point.segments] == [[int(predicted.table.segment_of_rows(np.array([row]))[0])]]
    assert reader.by_id.get(len(found)).result() is None


def test_every_segment_has_its_points(predicted: PredictedTable, tmp_path: Path) -> None:
    reader, found = write_points(predicted, tmp_path / "points"), predicted.open()
    of_segment = reader.relationships["segment"]
    for segment in predicted.table.segment_ids.tolist():
        rows = range(*predicted.table.rows_of(segment).indices(len(found)))
        kept = [row for row in rows if found.classes[row] != NO_CLASS]
        points = of_segment.get(segment).result() or []
        assert sorted(int(point.id) for point in points) == kept
    assert not of_segment.get(BIG + 9).result()
    assert not of_segment.get(12345).result()


def test_cells_hold_every_point_once_and_no_more_than_they_may(predicted: PredictedTable, tmp_path: Path) -> None:
    reader, found = write_points(predicted, tmp_path / "points"), predicted.open()
    kept = np.flatnonzero(found.classes != NO_CLASS).tolist()
    assert sorted(int(point.id) for point in reader.get_within_spatial_bounds()) == kept
    low, high = (10_000.0, 5_000.0, 0.0), (30_000.0, 50_000.0, 20_000.0)
    positions = predicted.table.positions_nm.astype(np.float32)[kept]
    inside = ((positions >= low) & (positions <= high)).all(axis=1)
    within = reader.get_within_spatial_bounds(lower_bound=low, upper_bound=high)
    assert {int(point.id) for point in within} == {row for row, here in zip(kept, inside, strict=True) if here}
    levels = reader.metadata["spatial"]
    assert len(levels) > 2
    assert [level["grid_shape"] for level in levels[:2]] == [[1, 1, 1], [2, 2, 2]]
    assert all(level["limit"] <= 30 for level in levels)


def test_a_layer_is_a_few_files(predicted: PredictedTable, tmp_path: Path) -> None:
    write_points(predicted, tmp_path / "points")
    files = [path for path in (tmp_path / "points").rglob("*") if path.is_file()]
    assert len(files) < 12
    assert {path.suffix for path in files} == {"", ".shard"}


def test_segments_have_their_class_and_shares(predicted: PredictedTable, tmp_path: Path) -> None:
    found = predicted.open()
    count = segment_layer.write_segment_layer(tmp_path, found, min_rows=3)
    info = json.loads((tmp_path / "info").read_text())
    sizes = np.diff(found.first_row)
    ids = info["inline"]["ids"]
    assert ids == [str(segment) for segment, size in zip(found.segment_ids, sizes, strict=True) if size >= 3]
    assert count == len(ids)
    properties = {one["id"]: one for one in info["inline"]["properties"]}
    assert properties["class"]["tags"] == ["axon", "myelinated_axon", "spine"]
    at = ids.index(str(BIG))
    rows = predicted.table.rows_of(BIG)
    shares = found.shares[np.searchsorted(found.segment_ids, np.uint64(BIG))]
    names = ("share_axon", "share_myelinated_axon", "share_spine")
    assert [properties[name]["values"][at] for name in names] == pytest.approx(shares, abs=1e-4)
    assert properties["class"]["values"][at] == [int(shares.argmax())]
    assert properties["rows"]["values"][at] == rows.stop - rows.start
    kept = found.classes[rows] != NO_CLASS
    assert properties["confidence"]["values"][at] == pytest.approx(found.confidence[rows][kept].mean() / 255, abs=1e-4)
    assert properties["confidence"]["values"][ids.index(str(BIG + 9))] == 0


def test_more_segments_than_a_viewer_reads_are_refused_with_what_would_do(predicted, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(segment_layer, "MOST_SEGMENTS", 20)
    with pytest.raises(TableError, match=r"leave small ones out with --min-rows (\d+)") as refused:
        segment_layer.write_segment_layer(tmp_path, predicted.open())
    enough = int(str(refused.value).rpartition(" ")[2])
    assert 0 < segment_layer.write_segment_layer(tmp_path, predicted.open(), enough) <= 20


def test_the_command_writes_layers_and_a_scene(predicted: PredictedTable, tmp_path: Path, capsys) -> None:
    out = tmp_path / "layers"
    url = "https://example.org/layers/"
    for _ in range(2):  # an earlier export is replaced
        assert export.main([str(predicted.predictions), str(out), "--url", url]) == 0
    scene = json.loads((out / "neuroglancer.json").read_text())
    segments, points = scene["layers"]
    assert segments["source"] == ["precomputed://https://example.org/layers/segments"]  # the table's is on a disk
    assert points["source"] == "precomputed://https://example.org/layers/points"
    assert points["linkedSegmentationLayer"] == {"segment": "segments"}
    origin = json.loads((out / "points" / "origin.json").read_text())
    assert origin["head"]["classes"] == list(CLASSES)
    assert export.main([str(predicted.predictions), str(out), "--segmentation", "precomputed://gs://b/seg"]) == 0
    scene = json.loads((out / "neuroglancer.json").read_text())
    assert scene["layers"][0]["source"][0] == "precomputed://gs://b/seg"
    assert "points and" in capsys.readouterr().out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["head.npz", "layers", "predictions", "table"]


def test_what_cannot_be_exported_is_one_sentence(predicted: PredictedTable, tmp_path: Path, capsys) -> None:
    out = tmp_path / "layers"
    out.mkdir()
    assert export.main([str(predicted.predictions), str(out)]) == 1
    assert "is no earlier export" in capsys.readouterr().err
    append_table(predicted.folder, made_table({9: 4}, 1))
    assert export.main([str(predicted.predictions), str(tmp_path / "other")]) == 1
    assert "has changed since it was predicted" in capsys.readouterr().err
    assert export.main([str(tmp_path / "nothing"), str(tmp_path / "other")]) == 1
    assert "there are no predictions in" in capsys.readouterr().err
    assert not (tmp_path / "other").exists()
    assert not (tmp_path / "other.part").exists()


@pytest.mark.parametrize("what", ["os.posix_fallocate", "segclr.predictions.sharding._write_shard"])
def test_a_disk_that_fills_up_leaves_the_earlier_export(predicted, tmp_path, monkeypatch, capsys, what: str) -> None:
    out = tmp_path / "layers"
    assert export.main([str(predicted.predictions), str(out)]) == 0
    before = sorted((path.relative_to(out), path.stat().st_mtime_ns) for path in out.rglob("*"))
    capsys.readouterr()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(what, full)
    assert export.main([str(predicted.predictions), str(out)]) == 1
    said = capsys.readouterr().err
    assert "layers cannot be written (No space left on device)" in said
    assert said.count("\n") == 1
    assert sorted((path.relative_to(out), path.stat().st_mtime_ns) for path in out.rglob("*")) == before
    assert not (tmp_path / "layers.part").exists()
