"""The command segclr-labels import: what comes in, where it is attached, and what is refused."""

import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from segclr.em.cutout import CutoutSpec
from segclr.embeddings.provenance import Provenance
from segclr.embeddings.table import EmbeddingTable, build_table
from segclr_viewer.exchange.from_log import read_log, task_named
from segclr_viewer.log.fold import fold
from segclr_viewer.project_file import load_project
from tests.segclr_viewer.label_tool.steps import BIG, Printed, essence, labels_of, refused, run, write_project

if TYPE_CHECKING:
    from tests.conftest import World


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
