"""Segment properties: what the format asks for, and what stands in them."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from segclr.embeddings.table import EmbeddingTable
from segclr.predictions.segment_layer import tags_of
from segclr_viewer.exchange.errors import ExchangeError
from segclr_viewer.exchange.labels import CurrentLabel
from segclr_viewer.exchange.segment_properties import write_segment_properties
from segclr_viewer.exchange.segments import labelled_segments, predicted_segments
from segclr_viewer.points import NO_CLASS, Points

CLASSES = ("axon", "myelinated axon", "spine")


def check_against_the_format(info: dict[str, object]) -> dict[str, dict[str, object]]:
    """The rules of segment_properties.md; returns the properties by id."""
    assert info["@type"] == "neuroglancer_segment_properties"
    inline = info["inline"]
    assert isinstance(inline, dict)
    ids, properties = inline["ids"], inline["properties"]
    assert all(isinstance(one, str) and re.fullmatch("[1-9][0-9]*", one) and int(one) < 2**64 for one in ids)
    assert len(set(ids)) == len(ids)
    for kind in ("label", "description", "tags"):
        assert sum(one["type"] == kind for one in properties) <= 1
    for one in properties:
        assert len(one["values"]) == len(ids)
        if one["type"] == "tags":
            assert "description" not in one
            assert not any(" " in tag or tag.startswith("#") for tag in one["tags"])
            assert len({tag.casefold() for tag in one["tags"]}) == len(one["tags"])
            assert len(one["tag_descriptions"]) == len(one["tags"])
            for value in one["values"]:
                assert value == sorted(set(value))
                assert all(0 <= index < len(one["tags"]) for index in value)
        else:
            assert (one["type"], one["data_type"]) in {("number", "uint32"), ("number", "float32")}
            assert all(np.isfinite(value) for value in one["values"])
    return {one["id"]: one for one in properties}


def test_labelled_segments_have_all_classes_of_their_labels(labels: list[CurrentLabel], tmp_path: Path) -> None:
    folder = tmp_path / "properties"
    assert write_segment_properties(folder, labelled_segments(labels, CLASSES), CLASSES, {"task": "part"}) == 3
    info = json.loads((folder / "info").read_text())
    properties = check_against_the_format(info)
    assert info["inline"]["ids"] == ["7", "864691135000000001", "9223372036854775813"]
    assert properties["labels"]["values"] == [8, 20, 52]
    assert properties["class"]["values"] == [[0, 1, 2]] * 3
    assert properties["class"]["tag_descriptions"] == list(CLASSES)
    assert json.loads((folder / "origin.json").read_text()) == {"task": "part"}


def test_predicted_segments_have_the_class_of_most_of_their_nodes(
    table: EmbeddingTable, points: Points, labels: list[CurrentLabel], tmp_path: Path
) -> None:
    segments = predicted_segments(table, points, len(CLASSES), labels)
    write_segment_properties(tmp_path / "properties", segments, CLASSES, {})
    properties = check_against_the_format(json.loads((tmp_path / "properties" / "info").read_text()))
    for at, segment in enumerate(table.segment_ids.tolist()):
        rows = table.rows_of(segment)
        classes, confidence = points.classes[rows].tolist(), points.confidence[rows].astype(float)
        most = max(range(len(CLASSES)), key=lambda index: (classes.count(index), -index))
        of_most = np.array(classes) == most
        assert properties["class"]["values"][at] == [most]  # type: ignore[index]
        assert properties["confidence"]["values"][at] == pytest.approx(confidence[of_most].mean() / 255, abs=1e-4)  # type: ignore[index]
        assert properties["share"]["values"][at] == pytest.approx(of_most.mean(), abs=1e-4)  # type: ignore[index]
    assert properties["labels"]["values"] == [8, 20, 52]


def test_a_segment_without_predictions_has_no_class(table: EmbeddingTable, points: Points) -> None:
    classes = points.classes.copy()
    classes[table.rows_of(7)] = NO_CLASS
    nothing = Points(points.stamp, points.task, classes, points.confidence, (0,), (0,), "")
    segments = predicted_segments(table, nothing, len(CLASSES), [])
    assert segments.classes[0] == ()
    assert segments.confidence is not None
    assert segments.confidence[0] == 0


def test_tags_have_no_spaces_and_differ_without_capitals() -> None:
    assert tags_of(["axon", "Axon", "myelinated axon", "#1", "#"]) == [
        "axon",
        "Axon_2",
        "myelinated_axon",
        "1",
        "class",
    ]


def test_an_earlier_export_is_replaced_and_anything_else_is_left(labels: list[CurrentLabel], tmp_path: Path) -> None:
    segments = labelled_segments(labels, CLASSES)
    for _ in range(2):
        write_segment_properties(tmp_path / "properties", segments, CLASSES, {})
    assert [path.name for path in tmp_path.iterdir()] == ["properties"]
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter").write_text("1")
    with pytest.raises(ExchangeError, match="is there already and is no earlier export"):
        write_segment_properties(tmp_path / "thesis", segments, CLASSES, {})
    assert (tmp_path / "thesis" / "chapter").read_text() == "1"
