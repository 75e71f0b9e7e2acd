"""Synapses as labels at their sites: generated cells and tables, and the real ones of MICrONS."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.spatial import cKDTree

from segclr.em.cutout import CutoutSpec
from segclr.embeddings.provenance import Provenance
from segclr.embeddings.table import build_table
from segclr_viewer.exchange.errors import ExchangeError
from segclr_viewer.exchange.from_log import labels_as_given, read_log, task_named
from segclr_viewer.exchange.hdf5 import Hdf5File
from segclr_viewer.exchange.labels import ClassNames, CurrentLabel
from segclr_viewer.exchange.synapses import read_synapses_arrow, read_synapses_meshwork
from segclr_viewer.label_tool import main
from segclr_viewer.project_file import load_project
from tests.project_text import task_text
from tests.segclr_viewer.exchange.hdf5_files import hdf5_bytes

CELL = 2**63 + 5
PARTNERS = (864691135000000001, 7, 2**53 + 1)
VOXEL_NM = (4.0, 5.0, 40.0)
SITES = ClassNames("synapse", ("presynaptic site", "postsynaptic site"))
NODES_NM = np.array([[4000.0 + 3000 * node, 9000.0, 20_000.0] for node in range(5)])  # further apart than twice 1 um
TASKS = (
    task_text("synapse", "node", "presynaptic site", "postsynaptic site")
    + task_text("part", "node", "axon", "dendrite")
    + task_text("cell type", "segment", "astrocyte", "microglia")
)


def voxel(node: int, off_nm: float = 0.0) -> list[int]:
    """The voxel that lies beside a node by so much along y."""
    x, y, z = (NODES_NM[node] + (0, off_nm, 0)) / VOXEL_NM
    return [int(x), int(y), int(z)]


def synapses(side: str, places: Sequence[object], **columns: Sequence[object]) -> dict[str, Sequence[object]]:
    """The columns of a table; what is named replaces one."""
    other = {"pre": "post", "post": "pre"}[side]
    count = len(places)
    return {
        "id": list(range(count)),
        "valid": ["t"] * count,
        f"{side}_pt_root_id": [CELL] * count,
        f"{other}_pt_root_id": [PARTNERS[row % 3] for row in range(count)],
        f"{side}_pt_position": list(places),
        f"{other}_pt_position": [[1, 2, 3]] * count,
        f"{side}_pt_mesh_ind": [0] * count,
        **columns,
    }


def as_json(columns: Mapping[str, Sequence[object]]) -> bytes:
    by_row = {name: {str(row): value for row, value in enumerate(values)} for name, values in columns.items()}
    return json.dumps(by_row).encode()


def write_cell(path: Path, **tables: Mapping[str, Sequence[object]]) -> Path:
    """A cell's HDF5 file with these tables."""
    path.write_bytes(
        hdf5_bytes(
            {
                "skeleton/vertices": NODES_NM.astype("<f8"),
                "skeleton/mesh_to_skel_map": np.arange(len(NODES_NM), dtype="<i8"),
                "skeleton/meta": json.dumps({"root_id": CELL}).encode(),
                "mesh/vertices": np.zeros((len(NODES_NM), 3), "<f8"),
                **{f"annotations/{name}/data": as_json(columns) for name, columns in tables.items()},
            }
        )
    )
    return path


def write_table(path: Path, columns: Mapping[str, Any]) -> Path:
    """An Arrow file; columns of root ids that are whole are uint64."""
    arrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    feather = pytest.importorskip("pyarrow.feather", reason="pyarrow is not installed")
    whole = {
        name: arrow.array(values, arrow.uint64())
        for name, values in columns.items()
        if name.endswith("root_id") and all(isinstance(value, int) for value in values)
    }
    feather.write_feather(arrow.table({**columns, **whole}), str(path))
    return path


def split(columns: Mapping[str, Sequence[Any]], side: str) -> dict[str, Any]:
    """The columns with the positions in nm, an axis each, as CAVE gives them when asked to."""
    name = f"{side}_pt_position"
    places = np.array(columns[name], np.float64)
    others = {key: values for key, values in columns.items() if "position" not in key}
    return {**others, **{f"{name}_{axis}": places[:, at] for at, axis in enumerate("xyz")}}


