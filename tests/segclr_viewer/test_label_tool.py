"""The command segclr-labels: out, in, and round; exit statuses, and one line for what is wrong."""

import csv
import json
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from segclr.em.cutout import CutoutSpec
from segclr.embeddings.provenance import Provenance
from segclr.embeddings.table import EmbeddingTable, build_table, open_table
from segclr.heads.task_head import open_task_head
from segclr.predictions import predict
from segclr.predictions.annotation_layout import CLASS
from segclr.predictions.stored import open_predictions
from segclr_viewer.exchange.annotation_reader import read_point_layer
from segclr_viewer.exchange.from_log import labels_as_given, read_log, task_named
from segclr_viewer.exchange.labels import CurrentLabel
from segclr_viewer.exchange.parquet import STAMP_KEY
from segclr_viewer.heads.fitting import stamp_of
from segclr_viewer.label_tool import main
from segclr_viewer.log.events import Kind, NewEvent
from segclr_viewer.log.fold import fold
from segclr_viewer.log.store import LabelStore
from segclr_viewer.project_file import load_project

if TYPE_CHECKING:
    from tests.conftest import World

BIG = 2**63 + 5
AT = "2026-11-03T09:15:04.120+00:00"
TASKS = """
[[task]]
name = "part"
unit = "node"
[[task.class]]
name = "axon"
color = "#56b4e9"
key = "1"
[[task.class]]
name = "dendrite"
color = "#e69f00"
key = "2"
[[task]]
name = "cell type"
unit = "segment"
[[task.class]]
name = "astrocyte"
color = "#56b4e9"
key = "1"
[[task.class]]
name = "microglia"
color = "#e69f00"
key = "2"
"""


def write_project(folder: Path, world: "World", version: str = "v117") -> Path:
    path = folder / "project.toml"
    path.write_text(
        f'name = "test"\nannotator = "ada"\n[segmentation]\nurl = "{world.segmentation_url}"\nversion = "{version}"\n'
        f'[table]\nfolder = "table"\n[labels]\nfile = "labels.sqlite"\n{TASKS}'
    )
    return path


@pytest.fixture(scope="module")
def table(world: "World", tmp_path_factory: pytest.TempPathFactory) -> EmbeddingTable:
    """All skeleton nodes of the world; those of the first two segments look alike, and the others."""
    rng = np.random.default_rng(0)
    segments = [world.skeletons[one] for one in world.segment_ids]
    counts = [len(one.nodes_nm) for one in segments]
    looks = np.repeat([[4.0, 0.0, 0.5], [4.0, 0.0, 0.5], [0.0, 4.0, 0.5], [0.0, 4.0, 0.5]], counts, axis=0)
    return build_table(
        np.repeat(np.array(world.segment_ids, np.uint64), counts),
        np.concatenate([np.arange(count) for count in counts]),
        np.concatenate([one.nodes_nm for one in segments]).astype(np.float64),
        (looks + 0.3 * rng.standard_normal(looks.shape)).astype(np.float32),
        np.empty((0, 2), np.int64),
        Provenance("9f86", CutoutSpec(33, (32.0, 32.0, 40.0)), "/em", "/seg", "test", "0"),
    )


@pytest.fixture
def project(world: "World", table: EmbeddingTable, tmp_path: Path) -> Path:
    """A project with its table, and a log of labels on every third node."""
    table.save(tmp_path / "table")
    events = []
    for row in range(0, len(table), 3):
        segment = int(table.segment_of_rows(np.array([row]))[0])
        x, y, z = table.positions_nm[row].tolist()
        name = "axon" if segment in world.segment_ids[:2] else "dendrite"
        events.append(
            NewEvent(
                uuid=f"u{row}",
                group=f"g{row}",
                at=AT,
                annotator="kim",
                kind="label",
                task="part",
                provenance="key",
                class_name=name,
                position_nm=(x, y, z),
                segmentation="v117",
                segment_id=segment,
            )
        )
    with writing(tmp_path / "labels.sqlite") as log:
        log.append(events)
    return write_project(tmp_path, world)


@pytest.fixture
def empty(world: "World", table: EmbeddingTable, tmp_path: Path) -> Path:
    """A project like that without a log."""
    (tmp_path / "empty").mkdir()
    table.save(tmp_path / "empty" / "table")
    return write_project(tmp_path / "empty", world)


@contextmanager
def writing(path: Path) -> Iterator[LabelStore]:
    log = LabelStore.open(path)
    try:
        yield log
    finally:
        log.close()


