"""What a project names is opened and checked; each thing that does not fit is one sentence."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from segclr.em.precomputed import PrecomputedWriter
from segclr.embeddings.table import EmbeddingTable
from segclr.encoder.checkpoint import DEMO_CHECKPOINT, read_spec
from segclr.errors import ProjectError, TableError, VolumeUnavailable
from segclr_viewer.opening import check_table, open_project, read_one_cutout
from segclr_viewer.project import Project
from segclr_viewer.project_file import load_project

if TYPE_CHECKING:
    from tests.conftest import World

MakeProject = Callable[[str | None, str], Project]


@pytest.fixture
def project(tmp_path: Path, task_section: str) -> MakeProject:
    """Makes a project file with these volumes, and loads it."""

    def make(em_url: str | None, segmentation_url: str) -> Project:
        em = f'[em]\nurl = "{em_url}"\n' if em_url else ""
        text = f'name = "test"\n{em}[segmentation]\nurl = "{segmentation_url}"\nversion = "v1"\n'
        text += '[table]\nfolder = "table"\n[labels]\nfile = "labels.sqlite"\n' + task_section
        path = tmp_path / "project.toml"
        path.write_text(text)
        return load_project(path)

    return make


def test_volumes_are_opened_and_what_they_share_is_known(world: "World", tmp_path: Path, project: MakeProject) -> None:
    opened = open_project(project(world.em_url, world.segmentation_url))
    low = np.multiply(world.voxel_offset, world.resolution_nm)
    assert opened.bounds_nm[0] == tuple(low)
    assert opened.bounds_nm[1] == tuple(low + np.multiply(world.size, world.resolution_nm))
    assert opened.encoder is None


def test_one_cutout_is_read_on_some_segment(world: "World", tmp_path: Path, project: MakeProject) -> None:
    cutout = read_one_cutout(open_project(project(world.em_url, world.segmentation_url)))
    assert cutout.segment_id in world.segment_ids
    middle = tuple(edge // 2 for edge in cutout.image.shape)
    assert cutout.image[middle] > 0


def test_a_project_without_em_opens(world: "World", tmp_path: Path, project: MakeProject) -> None:
    assert open_project(project(None, world.segmentation_url)).em is None


def test_volumes_that_do_not_overlap_are_refused_with_both_extents(
    world: "World", tmp_path: Path, project: MakeProject
) -> None:
    writer = PrecomputedWriter(tmp_path / "far", "em", np.dtype(np.uint8), (8.0, 10.0, 33.0), (20, 10, 5), (900, 0, 0))
    writer.write(np.ones((5, 10, 20), np.uint8))
    with pytest.raises(ProjectError, match=r"do not overlap.*\(7200, 0, 0\) to \(7360, 100, 165\) nm"):
        open_project(project(f"precomputed://file://{tmp_path}/far", world.segmentation_url))


def test_an_empty_segmentation_is_noticed(tmp_path: Path, project: MakeProject) -> None:
    writer = PrecomputedWriter(tmp_path / "none", "segmentation", np.dtype(np.uint64), (8.0, 10.0, 33.0), (70, 50, 30))
    writer.write(np.zeros((30, 50, 70), np.uint64))
    opened = open_project(project(None, f"precomputed://file://{tmp_path}/none"))
    with pytest.raises(ProjectError, match="is it empty"):
        read_one_cutout(opened)


def test_a_missing_volume_is_named(world: "World", tmp_path: Path, project: MakeProject) -> None:
    with pytest.raises(VolumeUnavailable, match="nowhere"):
        open_project(project(f"precomputed://file://{tmp_path}/nowhere", world.segmentation_url))


def test_em_of_floats_with_nan_is_refused_at_opening(world: "World", tmp_path: Path, project: MakeProject) -> None:
    writer = PrecomputedWriter(tmp_path / "f", "em", np.dtype(np.float32), (8.0, 10.0, 33.0), (20, 10, 5), mips=1)
    writer.write(np.full((5, 10, 20), np.nan, np.float32))
    with pytest.raises(VolumeUnavailable, match="holds float32, but EM must be uint8; convert it first"):
        open_project(project(f"precomputed://file://{tmp_path}/f", world.segmentation_url))


def test_a_table_with_nan_is_refused_before_anything_is_painted(
    world: "World", project: MakeProject, table: EmbeddingTable
) -> None:
    opened = open_project(project(world.em_url, world.segmentation_url))
    check_table(table, opened)
    embeddings = table.embeddings.copy()
    embeddings[[5, 9], 2] = np.nan
    with pytest.raises(TableError, match=r"2 of 18 embeddings .* NaN or infinite.* segment 500, node 1: .*/table for"):
        check_table(replace(table, embeddings=embeddings), opened)


def test_a_table_of_other_dimensions_than_the_encoders_is_refused(
    world: "World", project: MakeProject, table: EmbeddingTable
) -> None:
    encoder = read_spec(DEMO_CHECKPOINT)
    made = replace(table.provenance, encoder_hash=encoder.hash, cutout=encoder.cutout)
    opened = replace(open_project(project(world.em_url, world.segmentation_url)), encoder=encoder)
    with pytest.raises(TableError, match=r"have 5 dimensions, those of the encoder 64: delete that folder"):
        check_table(replace(table, provenance=made), opened)