@pytest.fixture
def cell(tmp_path: Path) -> Path:
    """Four outgoing synapses, two of them at one node, and three incoming ones; one node has both kinds."""
    return write_cell(
        tmp_path / "cell.h5",
        pre_syn=synapses("pre", [voxel(0, 300), voxel(0, -100), voxel(1), voxel(2, 50)]),
        post_syn=synapses("post", [voxel(2), voxel(3), voxel(4, 2600)]),
        is_axon={"mesh_index": [0, 1]},
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project whose table has the cell's nodes; its segmentation is never read, since all ids are named."""
    return write_project(tmp_path, NODES_NM, CELL)


def write_project(folder: Path, nodes_nm: np.ndarray[Any, Any], segment: int) -> Path:
    build_table(
        np.full(len(nodes_nm), segment, np.uint64),
        np.arange(len(nodes_nm)),
        nodes_nm,
        np.zeros((len(nodes_nm), 2), np.float32),
        np.empty((0, 2), np.int64),
        Provenance("9f86", CutoutSpec(33, (32.0, 32.0, 40.0)), "/em", "/seg", "test", "0"),
    ).save(folder / "table")
    path = folder / "project.toml"
    path.write_text(
        'name = "test"\nannotator = "ada"\n[segmentation]\nurl = "none"\nversion = "v117"\n'
        f'[table]\nfolder = "table"\n[labels]\nfile = "labels.sqlite"\n{TASKS}'
    )
    return path


Command = Callable[..., str]


@pytest.fixture
def imports(project: Path, capsys: pytest.CaptureFixture[str]) -> Command:
    """Import a file; returns what was said."""

    def run(file: Path, *options: object, task: str = "synapse", frame: str = "v117", status: int = 0) -> str:
        command = ["import", project, file, "--task", task, "--frame", frame, *options]
        capsys.readouterr()
        assert main([str(one) for one in command]) == status
        printed = capsys.readouterr()
        assert (printed.err if status else printed.out).count("\n") == 1 or not status
        return printed.err if status else printed.out

    return run


def labels_of(project: Path, task: str = "synapse") -> list[CurrentLabel]:
    settings = load_project(project)
    return labels_as_given(read_log(Path(settings.labels.file)), task_named(settings, task))


VOXELS = ("--resolution-nm", *VOXEL_NM)
NM = ("--resolution-nm", 1, 1, 1)


def test_a_synapse_is_a_label_at_its_site_on_the_cell_itself(cell: Path) -> None:
    file = read_synapses_meshwork(cell, SITES, VOXEL_NM, "both")
    names = [label.class_name for label in file.labels]
    assert names == ["presynaptic site"] * 4 + ["postsynaptic site"] * 3
    assert {label.segment_id for label in file.labels} == {CELL}
    given = np.array([voxel(0, 300), voxel(0, -100), voxel(1), voxel(2, 50), voxel(2), voxel(3), voxel(4, 2600)])
    places = np.array([label.position_nm for label in file.labels])
    np.testing.assert_array_equal(places, (given + 0.5) * VOXEL_NM)  # a voxel stands for its centre
    assert file.labels[1].where == "cell.h5, table pre_syn, row 1"
    assert read_synapses_meshwork(cell, SITES, VOXEL_NM, "post").labels == file.labels[4:]


def test_an_arrow_table_tells_its_side_by_the_one_cell_and_keeps_ids_exact(tmp_path: Path) -> None:
    places_nm = [[4000.5, 9001.0, 20_000.0], [7000.0, 9000.0, 20_040.0]]
    for side in ("pre", "post"):
        table = write_table(tmp_path / "some.feather", split(synapses(side, places_nm), side))
        file = read_synapses_arrow(table, SITES, (1.0, 1.0, 1.0), None)
        assert [list(label.position_nm or ()) for label in file.labels] == places_nm
        assert {(label.segment_id, label.class_name) for label in file.labels} == {(CELL, f"{side}synaptic site")}
    whole = write_table(
        tmp_path / "some.feather", split(synapses("pre", places_nm), "pre") | {"pre_pt_position": [voxel(0), voxel(1)]}
    )
    (first, _) = read_synapses_arrow(whole, SITES, VOXEL_NM, None).labels
    assert first.position_nm == tuple(((np.array(voxel(0)) + 0.5) * VOXEL_NM).tolist())


def test_of_the_synapses_at_a_node_the_nearest_gives_the_label_and_the_others_are_counted(
    cell: Path, project: Path, imports: Command
) -> None:
    said = imports(cell, "--synapses", "pre", *VOXELS)
    assert "4 synapses of cell 9223372036854775813 are presynaptic on it" in said
    assert "1 more site lies at nodes that got a label of the same class" in said
    assert "3 labels were stored" in said
    places = [label.position_nm for label in labels_of(project)]
    expected = (np.array([voxel(0, -100), voxel(1), voxel(2, 50)]) + 0.5) * VOXEL_NM
    np.testing.assert_array_equal(np.array(places), expected)
    assert {(label.provenance, label.annotator) for label in labels_of(project)} == {("import", "ada")}


def test_a_node_with_both_kinds_gets_no_label_and_sites_without_a_node_are_said(
    cell: Path, project: Path, imports: Command
) -> None:
    said = imports(cell, "--synapses", "both", *VOXELS)
    assert "1 node with 2 sites of different classes gets no label" in said
    assert "1 label is for no node of the table" in said
    names = [label.class_name for label in labels_of(project)]
    assert names == ["presynaptic site"] * 2 + ["postsynaptic site"] * 2


def test_sites_of_one_class_are_one_whatever_side_they_are_of(cell: Path, project: Path, imports: Command) -> None:
    named = [f"--class={side}synaptic site=axon" for side in ("pre", "post")]
    said = imports(cell, "--synapses", "both", *VOXELS, *named, task="part")
    assert "2 more sites lie at nodes" in said
    assert {label.class_name for label in labels_of(project, "part")} == {"axon"}
    left_out = ["--class=presynaptic site=", "--class=postsynaptic site=dendrite"]
    assert "3 labels of 'part': 3 dendrite" in imports(cell, "--synapses", "both", *VOXELS, *left_out, task="part")


def test_an_import_once_more_stores_nothing_twice(cell: Path, project: Path, imports: Command) -> None:
    imports(cell, "--synapses", "pre", *VOXELS)
    before = read_log(project.parent / "labels.sqlite").events
    again = imports(cell, "--synapses", "pre", *VOXELS)
    assert "0 labels were stored" in again
    assert "3 had been imported before" in again
    assert read_log(project.parent / "labels.sqlite").events == before
    assert "2 had been imported before" in imports(cell, "--synapses", "both", *VOXELS)
    uuids = [event.uuid for event in read_log(project.parent / "labels.sqlite").events]
    assert len(set(uuids)) == len(uuids)


def test_synapses_and_compartments_of_one_file_are_undone_apart(cell: Path, project: Path, imports: Command) -> None:
    imports(cell, task="part")
    imports(cell, "--synapses", "pre", *VOXELS, "--class", "presynaptic site=axon", task="part")
    events = read_log(project.parent / "labels.sqlite").events
    groups = [event.group for event in events if event.kind == "import"]
    assert len(set(groups)) == 2
    assert [event.file_format for event in events if event.kind == "import"] == ["meshwork", "synapses"]


def test_labels_of_another_version_keep_their_sites_and_are_attached_later(
    cell: Path, project: Path, imports: Command
) -> None:
    said = imports(cell, "--synapses", "pre", *VOXELS, frame="v9")
    assert "4 labels are attached by position when a project opens" in said
    assert {(label.segmentation, label.segment_id) for label in labels_of(project)} == {("v9", CELL)}


def test_synapses_that_are_not_valid_any_more_are_left_out_and_counted(tmp_path: Path) -> None:
    table = synapses("pre", [voxel(0), voxel(1), voxel(2)], valid=["t", "f", "t"])
    file = read_synapses_meshwork(write_cell(tmp_path / "a.h5", pre_syn=table), SITES, VOXEL_NM, "pre")
    assert [label.where for label in file.labels] == ["a.h5, table pre_syn, row 0", "a.h5, table pre_syn, row 2"]
    assert "1 synapse marked as not valid is left out" in file.notes


def test_units_and_cells_that_cannot_be_right_are_refused(cell: Path, tmp_path: Path, imports: Command) -> None:
    assert "does not say in which unit pre_pt_position is" in imports(cell, "--synapses", "both", status=1)
    wrong = imports(cell, "--synapses", "both", "--resolution-nm", 16, 20, 160, status=1)
    assert "would lie 70 um or more from the cell's own skeleton" in wrong
    table = write_table(tmp_path / "a.feather", split(synapses("pre", [[4000.0, 9000.0, 20_000.0]] * 3), "pre"))
    assert "does not say in which unit" in imports(table, status=1)
    wrong = imports(table, *VOXELS, status=1)
    assert "none of the 3 sites lies within 2 um of a node of cell 9223372036854775813: is --resolution-nm" in wrong
    of_other = synapses("pre", [[4000.0, 9000.0, 20_000.0]] * 3, pre_pt_root_id=[PARTNERS[0]] * 3)
    other = write_table(tmp_path / "b.feather", split(of_other, "pre"))
    says = imports(other, *NM, "--synapses", "pre", status=1)
    assert "the project's table has no cell 864691135000000001: is the file of another cell" in says
    assert not labels_of(tmp_path / "project.toml")


def test_what_is_asked_of_the_wrong_file_or_task_is_refused(cell: Path, tmp_path: Path, imports: Command) -> None:
    (tmp_path / "in.csv").write_text("class,segment_id\naxon,7\n")
    assert "leave --synapses away" in imports(tmp_path / "in.csv", "--synapses", "pre", status=1)
    says = imports(cell, "--synapses", "pre", *VOXELS, task="cell type", status=1)
    assert "synapses are sites on a cell, and the task 'cell type' gives each whole cell one class" in says
    says = imports(cell, "--synapses", "pre", *VOXELS, task="part", status=1)
    assert "the task 'part' has no class 'presynaptic site'" in says
    assert "--class 'presynaptic site'=CLASS" in says
    table = write_table(tmp_path / "a.feather", split(synapses("pre", [[4000.0, 9000.0, 20_000.0]] * 3), "pre"))
    assert "say --synapses pre or --synapses post" in imports(table, *NM, "--synapses", "both", status=1)
    assert "there is no file" in imports(tmp_path / "no.feather", *NM, status=1)
    (tmp_path / "torn.feather").write_bytes(table.read_bytes()[:300])
    assert "torn.feather cannot be read" in imports(tmp_path / "torn.feather", *NM, status=1)
    alone = write_cell(tmp_path / "alone.h5", pre_syn=synapses("pre", [voxel(0)]))
    assert "its synapses are read with --synapses" in imports(alone, task="part", status=1)
    assert "alone.h5 has no table post_syn" in imports(alone, "--synapses", "both", *VOXELS, status=1)


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({"pre_pt_position": [["1", "2", "3"]] * 2}, r"row 0, pre_pt_position: \['1', '2', '3'\] is no position"),
        ({"pre_pt_position": [voxel(0), [1, 2]]}, r"row 1, pre_pt_position: \[1, 2\] is no position"),
        ({"pre_pt_position": [voxel(0), [1, 2, 10**400]]}, r"row 1, pre_pt_position: \[1, 2, 10+\.\.\. is no position"),
        ({"pre_pt_position": [voxel(0), None]}, r"row 1, pre_pt_position: None is no position"),
        (
            {"pre_pt_position": [voxel(0), [1, 2, float("nan")]]},
            r"row 1, pre_pt_position: \[1, 2, nan\] is no position",
        ),
        ({"pre_pt_root_id": [CELL, 864691135000000001]}, "its root ids are 864691135000000001, 9223372036854775813"),
        ({"pre_pt_root_id": [9.2e18] * 2}, r"its root ids are 9\.2e\+18, 9223372036854775813"),
        ({"valid": ["t", "perhaps"]}, "row 1: valid is 'perhaps', which is neither true nor false"),
    ],
)
def test_a_value_that_is_not_what_it_must_be_is_told_with_its_row(
    tmp_path: Path, columns: dict[str, Sequence[object]], says: str
) -> None:
    table = synapses("pre", [voxel(0), voxel(1)]) | columns
    with pytest.raises(ExchangeError, match=says):
        read_synapses_meshwork(write_cell(tmp_path / "a.h5", pre_syn=table), SITES, VOXEL_NM, "pre")