def class_event(uuid: str, kind: Kind, **fields: Any) -> NewEvent:
    return NewEvent(uuid=uuid, group=uuid, at=AT, annotator="kim", kind=kind, task="part", provenance="page", **fields)


def labels_of(project: Path, task: str = "part") -> list[CurrentLabel]:
    settings = load_project(project)
    return labels_as_given(read_log(Path(settings.labels.file)), task_named(settings, task))


def essence(labels: list[CurrentLabel]) -> set[tuple[object, ...]]:
    return {(one.task, one.class_name, one.segment_id, one.position_nm, one.segmentation) for one in labels}


def refused(arguments: list[object], capsys: pytest.CaptureFixture[str]) -> str:
    """The one line that a command fails with."""
    capsys.readouterr()
    assert main([str(one) for one in arguments]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("segclr-labels: ")
    assert printed.err.count("\n") == 1
    return printed.err


def run(arguments: list[object], capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    assert main([str(one) for one in arguments]) == 0
    return capsys.readouterr().out


Printed = pytest.CaptureFixture[str]


def test_labels_go_out_as_csv_and_come_into_another_log_the_same(
    project: Path, empty: Path, tmp_path: Path, capsys: Printed
) -> None:
    out = tmp_path / "labels.csv"
    said = run(["export", project, "--what", "labels", "--format", "csv", out], capsys)
    count = len(labels_of(project))
    assert said == f"{count} labels are in {out}\n"
    said = run(["import", empty, out, "--task", "part"], capsys)
    assert f"{count} labels were stored in" in said
    assert essence(labels_of(empty)) == essence(labels_of(project))
    assert BIG in {label.segment_id for label in labels_of(empty)}
    assert {(label.provenance, label.annotator) for label in labels_of(empty)} == {("import", "ada")}


def test_an_import_is_one_action_with_its_record(project: Path, empty: Path, tmp_path: Path, capsys: Printed) -> None:
    out = tmp_path / "labels.csv"
    run(["export", project, "--what", "labels", "--format", "csv", out], capsys)
    run(["import", empty, out, "--task", "part"], capsys)
    settings = load_project(empty)
    task = task_named(settings, "part")
    history = fold(read_log(Path(settings.labels.file)).events, task.name, task.unit, task.classes)
    (record,) = history.imports()
    assert (record.count, record.file_name, record.file_format) == (len(labels_of(project)), "labels.csv", "csv")
    assert len(history.to_undo("ada")) == len(labels_of(project)) + 1


def test_a_file_imported_twice_is_stored_once(project: Path, empty: Path, tmp_path: Path, capsys: Printed) -> None:
    out = tmp_path / "labels.csv"
    run(["export", project, "--what", "labels", "--format", "csv", out], capsys)
    run(["import", empty, out, "--task", "part"], capsys)
    before = read_log(empty.parent / "labels.sqlite").events
    said = run(["import", empty, out, "--task", "part"], capsys)
    assert f"0 labels were stored in {empty.parent / 'labels.sqlite'}; {len(before) - 1} had been imported" in said
    assert read_log(empty.parent / "labels.sqlite").events == before


def test_a_dry_run_says_what_would_come_and_stores_nothing(empty: Path, tmp_path: Path, capsys: Printed) -> None:
    (tmp_path / "in.csv").write_text("class,segment_id\nastrocyte,7\n")
    said = run(["import", empty, tmp_path / "in.csv", "--task", "cell type", "--frame", "v117", "--dry-run"], capsys)
    assert "1 label of 'cell type': 1 astrocyte" in said
    assert "nothing was stored" in said
    assert not (empty.parent / "labels.sqlite").exists()


def test_positions_alone_find_their_segments_and_those_on_none_are_left_out(
    empty: Path, world: "World", table: EmbeddingTable, tmp_path: Path, capsys: Printed
) -> None:
    rows = [table.rows_of(segment).start + 2 for segment in world.segment_ids]
    lines = [",".join(map(str, ("axon", *table.positions_nm[row].tolist()))) for row in rows]
    background = (np.array(world.voxel_offset) + 0.5) * world.resolution_nm
    lines.append(",".join(map(str, ("axon", *background.tolist()))))
    lines.append("axon,1e9,1e9,1e9")
    (tmp_path / "in.csv").write_text("class,x_nm,y_nm,z_nm\n" + "\n".join(lines))
    said = run(["import", empty, tmp_path / "in.csv", "--task", "part", "--frame", "v117"], capsys)
    assert "2 labels are left out: there is no segment at that position" in said
    assert [label.segment_id for label in labels_of(empty)] == list(world.segment_ids)


def test_voxels_of_a_named_size_are_positions(
    empty: Path, world: "World", table: EmbeddingTable, tmp_path: Path, capsys: Printed
) -> None:
    row = table.rows_of(BIG).start + 2
    voxel = np.floor(table.positions_nm[row] / world.resolution_nm).astype(int)
    (tmp_path / "in.csv").write_text("class,x_vox,y_vox,z_vox\naxon," + ",".join(map(str, voxel.tolist())))
    command = ["import", empty, tmp_path / "in.csv", "--task", "part", "--frame", "v117"]
    assert "positions in voxels (x_vox): say of what size" in refused(command, capsys)
    run([*command, "--resolution-nm", *world.resolution_nm], capsys)
    (label,) = labels_of(empty)
    assert label.segment_id == BIG
    assert (np.abs(np.array(label.position_nm) - table.positions_nm[row]) <= np.array(world.resolution_nm) / 2).all()


def test_positions_in_another_version_name_no_segment_of_it(
    empty: Path, table: EmbeddingTable, tmp_path: Path, capsys: Printed
) -> None:
    x, y, z = table.positions_nm[table.rows_of(BIG).start + 2].tolist()
    (tmp_path / "in.csv").write_text(f"class,x_nm,y_nm,z_nm\naxon,{x},{y},{z}\naxon,0,0,0\n")
    said = run(["import", empty, tmp_path / "in.csv", "--task", "part", "--frame", "v9"], capsys)
    assert "1 label is left out: there is no segment at that position" in said
    (label,) = labels_of(empty)
    assert (label.segment_id, label.segmentation, label.position_nm) == (0, "v9", (x, y, z))


def test_segments_alone_are_labels_of_cells_and_not_of_nodes(
    empty: Path, table: EmbeddingTable, tmp_path: Path, capsys: Printed
) -> None:
    (tmp_path / "in.csv").write_text(f"class;segment_id\nmicroglia;{BIG}\nastrocyte;7\nastrocyte;12345\n")
    said = run(["import", empty, tmp_path / "in.csv", "--task", "cell type", "--frame", "v117"], capsys)
    assert "1 label is left out: the table does not have the segment" in said
    labels = labels_of(empty, "cell type")
    assert {(label.class_name, label.segment_id) for label in labels} == {("microglia", BIG), ("astrocyte", 7)}
    assert all(list(label.position_nm) in table.positions_nm.tolist() for label in labels)
    (tmp_path / "in.csv").write_text("class,segment_id\naxon,7\n")
    command = ["import", empty, tmp_path / "in.csv", "--task", "part", "--frame", "v117"]
    assert "line 2: the label names a segment alone, but this task is about nodes" in refused(command, capsys)


def test_labels_far_from_every_node_of_their_segment_are_counted(
    empty: Path, table: EmbeddingTable, tmp_path: Path, capsys: Printed
) -> None:
    x, y, z = table.positions_nm[table.rows_of(7).start].tolist()
    (tmp_path / "in.csv").write_text(
        "class,segment_id,x_nm,y_nm,z_nm\n"
        f"axon,7,{x + 1900},{y},{z}\naxon,7,{x - 2100},{y},{z}\naxon,12345,{x},{y},{z}\n"
    )
    said = run(["import", empty, tmp_path / "in.csv", "--task", "part", "--frame", "v117"], capsys)
    assert "2 labels are for no node of the table (none of the segment within 2 um)" in said
    assert "3 labels were stored" in said


def test_two_classes_for_one_cell_are_refused(
    empty: Path, table: EmbeddingTable, tmp_path: Path, capsys: Printed
) -> None:
    rows = table.rows_of(7)
    lines = [
        ",".join(map(str, (name, 7, *table.positions_nm[row].tolist())))
        for name, row in (("astrocyte", rows.start), ("microglia", rows.start + 3))
    ]
    (tmp_path / "in.csv").write_text("class,segment_id,x_nm,y_nm,z_nm\n" + "\n".join(lines))
    command = ["import", empty, tmp_path / "in.csv", "--task", "cell type", "--frame", "v117"]
    assert "line 3 makes segment 7 'microglia', but in.csv line 2 makes it 'astrocyte'" in refused(command, capsys)


def test_a_file_that_does_not_say_its_frame_is_refused(empty: Path, tmp_path: Path, capsys: Printed) -> None:
    (tmp_path / "in.csv").write_text("class,segment_id\nastrocyte,7\n")
    command = ["import", empty, tmp_path / "in.csv", "--task", "cell type"]
    assert "does not say in which segmentation's coordinates" in refused(command, capsys)
    assert "of 'v9' alone, which the project, with 'v117'" in refused([*command, "--frame", "v9"], capsys)
    (tmp_path / "in.csv").write_text("class,segment_id,segmentation\nastrocyte,7,v117\n")
    assert "is of the segmentation 'v117', but --frame says 'v9'" in refused([*command, "--frame", "v9"], capsys)
    run(command, capsys)


def test_labels_of_another_version_come_in_by_their_positions_when_the_user_says_so(
    project: Path, world: "World", table: EmbeddingTable, tmp_path: Path, capsys: Printed
) -> None:
    out = tmp_path / "labels.csv"
    run(["export", project, "--what", "labels", "--format", "csv", out], capsys)
    (tmp_path / "newer").mkdir()
    table.save(tmp_path / "newer" / "table")
    newer = write_project(tmp_path / "newer", world, "v118")
    command = ["import", newer, out, "--task", "part"]
    assert "'v117', the project's is 'v118': if they have the same coordinates" in refused(command, capsys)
    assert "attached by position when a project opens" in run([*command, "--frame", "v117"], capsys)
    assert essence(labels_of(newer)) == essence(labels_of(project))
    rows = tmp_path / "rows.csv"
    voxel = [str(size) for size in world.resolution_nm]
    run(
        ["export", newer, "--what", "labels", "--format", "cave", "--task", "part", "--resolution-nm", *voxel, rows],
        capsys,
    )
    with rows.open(newline="") as file:
        found = {int(row["pt_root_id"]) for row in csv.DictReader(file)}
    assert found == set(world.segment_ids)  # read from the segmentation as it is


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


def test_a_layer_of_points_comes_back_the_same(project: Path, empty: Path, tmp_path: Path, capsys: Printed) -> None:
    run(
        ["export", project, "--task", "part", "--what", "labels", "--format", "annotations", tmp_path / "layer"], capsys
    )
    command = ["import", empty, tmp_path / "layer", "--task", "part", "--frame", "v117"]
    run([*command, "--relationship", "segment"], capsys)
    given, back = labels_of(project), labels_of(empty)
    assert [(one.class_name, one.segment_id) for one in back] == [(one.class_name, one.segment_id) for one in given]
    places = np.array([one.position_nm for one in given])
    np.testing.assert_array_equal(np.array([one.position_nm for one in back]), places.astype(np.float32))


def test_while_an_app_has_the_log_open_exports_work_and_imports_wait(
    project: Path, tmp_path: Path, capsys: Printed
) -> None:
    (tmp_path / "in.csv").write_text("class,segment_id\nastrocyte,7\n")
    with writing(tmp_path / "labels.sqlite"):
        run(["export", project, "--what", "labels", "--format", "csv", tmp_path / "labels.csv"], capsys)
        run(["info", tmp_path / "labels.sqlite"], capsys)
        run(["backup", tmp_path / "labels.sqlite", tmp_path / "copy.sqlite"], capsys)
        command = ["import", project, tmp_path / "in.csv", "--task", "cell type", "--frame", "v117"]
        assert "is open in another segclr-viewer" in refused(command, capsys)
        run([*command, "--dry-run"], capsys)
    run(command, capsys)


def test_the_whole_log_goes_round_as_json_lines_and_as_a_copy(project: Path, tmp_path: Path, capsys: Printed) -> None:
    log = tmp_path / "labels.sqlite"
    events = read_log(log).events
    assert f"{len(events)} events are in" in run(["export-log", log, tmp_path / "log.jsonl"], capsys)
    said = run(["import-log", tmp_path / "log.jsonl", tmp_path / "other.sqlite"], capsys)
    assert said.startswith(f"{len(events)} events and 0 places were stored")
    assert read_log(tmp_path / "other.sqlite").events == events
    assert f"{len(events)} of them were there before" in run(
        ["import-log", tmp_path / "log.jsonl", tmp_path / "other.sqlite"], capsys
    )
    assert f"{len(events)} events are in" in run(["backup", log, tmp_path / "copy.sqlite"], capsys)
    assert read_log(tmp_path / "copy.sqlite").events == events


def test_info_says_what_a_log_holds(project: Path, tmp_path: Path, capsys: Printed) -> None:
    said = run(["info", tmp_path / "labels.sqlite"], capsys)
    count = len(read_log(tmp_path / "labels.sqlite").events)
    assert f"{count} events, 0 places" in said
    assert f"label: {count}" in said
    assert f"annotator kim: {count} events" in said
    assert "segmentation v117" in said


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["info", "no.sqlite"], "there is no label file no.sqlite"),
        (["export", "no.toml", "--what", "labels", "--format", "csv", "out.csv"], "there is no project file"),
        (["export", "{project}", "--what", "predictions", "--format", "csv", "o.csv"], "say which (--task)"),
        (["export", "{project}", "--task", "x", "--what", "labels", "--format", "csv", "o"], "has no task 'x'"),
        (
            ["export", "{project}", "--task", "cell type", "--what", "predictions", "--format", "csv", "out.csv"],
            "no predictions of 'cell type': label two classes first",
        ),
        (["import", "{project}", "no.csv", "--task", "part"], "no.csv cannot be read"),
        (["import", "{project}", "no.xlsx", "--task", "part"], "there is no file no.xlsx"),
        (["import", "{project}", "{project}", "--task", "part"], "what project.toml holds is not known"),
        (["import", "{project}", "a.csv", "--task", "part", "--class", "axon"], "--class 'axon' is not understood"),
    ],
)
def test_what_is_wrong_is_one_sentence(project: Path, arguments: list[str], says: str, capsys: Printed) -> None:
    assert says in refused([one.replace("{project}", str(project)) for one in arguments], capsys)


