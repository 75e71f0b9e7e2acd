"""Projects whose embeddings were published: downloaded from a replica of a release, and seen to fit their volumes."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from segclr.embeddings.table import EmbeddingTable, open_table
from segclr.encoder.checkpoint import DEMO_CHECKPOINT, read_spec
from segclr.encoder.config import LegacyConfig
from segclr.errors import ProjectError, ReleaseUnavailable, SegclrError, TableError
from segclr.release.registry import release_named
from segclr_viewer import published
from segclr_viewer.first_run import table_of
from segclr_viewer.opening import check_table, open_project
from segclr_viewer.project import Project
from segclr_viewer.project_file import load_project
from segclr_viewer.worker import NoEncoder
from tests.segclr.release.replica import Fault, Replica, shard_by_the_book, zip_of
from tests.segclr_viewer.published_world import file_of

if TYPE_CHECKING:
    from tests.conftest import World

PROJECTS = Path(__file__).resolve().parents[2] / "docs" / "projects"
MakeProject = Callable[..., Project]


@pytest.fixture
def project(
    replica: Replica, world: "World", tmp_path: Path, task_section: str, monkeypatch: pytest.MonkeyPatch
) -> MakeProject:
    """Makes a project of some segments of the copy; downloads are kept in the test's folder."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def make(*segments: int, release: str = f"{replica.url}/copy#h01_nm_coord") -> Project:
        text = f'name = "test"\nstart_segments = {[str(segment) for segment in segments]}\n'
        text += f'[em]\nurl = "{world.em_url}"\n[segmentation]\nurl = "{world.segmentation_url}"\nversion = "c3"\n'
        text += f'[table]\nfolder = "table"\nrelease = "{release}"\n[labels]\nfile = "labels.sqlite"\n' + task_section
        path = tmp_path / "project.toml"
        path.write_text(text)
        return load_project(path)

    return make


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Downloads in this process."""
    monkeypatch.setattr(
        published, "run_with_progress", lambda title, work, *words: work(*words, lambda text, done: None)
    )


def test_opening_downloads_the_projects_segments_and_no_other(
    replica: Replica, world: "World", project: MakeProject
) -> None:
    """The way of a user, with the process that downloads."""
    first, second, *_, last = world.segment_ids
    settings = project(second, last)
    table = table_of(settings)
    assert table.segment_ids.tolist() == [second, last]
    nodes = np.unique(world.skeletons[last].nodes_nm, axis=0)
    assert np.array_equal(table.positions_nm[table.rows_of(last)], nodes)
    check_table(table, open_project(settings))
    assert len({request.path for request in replica.requests}) == 2
    assert first not in table.segment_ids


@pytest.mark.usefixtures("at_once")
def test_a_segment_that_is_named_later_is_added_and_nothing_is_downloaded_twice(
    replica: Replica, world: "World", project: MakeProject
) -> None:
    first, second, *_ = world.segment_ids
    table_of(project(first))
    asked = len(replica.requests)
    assert table_of(project(first, second)).segment_ids.tolist() == [first, second]
    assert len(replica.requests) == asked + 2
    assert table_of(project(second)).segment_ids.tolist() == [first, second]  # what is there stays
    assert len(replica.requests) == asked + 2


@pytest.mark.usefixtures("at_once")
def test_without_a_network_what_was_downloaded_still_opens(
    replica: Replica, world: "World", project: MakeProject, caplog: pytest.LogCaptureFixture
) -> None:
    first, second, *others = world.segment_ids
    table_of(project(first))
    replica.fail("/", Fault("status", 999, 403))
    assert table_of(project(first, second)).segment_ids.tolist() == [first]
    assert f"segment {second} is not shown: the server does not give" in caplog.text
    assert table_of(project(first, second, *others)).segment_ids.tolist() == [first]
    assert "opened without the segments that are not on this disk" in caplog.text


@pytest.mark.usefixtures("at_once")
def test_without_a_network_and_a_table_it_is_said(replica: Replica, world: "World", project: MakeProject) -> None:
    replica.fail("/", Fault("status", 999, 403))
    with pytest.raises(ProjectError, match="no segment of start_segments can be shown: the server does not give"):
        table_of(project(7))
    with pytest.raises(ReleaseUnavailable, match=r"does not give .*; 0 of 4 segments are on this disk"):
        table_of(project(*world.segment_ids))


@pytest.mark.usefixtures("at_once")
def test_segments_that_the_release_does_not_have_are_named_and_the_others_shown(
    replica: Replica, world: "World", project: MakeProject, caplog: pytest.LogCaptureFixture
) -> None:
    absent = 7 + 2**60
    replica.files[f"/copy/{shard_by_the_book(absent, 10_000, 64)}.zip"] = zip_of({})
    assert table_of(project(7, absent)).segment_ids.tolist() == [7]
    assert f"not in {replica.url}/copy#h01_nm_coord: {absent}" in caplog.text


def test_a_project_that_names_no_segment_is_told_how(project: MakeProject) -> None:
    with pytest.raises(
        ProjectError, match=r"name segments in start_segments, or download further segments with segclr-release"
    ):
        table_of(project())


@pytest.mark.usefixtures("at_once")
def test_a_table_of_something_else_is_not_mixed_with_a_release(
    project: MakeProject, table: EmbeddingTable, tmp_path: Path
) -> None:
    table.save(tmp_path / "table")
    with pytest.raises(TableError, match="is not of the release h01_nm_coord, it was made by encoder 9f86"):
        table_of(project(7))
    assert open_table(tmp_path / "table").version == table.version


def test_a_release_that_nobody_knows_is_said_with_its_key(project: MakeProject) -> None:
    with pytest.raises(ProjectError, match="table: there is no release 'microns_v344': known are h01, "):
        project(7, release="microns_v344")


@pytest.mark.usefixtures("at_once")
def test_a_release_that_is_shifted_against_the_segmentation_is_refused(
    replica: Replica, world: "World", project: MakeProject
) -> None:
    moved = {at: file_of(world, at, (900.0, 0.0, 300.0)) for at in world.segment_ids}
    replica.put("copy", moved, 10_000, 64, all_shards=False)
    settings = project(*world.segment_ids)
    with pytest.raises(TableError, match=r"of 16 rows of h01_nm_coord only \d lie on their segment .* it is shifted"):
        check_table(table_of(settings), open_project(settings))


@pytest.mark.usefixtures("at_once")
def test_only_the_encoder_that_made_the_release_may_embed_clicks(world: "World", project: MakeProject) -> None:
    settings = project(*world.segment_ids)
    table, opened = table_of(settings), open_project(settings)
    own = read_spec(DEMO_CHECKPOINT)
    theirs = replace(
        own,
        encoder=LegacyConfig(),
        training=replace(own.training, steps=355_200),
        cutout=release_named("h01").encoder.cutout,
    )
    check_table(table, replace(opened, encoder=theirs))
    for other in (
        own,
        replace(theirs, training=replace(own.training, steps=216_000)),
        replace(theirs, cutout=replace(theirs.cutout, size=97)),
        replace(theirs, cutout=release_named("microns_v343").encoder.cutout),
    ):
        with pytest.raises(TableError, match="cannot be compared with those of h01_nm_coord, which segclr-355200 made"):
            check_table(table, replace(opened, encoder=other))


@pytest.mark.parametrize("name", ["h01", "microns_v343"])
def test_the_ready_made_projects_name_what_the_release_was_made_from(name: str) -> None:
    settings = load_project(PROJECTS / f"{name}.toml")
    assert settings.table.release is not None
    volumes = release_named(settings.table.release).volumes
    assert settings.em is not None
    assert settings.em.url == volumes.em
    assert (settings.segmentation.url, settings.segmentation.version) == (volumes.segmentation, volumes.version)
    assert (settings.skeletons and settings.skeletons.url) == volumes.skeletons
    assert settings.start_segments


def test_a_click_is_answered_with_how_further_cells_come(tmp_path: Path) -> None:
    failures: list[SegclrError] = []
    worker = NoEncoder(published.how_to_add("microns_v343", tmp_path / "table"))
    worker.embed((1.0, 2.0, 3.0), 2**63 + 5, lambda place: pytest.fail("nothing can be embedded"), failures.append)
    assert str(failures[0]) == (
        "the project names no encoder: download further segments with segclr-release fetch SEGMENT ... --release "
        f"microns_v343 --out {tmp_path / 'table'} --add, and start again"
    )
