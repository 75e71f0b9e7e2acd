"""The command segclr-labels export: labels, predictions and heads, in every format."""

import csv
import json
import shutil
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from segclr.embeddings.table import EmbeddingTable, open_table
from segclr.heads.task_head import open_task_head
from segclr.predictions import predict
from segclr.predictions.annotation_layout import CLASS
from segclr.predictions.stored import open_predictions
from segclr_viewer.exchange.annotation_reader import read_point_layer
from segclr_viewer.exchange.from_log import read_log, task_named
from segclr_viewer.exchange.parquet import STAMP_KEY
from segclr_viewer.heads.fitting import stamp_of
from segclr_viewer.project_file import load_project
from tests.segclr_viewer.label_tool.steps import BIG, Printed, class_event, labels_of, refused, run, writing

if TYPE_CHECKING:
    from tests.conftest import World


def test_predictions_follow_from_the_log_as_in_the_app(
    project: Path, world: "World", table: EmbeddingTable, tmp_path: Path, capsys: Printed
) -> None:
    out = tmp_path / "predictions.csv"
    run(["export", project, "--what", "predictions", "--format", "csv", "--task", "part", out], capsys)
    with out.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["segment_id"]) for row in rows] == table.segment_of_rows(np.arange(len(table))).tolist()
    right = ["axon" if int(row["segment_id"]) in world.segment_ids[:2] else "dendrite" for row in rows]
    assert [row["class"] for row in rows] == right
    stamp = json.loads((tmp_path / "predictions.csv.stamp.json").read_text())
    settings = load_project(project)
    position = read_log(Path(settings.labels.file)).events[-1].seq
    assert stamp["head"] == stamp_of(task_named(settings, "part"), position, open_table(tmp_path / "table"))
    assert (stamp["log_position"], stamp["segmentation"], stamp["encoder_hash"]) == (position, "v117", "9f86")


