"""The demo: which phantom, which first view, and which labels it starts with."""

import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from segclr.em.cutout import CutoutSpec
from segclr.em.phantom.files import CELL_TYPE_NAMES, SUBCOMPARTMENT_NAMES, PhantomFolder, PhantomTruth
from segclr.embeddings.provenance import Provenance
from segclr.embeddings.table import EmbeddingTable, build_table
from segclr.errors import ProjectError
from segclr_viewer import demo
from segclr_viewer.project_file import load_project

BASE = 720_575_940_600_000_000


def truth_of(segments: int = 40, nodes: int = 6) -> PhantomTruth:
    """Segments of all types in turn; the subcompartment of a node is its number modulo five."""
    n = segments * nodes
    of_node = np.repeat(np.arange(segments), nodes)
    ids = (BASE + 977 * np.arange(segments)).astype(np.uint64)
    none = np.zeros(0)
    return PhantomTruth(
        node_segment_id=ids[of_node],
        node_id=np.tile(np.arange(nodes), segments),
        position_nm=np.column_stack([1300.0 * np.tile(np.arange(nodes), segments), 5000.0 * of_node, 40.0 * of_node]),
        subcompartment=(np.tile(np.arange(nodes), segments) % 5).astype(np.uint8),
        cell_type=(of_node % 9).astype(np.uint8),
        layer=np.zeros(n, np.uint8),
        cell=of_node,
        radius_nm=np.full(n, 100, np.float32),
        segment_id=ids,
        segment_cell_type=(np.arange(segments) % 9).astype(np.uint8),
        segment_cell=np.arange(segments),
        segment_voxels=np.r_[900_000, 1000 + np.arange(segments - 1)],
        synapse_pre=none.astype(np.uint64),
        synapse_post=none.astype(np.uint64),
        synapse_nm=np.zeros((0, 3)),
        synapse_subcompartment=none.astype(np.uint8),
        synapse_symmetric=none.astype(np.bool_),
        agglomeration_supervoxel=none.astype(np.uint64),
        agglomeration_segment=none.astype(np.uint64),
    )


def table_of(truth: PhantomTruth) -> EmbeddingTable:
    """A table of every other node, in another order."""
    rows = np.random.default_rng(0).permutation(len(truth.node_id))[::2]
    provenance = Provenance("9f86", CutoutSpec(33, (64.0, 64.0, 80.0)), "/em", "/seg", "test", "0")
    return build_table(
        truth.node_segment_id[rows],
        truth.node_id[rows],
        truth.position_nm[rows],
        np.zeros((len(rows), 4), np.float32),
        np.zeros((0, 2), np.int64),
        provenance,
    )


@pytest.fixture
def project_file(tmp_path: Path) -> Path:
    phantom = PhantomFolder(tmp_path, seed=3, size_voxels=(224, 288, 128))
    path = tmp_path / "project.toml"
    path.write_text(demo._project_text(phantom, [BASE + 977]))
    return path


def test_the_demos_project_file_can_be_read_as_a_users(project_file: Path) -> None:
    project = load_project(project_file)
    assert [task.unit for task in project.tasks] == ["node", "segment"]
    assert [len(task.classes) for task in project.tasks] == [len(SUBCOMPARTMENT_NAMES), len(CELL_TYPE_NAMES)]
    assert project.tasks[1].aggregation_radius_um == 10
    assert project.start_segments == (str(BASE + 977),)
    assert tomllib.loads(project_file.read_text())["name"] == "generated phantom, seed 3"


def test_the_first_labels_are_true_spread_over_cells_and_marked_as_imported(project_file: Path) -> None:
    truth = truth_of()
    project = load_project(project_file)
    table = table_of(truth)
    events = demo.first_labels(project, table, truth)
    at = {
        (int(s), *p): k for k, (s, p) in enumerate(zip(truth.node_segment_id, truth.position_nm.tolist(), strict=True))
    }
    for event in events:
        node = at[(event.segment_id, *event.position_nm)]
        types = event.task == "cell type"
        names = CELL_TYPE_NAMES if types else SUBCOMPARTMENT_NAMES
        codes = truth.cell_type if types else truth.subcompartment
        assert event.class_name == names[codes[node]].replace("_", " ")
        assert (event.kind, event.provenance, event.annotator) == ("label", "import", "phantom truth")
    for task in project.tasks:
        for spec in task.classes:
            mine = [event for event in events if (event.task, event.class_name) == (task.name, spec.name)]
            assert len(mine) >= 3
            assert len({event.segment_id for event in mine}) == len(mine)
    assert len({event.uuid for event in events}) == len(events)
    assert len({event.group for event in events}) == 2  # one action per task


def test_rows_far_from_every_true_node_are_not_labelled(project_file: Path) -> None:
    truth = truth_of()
    table = table_of(truth)
    moved = replace(truth, position_nm=np.add(truth.position_nm, [0.0, 450.0, 0.0]))
    assert demo.first_labels(load_project(project_file), table, moved) == []


def test_the_first_view_shows_one_segment_of_each_type_that_hides_nothing() -> None:
    truth = truth_of()
    shown = demo.start_segments(truth)
    types = [int(truth.segment_cell_type[truth.segment_id == segment][0]) for segment in shown]
    assert types == list(range(9))
    assert BASE not in shown  # nearly all voxels are its own


@pytest.mark.parametrize(("seed", "size"), [(7, (10, 10, 10)), (7, (-5, 200, 200)), (-1, (224, 288, 128))])
def test_a_phantom_that_cannot_be_is_refused(tmp_path: Path, seed: int, size: tuple[int, int, int]) -> None:
    with pytest.raises(ProjectError, match="--demo-"):
        demo.DemoSettings(tmp_path, seed, size)


def test_each_phantom_has_a_folder_of_its_own(tmp_path: Path) -> None:
    folders = {demo.DemoSettings(tmp_path, seed, (x, 288, 128)).folder for seed in (1, 2) for x in (224, 256)}
    assert len(folders) == 4