def test_a_damaged_or_incomplete_table_is_told(tmp_path: Path) -> None:
    whole = split(synapses("pre", [[1.0, 2.0, 3.0]]), "pre")
    for missing in ("pre_pt_root_id", "pre_pt_position_z"):
        path = write_table(tmp_path / "a.feather", {name: some for name, some in whole.items() if name != missing})
        with pytest.raises(ExchangeError, match=rf"a\.feather has no column {missing} \(found: id, valid"):
            read_synapses_arrow(path, SITES, VOXEL_NM, "pre")
    uneven = json.dumps({"pre_pt_root_id": {"0": CELL, "1": CELL}, "pre_pt_position": {"0": voxel(0)}}).encode()
    (tmp_path / "b.h5").write_bytes(hdf5_bytes({"skeleton/vertices": NODES_NM, "annotations/pre_syn/data": uneven}))
    with pytest.raises(ExchangeError, match="column pre_pt_position of the table pre_syn has rows of its own"):
        read_synapses_meshwork(tmp_path / "b.h5", SITES, VOXEL_NM, "pre")
    (tmp_path / "c.h5").write_bytes(hdf5_bytes({"skeleton/vertices": NODES_NM, "annotations/pre_syn/data": b"{]"}))
    with pytest.raises(ExchangeError, match="annotations/pre_syn/data is not JSON"):
        read_synapses_meshwork(tmp_path / "c.h5", SITES, VOXEL_NM, "pre")