def test_an_exported_head_predicts_the_table_as_the_app_does(
    project: Path, table: EmbeddingTable, tmp_path: Path, capsys: Printed
) -> None:
    head, out = tmp_path / "head.npz", tmp_path / "predicted"
    said = run(["export-head", project, "--task", "part", head], capsys)
    stamp = open_task_head(head).origin.stamp
    assert f"the head {stamp} of part, fitted on {len(labels_of(project))} places" in said
    run(["export", project, "--what", "predictions", "--format", "csv", "--task", "part", tmp_path / "p.csv"], capsys)
    assert predict.main([str(project), str(head), str(out)]) == 0
    found = open_predictions(out)
    with (tmp_path / "p.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["stamp"] for row in rows} == {stamp}
    assert [found.origin.head.classes[code] for code in found.classes.tolist()] == [row["class"] for row in rows]
    assert [f"{code / 255:.4f}" for code in found.confidence.tolist()] == [row["confidence"] for row in rows]


@pytest.fixture
def edited(project: Path) -> dict[str, int]:
    """The project after its classes were changed; how many labels each class has now."""
    given = labels_of(project)
    axons = sum(label.class_name == "axon" for label in given)
    other = sorted({label.segment_id for label in given if label.class_name == "dendrite"})[0]
    x, y, z = next(label.position_nm for label in given if label.segment_id == other)
    place = {"position_nm": (x, y, z), "segmentation": "v117", "segment_id": other}
    with writing(project.parent / "labels.sqlite") as log:
        log.append(
            [
                class_event("rename", "class_renamed", class_name="axon", new_name="neurite"),
                class_event("soma", "class_added", class_name="soma", color="#009e73", key="3"),
                class_event("glia", "class_added", class_name="glia", color="#cc79a7", key="4"),
                class_event("bouton", "class_added", class_name="bouton", color="#0072b2", key="5"),
                class_event("label", "label", class_name="soma", **place),
                class_event("retire", "class_retired", class_name="soma"),
                class_event("merge", "class_merged", class_name="dendrite", new_name="glia"),
                class_event("axon", "class_added", class_name="axon", color="#d55e00", key="6"),
            ]
        )
    rest = len(given) - axons - 1
    return {"neurite": axons, "glia": rest, "soma": 1}  # none is of the new axon, whose name they once had


def test_labels_go_out_under_the_classes_as_they_are_called_now(
    project: Path, edited: dict[str, int], tmp_path: Path, capsys: Printed
) -> None:
    out = tmp_path / "labels.csv"
    export = ["export", project, "--task", "part"]
    run([*export, "--what", "labels", "--format", "csv", out], capsys)
    with out.open(newline="") as file:
        assert Counter(row["class"] for row in csv.DictReader(file)) == edited
    run([*export, "--what", "labels", "--format", "annotations", tmp_path / "points"], capsys)
    layer = read_point_layer(tmp_path / "points")
    assert Counter(layer.class_names[CLASS][code] for code in layer.properties[CLASS].tolist()) == edited
    run([*export, "--what", "predictions", "--format", "csv", tmp_path / "predicted.csv"], capsys)
    with (tmp_path / "predicted.csv").open(newline="") as file:
        assert {row["class"] for row in csv.DictReader(file)} == {"neurite", "glia"}
    stamp = json.loads((tmp_path / "predicted.csv.stamp.json").read_text())
    assert stamp["classes"] == ["neurite", "glia", "bouton", "axon"]


def test_parquet_has_the_classes_as_they_are_called_now(
    project: Path, edited: dict[str, int], tmp_path: Path, capsys: Printed
) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")
    export = ["export", project, "--task", "part", "--format", "parquet"]
    run([*export, "--what", "labels", tmp_path / "labels.parquet"], capsys)
    labels = parquet.read_table(tmp_path / "labels.parquet")
    assert Counter(labels["class"].to_pylist()) == edited
    assert labels["segment_id"].to_pylist() == [label.segment_id for label in labels_of(project)]
    assert BIG in labels["segment_id"].to_pylist()
    run([*export, "--what", "predictions", tmp_path / "predicted.parquet"], capsys)
    predicted = parquet.read_table(tmp_path / "predicted.parquet")
    assert set(predicted["class"].to_pylist()) == {"neurite", "glia"}
    assert predicted["class"].chunk(0).dictionary.to_pylist() == ["neurite", "glia", "bouton", "axon"]
    stamp = json.loads(predicted.schema.metadata[STAMP_KEY])
    assert stamp["classes"] == ["neurite", "glia", "bouton", "axon"]
    assert set(predicted["stamp"].to_pylist()) == {stamp["head"]}


def test_rows_for_cave_have_the_classes_as_they_are_called_now(
    project: Path, edited: dict[str, int], tmp_path: Path, capsys: Printed
) -> None:
    export = ["export", project, "--task", "part", "--what", "labels", "--format", "cave", "--resolution-nm", 8, 10, 33]
    run([*export, tmp_path / "rows.csv"], capsys)
    with (tmp_path / "rows.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert Counter(row["tag"] for row in rows) == edited
    assert str(BIG) in {row["pt_root_id"] for row in rows}
    schema = ["--cave-schema", "cell_type_local", "--classification-system", "mine"]
    run([*export, *schema, tmp_path / "rows.json"], capsys)
    annotations = json.loads((tmp_path / "rows.json").read_text())["annotations"]
    assert Counter(row["cell_type"] for row in annotations) == edited


def test_every_format_is_written(project: Path, world: "World", tmp_path: Path, capsys: Printed) -> None:
    count = len(labels_of(project))
    export = ["export", project, "--task", "part"]
    for what, folder in (("labels", "l"), ("predictions", "p")):
        for name in ("segment_properties", "annotations"):
            run([*export, "--what", what, "--format", name, tmp_path / f"{folder}_{name}"], capsys)
        info = json.loads((tmp_path / f"{folder}_segment_properties" / "info").read_text())
        assert info["inline"]["ids"] == [str(segment) for segment in world.segment_ids]
        assert info["inline"]["properties"][0]["values"] == [[0], [0], [1], [1]]
    assert len(read_point_layer(tmp_path / "l_annotations").ids) == count
    predicted = read_point_layer(tmp_path / "p_annotations")
    assert set(predicted.segments["segment"].values()) == {(segment,) for segment in world.segment_ids}
    origin = json.loads((tmp_path / "l_annotations" / "origin.json").read_text())
    assert (origin["task"], origin["segmentation"]) == ("part", "v117")
    voxel = ["--resolution-nm", 8, 10, 33]
    cave = [*export, "--what", "labels", "--format", "cave"]
    run([*cave, *voxel, tmp_path / "rows.json"], capsys)
    assert len(json.loads((tmp_path / "rows.json").read_text())["annotations"]) == count
    assert "say of what size" in refused([*cave, tmp_path / "rows.csv"], capsys)
    assert "a voxel has a size above 0" in refused([*cave, "--resolution-nm", 8, 0, 33, tmp_path / "rows.csv"], capsys)
    predicted_rows = [*export, "--what", "predictions", "--format", "cave", *voxel, tmp_path / "rows.csv"]
    assert "predictions are not exported for CAVE" in refused(predicted_rows, capsys)


def test_a_table_that_is_missing_is_told(project: Path, tmp_path: Path, capsys: Printed) -> None:
    shutil.rmtree(tmp_path / "table")
    command = ["export", project, "--task", "part", "--what", "predictions", "--format", "csv", tmp_path / "out.csv"]
    assert "there is no embedding table in" in refused(command, capsys)
    assert not (tmp_path / "out.csv").exists()
