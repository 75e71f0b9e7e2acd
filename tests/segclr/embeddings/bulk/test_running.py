"""Bulk embedding of a small volume: the table of a job, however it went, is that of one that went well."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from segclr.em.skeleton_source import open_skeletons
from segclr.embeddings.bulk.blocks import EmbeddingWork
from segclr.embeddings.bulk.engine import ThisProcess
from segclr.embeddings.bulk.job import JobFolder
from segclr.embeddings.bulk.running import run_job
from segclr.embeddings.bulk.settings import BulkSettings
from segclr.embeddings.embed import EncoderLike, embed_volume
from segclr.embeddings.storage import column_file
from segclr.embeddings.storage.lock import writing_alone
from segclr.embeddings.table import EmbeddingTable, open_table, table_exists
from segclr.errors import TableError, VolumeUnavailable
from tests.segclr.embeddings.bulk.job_of_sums import Spec, Sums, load
from tests.segclr.killed_jobs import kill_and_finish

ROOT = Path(__file__).resolve().parents[4]
KILLS = 5


@pytest.fixture
def settings(world, tmp_path: Path) -> BulkSettings:
    return BulkSettings(
        world.em_url,
        world.segmentation_url,
        world.skeletons_url,
        "none",
        str(tmp_path / "table"),
        spacing_nm=0.0,
        block_um=0.3,
    )


@pytest.fixture
def at_once(world, settings) -> EmbeddingTable:
    """The table of all nodes embedded together."""
    em, segmentation = settings.open_em(), settings.open_segmentation()
    source = open_skeletons(world.skeletons_url)
    skeletons = [source.skeleton(int(segment)) for segment in source.segment_ids()]
    return embed_volume(em, segmentation, skeletons, Sums(), nodes_from=settings.nodes_from)


class Failing(Sums):
    """Fails for some batches, told by their number."""

    def __init__(self, failing: Callable[[int], bool]) -> None:
        super().__init__()
        self._failing = failing
        self.batches = 0

    def embed(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        self.batches += 1
        if self._failing(self.batches):
            raise VolumeUnavailable("the encoder is not well")
        return super().embed(images)


def run(settings: BulkSettings, encoder: EncoderLike | None = None, retries: int = 2):
    said: list[str] = []
    work = EmbeddingWork(settings, load if encoder is None else lambda _: encoder, batch=5)
    return run_job(work, Spec(), ThisProcess(work), retries, said.append), said


def test_the_table_of_many_blocks_is_that_of_all_nodes_embedded_at_once(settings, at_once) -> None:
    finished, said = run(settings)
    table = open_table(Path(settings.table_folder))
    assert table.version == at_once.version
    assert 2**63 + 5 in table.segment_ids.tolist()
    assert finished.rows == len(table)
    assert finished.failed == {}
    blocks = next(text for text in said if "nodes in" in text)
    assert int(blocks.split()[3]) > 10
    assert not JobFolder.beside(Path(settings.table_folder)).path.exists()


def test_edges_lead_from_block_to_block(world, settings) -> None:
    run(settings)
    table = open_table(Path(settings.table_folder))
    assert len(table.edges) == sum(len(skeleton.edges) for skeleton in world.skeletons.values())


def test_a_block_that_fails_is_tried_again(settings, at_once) -> None:
    finished, said = run(settings, Failing(lambda batch: batch in (1, 4)))
    assert finished.failed == {}
    assert len([text for text in said if "failed" in text]) == 2
    assert open_table(Path(settings.table_folder)).version == at_once.version


def test_blocks_that_keep_failing_are_listed_and_the_same_command_completes_them(settings, at_once) -> None:
    finished, _ = run(settings, Failing(lambda batch: batch <= 3 or batch > 20), retries=0)
    folder = Path(settings.table_folder)
    assert finished.failed
    assert set(finished.failed.values()) == {"the encoder is not well"}
    assert 0 < finished.rows == len(open_table(folder)) < len(at_once)
    told = json.loads((JobFolder.beside(Path(settings.table_folder)).path / "progress.json").read_text())
    assert {int(block) for block in told["failed"]} == set(finished.failed)
    assert told["done"] + len(told["failed"]) == told["blocks"]
    assert run(settings)[0].failed == {}
    assert open_table(folder).version == at_once.version


def test_where_all_blocks_fail_there_is_no_table(settings) -> None:
    with pytest.raises(TableError, match=r"all .* blocks failed, the first because the encoder is not well"):
        run(settings, Failing(lambda _: True), retries=1)
    assert not table_exists(Path(settings.table_folder))


def test_a_job_that_was_finished_is_not_done_again(settings) -> None:
    finished, _ = run(settings)
    again, said = run(settings, Failing(lambda _: True))
    assert again.rows == finished.rows
    assert said == []


def test_another_table_is_not_replaced(settings) -> None:
    run(settings)
    with pytest.raises(TableError, match="another table"):
        run(replace(settings, spacing_nm=100.0))


def test_a_job_goes_on_with_the_same_settings_only(settings) -> None:
    run(settings, Failing(lambda batch: batch > 5), retries=0)
    with pytest.raises(TableError, match=r"spacing_nm 0.0, now 100.0"):
        run(replace(settings, spacing_nm=100.0))
    work = EmbeddingWork(settings, load, batch=5)
    with pytest.raises(TableError, match=r"encoder feedfacecafebeef, now 0123456789abcdef"):
        run_job(work, replace(Spec(), hash="0123456789abcdef"), ThisProcess(work))


def test_two_programs_do_not_do_one_job(settings) -> None:
    folder = JobFolder.beside(Path(settings.table_folder)).path
    folder.mkdir()
    with writing_alone(folder), pytest.raises(TableError, match="another program"):
        run(settings)


def test_a_disk_that_fills_up_loses_nothing_that_was_done(settings, at_once, monkeypatch) -> None:
    real = column_file.write_column
    full_after = 20

    def write(path: Path, *rest: object) -> object:
        if path.parent.name == "table" or len(written) >= full_after:
            raise OSError(28, "No space left on device")
        written.append(path)
        return real(path, *rest)

    written: list[Path] = []
    with monkeypatch.context() as patch:
        patch.setattr("segclr.embeddings.storage.shard_writing.write_column", write)
        with pytest.raises(TableError, match=r"cannot be written to .*table: No space left on device"):
            run(settings, retries=0)
    told = json.loads((JobFolder.beside(Path(settings.table_folder)).path / "progress.json").read_text())
    assert 0 < told["done"] < told["blocks"]
    assert all("No space left on device" in why for why in told["failed"].values())
    assert not table_exists(Path(settings.table_folder))
    finished, said = run(settings)
    assert finished.failed == {}
    assert f"going on: {told['done']} of" in said[0]
    assert open_table(Path(settings.table_folder)).version == at_once.version


def test_more_blocks_than_are_merged_at_once(settings, at_once, monkeypatch) -> None:
    monkeypatch.setattr("segclr.embeddings.bulk.merging._AT_ONCE", 3)
    run(settings)
    assert open_table(Path(settings.table_folder)).version == at_once.version


def test_short_skeletons_are_left_out(world, settings) -> None:
    lengths = {segment: skeleton.path_length_nm() for segment, skeleton in world.skeletons.items()}
    shortest = min(lengths, key=lambda segment: lengths[segment])
    run(replace(settings, min_path_um=lengths[shortest] / 1000 + 1e-6))
    found = open_table(Path(settings.table_folder)).segment_ids.tolist()
    assert found == sorted(set(lengths) - {shortest})


def test_a_killed_job_goes_on_to_the_same_table(world, settings, at_once) -> None:
    arguments = [world.em_url, world.segmentation_url, world.skeletons_url, settings.table_folder]
    kill_and_finish("tests.segclr.embeddings.bulk.job_of_sums", arguments, KILLS, steps=7, step_s=0.03)
    assert open_table(Path(settings.table_folder)).version == at_once.version
    assert not JobFolder.beside(Path(settings.table_folder)).path.exists()