def test_a_table_of_two_cells_or_of_no_clear_side_is_refused(tmp_path: Path) -> None:
    two = split(synapses("pre", [[1.0, 2.0, 3.0]] * 2, pre_pt_root_id=[CELL, 7]), "pre")
    path = write_table(tmp_path / "a.feather", two)
    with pytest.raises(ExchangeError, match="does not say whose synapses it has: neither side is of one cell"):
        read_synapses_arrow(path, SITES, VOXEL_NM, None)
    with pytest.raises(ExchangeError, match=r"row 1: pre_pt_root_id is 7, but a\.feather, row 0 is of cell 92233720"):
        read_synapses_arrow(path, SITES, VOXEL_NM, "pre")
    path = write_table(tmp_path / "a.feather", split(synapses("pre", [[1.0, 2.0, 3.0]]), "pre"))
    with pytest.raises(ExchangeError, match="both sides are of one cell; say --synapses pre or --synapses post"):
        read_synapses_arrow(path, SITES, VOXEL_NM, None)
    rounded = split(synapses("pre", [[1.0, 2.0, 3.0]]), "pre") | {"pre_pt_root_id": [float(CELL)]}
    with pytest.raises(ExchangeError, match=r"row 0, pre_pt_root_id: the segment id 9\.22\S+ was written as a rounded"):
        read_synapses_arrow(write_table(tmp_path / "a.feather", rounded), SITES, VOXEL_NM, "pre")