def test_help_names_every_command_and_format(capsys: Printed) -> None:
    for arguments, expected in (
        (["--help"], ("info", "export-log", "import-log", "backup", "export", "import")),
        (["export", "--help"], ("csv", "parquet", "segment_properties", "annotations", "cave", "PROJECT.toml")),
        (["import", "--help"], ("--resolution-nm X Y Z", "--dry-run", "--frame NAME", "x_vox")),
    ):
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        assert ended.value.code == 0
        printed = capsys.readouterr().out
        assert all(word in printed for word in expected)


def test_a_neuron_of_microns_is_imported_whole(
    world: "World", shared_data: Path, tmp_path: Path, capsys: Printed
) -> None:
    skeleton = shared_data / "microns" / "ossify" / "skel.json"
    content = json.loads(skeleton.read_text())
    positions = np.array(content["vertices"])
    build_table(
        np.full(len(positions), content["meta"]["root_id"], np.uint64),
        np.arange(len(positions)),
        positions,
        np.zeros((len(positions), 2), np.float32),
        np.empty((0, 2), np.int64),
        Provenance("9f86", CutoutSpec(33, (32.0, 32.0, 40.0)), "/em", "/seg", "test", "0"),
    ).save(tmp_path / "table")
    project = write_project(tmp_path, world, "minnie65 1300")
    command = ["import", project, skeleton, "--task", "part", "--frame", "minnie65 1300"]
    assert "has no class 'soma'" in refused(command, capsys)
    said = run([*command, "--class", "soma="], capsys)
    assert "16,719 labels of 'part': 14,153 axon, 2,566 dendrite" in said
    assert "minnie65's public frame" in said
    assert "are for no node" not in said
    assert {label.segment_id for label in labels_of(project)} == {864691135101289504}


def test_points_of_another_volume_are_told_and_not_stored(empty: Path, shared_data: Path, capsys: Printed) -> None:
    command = ["import", empty, shared_data / "h01_points", "--task", "part", "--frame", "v117"]
    others = ("astrocyte", "soma", "AIS", "myelinated axon", "myelinated fragment")
    left_out = [argument for name in others for argument in ("--class", f"{name}=")]
    assert "none of 8,283 labels in" in refused([*command, *left_out], capsys)
    assert read_log(empty.parent / "labels.sqlite").events == []


def test_a_table_that_is_missing_is_told(project: Path, tmp_path: Path, capsys: Printed) -> None:
    shutil.rmtree(tmp_path / "table")
    command = ["export", project, "--task", "part", "--what", "predictions", "--format", "csv", tmp_path / "out.csv"]
    assert "there is no embedding table in" in refused(command, capsys)
    assert not (tmp_path / "out.csv").exists()
