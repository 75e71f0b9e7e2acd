"""Rows for CAVE: positions in voxels of the table's resolution, ids exact, no type that CAVE would drop."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from segclr_viewer.exchange.cave import CaveTable, write_cave_csv, write_cave_json
from segclr_viewer.exchange.csv_import import read_labels_csv
from segclr_viewer.exchange.errors import ExchangeError
from segclr_viewer.exchange.labels import ClassNames, CurrentLabel

VOXEL_NM = (4.0, 5.0, 40.0)
CLASSES = ClassNames("part", ("axon", "myelinated axon", "spine"))


def test_positions_are_the_voxels_that_hold_the_labels(labels: list[CurrentLabel], tmp_path: Path) -> None:
    assert write_cave_csv(tmp_path / "rows.csv", labels, CaveTable(VOXEL_NM)) == len(labels)
    with (tmp_path / "rows.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["pt_position_x", "pt_position_y", "pt_position_z", "pt_root_id", "tag"]
    assert [row["pt_root_id"] for row in rows] == [str(label.segment_id) for label in labels]
    for row, label in zip(rows, labels, strict=True):
        corner = np.array([int(row[f"pt_position_{axis}"]) for axis in "xyz"]) * VOXEL_NM
        assert (corner <= label.position_nm).all()
        assert (label.position_nm < corner + VOXEL_NM).all()


def test_rows_come_back_as_the_same_labels(labels: list[CurrentLabel], tmp_path: Path) -> None:
    write_cave_csv(tmp_path / "rows.csv", labels, CaveTable(VOXEL_NM))
    back = read_labels_csv(tmp_path / "rows.csv", CLASSES, VOXEL_NM).labels
    assert [(one.class_name, one.segment_id) for one in back] == [(one.class_name, one.segment_id) for one in labels]
    distances = np.array([one.position_nm for one in back]) - np.array([one.position_nm for one in labels])
    assert (np.abs(distances) <= np.array(VOXEL_NM) / 2).all()


def test_rows_for_upload_are_what_the_schemas_ask_for(labels: list[CurrentLabel], tmp_path: Path) -> None:
    write_cave_json(tmp_path / "tags.json", labels, CaveTable(VOXEL_NM))
    tags = json.loads((tmp_path / "tags.json").read_text())
    assert (tags["schema_type"], tags["voxel_resolution"]) == ("bound_tag", [4.0, 5.0, 40.0])
    assert {tuple(row) for row in tags["annotations"]} == {("pt", "tag")}
    assert {tuple(row["pt"]) for row in tags["annotations"]} == {("position",)}
    assert all(type(value) is int for row in tags["annotations"] for value in row["pt"]["position"])

    table = CaveTable(VOXEL_NM, "cell_type_local", "our types")
    write_cave_json(tmp_path / "types.json", labels, table)
    row = json.loads((tmp_path / "types.json").read_text())["annotations"][1]
    assert (row["classification_system"], row["cell_type"]) == ("our types", labels[1].class_name)
    write_cave_csv(tmp_path / "types.csv", labels, table)
    assert len(read_labels_csv(tmp_path / "types.csv", CLASSES, VOXEL_NM).labels) == len(labels)


def test_what_cave_would_drop_or_not_take_is_refused(labels: list[CurrentLabel], tmp_path: Path) -> None:
    with pytest.raises(ExchangeError, match="needs a classification system"):
        CaveTable(VOXEL_NM, "cell_type_local")
    with pytest.raises(ExchangeError, match="keeps its own list of cell types for 'valence'"):
        CaveTable(VOXEL_NM, "cell_type_local", "valence")
    with pytest.raises(ExchangeError, match="a voxel cannot measure"):
        CaveTable((4.0, 0.0, 40.0))
    outside = replace(labels[0], position_nm=(5.0, -1.0, 5.0))
    with pytest.raises(ExchangeError, match="negative voxels"):
        write_cave_csv(tmp_path / "rows.csv", [outside], CaveTable(VOXEL_NM))
    assert list(tmp_path.iterdir()) == []