def test_the_synapses_of_real_cells_lie_on_their_skeletons(shared_data: Path) -> None:
    for path in sorted((shared_data / "microns" / "apical").glob("*.h5")):
        file = read_synapses_meshwork(path, SITES, (4.0, 4.0, 40.0), "both")
        assert {label.segment_id for label in file.labels} == {int(path.name.partition("_")[0])}
        places = np.array([label.position_nm for label in file.labels])
        assert np.median(cKDTree(Hdf5File(path).read("skeleton/vertices")).query(places)[0]) < 1500
        with pytest.raises(ExchangeError, match="its voxels are of another size"):
            read_synapses_meshwork(path, SITES, (8.0, 8.0, 40.0), "both")


def test_the_synapses_of_a_real_neuron_become_labels_of_its_nodes(
    shared_data: Path, tmp_path: Path, project: Path, imports: Command
) -> None:
    folder = shared_data / "microns" / "ossify"
    skeleton = json.loads((folder / "skel.json").read_text())
    nodes_nm = np.array(skeleton["vertices"])
    write_project(tmp_path, nodes_nm, skeleton["meta"]["root_id"])
    assert "6,514 synapses of cell 864691135101289504 are presynaptic on it" in imports(folder / "pre_l2.feather", *NM)
    assert "12,424 synapses of cell" in imports(folder / "post_l2.feather", *NM)
    compartments = np.array(skeleton["compartment"])  # 2 axon, 3 dendrite
    labels = labels_of(project)
    nearest = cKDTree(nodes_nm).query(np.array([label.position_nm for label in labels]))[1]
    for side, compartment in (("pre", 2), ("post", 3)):
        of_side = [
            node for node, label in zip(nearest, labels, strict=True) if label.class_name == f"{side}synaptic site"
        ]
        assert np.mean(compartments[of_side] == compartment) > 0.9
    assert "12,424 synapses of cell" not in imports(folder / "post_l2.feather", *NM, "--synapses", "pre", status=1)
